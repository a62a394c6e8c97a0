"""Carries over the findings of an earlier report that an audit, which goes on from it, did not check again."""

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Final

import msgspec

from consumers.audit.audit_report import AuditReport, Fault, Unchecked
from consumers.audit.audit_verdict import conclude
from consumers.audit.audit_views import RootAt
from consumers.audit.stream_audit import Replayed
from consumers.witness.cosignatures import parse_note
from registry.log import GOVERNANCE
from registry.wire.errors import MalformedNote

_BY_FORM: Final = ("schema", "wrong-source")
"""Codes of events that are refused from their own bytes, which an audit of the log alone sees."""


def carry_over(
    report: AuditReport, earlier: AuditReport, replayed: Sequence[Replayed], root_at: RootAt, *, only: Collection[str]
) -> AuditReport:
    """Return the report of an audit of the log alone with the earlier findings that it did not check again.

    Earlier faults stay faults, and earlier items that could not be checked stay unchecked; both are marked `earlier`.
    """
    ends = {state.member: state.records_end for state in earlier.streams}
    checks = _Checks({stream.state.member: stream for stream in replayed}, root_at, not only, ends)
    present = {_same(each) for fault in report.faults for each in (fault, *fault.consequences)}
    faults: list[Fault] = []
    named = {item.what for item in report.unchecked}
    unchecked = [
        msgspec.structs.replace(item, earlier=True)
        for item in earlier.unchecked
        if item.what not in named and not checks.tried_again(item)
    ]
    for each in earlier.faults:
        for fault in _not_again(each, checks):
            if _same(fault) in present:
                continue
            if report.log != earlier.log and checks.may_differ_here(fault):
                unchecked.append(_in_another_copy(fault, earlier.log))
            else:
                faults.append(msgspec.structs.replace(fault, earlier=True))
    warnings = [
        _warn_of_gone(each) for each in earlier.faults if checks.checked_again(each) and _same(each) not in present
    ]
    members = [
        msgspec.structs.replace(m, faults=m.faults + sum(fault.member == m.member for fault in faults))
        for m in report.members
    ]
    report = msgspec.structs.replace(report, members=members, faults=[*faults, *report.faults])
    return conclude(report, warnings=warnings, unchecked=unchecked)


def _in_another_copy(fault: Fault, log: str) -> Unchecked:
    """Return a fault of the copy that an earlier report read, as one that was not looked for in this copy."""
    what = f"whether the log of {fault.member} has here what an earlier report found in {log}"
    return Unchecked(what, fault.detail, "stream", fault.member, earlier=True)


def _warn_of_gone(fault: Fault) -> Fault:
    """Return the warning that a fault of an earlier report was looked for again and is not there."""
    detail = f"the earlier report found: {fault.detail.rstrip('.')}. This is no longer so in this copy of the log"
    return Fault(fault.kind, fault.member, "no-longer-so", detail, size=fault.size)


def without_earlier(
    report: AuditReport,
    *,
    faults: Callable[[Fault], bool] = lambda _: False,
    unchecked: Callable[[Unchecked], bool] = lambda _: False,
) -> AuditReport:
    """Return the report without what was carried over from an earlier one and has been checked again since."""
    return msgspec.structs.replace(
        report,
        faults=[fault for fault in report.faults if not (fault.earlier and faults(fault))],
        unchecked=[item for item in report.unchecked if not (item.earlier and unchecked(item))],
    )


def _same(fault: Fault) -> tuple[object, ...]:
    """Return the key by which two findings are the same, wherever the log is and however far it has grown."""
    evidence = tuple(fault.evidence or ()) if fault.kind == "views" else ()
    return fault.kind, fault.member, fault.code, fault.size, fault.leaf, fault.event, evidence


def _not_again(fault: Fault, checks: "_Checks") -> Iterator[Fault]:
    """Yield a fault that was not checked again; of one that was, its consequences that were not."""
    if not checks.checked_again(fault):
        yield fault
        return
    for consequence in fault.consequences:
        yield from _not_again(consequence, checks)


class _Checks(msgspec.Struct, frozen=True):
    """The checks that an audit of the log alone made."""

    streams: dict[str, Replayed]
    root_at: RootAt
    every_stream: bool
    """True if it checked all streams, also those that belong to no member."""
    ends: dict[str, int]
    """By stream: the end of the records that the earlier report verified, in the log that it read."""

    def checked_again(self, fault: Fault) -> bool:
        """Return true if the audit would have found this fault if it still existed."""
        stream = self.streams.get(fault.member)
        if fault.kind in ("history", "witness"):
            return self._passes_through(fault)
        if fault.kind == "stream":
            return self._stream_checked_again(fault, stream)
        if fault.kind in ("record", "fork"):
            return self._is_read_whole(stream) or (fault.kind == "record" and self._lies_after(fault, stream))
        if fault.kind == "event":
            # Only the views show how events of a member affect each other.
            return self._is_read_whole(stream) and (fault.member == GOVERNANCE or fault.code in _BY_FORM)
        return False

    def tried_again(self, item: Unchecked) -> bool:
        """Return true if the audit tried this check again, which an earlier one could not make."""
        return item.kind == "stream" and (self.every_stream or item.member in self.streams)

    def _is_read_whole(self, stream: Replayed | None) -> bool:
        """Return true if a stream was read from its first record to its end."""
        return stream is not None and stream.there and stream.whole and stream.events == stream.state.size

    def _lies_after(self, fault: Fault, stream: Replayed | None) -> bool:
        """Return true if a record lies after those that the earlier report verified, so that it was read again.

        Where the audit goes on, this log begins with the same records, so that later ones are the same in both.
        """
        return (
            stream is not None
            and stream.there
            and stream.whole
            and fault.member in self.ends
            and fault.position is not None
            and fault.position >= self.ends[fault.member]
        )

    def may_differ_here(self, fault: Fault) -> bool:
        """Return true if a fault in the bytes of one copy may be missing in this one, which was not checked for it."""
        stream = self.streams.get(fault.member)
        return fault.kind in ("record", "stream") and (stream is None or not stream.start)

    def _stream_checked_again(self, fault: Fault, stream: Replayed | None) -> bool:
        if fault.code == "unknown-member":
            return self.every_stream
        if stream is None or not stream.whole:
            return False
        # Sizes are compared with those that others name only if every record was accepted.
        return fault.code not in ("shorter", "missing") or all(other.kind == "event" for other in stream.faults)

    def _passes_through(self, fault: Fault) -> bool:
        """Return true if the log now has the head that it lacked or contradicted."""
        if fault.code == "unknown-member":
            return self.every_stream  # the earlier report's streams are compared with governance every time
        if not fault.evidence or fault.size is None:
            return False
        try:
            head = parse_note(fault.evidence[0]).checkpoint
        except MalformedNote:
            return False
        return head.size == fault.size and self.root_at(fault.member, head.size) == head.root.hex()
