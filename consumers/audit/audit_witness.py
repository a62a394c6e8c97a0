"""Compares cosigned heads with an audited log: who vouches that its heads are the newest, and what they contradict."""

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec

from consumers.audit.audit_report import AuditReport, CosignedHead, Fault, StreamState, Unchecked
from consumers.audit.audit_since import without_earlier
from consumers.audit.audit_streams import fold_missing_ends
from consumers.audit.audit_verdict import conclude
from consumers.audit.audit_views import RootAt
from consumers.witness.cosignatures import Contents, Cosignatures
from consumers.witness.policy import Policy, PolicyUnmet
from registry.log import origin_of
from registry.wire.checkpoint import SignedNote
from registry.wire.merkle import EMPTY_ROOT


def with_witnesses(
    report: AuditReport, policy: Policy, cosigned: Cosignatures, root_at: RootAt, now: datetime, *, require: bool
) -> AuditReport:
    """Return the report with what witnesses say of each stream's newest head.

    A cosigned head that the log lacks or contradicts is a fault: the log lost its end, or was rewritten. `require`:
    every newest head must be cosigned itself, by one witness at least; otherwise the policy alone says what is needed.
    What nobody vouches for although it was asked for makes the audit inconclusive, and so does a file of cosigned heads
    that cannot be read. Notes that no witness of the policy cosigned count for nothing, and a warning names them.
    """
    faults: list[Fault] = []
    warnings: list[Fault] = []
    unchecked: list[Unchecked] = []
    cosigned_heads: list[CosignedHead] = []
    for state in report.streams:
        origin = origin_of(report.consortium, state.member)
        file = cosigned.contents(origin)
        if file.unreadable:
            what = f"what witnesses cosigned of {state.member}, in {file.file},"
            unchecked.append(Unchecked(what, file.unreadable, "witness", state.member))
        elif file.not_cosigned:
            warnings.append(_useless_notes(state.member, file))
        note = None if file.unreadable else cosigned.newest(origin)
        root = _root_at(state, note.checkpoint.size, root_at) if note is not None else None
        if note is not None and note.checkpoint.size <= state.size and root is None:
            what = f"whether the log of {state.member} has the head that witnesses cosigned"
            why = f"the log could not be read again up to {note.checkpoint.size:,} events"
            unchecked.append(Unchecked(what, why, "witness", state.member))
        if note is not None and (fault := _contradiction(state, note, root)) is not None:
            cosigned_heads.append(CosignedHead(state.member, 0, 0))
            faults.append(fault)
            continue
        if not state.size:
            continue
        head, why = _vouching(state, note, policy, now)
        cosigned_heads.append(head)
        if require and not why and head.size != state.size:
            why = (
                f"witnesses cosigned {head.size:,} events, and this log has {state.size:,};"
                " run `registry witness request`"
            )
        if why and (require or policy.needed):
            what = f"that the head of {state.member} at {state.size:,} events is the newest"
            unchecked.append(Unchecked(what, why, "witness", state.member, state.size))
    again = {(fault.member, fault.code, fault.size) for fault in faults}
    report = without_earlier(
        report,
        faults=lambda fault: fault.kind == "witness" and (fault.member, fault.code, fault.size) in again,
        unchecked=lambda item: _vouched_since(item, cosigned_heads, require=require),
    )
    report = msgspec.structs.replace(
        report,
        witnesses=len(set(policy.witnesses)),
        cosigned_heads=cosigned_heads,
        faults=fold_missing_ends([*report.faults, *faults]),
    )
    return conclude(report, warnings=warnings, unchecked=unchecked)


def _useless_notes(member: str, file: Contents) -> Fault:
    number = f"{file.not_cosigned:,} notes" if file.not_cosigned != 1 else "1 note"
    are = "are" if file.not_cosigned != 1 else "is"
    detail = f"{number} in {file.file} {are} not cosigned by a witness you named, or damaged: nothing follows from that"
    return Fault("witness", member, "not-cosigned", detail)


def without_witnesses(report: AuditReport, states: Iterable[StreamState], *, require: bool) -> AuditReport:
    """Return the report for an audit without witnesses, which says that nobody vouches if some were asked for."""
    if not require:
        return report
    names = ", ".join(state.member for state in states if state.size)
    why = (
        "no witness is known here: name witnesses in the settings of a node, as [[witness]],"
        " and run `registry witness request`"
    )
    report = without_earlier(report, unchecked=lambda item: item.kind == "witness")  # it is asked again here
    return conclude(report, unchecked=[Unchecked(f"that the heads of {names} are the newest", why, "witness")])


def _vouched_since(item: Unchecked, heads: Sequence[CosignedHead], *, require: bool) -> bool:
    """Return whether what an earlier report says of a head was asked again here, or is answered by witnesses now."""
    if item.kind != "witness":
        return False
    if require:
        return True
    return item.size is not None and any(head.member == item.member and head.size >= item.size for head in heads)


def _root_at(state: StreamState, size: int, root_at: RootAt) -> str | None:
    """Return the log's root at a size (hexadecimal); None where the log has no such size, or cannot be read."""
    if size == state.size:
        return state.root
    if not size:
        return EMPTY_ROOT.hex()
    return root_at(state.member, size) if size < state.size else None


def _contradiction(state: StreamState, note: SignedNote, root: str | None) -> Fault | None:
    head, name = note.checkpoint, state.member
    if head.size > state.size:
        detail = f"witnesses cosigned its head at {head.size:,} events, and this log ends at {state.size:,}"
        return Fault("witness", name, "shorter", detail, size=head.size, evidence=[str(note)])
    if root is not None and root != head.root.hex():
        detail = f"at {head.size:,} events this log has another history than the one that witnesses cosigned"
        return Fault("witness", name, "fork", detail, size=head.size, evidence=[str(note)])
    return None


def _vouching(state: StreamState, note: SignedNote | None, policy: Policy, now: datetime) -> tuple[CosignedHead, str]:
    """Say who vouches for a stream, and why that is not enough (empty: it is)."""
    if note is None:
        return CosignedHead(
            state.member, 0, 0
        ), "no witness has cosigned it, as far as is known here (`registry witness request`)"
    try:
        cosigned = policy.check(note, now)
    except PolicyUnmet as problem:
        return CosignedHead(state.member, 0, 0), str(problem)
    if not cosigned:
        return CosignedHead(state.member, 0, 0), "no known witness has cosigned it"
    return CosignedHead(
        state.member, note.checkpoint.size, len(cosigned), min(cosignature.time for cosignature in cosigned)
    ), ""
