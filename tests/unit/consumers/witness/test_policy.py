"""A policy accepts a head that enough witnesses cosigned lately, and says who or what is missing otherwise."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from consumers.witness.policy import Cosigned, Policy, PolicyUnmet
from registry.wire.checkpoint import Checkpoint, SignedNote
from registry.wire.cosignature import CosignerKey, cosign
from registry.wire.keys import Ed25519Signer

ORIGIN = "test.example/twente"
NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
NAMES = ("a.example/w", "b.example/w")
SIGNERS = {name: Ed25519Signer.generate(name) for name in NAMES}
KEYS = tuple(CosignerKey.of(name, signer.vkey.public) for name, signer in SIGNERS.items())


def cosigned(**hours):
    """A head that these witnesses, by their first letters, cosigned this number of hours ago."""
    note = SignedNote.sign(Checkpoint(ORIGIN, 4, b"\x01" * 32), [Ed25519Signer.generate(ORIGIN)])
    lines = [
        cosign(name, signer, note.text, NOW - timedelta(hours=hours[name[0]]))
        for name, signer in SIGNERS.items()
        if name[0] in hours
    ]
    return msgspec.structs.replace(note, signatures=(*note.signatures, *lines))


def test_the_witnesses_that_cosigned_are_returned_with_their_times():
    policy = Policy(KEYS, needed=2, max_age=timedelta(hours=24))
    assert policy.check(cosigned(a=1, b=24), NOW) == [
        Cosigned("a.example/w", "2026-05-04T11:00:00+00:00"),
        Cosigned("b.example/w", "2026-05-03T12:00:00+00:00"),
    ]


def test_a_policy_without_witnesses_accepts_every_head():
    assert Policy().check(cosigned(), NOW) == []


@pytest.mark.parametrize(
    ("needed", "hours", "message"),
    [
        (1, {}, r"0 of 1 witness that is needed cosigned the head of test\.example/twente at 4; a\.example/w, b\."),
        (2, {"b": 1}, r"1 of 2 witnesses that are needed cosigned .*; a\.example/w did not"),
        (2, {"a": 1, "b": 25}, "was cosigned 25 hours ago, and 24 are allowed"),
        (1, {"a": 1, "b": -1}, r"cosigned in the future by b\.example/w: a clock is wrong"),
    ],
    ids=["by none", "by too few", "too long ago", "in the future"],
)
def test_a_head_that_does_not_suffice_is_refused_with_what_is_missing(needed, hours, message):
    with pytest.raises(PolicyUnmet, match=message):
        Policy(KEYS, needed, timedelta(hours=24)).check(cosigned(**hours), NOW)


def test_clocks_may_differ_by_minutes_and_of_several_the_newest_that_are_needed_count():
    policy = Policy(KEYS, needed=1, max_age=timedelta(hours=24))
    assert len(policy.check(cosigned(a=-1 / 60, b=1000), NOW)) == 2
