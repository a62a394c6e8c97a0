"""What the log explorer shows of an entry, and to whom."""

import pytest

from registry.server.pages.entries import PUBLIC_TYPES, is_public, read_envelope, set_out
from registry.wire.events import GOVERNANCE_TYPES, MEMBER_TYPES
from tests.support.streams import CONSORTIUM, University, new_id

ABOUT_LEARNERS = {
    "credential.issued.v1", "credential.suspended.v1", "credential.reinstated.v1", "credential.revoked.v1",
    "recognition.decided.v1", "recognition.withdrawn.v1", "learner.erased.v1",
}  # fmt: skip
ORIGIN = f"{CONSORTIUM}/twente"


def test_every_type_is_either_public_or_about_learners():
    assert {*GOVERNANCE_TYPES, *MEMBER_TYPES} - ABOUT_LEARNERS == PUBLIC_TYPES


def test_achievements_are_public_and_credentials_are_not():
    twente = University("twente")
    achievement, published = twente.publish()
    _, issued = twente.issue(achievement, new_id())
    assert is_public(published, ORIGIN)
    assert not is_public(issued, ORIGIN)
    assert not is_public(published, f"{CONSORTIUM}/lund")


def test_an_event_that_is_not_of_its_type_is_not_public():
    twente = University("twente")
    assert not is_public(twente.line("achievement.retired.v1", new_id(), {"learner": new_id()}), ORIGIN)


@pytest.mark.parametrize(
    "unreadable",
    [
        b"", b"{", b"[1]", b'"x"', b'{"type":1}', b"\xff", b"[" * 100_000, b'{"type":"achievement.published.v1"',
        b'{"type":["achievement.published.v1"]}', b'{"type":"something.new.v1","subject":"s","data":{}}',
    ],
)  # fmt: skip
def test_what_cannot_be_read_or_is_unknown_is_not_public(unreadable):
    assert not is_public(unreadable, ORIGIN)
    assert read_envelope(unreadable).subject in ("", "s")
    assert isinstance(set_out(unreadable), str)
