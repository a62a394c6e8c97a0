"""Audit: replay a log from zero with public keys alone, rebuild the views, compare them with those served.

An auditor trusts nobody: not the members, not the broker or the disk, not the node whose views it compares.
It always ends, names every fault by member, commit, leaf and code, and tells altered events from altered
views: the first do not verify, the second differ from what the verified events lead to.
"""

import time
from collections.abc import Iterator
from typing import Any

import msgspec
from psycopg import Connection

from consumers.projector import OnBatch
from consumers.rebuild import Source, fill, fresh_schema
from projections import views
from projections.digest import MemberDigest, differences, digest
from projections.positions import GOVERNANCE
from projections.tables import VIEWS

_COMPARISONS = 3
_ROWS_SHOWN = 20


class Fault(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing that is not as it should be."""

    kind: str
    """`record` not taken in, `event` refused, `fork`, `seal` that lies, or `views` that differ."""
    member: str
    code: str
    detail: str
    position: int | None = None
    """Where the record begins in the log."""
    size: int | None = None
    """The tree size that a commit or claim names, where it could be read."""
    leaf: int | None = None
    evidence: list[str] | None = None
    """The contradictory signed notes, or the rows that differ."""


class MemberReport(msgspec.Struct, frozen=True):
    """One stream: how far it was replayed, and what it came to."""

    member: str
    size: int
    root: str
    governance: int
    skipped: int
    faults: int
    served: str
    """The served views: `equal`, `differ`, `behind`, `ahead` or `not compared`."""


class AuditReport(msgspec.Struct, frozen=True):
    """What an audit found. All is well when `ok`."""

    ok: bool
    consortium: str
    founded: str
    events: int
    seconds: float
    digest: str
    """Of the views rebuilt."""
    served_digest: str | None
    members: list[MemberReport]
    faults: list[Fault]


def audit(
    source: Source,
    scratch: str,
    *,
    served: str | None = None,
    workers: int | None = None,
    on_batch: OnBatch | None = None,
) -> AuditReport:
    """Replay a log and compare.

    `scratch` is the DSN of a database in which the views are rebuilt and dropped again; `served` that of the
    node whose views are compared, None to check the log alone.
    """
    began = time.monotonic()
    with fresh_schema(scratch, "audit") as schema, views.connect(scratch, schema) as own:
        events = fill(scratch, schema, source, workers=workers, on_batch=on_batch).events
        faults = list(_faults(own))
        ours = digest(own)
        compared: dict[str, str] = {}
        theirs = None
        if served is not None:
            with views.connect(served) as other:
                for attempt in range(_COMPARISONS):
                    theirs = digest(other)
                    if attempt + 1 == _COMPARISONS or _positions(ours.members) == _positions(theirs.members):
                        break
                    # The log went on meanwhile: follow it and look again.
                    events += fill(scratch, schema, source, workers=workers, on_batch=on_batch).events
                    faults, ours = list(_faults(own)), digest(own)
                assert theirs is not None  # noqa: S101 - the loop ran
                compared, differing = _compare(own, other, ours.members, theirs.members)
                faults += differing
        skipped: dict[str, int] = dict(own.execute("SELECT member, skipped FROM positions").fetchall())
    members = [
        MemberReport(
            m.member,
            m.size,
            m.root,
            m.governance,
            skipped.get(m.member, 0),
            sum(f.member == m.member for f in faults),
            compared.get(m.member, "not compared"),
        )
        for m in ours.members
    ]
    return AuditReport(
        not faults,
        source.consortium,
        source.founded.hex(),
        events,
        time.monotonic() - began,
        ours.total,
        theirs.total if theirs else None,
        members,
        faults,
    )


def _faults(own: Connection) -> Iterator[Fault]:
    """Everything that the replay did not take in, or that contradicts it."""
    for member, position, code, detail, record in own.execute(
        "SELECT member, position, code, detail, record FROM quarantine ORDER BY member, position"
    ):
        yield Fault("record", member, code, detail, position=position, size=_claimed_size(record))
    for member, note, size, code, actual in own.execute(
        # A head that the stream never reached is told by its record, above; it contradicts nothing yet.
        "SELECT member, note, size, code, actual FROM claims WHERE settled = 'contradicts' ORDER BY member, size"
    ):
        detail = f"signed a head at {size} whose root is not the tree's own, {actual.hex()}"
        yield Fault("fork", member, code, detail, size=size, evidence=[note])
    for member, leaf, code, path, detail in own.execute(
        "SELECT member, leaf, code, path, detail FROM refusals ORDER BY member, leaf"
    ):
        yield Fault("event", member, code, f"{path}: {detail}", leaf=leaf)
    for member, leaf, size in own.execute(
        "SELECT member, leaf, size FROM seals WHERE verdict = 'contradicts' ORDER BY member, leaf"
    ):
        yield Fault("seal", member, "contradicts", f"the seal of {size} leaves is not what they say", leaf=leaf)


def _claimed_size(record: bytes) -> int | None:
    """The tree size that a record names, if it names one: to find it by, not to believe it."""
    lines = bytes(record).split(b"\n", 2)
    return int(lines[1]) if len(lines) == 3 and lines[1].isdigit() and len(lines[1]) < 20 else None


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
            rows = differences(own, other, table, mine.member, _ROWS_SHOWN)
            shown = [f"- {theirs}" if ours is None else f"+ {ours}" for ours, theirs in rows]
            detail = f"rows of {table.name} are not what the log leads to (- served, + as the log says)"
            yield Fault("views", mine.member, "differ", detail, evidence=shown)
