"""A draft compared with earlier decisions, on a real PostgreSQL."""

import pytest

from consumers.projecting.projector import Projector
from projections.core import views
from projections.core.errors import InvalidQuery
from projections.precedents.departures import Draft, departure
from tests.support.offices import assessed, decided, grant
from tests.support.streams import CONSORTIUM, Consortium, new_id

OFFICES = [f"office-{number}" for number in range(13)]


@pytest.fixture(scope="module")
def known(postgres):
    """Aveiro's achievement; twelve offices recognised it in full, one refused it for its level."""
    consortium = Consortium("aveiro", "twente", *OFFICES)
    aveiro = consortium.universities["aveiro"]
    achievement, line = aveiro.publish()
    _, revised = aveiro.publish(achievement, version=2)
    other, line_other = aveiro.publish()
    aveiro.seal(line, revised, line_other)
    about = ("aveiro", achievement, 1)
    for number, office in enumerate(OFFICES):
        university = consortium.universities[office]
        if number == 12:
            university.seal(decided(university, [about], grant("refused", "level:lowerLevel"))[1])
            continue
        university.seal(*(decided(university, [about])[1] for _ in range(1 + number % 3)))
    # One office that decides often weighs no more than the others.
    busy = consortium.universities[OFFICES[12]]
    busy.seal(*(decided(busy, [about], grant("refused", "level:lowerLevel"))[1] for _ in range(40)))
    twente = consortium.universities["twente"]
    twente.seal(assessed(twente, ("aveiro", other, 1), purpose="creditTransfer")[1])
    with views.connect(postgres.dsn("departures")) as connection:
        views.create(connection)
        Projector(connection, consortium.log(), CONSORTIUM, consortium.founded).step()
        yield connection, achievement, other


def draft(known, outcome="full", *grounds, of=1, **more):
    return Draft(
        **{
            "member": "aveiro", "achievement": known[of], "version": 1, "purpose": "admission",
            "outcome": outcome, "grounds": grounds, **more,
        }
    )  # fmt: skip


def test_a_difference_that_no_office_named_is_said_with_what_the_others_did(known):
    found = departure(known[0], draft(known, "partial", "workload:substantiallyLess"), "twente")
    assert found.sentence == (
        "12 of 13 offices recognised this in full; you name a difference in workload (substantially less) that none"
        " named, and recognise it in part."
    )
    assert (found.departs, found.kinds, found.basis) == (True, ["stricter", "newGround"], "version")
    assert (found.offices, found.outcomes, found.usual) == (13, {"full": 12, "refused": 1}, "full")
    assert [(one.offices, one.aspect_offices) for one in found.grounds] == [(0, 0)]


def test_what_the_others_did_too_departs_from_nothing(known):
    found = departure(known[0], draft(known), "twente")
    assert (found.departs, found.kinds) == (False, [])
    assert found.sentence == "12 of 13 offices recognised this in full, as you do."


def test_a_ground_that_somebody_named_is_not_new_and_another_of_its_aspect_is(known):
    found = departure(known[0], draft(known, "refused", "level:lowerLevel"), "twente")
    assert (found.kinds, found.grounds[0].offices) == (["stricter"], 1)
    assert found.sentence == "12 of 13 offices recognised this in full; you refuse it."
    other = departure(known[0], draft(known, "refused", "level:levelNotEstablished"), "twente")
    assert "another difference in level (level not established) that none named" in other.sentence


def test_an_office_is_told_when_it_departs_from_itself_and_is_not_counted_among_the_others(known):
    found = departure(known[0], draft(known, "full"), OFFICES[12])
    assert (found.offices, found.outcomes, found.own) == (12, {"full": 12}, {"refused": 41})
    assert found.kinds == ["unlikeOwn"]
    assert found.sentence.endswith("Your own office decided otherwise before: 41 refused.")


def test_where_nobody_decided_on_the_version_or_purpose_others_are_looked_at_and_it_is_said(known):
    newer = departure(known[0], draft(known, "refused", "level:lowerLevel", version=2), "twente")
    assert newer.basis == "achievement"
    assert "in full in other versions; you refuse it." in newer.sentence
    transfer = departure(known[0], draft(known, purpose="creditTransfer"), "twente")
    assert (transfer.basis, transfer.departs) == ("anyPurpose", False)
    own = departure(known[0], draft(known, "conditional", "level:lowerLevel", of=2, purpose="creditTransfer"), "twente")
    assert (own.basis, own.offices, own.kinds) == ("version", 0, ["unlikeOwn"])
    assert own.sentence.startswith("No other office has decided on this. Your own office")


def test_an_achievement_that_nobody_decided_on_departs_from_nothing(known):
    found = departure(known[0], draft(known, achievement=new_id()), "twente")
    assert (found.departs, found.basis, found.offices, found.usual) == (False, "nothing", 0, None)
    assert found.sentence == "No other office has decided on this."


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"outcome": "most"}, "outcome"),
        ({"purpose": "fun"}, "purpose"),
        ({"grounds": ["workload"]}, "ground"),
        ({"achievement": "x"}, "achievement"),
        ({"version": 0}, "version"),
    ],
)
def test_a_draft_that_cannot_be_is_told_by_name(known, changes, name):
    with pytest.raises(InvalidQuery) as told:
        departure(known[0], draft(known, **changes))
    assert told.value.name == name
