"""What an event comes to is the same however its stream was cut into batches; and whatever it holds can be read."""

import msgspec
import pytest

from consumers.projecting.projector import Projector
from projections.catalogue import catalogue
from projections.core import views
from projections.core.digest import digest
from projections.credentials import credentials
from projections.precedents import precedents
from projections.precedents.query import PrecedentQuery
from projections.recognition import decisions
from registry.wire.achievements import Composition
from registry.wire.credentials import StatusSealed
from registry.wire.forms import VersionedRef
from registry.wire.governance import MemberSuspended
from registry.wire.recognition import Basis, Grant, RecognitionDecided
from tests.support.emptying import empty
from tests.support.streams import CONSORTIUM, Consortium, new_id


@pytest.fixture
def connection(dsn):
    with views.connect(dsn) as opened:
        views.create(opened)
        yield opened


COMPOSITION = Composition(required=[], choices=[], min_ects=5, sharing="allowed")
DECISION = RecognitionDecided(
    new_id(),
    "creditTransfer",
    "binding",
    [Basis("paper", achievement=VersionedRef("twente", new_id(), 1), credential_digest="A" * 43)],
    [Grant([0], "full", "recognised", "none")],
    "2026-03-01",
)


def refused(connection):
    return connection.execute("SELECT leaf, code FROM refusals WHERE member = 'twente' ORDER BY leaf").fetchall()


def in_batches_of(connection, consortium, batch_bytes):
    empty(connection, "views")
    Projector(connection, consortium.log(), CONSORTIUM, consortium.founded, batch_bytes=batch_bytes).step()
    return refused(connection), digest(connection).total


def both(connection, consortium):
    """Refusals, which must be the same with one commit in a batch and with all."""
    single, together = in_batches_of(connection, consortium, 1), in_batches_of(connection, consortium, 1 << 20)
    assert single == together
    return together[0]


def test_that_an_id_exists_is_told_before_anything_else_that_is_wrong_with_an_issuing(connection):
    consortium = Consortium("twente")
    twente, learner = consortium.universities["twente"], new_id()
    achievement, published = twente.publish()
    credential, issued = twente.issue(achievement, learner)
    twente.seal(published, issued)
    twente.seal(twente.issue(new_id(), learner, credential)[1])
    twente.seal(twente.issue(achievement, learner, credential, version=7)[1])
    twente.seal(twente.issue(achievement, learner, credential, ects=6)[1])
    twente.seal(twente.issue(achievement, learner, credential, replaces=new_id())[1])
    assert both(connection, consortium) == [(leaf, "duplicate") for leaf in (2, 3, 4, 5)]


def test_what_is_published_of_an_id_that_exists_changes_nothing_a_seal_speaks_of(connection):
    consortium = Consortium("twente")
    twente, learner = consortium.universities["twente"], new_id()
    achievement, published = twente.publish()
    first, issued = twente.issue(achievement, learner)
    second, other = twente.issue(achievement, learner)
    twente.seal(published, issued, other)
    suspension = MemberSuspended("twente", twente.head, "administrative")
    consortium.seal(consortium.line("member.suspended.v1", "twente", suspension))
    # Governance refuses it; and by the member's own leaves it is a duplicate, which replaces nothing.
    twente.seal(twente.issue(achievement, learner, second, replaces=first)[1])
    empty = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
    twente.seal(twente.line("status.sealed.v1", "4", StatusSealed(4, 0, empty)))
    assert both(connection, consortium) == [(3, "member-suspended")]
    assert connection.execute("SELECT verdict FROM seals").fetchall() == [("agrees",)]


@pytest.mark.parametrize("ects", [1e23, 2.0**53, 1e300, 5.10])
def test_a_credit_value_is_worth_the_same_before_and_after_it_was_stored(connection, ects):
    consortium = Consortium("twente")
    twente, learner = consortium.universities["twente"], new_id()
    achievement, published = twente.publish(ects=ects)
    twente.seal(published, twente.issue(achievement, learner, ects=ects)[1])
    twente.seal(twente.issue(achievement, learner, ects=ects)[1])
    written_out = twente.issue(achievement, learner, ects=int(ects) if ects == int(ects) else ects)
    twente.seal(written_out[1])
    assert both(connection, consortium) == []


def test_who_issued_a_credential_is_found_by_its_id_alone(connection):
    consortium = Consortium("twente", "delft")
    ids = {}
    for name, university in consortium.universities.items():
        achievement, published = university.publish()
        ids[name], issued = university.issue(achievement, new_id())
        university.seal(published, issued)
    assert both(connection, consortium) == []
    found = credentials.find_issuers(connection, [*ids.values(), new_id()])
    assert found == {ids["twente"]: ["twente"], ids["delft"]: ["delft"]}


def test_a_name_with_u0000_in_it_can_be_read(connection):
    consortium = Consortium("twente")
    twente, learner = consortium.universities["twente"], new_id()
    texts = {"en": "Data\0 literacy", "nl": "\\u0000 is hier gewoon tekst"}
    achievement, published = twente.publish(title=texts, description={"en": "\0"})
    credential, issued = twente.issue(achievement, learner)
    twente.seal(published, issued)
    assert both(connection, consortium) == []
    [offered] = catalogue.newest(connection)
    [held] = credentials.read(connection, [("twente", credential)])
    assert offered.title == held.title == {"en": "Data\ufffd literacy", "nl": "\\u0000 is hier gewoon tekst"}
    assert connection.execute("SELECT content -> 'description' ->> 'en' FROM achievement_versions").fetchall() == [
        ("\ufffd",)
    ]


def test_what_an_unknown_field_holds_disturbs_no_reader(connection):
    consortium = Consortium("twente")
    twente, learner = consortium.universities["twente"], new_id()
    achievement, published = twente.publish(composition=COMPOSITION)
    for number in (b"9" * 5000, b"1e999", b"-1e999"):
        published = published.replace(b'"required":[]', b'"later":' + number + b',"required":[]')
        published = published.replace(b'"version":1', b'"later":' + number + b',"version":1', 1)
    published = published.replace(b'"minEcts":5', b'"minEcts":"five","minEcts":5')
    credential, issued = twente.issue(achievement, learner)
    decided = twente.line("recognition.decided.v1", DECISION.decision, DECISION)
    decided = decided.replace(b'"outcome":"full"', b'"outcome":"full","later":' + b"9" * 5000)
    twente.seal(published, issued, decided)
    assert both(connection, consortium) == []
    [offered] = catalogue.newest(connection)
    assert offered.content["later"] == "-1e999"
    [held] = credentials.read(connection, [("twente", credential)])
    assert held.unmet == ["minEcts: 0 of the 5 ECTS that are asked for"]
    assert msgspec.json.encode(decisions.read(connection, [("twente", DECISION.decision)]))
    [precedent] = precedents.search(connection, PrecedentQuery(member="twente")).items
    assert precedent.grant["later"] == "9" * 5000
