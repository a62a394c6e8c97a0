"""Audit: replay a log from zero with public keys alone, rebuild the views, compare them with those served.

An auditor trusts nobody: not the members, not the broker or the disk, not the node whose views it compares.
It always ends, names every fault by member, commit, leaf and code, and tells altered events from altered
views: the first do not verify, the second differ from what the verified events lead to.
"""

import contextlib
import time
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import msgspec
import psycopg
from psycopg import Connection

from consumers.audit_report import AuditReport, Fault, KeyUse, MemberReport, NoReport, StreamState, Unchecked, event_id
from consumers.audit_streams import fold_under_governance, look_at_streams
from consumers.audit_verdict import conclude
from consumers.audit_views import Compared, compare_views, read_both, same_positions
from consumers.governance import GovernanceFold
from consumers.log_audit import OnStream, Replayed, replay_all, roots_at
from consumers.projector import OnBatch
from consumers.rebuild import Source, fill, fresh_schema
from consumers.stream import Waypoint
from consumers.verifier import MemberTrust
from projections import views
from projections.digest import snapshot
from registry.log import GOVERNANCE, LogError, open_log
from registry.wire.merkle import Tree, root_of

_COMPARISONS = 3


def audit(
    source: Source,
    scratch: str,
    *,
    served: str | None = None,
    require_views: bool = False,
    only: Sequence[str] = (),
    workers: int | None = None,
    on_batch: OnBatch | None = None,
    on_stream: OnStream | None = None,
) -> AuditReport:
    """Replay a log from zero, rebuild its views and compare. `on_batch` hears of the rebuilding, `on_stream` of the
    replay that lists the faults of the log alone.

    `only`: these members' streams and rows alone, besides governance; the report then has no digest of the whole.

    `scratch` is the DSN of a database in which the views are rebuilt and dropped again; `served` that of the
    node whose views are compared, None to compare with none. `require_views`: where views cannot be compared, the
    audit is inconclusive; otherwise the report says so.
    """
    began = time.monotonic()
    with fresh_schema(scratch, "audit") as schema, views.connect(scratch, schema) as own:

        def read() -> tuple[GovernanceFold, list[Replayed]]:
            fold, replayed = replay_all(source, only=only, workers=workers, on_stream=on_stream)
            whole = [stream.state.member for stream in replayed if stream.whole and stream.state.member != GOVERNANCE]
            wanted = only if len(whole) + 1 == len(replayed) else whole
            if wanted or len(whole) + 1 == len(replayed):
                fill(scratch, schema, source, only=wanted, workers=workers, on_batch=on_batch)
            return fold, replayed

        fold, replayed = read()
        compared: Compared | None = None
        ours, theirs, lacking = snapshot(own, only=only), None, None
        if served is not None:
            with _served(served, require=require_views) as (other, lacking):
                if other is not None:
                    for attempt in range(_COMPARISONS):
                        ours, theirs, skipped = read_both(own, other, only)
                        if attempt + 1 == _COMPARISONS or same_positions(ours, theirs):
                            break
                        # The log went on meanwhile: follow it and look again.
                        fold, replayed = read()
                    assert theirs is not None  # noqa: S101 - the loop ran
                    compared = compare_views(own, other, ours, theirs, RootsOfLog(source, fold))
                    compared.skipped_tables = skipped
        faults = [fault for stream in replayed for fault in stream.faults if fault.kind != "event"]
        faults += _judged(own)
    report = _report(source, fold, replayed, faults, time.monotonic() - began, mode="full", only=only)
    whole = not only and all(stream.whole for stream in replayed)
    if whole:
        positions, total = ours.digest.positions, ours.digest.total
        report = msgspec.structs.replace(report, positions=positions, digest=total)
    if served is not None:
        report = _with_views(report, compared, lacking, require=require_views)
    if whole and theirs is not None:
        report = msgspec.structs.replace(report, served_digest=theirs.digest.total)
    return report


class _Lacking(NamedTuple):
    """Why a node's views are not compared, and whether the audit is inconclusive for it."""

    why: str
    inconclusive: bool


@contextlib.contextmanager
def _served(dsn: str, *, require: bool) -> Iterator[tuple[Connection | None, _Lacking | None]]:
    """Connect to a node's views; None and the reason where there are none that can be compared."""
    try:
        connection = views.connect(dsn)
    except psycopg.OperationalError as error:
        first = str(error).strip().splitlines()[0]
        yield None, _Lacking(f"the database cannot be reached: {first}", inconclusive=True)
        return
    with connection:
        why = views.lacking(connection)
        if why is None:
            yield connection, None
        else:
            yield None, _Lacking(why, inconclusive=require)


class RootsOfLog:
    """Reads the root that a member's log has at an earlier size."""

    def __init__(self, source: Source, fold: GovernanceFold) -> None:
        self._source = source
        self._fold = fold

    def __call__(self, member: str, size: int) -> str | None:
        """Return the root (hexadecimal); None where the log does not reach that size, or has no such member."""
        if member == GOVERNANCE:
            return root_of(self._fold.leaves[:size]).hex() if size <= self._fold.size else None
        record = self._fold.state.members.get(member)
        if record is None:
            return None
        trust = MemberTrust(f"{self._source.consortium}/{member}", record)
        with contextlib.closing(open_log(self._source.url, self._source.consortium, read_only=True)) as log:
            try:
                return roots_at(log, member, trust, [Waypoint(Tree(), 0)], {size})[size][0].hex()
            except LogError:
                return None


