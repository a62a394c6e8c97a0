"""Audit: replay a log from zero with public keys alone, rebuild the views, compare them with those served.

An auditor trusts nobody: not the members, not the broker or the disk, not the node whose views it compares.
It always ends, names every fault by member, commit, leaf and code, and tells altered events from altered
views: the first do not verify, the second differ from what the verified events lead to.
"""

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec
from psycopg import Connection

from consumers.audit_report import AuditReport, Fault, KeyUse, MemberReport, NoReport, event_id
from consumers.governance import GovernanceFold
from consumers.log_audit import OnStream, Replayed, replay_all
from consumers.projector import OnBatch
from consumers.rebuild import Source, fill, fresh_schema
from projections import views
from projections.digest import MemberDigest, ViewsDigest, differences, digest
from projections.positions import GOVERNANCE
from projections.tables import VIEWS

_COMPARISONS = 3
_ROWS_SHOWN = 1000


def audit(
    source: Source,
    scratch: str,
    *,
    served: str | None = None,
    only: Sequence[str] = (),
    workers: int | None = None,
    on_batch: OnBatch | None = None,
    on_stream: OnStream | None = None,
) -> AuditReport:
    """Replay a log from zero, rebuild its views and compare. `on_batch` hears of the rebuilding, `on_stream` of the
    replay that lists the faults of the log alone.

    `only`: these members' streams and rows alone, besides governance; the report then has no digest of the whole.

    `scratch` is the DSN of a database in which the views are rebuilt and dropped again; `served` that of the
    node whose views are compared, None to compare with none.
    """
    began = time.monotonic()
    with fresh_schema(scratch, "audit") as schema, views.connect(scratch, schema) as own:
        fill(scratch, schema, source, only=only, workers=workers, on_batch=on_batch)
        fold, replayed = replay_all(source, only=only, workers=workers, on_stream=on_stream)
        compared: dict[str, str] = {}
        lags: dict[str, int] = {}
        theirs = None
        differing: list[Fault] = []
        if served is None:
            ours = digest(own, only)
        else:
            with views.connect(served) as other:
                for attempt in range(_COMPARISONS):
                    ours, theirs = _both(own, other, only)
                    if attempt + 1 == _COMPARISONS or _positions(ours.members) == _positions(theirs.members):
                        break
                    # The log went on meanwhile: follow it and look again.
                    fill(scratch, schema, source, only=only, workers=workers, on_batch=on_batch)
                    fold, replayed = replay_all(source, only=only, workers=workers, on_stream=on_stream)
                assert theirs is not None  # noqa: S101 - the loop ran
                compared, differing = _compare(own, other, ours.members, theirs.members)
                known = {m.member: m.size for m in theirs.members}
                lags = {m.member: max(0, m.size - known.get(m.member, 0)) for m in ours.members}
        faults = [fault for one in replayed for fault in one.faults if fault.kind != "event"]
        faults += [*_judged(own), *differing]
    report = _report(source, fold, replayed, faults, time.monotonic() - began, mode="full")
    if not only:
        report = msgspec.structs.replace(report, positions=ours.positions)
    members = [
        msgspec.structs.replace(m, served=compared.get(m.member, "not compared"), lag=lags.get(m.member))
        for m in report.members
    ]
    if only:
        return msgspec.structs.replace(report, members=members)
    return msgspec.structs.replace(
        report, members=members, digest=ours.total, served_digest=theirs.total if theirs is not None else None
    )


def _both(own: Connection, other: Connection, only: Sequence[str]) -> tuple[ViewsDigest, ViewsDigest]:
    """The digests of two sets of views, each read by a thread of its own: the work is PostgreSQL's."""
    with ThreadPoolExecutor(1) as pool:
        served = pool.submit(digest, other, only)
        return digest(own, only), served.result()


