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

from consumers.audit.audit_repairs import judge_refusals
from consumers.audit.audit_report import AuditReport, Fault, KeyUse, MemberReport, NoReport, StreamState, Unchecked
from consumers.audit.audit_since import carry_over
from consumers.audit.audit_state import tree_of
from consumers.audit.audit_streams import check_streams, fold_missing_ends, fold_under_governance
from consumers.audit.audit_verdict import conclude
from consumers.audit.audit_views import ViewsComparison, compare_views, read_both, same_positions
from consumers.audit.log_audit import replay_all
from consumers.audit.stream_audit import OnStream, Replayed
from consumers.disputes.settling import roots_at
from consumers.governance.governance import GovernanceFold
from consumers.projecting.projector import OnBatch
from consumers.projecting.rebuild import Source, fill, fresh_schema
from consumers.streams.stream import Waypoint
from consumers.streams.verifier import MemberTrust
from projections.core import views
from projections.core.digest import Snapshot, snapshot
from projections.core.positions import DamagedPosition
from projections.feed.feed_counts import find_impossible_counts
from registry.log import GOVERNANCE, LogError, open_log
from registry.wire.errors import InvalidProof
from registry.wire.merkle import Tree, root_of

_COMPARISONS = 3

_NODE = "this node"
"""The name in faults of the node whose views are compared."""


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
    """Replay a log from zero, rebuild its views and compare.

    `on_batch` receives the progress of the rebuilding, `on_stream` that of the replay that lists the faults of the log.
    `only` names the members whose streams and rows are checked, besides governance; the report then has no digest.

    `scratch` is the DSN of a database in which the views are rebuilt and dropped again; `served` that of the
    node whose views are compared, None to compare with none. `require_views`: where there are no views of this
    version, the audit is inconclusive; otherwise the report says so. A member's rows that cannot be compared make it
    inconclusive in any case.
    """
    began = time.monotonic()
    with fresh_schema(scratch, "audit") as schema, views.connect(scratch, schema) as own:
        log = _Log(source, scratch, schema, only, workers, on_batch, on_stream)
        log.read()
        if served is None:
            rebuilt = _Views(snapshot(own, only=only))
        else:
            rebuilt = _compare_served(served, own, log, require=require_views)
        faults = [fault for stream in log.replayed for fault in stream.faults if fault.kind != "event"]
        without_effect, repaired = judge_refusals(own, source, log.fold)
        faults += [*without_effect, *_lying_seals(own)]
    report = _report(source, log.fold, log.replayed, faults, time.monotonic() - began, mode="full", only=only)
    report = conclude(report, warnings=repaired)
    if not only and log.whole:
        digest = rebuilt.ours.digest
        report = msgspec.structs.replace(
            report,
            positions=digest.positions,
            digest=digest.total,
            served_digest=rebuilt.theirs.digest.total if rebuilt.theirs is not None else None,
        )
    return report if served is None else _with_views(report, rebuilt.compared, rebuilt.no_views)


class _Log:
    """The log as an audit reads it: replayed for its faults, and folded into views."""

    def __init__(
        self,
        source: Source,
        scratch: str,
        schema: str,
        only: Sequence[str],
        workers: int | None,
        on_batch: OnBatch | None,
        on_stream: OnStream | None,
    ) -> None:
        self.source = source
        self.only = only
        self._scratch = scratch
        self._schema = schema
        self._workers = workers
        self._on_batch = on_batch
        self._on_stream = on_stream
        self.fold = GovernanceFold(source.consortium, source.founded)
        self.replayed: list[Replayed] = []

    @property
    def whole(self) -> bool:
        """True if every stream was read to its end."""
        return all(stream.whole for stream in self.replayed)

    def read(self) -> None:
        """Read the log to its present end; the views hold the streams that could be read whole."""
        self.fold, self.replayed = replay_all(
            self.source, only=self.only, workers=self._workers, on_stream=self._on_stream
        )
        names = [stream.state.member for stream in self.replayed if stream.whole]
        members = self.only if self.whole else [name for name in names if name != GOVERNANCE]
        # A log of another founding cannot be folded.
        if self.fold.size and (members or self.whole):
            fill(self._scratch, self._schema, self.source, only=members, workers=self._workers, on_batch=self._on_batch)


