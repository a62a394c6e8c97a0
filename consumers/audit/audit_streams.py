"""The log's streams as wholes: which are missing, cut off, doubled, or belong to nobody."""

import time
from collections.abc import Sequence
from typing import Final, NamedTuple

import msgspec

from consumers.audit.audit_report import Fault, StreamState, Unchecked
from consumers.audit.stream_audit import Replayed
from consumers.governance.governance import GovernanceFold
from consumers.streams.stream import claimed_size
from consumers.witness.cosignatures import LINE_ENDS_CHANGED
from registry.log import GOVERNANCE, LogError, NoSuchStream, SharedLog
from registry.log.files import FileLog

_AGAIN_SECONDS: Final = 0.3
"""After this pause a torn end is looked at again: a writer may have been at work."""


class Findings(NamedTuple):
    """The faults of streams as wholes; those of their records are separate."""

    faults: list[Fault]
    warnings: list[Fault]
    unchecked: list[Unchecked]
    unknown: dict[str, int]
    """Streams of no member, each with the size that it claims."""


def check_streams(
    log: SharedLog,
    fold: GovernanceFold,
    replayed: Sequence[Replayed],
    *,
    only: Sequence[str] = (),
    since: Sequence[StreamState] = (),
) -> Findings:
    """Find faults that no single record shows: streams that lack their end, are missing, or belong to no member."""
    findings = Findings([], [], [], {})
    by_member = {stream.state.member: stream for stream in replayed}
    for stream in replayed:
        name = stream.state.member
        if stream.unread:
            what = f"the log of {name} after {stream.state.size:,} events"
            findings.unchecked.append(Unchecked(what, stream.unread, "stream", name))
            continue
        if stream.repeated:
            detail = f"{_times(stream.repeated, 'record')} of its log repeat what it holds already; they change nothing"
            findings.warnings.append(Fault("stream", name, "repeated", detail))
        if stream.sealed_again:
            detail = (
                f"{_times(stream.sealed_again, 'record')} of its log were refused for their key; the same heads were"
                " sealed again by a key that counts, so that nothing of it is missing"
            )
            findings.warnings.append(Fault("stream", name, "sealed-again", detail))
        if stream.there and isinstance(log, FileLog) and log.has_changed_line_ends(name):
            findings.faults.append(Fault("stream", name, "line-ends", LINE_ENDS_CHANGED, ends_stream=True))
            continue
        if stream.there and (torn := _torn(log, name)):
            are = "byte that is" if torn == 1 else "bytes that are"
            detail = f"its log ends in {torn:,} {are} no whole record: a write or a copy was cut off"
            findings.faults.append(Fault("stream", name, "torn", detail, size=stream.state.size, ends_stream=True))
        if name != GOVERNANCE and all(fault.kind == "event" for fault in stream.faults):
            _check_size(findings, fold, stream, replayed, asked_for=name in only)
    for state in since:
        if state.member != GOVERNANCE and state.member not in fold.state.members and state.size:
            detail = f"an earlier report verified {state.size:,} events of it, and governance knows no such member now"
            findings.faults.append(Fault("history", state.member, "unknown-member", detail, size=state.size))
    members = [stream for stream in replayed if stream.state.member != GOVERNANCE]
    if members and not only and not any(stream.there for stream in members):
        names = ", ".join(stream.state.member for stream in members)
        why = f"there is no log of {names}: nothing was published yet, or this copy is not whole"
        findings.unchecked.append(Unchecked("what the members have published", why, "stream"))
    if not only:
        _check_strangers(log, findings, set(by_member) | {GOVERNANCE})
    return findings


