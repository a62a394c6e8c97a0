"""Precedents in public, counted from logs on a real PostgreSQL."""

from datetime import date

import pytest

from consumers.projecting.projector import Projector
from projections.catalogue.wholes import find_wholes
from projections.core import views
from projections.credentials import award_counts
from projections.precedents.published import PublicQuery, read_decisions, search
from projections.stacking.ready import list_composed, read_ready
from registry.wire.achievements import Composition
from registry.wire.forms import Ref
from tests.support.offices import assessed, decided, grant
from tests.support.streams import CONSORTIUM, Consortium, new_id

DAY = date(2026, 8, 31)


@pytest.fixture(scope="module")
def university(postgres):
    """Lund decides 23 times about one achievement of twente's, 3 times about another; a third is stacked into two."""
    consortium = Consortium("aveiro", "lund", "twente")
    twente, lund, aveiro = (consortium.universities[name] for name in ("twente", "lund", "aveiro"))
    often, line = twente.publish()
    rarely, rare_line = twente.publish(title={"en": "Rarely decided"})
    composition = Composition([Ref("twente", often), Ref("twente", rarely)], [], 5, "forbidden")
    whole, whole_line = twente.publish(composition=composition, title={"en": "Whole"})
    twente.seal(line, rare_line, whole_line)
    both, single = new_id(), new_id()
    twente.seal(*(twente.issue(each, both)[1] for each in (often, rarely)), twente.issue(often, single)[1])
    about = ("twente", often, 1)
    lund.seal(*(decided(lund, [about])[1] for _ in range(11)))
    lund.seal(*(decided(lund, [about], grant("refused", "level:lowerLevel"))[1] for _ in range(12)))
    lund.seal(*(decided(lund, [("twente", rarely, 1)])[1] for _ in range(3)))
    aveiro.seal(assessed(aveiro, about)[1])
    with views.connect(postgres.dsn("public-precedents")) as connection:
        views.create(connection)
        Projector(connection, consortium.log(), CONSORTIUM, consortium.founded).step()
        yield connection, often, rarely, whole, both


def test_outcomes_are_told_from_ten_decisions_on_and_statements_always(university):
    connection, often, rarely, *_ = university
    page = search(connection, PublicQuery(), DAY)
    items = {item.achievement: item for item in page.items}
    assert items.keys() == {often, rarely}
    decisions = items[often].decisions
    assert (decisions.total, decisions.outcomes) == (23, {"refused": 12, "full": 11})
    assert decisions.grounds == {"level:lowerLevel": 12}
    assert decisions.offices == {"lund": {"full": 11, "refused": 12}}
    assert [each.member for each in items[often].statements] == ["aveiro"]
    assert items[rarely].decisions.total is None
    assert items[rarely].decisions.outcomes == {}
    assert read_decisions(connection, "twente", often) == decisions
    assert read_decisions(connection, "twente", rarely).offices == {}


def test_a_search_is_by_words_university_and_office_and_goes_on_after_its_page(university):
    connection, often, rarely, *_ = university
    found = lambda **query: [item.achievement for item in search(connection, PublicQuery(**query), DAY).items]  # noqa: E731 - short
    assert found(text="rarely") == [rarely]
    assert found(office="aveiro") == [often]
    assert found(member="lund") == []
    first = search(connection, PublicQuery(), DAY, limit=1)
    second = search(connection, PublicQuery(), DAY, limit=1, cursor=first.next)
    assert {first.items[0].achievement, second.items[0].achievement} == {often, rarely}
    assert second.next is None


def test_what_an_achievement_stacks_into_and_how_often_it_was_awarded(university):
    connection, often, _, whole, _ = university
    [use] = find_wholes(connection, "twente", often)
    assert (use.achievement, use.use, use.retired) == (whole, "required", False)
    assert find_wholes(connection, "twente", whole) == []
    assert award_counts.of_achievement(connection, "twente", often)["active"] == 2
    assert award_counts.of_achievement(connection, "twente", whole) == dict.fromkeys(
        ("active", "suspended", "revoked", "replaced"), 0
    )


def test_learners_with_all_parts_are_ready(university):
    connection, _, _, whole, both = university
    [composed] = list_composed(connection, "twente")
    assert (composed.achievement, composed.required, composed.min_ects) == (whole, 2, 5)
    page = read_ready(connection, ("twente", whole), on=DAY)
    assert ([each.learner for each in page.ready], page.considered, page.next) == ([both], 1, None)