class _NoViews(NamedTuple):
    """The reason why a node's views are not compared, and whether that makes the audit inconclusive."""

    why: str
    inconclusive: bool


class _Views(NamedTuple):
    """The views rebuilt, those served, and the result of their comparison."""

    ours: Snapshot
    theirs: Snapshot | None = None
    compared: ViewsComparison | None = None
    no_views: _NoViews | None = None


def _compare_served(served: str, own: Connection, log: _Log, *, require: bool) -> _Views:
    with _connect_served(served, require=require) as (other, no_views):
        if other is None:
            return _Views(snapshot(own, only=log.only), no_views=no_views)
        try:
            for attempt in range(_COMPARISONS):
                ours, theirs, skipped = read_both(own, other, log.only)
                if attempt + 1 == _COMPARISONS or same_positions(ours, theirs):
                    break
                log.read()  # the log grew meanwhile: read on and compare again
            compared = compare_views(own, other, ours, theirs, RootsOfLog(log.source, log.fold), log.fold)
        except (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn) as error:
            detail = f"its views lack what views of this version have: {str(error).splitlines()[0]}"
            return _Views(snapshot(own, only=log.only), compared=_differing(detail))
        except (InvalidProof, DamagedPosition) as error:
            detail = f"the position of one of its members is not one that a log can have: {error}"
            return _Views(snapshot(own, only=log.only), compared=_differing(detail))
        compared.required = require
        compared.skipped_tables = skipped
        compared.faults += _impossible_counts(other, own)
        return _Views(ours, theirs, compared)


def _differing(detail: str) -> ViewsComparison:
    return ViewsComparison(faults=[Fault("views", _NODE, "differ", detail)])


@contextlib.contextmanager
def _connect_served(dsn: str, *, require: bool) -> Iterator[tuple[Connection | None, _NoViews | None]]:
    """Connect to a node's views; yield None and the reason if there are none to compare."""
    try:
        connection = views.connect(dsn)
    except psycopg.OperationalError as error:
        first = str(error).strip().splitlines()[0]
        yield None, _NoViews(f"the database cannot be reached: {first}", inconclusive=True)
        return
    with connection:
        why = views.unavailable_reason(connection)
        if why is None:
            yield connection, None
        else:
            yield None, _NoViews(why, inconclusive=require)


def _impossible_counts(served: Connection, own: Connection) -> Iterator[Fault]:
    """Find counts in the node's feed that the log cannot have led to."""
    try:
        counts = find_impossible_counts(served, own)
    except psycopg.DataError as error:
        detail = f"the feed has a count that cannot be read: {str(error).strip().splitlines()[0]}"
        yield Fault("views", _NODE, "feed", detail)
        return
    for count in counts:
        detail = (
            f"notice {count.notice} of the feed counts at least {count.at_least:,} decisions ({count.outcome}) about"
            f" {count.achievement}, and the log has {count.possible:,}"
        )
        yield Fault("views", count.member, "feed", detail)


class RootsOfLog:
    """Reads the root that a member's log has at an earlier size."""

    def __init__(self, source: Source, fold: GovernanceFold) -> None:
        self._source = source
        self._fold = fold

    def __call__(self, member: str, size: int) -> str | None:
        """Return the root (hexadecimal); None if the log does not reach that size, or has no such member."""
        if member == GOVERNANCE:
            return root_of(self._fold.leaves[:size]).hex() if size <= self._fold.size else None
        record = self._fold.state.members.get(member)
        if record is None:
            return None
        trust = MemberTrust(self._source.consortium, record)
        with contextlib.closing(open_log(self._source.url, self._source.consortium, read_only=True)) as log:
            try:
                return roots_at(log, member, trust, [Waypoint(Tree(), 0)], {size})[size][0].hex()
            except LogError:
                return None