def _check_size(
    findings: Findings, fold: GovernanceFold, stream: Replayed, replayed: Sequence[Replayed], *, asked_for: bool
) -> None:
    """Compare a stream's size with what governance and the other members say of it.

    `asked_for`: the reader named this member, so that an empty log leaves the question open.
    """
    name, size = stream.state.member, stream.state.size
    anchored = max((anchor.size for anchor in fold.state.members[name].anchors), default=0)
    if anchored > size:
        detail = f"governance names its head at {anchored:,} events, and its log ends at {size:,}: its end is missing"
        findings.faults.append(Fault("stream", name, "shorter", detail, size=anchored))
        return
    if size:
        return
    where = "its log is empty" if stream.there else "there is no log of it"
    speaking = [(other.state.member, other.state.mentions[name]) for other in replayed if name in other.state.mentions]
    if speaking:
        other, leaf = speaking[0]
        more = "" if len(speaking) == 1 else f" and {_times(len(speaking) - 1, 'other member')}"
        detail = f"{where}, although {other} (leaf {leaf:,}){more} names credentials or achievements of it"
        findings.faults.append(Fault("stream", name, "missing", detail))
    elif asked_for:
        why = f"{where}: it has published nothing yet, or its log is missing from this copy"
        findings.unchecked.append(Unchecked(f"the log of {name}", why, "stream", name))
    else:
        detail = f"{where}: it has published nothing yet, or its log is missing from this copy"
        findings.warnings.append(Fault("stream", name, "nothing-published", detail))


def _check_strangers(log: SharedLog, findings: Findings, names: set[str]) -> None:
    for name in log.streams():
        if name in names:
            continue
        try:
            holds_records, size = log.end(name) > 0 or log.torn_bytes(name) > 0, claimed_size(log, name)
        except NoSuchStream:
            continue  # it was removed meanwhile
        except LogError as error:
            what = f"the stream {name}, which belongs to no member"
            findings.unchecked.append(Unchecked(what, str(error), "stream", name))
            continue
        if holds_records:
            findings.unknown[name] = size
            content = _times(size, "event") if size else "only bytes that are not a record of it"
            detail = (
                f"governance knows no member of that name, and there is a log of it, which holds {content}: governance"
                " lacks an admission, or somebody put the log there"
            )
            findings.faults.append(Fault("stream", name, "unknown-member", detail, size=size or None))
        else:
            detail = "governance knows no member of that name, and there is an empty log of it"
            findings.warnings.append(Fault("stream", name, "unknown-member", detail))


def fold_missing_ends(faults: Sequence[Fault]) -> list[Fault]:
    """Return the faults, with a head that a log lacks under the fault after which nothing of it could be verified."""
    causes: dict[str, Fault] = {}
    for fault in faults:
        if fault.ends_stream:
            causes.setdefault(fault.member, fault)
    lacking: dict[str, list[Fault]] = {}
    for fault in faults:
        if fault.code == "shorter" and fault.member in causes:
            lacking.setdefault(fault.member, []).append(fault)
    folded = []
    for fault in faults:
        under = lacking.get(fault.member, [])
        if under and fault is causes[fault.member]:
            further, consequences = fault.further + len(under), [*fault.consequences, *under]
            folded.append(msgspec.structs.replace(fault, further=further, consequences=consequences))
        elif fault not in under:
            folded.append(fault)
    return folded


def fold_under_governance(faults: Sequence[Fault]) -> list[Fault]:
    """Return the faults, with streams of unknown members under the fault of governance that explains them."""
    own = [fault for fault in faults if fault.member == GOVERNANCE]
    cause = next((fault for fault in own if fault.kind == "record"), None)
    cause = cause or next((fault for fault in own if fault.ends_stream or fault.code == "shorter"), None)
    explained = [
        fault
        for fault in faults
        if fault.code == "unknown-member" and (fault.kind in ("stream", "history") or fault.kind == "views")
    ]
    if cause is None and len(explained) > 1:
        cause = Fault(
            "stream", GOVERNANCE, "unknown-member", "its end is missing, or it was altered: it lacks admissions"
        )
    if cause is None or not explained:
        return list(faults)
    names = sorted({fault.member for fault in explained})
    rest = [fault for fault in faults if fault not in explained and fault is not cause]
    detail = f"{cause.detail}; what is of {', '.join(names)} could not be judged because of it"
    whole = msgspec.structs.replace(
        cause,
        detail=detail,
        further=cause.further + len(explained),
        consequences=[*cause.consequences, *explained],
    )
    return [whole, *rest]


def _torn(log: SharedLog, stream: str) -> int:
    if not log.torn_bytes(stream):
        return 0
    time.sleep(_AGAIN_SECONDS)
    return log.torn_bytes(stream)


def _times(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
