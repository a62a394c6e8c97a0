"""The views that a node serves, held against those that an audit rebuilt from the log."""

from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import msgspec
from psycopg import Connection

from consumers.audit_report import Fault
from projections.digest import MemberDigest, Snapshot, differences, snapshot, table_digest
from projections.positions import GOVERNANCE, all_positions
from projections.rollback import roll_back
from projections.tables import FURTHER, VIEWS, WORDS, Table

_ROWS_SHOWN: Final = 1000
_PLACES: Final = ("positions", "claims", "quarantine")
"""Tables that speak of the end of the log: they say nothing of an earlier size."""

RootAt = Callable[[str, int], str | None]
"""Returns the root (hexadecimal) that a member's log has at a size; None where that cannot be told."""


class Compared(msgspec.Struct):
    """How the served views stand to those rebuilt."""

    verdicts: dict[str, str] = msgspec.field(default_factory=dict)
    """By member: `equal`, `differ`, `behind`, `ahead` or `not compared`."""
    lags: dict[str, int] = msgspec.field(default_factory=dict)
    """By member: how many events the served views lack."""
    faults: list[Fault] = msgspec.field(default_factory=list)
    warnings: list[Fault] = msgspec.field(default_factory=list)
    uncompared: dict[str, str] = msgspec.field(default_factory=dict)
    """By member: why its rows were not compared."""
    required: bool = False
    """Whether the comparison was asked for, so that what was not compared makes the audit inconclusive."""
    skipped_tables: tuple[str, ...] = ()
    """Tables that were left out for all, because the two servers make other words."""

    def sentence(self) -> str:
        """Say in a sentence what the comparison came to."""
        differing = [name for name, verdict in self.verdicts.items() if verdict in ("differ", "ahead")]
        behind = [name for name, verdict in self.verdicts.items() if verdict == "behind"]
        parts = []
        if differing or any(fault.kind == "views" for fault in self.faults):
            parts.append("The node serves what the log does not lead to.")
        elif behind:
            lag = sum(self.lags.get(name, 0) for name in behind)
            events = f"{lag:,} {'event' if lag == 1 else 'events'}"
            parts.append(f"The node's views are {events} behind; as far as they go they are what the log leads to.")
        elif self.verdicts and len(self.uncompared) < len(self.verdicts):
            parts.append("What the node serves is what the log leads to.")
        if self.uncompared:
            first = next(iter(self.uncompared.items()))
            names = ", ".join(self.uncompared)
            parts.append(f"The node's views of {names} were not compared: {first[1]}.")
        if self.skipped_tables:
            tables = ", ".join(self.skipped_tables)
            parts.append(
                f"The words for search ({tables}) were not compared: the node's PostgreSQL is another version."
            )
        return " ".join(parts)


def read_both(own: Connection, served: Connection, only: Collection[str]) -> tuple[Snapshot, Snapshot, tuple[str, ...]]:
    """Read the rebuilt and the served views, each as of one moment, and name the tables that are left out.

    Each is read by a thread of its own: the work is PostgreSQL's.
    """
    same_server = own.info.server_version // 10000 == served.info.server_version // 10000
    skipped = () if same_server else WORDS
    tables = [table for table in FURTHER if table.name not in skipped]
    with ThreadPoolExecutor(1) as pool:
        theirs = pool.submit(snapshot, served, only=only, further=tables)
        return snapshot(own, only=only, further=tables), theirs.result(), skipped


def same_positions(ours: Snapshot, theirs: Snapshot) -> bool:
    """Return whether both are of the same heads."""
    return ours.digest.positions == theirs.digest.positions


def compare_views(own: Connection, served: Connection, ours: Snapshot, theirs: Snapshot, root_at: RootAt) -> Compared:
    """Compare the served views with those rebuilt, member by member, in all that is served."""
    found = Compared()
    others = {member.member: member for member in theirs.digest.members}
    for mine in ours.digest.members:
        yours = others.pop(mine.member, None)
        _compare_member(found, own, served, mine, yours, ours, theirs, root_at)
    for name in others:
        if name != GOVERNANCE:
            detail = "the served views have rows of a member that governance does not know"
            found.faults.append(Fault("views", name, "unknown-member", detail))
    return found


def _compare_member(
    found: Compared, own: Connection, served: Connection, mine: MemberDigest, yours: MemberDigest | None,
    ours: Snapshot, theirs: Snapshot, root_at: RootAt,
) -> None:  # fmt: skip
    name = mine.member
    size, governance = (yours.size, yours.governance) if yours is not None else (0, 0)
    found.lags[name] = max(0, mine.size - size)
    if (size, governance) == (mine.size, mine.governance) and yours is not None:
        faults = list(_differing(own, served, mine, yours, ours.further[name], theirs.further[name]))
        found.verdicts[name] = "differ" if faults else "equal"
        found.faults += faults
    elif size > mine.size or governance > mine.governance:
        found.verdicts[name] = "ahead"
        detail = f"the served views have {size:,} events, the log {mine.size:,}"
        found.faults.append(Fault("views", name, "ahead", detail))
    else:
        found.verdicts[name] = "behind"
        detail = f"the served views have {size:,} events, the log {mine.size:,}"
        found.warnings.append(Fault("views", name, "behind", detail))
        if yours is not None and size and governance == mine.governance:
            _compare_behind(found, own, served, yours, theirs.further[name], root_at)
        elif size or name == GOVERNANCE:
            found.uncompared[name] = "they are of an earlier governance"


def _compare_behind(
    found: Compared, own: Connection, served: Connection, yours: MemberDigest, further: dict[str, str], root_at: RootAt
) -> None:
    """Compare views that are behind with the rebuilt ones as they were at that size."""
    name = yours.member
    if name == GOVERNANCE:
        return  # it has no rows but its position
    root = root_at(name, yours.size)
    if root is None or all_positions(own)[name].diverged:
        found.uncompared[name] = "they are behind, and cannot be made as they were at that size"
        return
    tables = [table for table in FURTHER if table.name in further and table.name not in _PLACES]
    with own.transaction(force_rollback=True):
        roll_back(own, name, yours.size, 1 << 62)
        mine = MemberDigest(
            name, yours.size, root, yours.governance, {t.name: table_digest(own, t, name) for t in VIEWS}
        )
        beside = {table.name: table_digest(own, table, name) for table in tables}
        faults = list(_differing(own, served, mine, yours, beside, further))
    if faults:
        found.verdicts[name] = "differ"
        found.faults += faults


def _differing(
    own: Connection, served: Connection, mine: MemberDigest, yours: MemberDigest,
    further: dict[str, str], theirs: dict[str, str],
) -> Iterator[Fault]:  # fmt: skip
    if mine.root != yours.root:
        detail = f"the served views are of another tree, whose root is {yours.root}"
        yield Fault("views", mine.member, "other-root", detail)
    for table in VIEWS:
        if table.name in mine.tables and mine.tables[table.name] != yours.tables.get(table.name):
            yield _rows(own, served, table, mine.member)
    for table in FURTHER:
        if table.name in further and further[table.name] != theirs.get(table.name):
            yield _rows(own, served, table, mine.member)


def _rows(own: Connection, served: Connection, table: Table, member: str) -> Fault:
    found = differences(own, served, table, member, _ROWS_SHOWN)
    shown = [f"- {theirs}" if ours is None else f"+ {ours}" for ours, theirs in found.rows]
    detail = f"rows of {table.name} are not what the log leads to (- served, + as the log says)"
    if found.number > len(shown):
        detail += f"; the first {len(shown)} of {found.number:,} differences"
    return Fault("views", member, "differ", detail, evidence=shown)
