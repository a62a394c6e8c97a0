"""Compares the digests that nodes signed with the views that an audit rebuilt (SPEC.md, section 10)."""

import base64
import hashlib
from collections.abc import Sequence
from typing import Final

import msgspec

from consumers.audit.audit_report import AuditReport, Fault, MemberReport, SignedDigest, StreamState, Unchecked
from consumers.audit.audit_verdict import conclude
from projections.core.tables import VERSION
from registry.wire.keys import VerifierKey
from registry.wire.views_note import ViewsNote

BAD_SIGNATURE: Final = "bad-signature"
CONTRADICTS: Final = "contradicts"
NOT_COMPARED: Final = "not compared"

_TRIED_STREAMS: Final = 50
"""The number of streams up to which the audit finds out of which earlier head a digest is."""


def with_digests(report: AuditReport, notes: Sequence[ViewsNote]) -> AuditReport:
    """Return the report with a verdict on each note.

    One that does not verify or contradicts is a fault; one that cannot be compared makes the audit inconclusive.
    """
    faults: list[Fault] = []
    unchecked: list[Unchecked] = []
    signed = list(report.signed)
    members = {member.member: member for member in report.members}
    for note in notes:
        consortium, _, name = note.origin.partition("/")
        member = members.get(name) if consortium == report.consortium else None
        verdict, why = _verdict(report, member, note)
        signed.append(SignedDigest(note.origin, verdict, str(note), why))
        if verdict == BAD_SIGNATURE:
            detail = f"a digest in the name of {note.origin} is not signed by a key that {note.origin} has"
            faults.append(Fault("views", name, verdict, detail, evidence=[str(note)]))
        elif verdict == CONTRADICTS:
            detail = f"it signed another digest of its views than the log leads to, {report.digest}, at equal positions"
            faults.append(Fault("views", name, verdict, detail, evidence=[str(note)]))
        elif verdict == NOT_COMPARED:
            unchecked.append(Unchecked(f"the digest that {note.origin} signed", why, "views", name))
    return conclude(msgspec.structs.replace(report, signed=signed), faults=faults, unchecked=unchecked)


def _verdict(report: AuditReport, member: MemberReport | None, note: ViewsNote) -> tuple[str, str]:
    uses = member.keys if member is not None else []
    if not note.is_by([VerifierKey.parse(use.vkey) for use in uses]):
        return BAD_SIGNATURE, ""
    if report.positions is None:
        return NOT_COMPARED, "the views of all members were not rebuilt, so that there is no digest to compare with"
    if note.version != VERSION:
        return NOT_COMPARED, f"it is of views of version {note.version}, and these are of version {VERSION}"
    # Sizes that add up to the same are not the same positions: an honest node must not be accused of those.
    if note.positions.hex() != report.positions:
        return NOT_COMPARED, _other_heads(report, note)
    # A key that was retired before these positions no longer speaks for the member.
    if not note.is_by([VerifierKey.parse(use.vkey) for use in uses if use.end is None]):
        return BAD_SIGNATURE, ""
    return ("agrees" if note.digest.hex() == report.digest else CONTRADICTS), ""


def _other_heads(report: AuditReport, note: ViewsNote) -> str:
    """Say of which heads a digest is, where only one log has grown since; a note holds only a hash over them."""
    remedy = "ask the node for one made now, or audit the log as it was then"
    if len(report.streams) <= _TRIED_STREAMS:
        lines = [f"{s.member} {s.size} {s.root} {s.governance}\n".encode() for s in _in_digest_order(report.streams)]
        for place, state in enumerate(_in_digest_order(report.streams)):
            before, after = b"".join(lines[:place]), b"".join(lines[place + 1 :])
            for head in state.heads:
                root = base64.b64decode(head.note.split("\n", 3)[2]).hex()
                line = f"{state.member} {head.size} {root} {state.governance}\n".encode()
                if hashlib.sha256(before + line + after).digest() == note.positions:
                    return (
                        f"it is of an earlier head of {state.member}, at {head.size:,} events, and this audit is at"
                        f" {state.size:,}; {remedy}"
                    )
    return f"it is of other heads than this audit's {sum(s.size for s in report.streams):,} events; {remedy}"


def _in_digest_order(streams: Sequence[StreamState]) -> list[StreamState]:
    return sorted(streams, key=lambda state: state.member)