def audit_log(
    source: Source,
    *,
    only: Sequence[str] = (),
    since: AuditReport | None = None,
    workers: int | None = None,
    on_stream: OnStream | None = None,
) -> AuditReport:
    """Replay the log alone: the views' rows are neither rebuilt nor read.

    `since`: an earlier report of the same log, to go on from where governance lets what it verified stand.
    """
    began = time.monotonic()
    if since is not None and (since.consortium, since.founded, since.log) != (
        source.consortium,
        source.founded.hex(),
        source.url,
    ):
        raise NoReport("the earlier report is of another consortium, founding or log: audit from zero")
    earlier = since.streams if since is not None else []
    fold, replayed = replay_all(source, only=only, since=earlier, workers=workers, on_stream=on_stream)
    faults = [fault for one in replayed for fault in one.faults]
    report = _report(source, fold, replayed, faults, time.monotonic() - began, mode="log")
    if since is None:
        return report
    kept = [fault for fault in since.faults if fault.kind != "views" and fault not in faults]
    again = {one.state.member for one in replayed if one.events == one.state.size}
    kept = [fault for fault in kept if fault.member not in again]
    faults = kept + faults
    # Streams that were not asked for stay as the earlier report has them.
    named = {one.state.member for one in replayed}
    streams = [*report.streams, *(state for state in since.streams if state.member not in named)]
    verified = sum(state.size for state in report.streams) - report.events
    return msgspec.structs.replace(
        report,
        ok=not faults,
        faults=faults,
        since=verified,
        streams=sorted(streams, key=lambda state: (state.member != GOVERNANCE, state.member)),
    )


def _report(
    source: Source, fold: GovernanceFold, replayed: Sequence[Replayed], faults: list[Fault], seconds: float, mode: str
) -> AuditReport:
    members = []
    for one in replayed:
        state = one.state
        record = fold.state.members.get(state.member)
        keys = [KeyUse(str(w.key), w.start, w.end) for w in record.keys] if record is not None else []
        if record is None and fold.state.roots:
            keys = [KeyUse(str(key), roots.start, None) for roots in fold.state.roots for key in roots.keys]
        members.append(
            MemberReport(
                state.member,
                state.size,
                state.root,
                state.governance,
                state.skipped,
                sum(fault.member == state.member for fault in faults),
                "not compared",
                standing=record.standing if record is not None else "",
                keys=keys,
            )
        )
    return AuditReport(
        not faults,
        mode,
        source.consortium,
        source.founded.hex(),
        source.url,
        sum(one.events for one in replayed),
        seconds,
        members,
        faults,
        [one.state for one in replayed],
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


def _positions(members: list[MemberDigest]) -> list[tuple[Any, ...]]:
    return [(m.member, m.size, m.root, m.governance) for m in members]


def _compare(
    own: Connection, other: Connection, ours: list[MemberDigest], theirs: list[MemberDigest]
) -> tuple[dict[str, str], list[Fault]]:
    """How the served views stand to those rebuilt, by member."""
    found: dict[str, str] = {}
    faults: list[Fault] = []
    served = {m.member: m for m in theirs}
    for mine in ours:
        name = mine.member
        yours = served.pop(name, None)
        if yours is None or (yours.size, yours.governance) < (mine.size, mine.governance):
            found[name] = "behind"
            at = f"at {yours.size} leaves" if yours else "nothing of it"
            faults.append(Fault("views", name, "behind", f"the served views have {at}, the log {mine.size}"))
        elif (yours.size, yours.governance) != (mine.size, mine.governance):
            found[name] = "ahead"
            detail = f"the served views have {yours.size} leaves, the log {mine.size}"
            faults.append(Fault("views", name, "ahead", detail))
        elif (yours.root, yours.tables) == (mine.root, mine.tables):
            found[name] = "equal"
        else:
            found[name] = "differ"
            faults += _differing(own, other, mine, yours)
    faults += [
        Fault(
            "views",
            name,
            "unknown-member",
            "the served views have rows of a member that governance does not know",
        )
        for name in served
        if name != GOVERNANCE
    ]
    return found, faults


def _differing(own: Connection, other: Connection, mine: MemberDigest, yours: MemberDigest) -> Iterator[Fault]:
    if mine.root != yours.root:
        yield Fault("views", mine.member, "other-root", f"served of another tree: root {yours.root}")
    for table in VIEWS:
        if table.name in mine.tables and mine.tables[table.name] != yours.tables.get(table.name):
            found = differences(own, other, table, mine.member, _ROWS_SHOWN)
            shown = [f"- {theirs}" if ours is None else f"+ {ours}" for ours, theirs in found.rows]
            detail = f"rows of {table.name} are not what the log leads to (- served, + as the log says)"
            if found.number > len(shown):
                detail += f"; the first {len(shown)} of {found.number:,} differences"
            yield Fault("views", mine.member, "differ", detail, evidence=shown)
