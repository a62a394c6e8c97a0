"""What nodes signed of their views, held against the views that an audit rebuilt (SPEC.md, section 10)."""

from collections.abc import Sequence

import msgspec

from consumers.audit_report import AuditReport, Fault, MemberReport, SignedDigest
from projections.tables import VERSION
from registry.wire.keys import VerifierKey
from registry.wire.views_note import ViewsNote


def with_digests(report: AuditReport, notes: Sequence[ViewsNote]) -> AuditReport:
    """The report with a verdict on each note, and a fault for each that does not verify or contradicts."""
    faults, signed = list(report.faults), list(report.signed)
    members = {member.member: member for member in report.members}
    for note in notes:
        consortium, _, name = note.origin.partition("/")
        member = members.get(name) if consortium == report.consortium else None
        verdict = _verdict(report, member, note)
        signed.append(SignedDigest(note.origin, verdict, str(note)))
        if verdict == "bad-signature":
            detail = f"a digest in the name of {note.origin} is not signed by a key that {note.origin} has"
            faults.append(Fault("views", name, verdict, detail, evidence=[str(note)]))
        elif verdict == "contradicts":
            detail = f"it signed another digest of its views than the log leads to, {report.digest}, at equal positions"
            faults.append(Fault("views", name, verdict, detail, evidence=[str(note)]))
    return msgspec.structs.replace(report, ok=not faults, faults=faults, signed=signed)


def _verdict(report: AuditReport, member: MemberReport | None, note: ViewsNote) -> str:
    uses = member.keys if member is not None else []
    if not note.is_by([VerifierKey.parse(use.vkey) for use in uses]):
        return "bad-signature"
    # Sizes that add up to the same are not the same positions: an honest node must not be accused of those.
    if report.positions is None or (note.version, note.positions.hex()) != (VERSION, report.positions):
        return "not compared"
    # A key that was retired before these positions no longer speaks for the member.
    if not note.is_by([VerifierKey.parse(use.vkey) for use in uses if use.end is None]):
        return "bad-signature"
    return "agrees" if note.digest.hex() == report.digest else "contradicts"
