"""The log alone: every stream replayed with public keys, in processes, without a database.

Form, signatures, tree and typed decode. The views show how events affect each other. A stream
that an earlier report has verified is read on from there, as long as governance confirms its verdicts.
"""

import os
from collections.abc import Sequence

import msgspec

from consumers.audit.audit_report import Fault, StreamState, count, event_id
from consumers.audit.audit_state import Heads, state_of
from consumers.audit.record_faults import RecordFaults
from consumers.audit.stream_audit import OnStream, Replayed, fork_fault, replay_member, rewritten_fault, shorter_fault
from consumers.governance.governance import GovernanceFold
from consumers.projecting.rebuild import Source
from consumers.streams.processes import Report, run_in_processes
from consumers.streams.verifier import DISPUTABLE, OK, REPEAT
from consumers.witness.cosignatures import LINE_ENDS_CHANGED
from registry.log import GOVERNANCE, NoSuchStream, SharedLog, open_log
from registry.log.files import FileLog
from registry.wire.checkpoint import SignedNote
from registry.wire.merkle import root_of


class NoSuchMember(LookupError):
    """Governance knows no member of a name that was asked for."""


def replay_all(
    source: Source,
    *,
    only: Sequence[str] = (),
    since: Sequence[StreamState] = (),
    workers: int | None = None,
    on_stream: OnStream | None = None,
) -> tuple[GovernanceFold, list[Replayed]]:
    """Replay governance and all members' streams, or some; streams in the order of their names.

    Raises `NoSuchStream` where the log has no governance, and `NoSuchMember`.
    """
    log = open_log(source.url, source.consortium, read_only=True)
    try:
        earlier = {state.member: state for state in since}
        fold, governance = _governance(log, source, earlier.get(GOVERNANCE))
        if unknown := sorted(set(only) - set(fold.state.members)):
            # Left out in silence, a misspelt name would end in "verified".
            raise NoSuchMember(f"governance has admitted no member {', '.join(unknown)}")
        members = sorted(name for name in fold.state.members if not only or name in only)
        count = min(workers or os.cpu_count() or 1, len(members))
        if count < 2:
            streams = [
                replay_member(log, source.consortium, fold, member, earlier.get(member), on_stream)
                for member in members
            ]
        else:
            jobs = [(source, member, earlier.get(member)) for member in members]
            streams = run_in_processes(_replay_one, jobs, count, on_stream or _ignore)
            if on_stream is not None:
                for replayed in streams:
                    on_stream(replayed.state.member, replayed.state.size)
        return fold, [governance, *sorted(streams, key=lambda replayed: replayed.state.member)]
    finally:
        log.close()


def _ignore(member: str, size: int) -> None:
    """Ignore the progress of a stream."""


_worker: dict[str, tuple[SharedLog, GovernanceFold]] = {}
"""A process's own log and governance, kept from one stream to the next."""


def _replay_one(report: Report, source: Source, member: str, since: StreamState | None) -> Replayed:
    if source.url not in _worker:
        log = open_log(source.url, source.consortium, read_only=True)
        _worker[source.url] = log, _governance(log, source, None)[0]
    log, fold = _worker[source.url]
    return replay_member(log, source.consortium, fold, member, since, report)


def require_governance(log: SharedLog, url: str) -> None:
    """Raise `NoSuchStream` where a log has no governance: nothing in it can be judged."""
    needed = "an audit needs it: it says who is a member, with which keys"
    if GOVERNANCE not in log.streams():
        raise NoSuchStream(f"there is no governance log at {url}; {needed}")
    if isinstance(log, FileLog) and log.has_changed_line_ends(GOVERNANCE):
        raise NoSuchStream(f"the governance log at {url} cannot be read: {LINE_ENDS_CHANGED}")
    if not log.end(GOVERNANCE) and not log.torn_bytes(GOVERNANCE):
        raise NoSuchStream(f"the governance log at {url} is empty; {needed}")


def _governance(log: SharedLog, source: Source, since: StreamState | None) -> tuple[GovernanceFold, Replayed]:
    """Governance is small: read from its beginning every time."""
    require_governance(log, source.url)
    fold = GovernanceFold(source.consortium, source.founded)
    records = RecordFaults(source.consortium, GOVERNANCE)
    events: list[Fault] = []
    refused: dict[str, int] = {}
    heads = Heads()
    notes: list[tuple[SignedNote, int]] = []
    at = repeated = 0
    for record in log.records(GOVERNANCE):
        before = fold.size
        verdict, leaves = fold.take(record.data)
        at = record.next
        if verdict.code == OK and verdict.commit is not None:
            heads.add(fold.size, verdict.commit.note, fold.last_time)
        elif verdict.code == REPEAT:
            repeated += 1
        else:
            records.add(record.position, verdict.code, verdict.detail, record.data, before)
            count(refused, verdict.code)
            if verdict.code in DISPUTABLE and verdict.commit is not None:
                notes.append((verdict.commit.note, record.position))
        for leaf in leaves:
            detail = f"{leaf.path}: {leaf.detail}"
            events.append(Fault("event", GOVERNANCE, leaf.code, detail, leaf=leaf.leaf, event=event_id(leaf.line)))
            count(refused, leaf.code)
    forks: list[Fault] = []
    for note, position in notes:
        size = note.checkpoint.size
        if 0 < size <= fold.size:
            if (own := root_of(fold.leaves[:size])) != note.checkpoint.root:
                forks.append(fork_fault(GOVERNANCE, note, own, heads.around(size)))
            else:
                records.forgive(position)
                repeated += 1
    faults = [*records.all(fold.size), *forks, *events]
    if not fold.size and faults:
        faults = [_other_founding(source, faults)]
    if since is not None and since.size > fold.size:
        faults.append(shorter_fault(GOVERNANCE, since, fold.size))
    elif since is not None and root_of(fold.leaves[: since.size]).hex() != since.root:
        faults.append(rewritten_fault(GOVERNANCE, since))
    state = state_of(GOVERNANCE, fold.tree, at, fold.size, refused, heads, skipped=fold.skipped)
    return fold, Replayed(state, faults, fold.size, repeated)


def _other_founding(source: Source, faults: Sequence[Fault]) -> Fault:
    """Explain a governance log of which nothing counts."""
    detail = (
        f"governance does not begin with a founding of {source.consortium} whose hash is {source.founded.hex()}:"
        " it is another consortium's, or was altered; nothing on this log can be judged"
    )
    return msgspec.structs.replace(
        faults[0], code="other-founding", detail=detail, further=len(faults) - 1, consequences=list(faults[:20])
    )
