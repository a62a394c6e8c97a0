"""A node's signed digest compared with the rebuilt views."""

import msgspec
import pytest

from consumers.audit.audit_digests import with_digests
from consumers.audit.audit_report import AuditReport, KeyUse, MemberReport
from projections.core.digest import MemberDigest, ViewsDigest
from projections.core.tables import VERSION
from registry.wire.errors import MalformedNote
from registry.wire.keys import Ed25519Signer
from registry.wire.views_note import ViewsNote

ORIGIN = "example.org/twente"
SIGNER = Ed25519Signer.generate(ORIGIN)
HERE, TOTAL, OTHER = (bytes([number]) * 32 for number in (1, 2, 3))


def report(end=None):
    member = MemberReport("twente", 3, "00", 2, 0, 0, "equal", keys=[KeyUse(str(SIGNER.vkey), 0, end)])
    return AuditReport(
        ok=True, mode="full", consortium="example.org", founded="00", log="file:x", events=3, seconds=1.0,
        members=[member], faults=[], streams=[], digest=TOTAL.hex(), positions=HERE.hex(),
    )  # fmt: skip


def note(positions=HERE, digest=TOTAL, version=VERSION, signer=SIGNER):
    return ViewsNote(ORIGIN, version, positions, digest).sign(signer)


@pytest.mark.parametrize(
    ("signed", "verdict"),
    [
        (note(), "agrees"),
        (note(digest=OTHER), "contradicts"),
        (note(positions=OTHER, digest=OTHER), "not compared"),
        (note(version=VERSION + 1), "not compared"),
        (note(signer=Ed25519Signer.generate(ORIGIN)), "bad-signature"),
        (msgspec.structs.replace(note(), digest=OTHER), "bad-signature"),
    ],
)
def test_a_digest_agrees_contradicts_or_is_not_compared(signed, verdict):
    found = with_digests(report(), [ViewsNote.parse(str(signed).encode())])
    assert [one.verdict for one in found.signed] == [verdict]
    outcomes = {"agrees": "well", "not compared": "inconclusive"}
    assert found.verdict == outcomes.get(verdict, "not well")
    assert [fault.evidence for fault in found.faults] == ([[str(signed)]] if found.verdict == "not well" else [])
    assert bool(found.signed[0].why) == (verdict == "not compared")


def test_a_retired_key_does_not_speak_for_the_member():
    assert [one.verdict for one in with_digests(report(end=2), [note()]).signed] == ["bad-signature"]


def test_positions_that_add_up_to_the_same_are_not_the_same():
    def at(one, two):
        return ViewsDigest([MemberDigest("a", one, "00", 1, {}), MemberDigest("b", two, "00", 1, {})], "")

    assert at(10, 11).positions != at(11, 10).positions


@pytest.mark.parametrize(
    "data",
    [b"", b"\xff", str(note()).encode()[:-1], str(note()).replace("views ", "views 0", 1).encode(),
     str(note()).replace("/views\n", "\n").encode(), (str(note()) + str(note()).split("\n\n")[1]).encode()],
)  # fmt: skip
def test_what_is_no_signed_digest_is_refused(data):
    with pytest.raises(MalformedNote):
        ViewsNote.parse(data)
