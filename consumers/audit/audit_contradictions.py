"""Contradictions of an audit report: where it says something else than its own signed heads and keys.

A report that was altered by hand says one thing and proves another. A report without contradictions proves only that
its members signed these heads: it can still leave out what its maker did not like.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Literal

import msgspec

from consumers.audit.audit_report import AuditReport, Head, MemberReport, StreamState
from consumers.audit.audit_state import MAX_KEPT_HEADS
from consumers.audit.audit_verdict import WELL, verdict_of
from consumers.audit.signed_notes import is_signed
from consumers.witness.cosignatures import parse_note
from registry.log import origin_of
from registry.wire.errors import MalformedNote
from registry.wire.keys import VerifierKey

Code = Literal[
    "verdict", "empty", "repeated", "size", "root", "head-missing", "heads", "head-unreadable", "key-unreadable",
    "origin", "unsigned",
]  # fmt: skip


class Contradiction(msgspec.Struct, frozen=True):
    """A place at which a report contradicts itself."""

    code: Code
    """`verdict`: it does not follow from the faults; `empty`: no stream is named; `repeated`: a stream is named twice;
    `size`, `root`: not those of the newest signed head; `heads`: more than an audit keeps, or in another order;
    `head-missing`: there is no head; `head-unreadable`, `key-unreadable`: altered; `origin`: the head of another log;
    `unsigned`: no key of the report has signed the head."""
    member: str = ""
    """The stream that it is about; empty for the whole report."""
    size: int | None = None
    """The size of the head that it is about; None for all heads of the stream, and for the verdict."""


def find_contradictions(report: AuditReport) -> list[Contradiction]:
    """Return where a report contradicts itself; nothing where it does not."""
    contradictions: list[Contradiction] = []
    verdict = verdict_of(report)
    if (report.verdict, report.ok) != (verdict, verdict == WELL):
        contradictions.append(Contradiction("verdict"))
    if not report.members:
        contradictions.append(Contradiction("empty"))
    named = [Counter(each.member for each in part) for part in (report.members, report.streams)]
    contradictions += [
        Contradiction("repeated", name) for name in sorted(named[0] | named[1]) if max(c[name] for c in named) > 1
    ]
    states = {state.member: state for state in report.streams}
    members = {member.member: member for member in report.members}
    for name in sorted(states.keys() | members.keys()):
        contradictions += _contradictions_of(report, name, states.get(name), members.get(name))
    return contradictions


def _contradictions_of(
    report: AuditReport, name: str, state: StreamState | None, member: MemberReport | None
) -> Iterator[Contradiction]:
    heads = [] if state is None else state.heads
    printed = [(each.size, each.root) for each in (state, member) if each is not None]
    if not heads:
        if any(size > 0 for size, _ in printed):
            yield Contradiction("head-missing", name)
        return
    # A report about some members keeps what an earlier one said of the others, without their keys.
    is_carried_over = member is None and bool(report.only)
    try:
        keys = [] if member is None else [VerifierKey.parse(use.vkey) for use in member.keys]
    except MalformedNote:
        yield Contradiction("key-unreadable", name)
        return
    sizes = [head.size for head in heads]
    if len(heads) > MAX_KEPT_HEADS or sizes != sorted(set(sizes)):
        yield Contradiction("heads", name)
    if len(heads) > MAX_KEPT_HEADS:
        return
    origin = origin_of(report.consortium, name)
    yield from _wrong_ends(name, heads[-1], printed)
    for head in heads:
        code = _fault_of(head, origin, keys)
        if code is not None and not (code == "unsigned" and is_carried_over):
            yield Contradiction(code, name, head.size)


def _wrong_ends(name: str, newest: Head, printed: list[tuple[int, str]]) -> Iterator[Contradiction]:
    """Yield where what is printed of a stream is not what its newest head says."""
    try:
        checkpoint = parse_note(newest.note).checkpoint
    except MalformedNote:
        return  # the head itself is the fault
    if any(size != checkpoint.size for size, _ in printed):
        yield Contradiction("size", name, newest.size)
    if any(root != checkpoint.root.hex() for _, root in printed):
        yield Contradiction("root", name, newest.size)


def _fault_of(head: Head, origin: str, keys: list[VerifierKey]) -> Code | None:
    """Return what is wrong with one head of a stream; None where it is right."""
    try:
        checkpoint = parse_note(head.note).checkpoint
    except MalformedNote:
        return "head-unreadable"
    if checkpoint.origin != origin:
        return "origin"
    if checkpoint.size != head.size:
        return "size"
    return None if is_signed(head.note, keys) else "unsigned"