def _with_views(
    report: AuditReport, compared: Compared | None, lacking: _Lacking | None, *, require: bool
) -> AuditReport:
    """Add what the comparison with a node's views came to, or why it was not made."""
    if compared is None:
        lacking = lacking or _Lacking("they were not read", inconclusive=True)
        unchecked = [Unchecked("the node's views", lacking.why)] if lacking.inconclusive else []
        report = msgspec.structs.replace(report, views=f"The node's views were not compared: {lacking.why}.")
        return conclude(report, unchecked=unchecked)
    members = [
        msgspec.structs.replace(
            m, served=compared.verdicts.get(m.member, "not compared"), lag=compared.lags.get(m.member)
        )
        for m in report.members
    ]
    faults, ahead = list(report.faults), []
    for fault in compared.faults:
        # What the log lost explains why the served views have more.
        place = next(
            (n for n, f in enumerate(faults) if f.member == fault.member and f.kind in ("record", "stream", "history")),
            None,
        )
        if fault.code == "ahead" and place is not None:
            cause = faults[place]
            faults[place] = msgspec.structs.replace(
                cause, further=cause.further + 1, consequences=[*cause.consequences, fault]
            )
        else:
            ahead.append(fault)
    what = [Unchecked(f"the node's views of {name}", why) for name, why in compared.uncompared.items()]
    if compared.skipped_tables:
        what.append(Unchecked("the words for search", "the node's PostgreSQL is another version"))
    report = msgspec.structs.replace(
        report, members=members, faults=fold_under_governance([*faults, *ahead]), views=compared.sentence()
    )
    return conclude(report, warnings=compared.warnings, unchecked=what if require else [])


def audit_log(
    source: Source,
    *,
    only: Sequence[str] = (),
    since: AuditReport | None = None,
    workers: int | None = None,
    on_stream: OnStream | None = None,
) -> AuditReport:
    """Replay the log alone: the views' rows are neither rebuilt nor read.

    `since`: an earlier report of this log, or of another copy of it, to go on from where governance lets what it
    verified stand.
    """
    began = time.monotonic()
    if since is not None and (since.consortium, since.founded) != (source.consortium, source.founded.hex()):
        raise NoReport(
            f"the earlier report is of {since.consortium}, or of another founding; audit this log without --since"
        )
    earlier = since.streams if since is not None else []
    fold, replayed = replay_all(source, only=only, since=earlier, workers=workers, on_stream=on_stream)
    faults = [fault for stream in replayed for fault in stream.faults]
    report = _report(source, fold, replayed, faults, time.monotonic() - began, mode="log", only=only, since=earlier)
    if since is None:
        return report
    again = {stream.state.member for stream in replayed if stream.events == stream.state.size}
    kept = [
        fault
        for fault in since.faults
        if fault.kind in ("record", "event", "fork", "history") and fault not in faults and fault.member not in again
    ]
    # Streams that were not asked for stay as the earlier report has them.
    named = {stream.state.member for stream in replayed}
    streams = [*report.streams, *(state for state in since.streams if state.member not in named)]
    verified = sum(state.size for state in report.streams) - report.events
    report = msgspec.structs.replace(
        report,
        since=verified,
        streams=sorted(streams, key=lambda state: (state.member != GOVERNANCE, state.member)),
        faults=[*kept, *report.faults],
    )
    return conclude(report)


def _report(
    source: Source, fold: GovernanceFold, replayed: Sequence[Replayed], faults: list[Fault], seconds: float, *,
    mode: str, only: Sequence[str], since: Sequence[StreamState] = (),
) -> AuditReport:  # fmt: skip
    with contextlib.closing(open_log(source.url, source.consortium, read_only=True)) as log:
        found = look_at_streams(log, fold, replayed, only=only, since=since)
    faults = fold_under_governance([*faults, *found.faults])
    report = AuditReport(
        ok=False,
        mode=mode,
        consortium=source.consortium,
        founded=source.founded.hex(),
        log=source.url,
        events=sum(stream.events for stream in replayed),
        seconds=seconds,
        members=[_member(fold, stream, faults) for stream in replayed],
        faults=faults,
        streams=[stream.state for stream in replayed],
        unknown_streams=found.unknown,
        only=list(only),
    )
    return conclude(report, warnings=found.warnings, unchecked=found.unchecked)


def _member(fold: GovernanceFold, stream: Replayed, faults: Sequence[Fault]) -> MemberReport:
    state = stream.state
    record = fold.state.members.get(state.member)
    keys = [KeyUse(str(w.key), w.start, w.end) for w in record.keys] if record is not None else []
    if record is None and fold.state.roots:
        keys = [KeyUse(str(key), roots.start, None) for roots in fold.state.roots for key in roots.keys]
    return MemberReport(
        state.member,
        state.size,
        state.root,
        state.governance,
        state.skipped,
        sum(fault.member == state.member for fault in faults),
        "not compared",
        standing=record.standing if record is not None else "",
        keys=keys,
        repeated=stream.repeated,
    )


def _judged(own: Connection) -> Iterator[Fault]:
    """Events without effect, and seals that lie: what only the fold of the whole tells."""
    for member, leaf, code, path, detail, line in own.execute(
        "SELECT member, leaf, code, path, detail, line FROM refusals ORDER BY member, leaf"
    ):
        yield Fault("event", member, code, f"{path}: {detail}", leaf=leaf, event=event_id(bytes(line)))
    for member, leaf, size in own.execute(
        "SELECT member, leaf, size FROM seals WHERE verdict = 'contradicts' ORDER BY member, leaf"
    ):
        yield Fault("seal", member, "contradicts", f"the seal of {size} leaves is not what they say", leaf=leaf)