def _with_views(report: AuditReport, compared: ViewsComparison | None, no_views: _NoViews | None) -> AuditReport:
    """Add the result of the comparison with a node's views, or the reason why it was not made."""
    if compared is None:
        no_views = no_views or _NoViews("they were not read", inconclusive=True)
        unchecked = [Unchecked("the node's views", no_views.why, "views")] if no_views.inconclusive else []
        report = msgspec.structs.replace(report, views=f"The node's views were not compared: {no_views.why}.")
        return conclude(report, unchecked=unchecked)
    members = [
        msgspec.structs.replace(
            m, served=compared.verdicts.get(m.member, "not compared"), lag=compared.lags.get(m.member)
        )
        for m in report.members
    ]
    faults, ahead = list(report.faults), []
    for fault in compared.faults:
        # Entries that the log lost explain why the served views have more.
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
    what = [Unchecked(f"the node's views of {name}", why, "views", name) for name, why in compared.uncompared.items()]
    if compared.skipped_tables and compared.required:
        what.append(Unchecked("the words for search", "the node's PostgreSQL is another version", "views"))
    report = msgspec.structs.replace(
        report, members=members, faults=fold_under_governance([*faults, *ahead]), views=compared.sentence()
    )
    return conclude(report, warnings=compared.warnings, unchecked=what)


def audit_log(
    source: Source,
    *,
    only: Sequence[str] = (),
    since: AuditReport | None = None,
    workers: int | None = None,
    on_stream: OnStream | None = None,
) -> AuditReport:
    """Replay the log alone: the views' rows are neither rebuilt nor read.

    `since` is an earlier report of this log, or of another copy of it. The audit goes on from it where governance still
    confirms its verdicts; its findings that are not checked again stay in the report.
    """
    began = time.monotonic()
    if since is not None and (since.consortium, since.founded) != (source.consortium, source.founded.hex()):
        raise NoReport(
            f"the earlier report is of {since.consortium}, or of another founding; audit this log without --since"
        )
    earlier = since.streams if since is not None else []
    for state in earlier:
        tree_of(state)  # refuse a report that contradicts itself before reading anything
    fold, replayed = replay_all(source, only=only, since=earlier, workers=workers, on_stream=on_stream)
    faults = [fault for stream in replayed for fault in stream.faults]
    report = _report(source, fold, replayed, faults, time.monotonic() - began, mode="log", only=only, since=earlier)
    if since is None:
        return report
    # Streams that were not asked for stay as the earlier report has them.
    named = {stream.state.member for stream in replayed}
    streams = [*report.streams, *(state for state in since.streams if state.member not in named)]
    verified = sum(state.size for state in report.streams) - report.events
    retry_read = [s.state.member for s in replayed if s.state.member != GOVERNANCE and s.there and not s.start]
    report = msgspec.structs.replace(
        report,
        since=verified,
        retry_read=[member for member in retry_read if any(s.member == member and s.size for s in earlier)],
        streams=sorted(streams, key=lambda state: (state.member != GOVERNANCE, state.member)),
    )
    return carry_over(report, since, replayed, RootsOfLog(source, fold), only=only)


def _report(
    source: Source, fold: GovernanceFold, replayed: Sequence[Replayed], faults: list[Fault], seconds: float, *,
    mode: str, only: Sequence[str], since: Sequence[StreamState] = (),
) -> AuditReport:  # fmt: skip
    with contextlib.closing(open_log(source.url, source.consortium, read_only=True)) as log:
        findings = check_streams(log, fold, replayed, only=only, since=since)
    faults = fold_under_governance(fold_missing_ends([*faults, *findings.faults]))
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
        unknown_streams=findings.unknown,
        only=list(only),
    )
    return conclude(report, warnings=findings.warnings, unchecked=findings.unchecked)


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


def _lying_seals(own: Connection) -> Iterator[Fault]:
    for member, leaf, size in own.execute(
        "SELECT member, leaf, size FROM seals WHERE verdict = 'contradicts' ORDER BY member, leaf"
    ):
        yield Fault("seal", member, "contradicts", f"the seal of {size} leaves is not what they say", leaf=leaf)
