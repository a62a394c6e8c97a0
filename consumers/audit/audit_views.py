"""Compares the views that a node serves with those that an audit rebuilt from the log."""

from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Final, NamedTuple

import msgspec
from psycopg import Connection

from consumers.audit.audit_report import Fault
from consumers.governance.governance import GovernanceFold
from projections.core import views
from projections.core.digest import NO_ROWS, MemberDigest, Snapshot, differences, snapshot, table_digest
from projections.core.positions import GOVERNANCE, all_positions
from projections.core.tables import FURTHER, VIEWS, WORDS, Table
from projections.fold.rollback import roll_back
from registry.wire.merkle import EMPTY_ROOT

_ROWS_SHOWN: Final = 1000
_ALL: Final = 1 << 62
_PLACES: Final = ("positions", "claims", "quarantine")
"""Tables about the end of the log, which cannot be compared at an earlier size."""
_EVIDENCE: Final = (
    Table("claims", 'size, note COLLATE "C"', "size, note, encode(root, 'hex'), code"),
    Table("quarantine", "2, 3", "DISTINCT code, size, encode(sha256(record), 'hex')"),
    Table("refusals", "leaf", "leaf, code, path, encode(line, 'hex')"),
)
"""Tables of what was not accepted. Their rows never change."""

RootAt = Callable[[str, int], str | None]
"""Returns the root (hexadecimal) that a member's log has at a size; None if the log does not have that size."""


class ViewsComparison(msgspec.Struct):
    """The result of comparing the served views with those rebuilt."""

    verdicts: dict[str, str] = msgspec.field(default_factory=dict)
    """By member: `equal`, `differ`, `behind`, `ahead` or `not compared`."""
    lags: dict[str, int] = msgspec.field(default_factory=dict)
    """By member: the number of events that the served views lack."""
    faults: list[Fault] = msgspec.field(default_factory=list)
    warnings: list[Fault] = msgspec.field(default_factory=list)
    uncompared: dict[str, str] = msgspec.field(default_factory=dict)
    """By member: the reason why its rows were not compared."""
    required: bool = False
    """True if the comparison was asked for: then tables that were left out for all make the audit inconclusive."""
    skipped_tables: tuple[str, ...] = ()
    """Tables that were left out for all, because the two servers make different search words."""

    def sentence(self) -> str:
        """Return the result in a sentence."""
        differing = [name for name, verdict in self.verdicts.items() if verdict in ("differ", "ahead")]
        compared = [name for name in self.verdicts if name not in self.uncompared]
        behind = [name for name in compared if self.verdicts[name] == "behind"]
        parts = []
        if differing or any(fault.kind == "views" for fault in self.faults):
            parts.append("The node serves rows that do not follow from the log.")
        elif behind:
            lag = sum(self.lags.get(name, 0) for name in behind)
            events = f"{lag:,} {'event' if lag == 1 else 'events'} behind" if lag else "of an earlier governance"
            parts.append(f"The node's views are {events}; as far as they go they follow from the log.")
        elif compared:
            parts.append("What the node serves follows from the log.")
        if self.uncompared:
            reason = next(iter(self.uncompared.values()))
            parts.append(f"The node's views of {', '.join(self.uncompared)} were not compared: {reason}.")
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
    """Return true if both are of the same heads."""
    return ours.digest.positions == theirs.digest.positions


def compare_views(
    own: Connection, served: Connection, ours: Snapshot, theirs: Snapshot, root_at: RootAt, fold: GovernanceFold
) -> ViewsComparison:
    """Compare the served views with those rebuilt, member by member, in all that is served.

    The positions of the served views decide with which state they are compared, never whether they are compared: a
    member without a position, or with an empty one, may have no rows. `fold` is governance as the log has it.
    """
    comparison = ViewsComparison()
    placed = {member.member: member for member in theirs.digest.members}
    others = theirs.unplaced | placed
    members_at = placed[GOVERNANCE].size if GOVERNANCE in placed else 0
    compared = _Compared(comparison, own, served, ours, theirs, root_at, fold, members_at)
    for mine in ours.digest.members:
        yours = others.pop(mine.member, None) or MemberDigest(
            mine.member, 0, EMPTY_ROOT.hex(), 0, dict.fromkeys((table.name for table in VIEWS), NO_ROWS)
        )
        compared.member(mine, yours, placed=mine.member in placed)
    if GOVERNANCE in theirs.unplaced:  # it has no rows of views
        nothing = dict.fromkeys((table.name for table in VIEWS), NO_ROWS)
        mine = theirs.unplaced[GOVERNANCE]._replace(tables=nothing)
        comparison.faults += _differing(own, served, mine, theirs.unplaced[GOVERNANCE], {}, {})
    for name in others:
        if name in fold.state.members:
            comparison.verdicts[name] = "not compared"
            comparison.uncompared[name] = "its log could not be read whole, so they were not rebuilt"
        elif name != GOVERNANCE:
            detail = "the served views have rows of a member that governance does not know"
            comparison.faults.append(Fault("views", name, "unknown-member", detail))
    return comparison


class _Compared(NamedTuple):
    """Both sets of views, and the log that decides between them."""

    comparison: ViewsComparison
    own: Connection
    served: Connection
    ours: Snapshot
    theirs: Snapshot
    root_at: RootAt
    fold: GovernanceFold
    members_at: int
    """The size of governance that the served rows of the table `members` are of."""

    def member(self, mine: MemberDigest, yours: MemberDigest, *, placed: bool) -> None:
        """Compare one member's rows; `placed` is true if the served views have a position of it."""
        name, comparison = mine.member, self.comparison
        comparison.lags[name] = max(0, mine.size - yours.size)
        if placed and (yours.size, yours.governance) == (mine.size, mine.governance):
            faults = list(
                _differing(self.own, self.served, mine, yours, self.ours.further[name], self.theirs.further[name])
            )
            comparison.verdicts[name] = "differ" if faults else "equal"
            comparison.faults += faults
        elif yours.size > mine.size or yours.governance > mine.governance:
            comparison.verdicts[name] = "ahead"
            comparison.faults.append(Fault("views", name, "ahead", _sizes(mine, yours)))
        else:
            comparison.verdicts[name] = "behind"
            comparison.warnings.append(Fault("views", name, "behind", _sizes(mine, yours)))
            faults = self._governance(yours) if name == GOVERNANCE else self._behind(yours, placed=placed)
            if faults:
                comparison.verdicts[name] = "differ"
                comparison.faults += faults

    def _governance(self, yours: MemberDigest) -> list[Fault]:
        """Compare governance's position, and the rows in its name, where the served views are behind."""
        grows = {table.name for table in _EVIDENCE}
        tables = [t for t in FURTHER if t.name in self.ours.further[GOVERNANCE] and t.name not in (*grows, "positions")]
        beside = {table.name: table_digest(self.own, table, GOVERNANCE) for table in tables}
        theirs = self.theirs.further.get(GOVERNANCE, dict.fromkeys(beside, NO_ROWS))
        mine = yours._replace(root=self.root_at(GOVERNANCE, yours.size) or "", tables={})
        faults = _differing(self.own, self.served, mine, yours, beside, theirs)
        return [*faults, *self._additional_evidence(GOVERNANCE)]

    def _behind(self, yours: MemberDigest, *, placed: bool) -> list[Fault]:
        """Compare a member's rows with the rebuilt ones as they were at the position of the served ones."""
        name, record = yours.member, self.fold.state.members[yours.member]
        changes = [change.leaf for change in self.fold.changes[name]]
        if yours.size and yours.governance <= changes[0]:
            detail = f"they are of governance at {yours.governance:,} entries, which did not know {name} yet"
            return [Fault("views", name, "impossible", f"the served views have {yours.size:,} events, and {detail}")]
        root = EMPTY_ROOT.hex() if not yours.size else self.root_at(name, yours.size)
        reason = ""
        if yours.size and record.changed > yours.governance:
            reason = (
                f"they are of governance at {yours.governance:,} entries, which has said more about {name} since, and"
                " cannot be made as they were then"
            )
        elif root is None or (yours.size and all_positions(self.own)[name].diverged):
            reason = "they are behind, and cannot be made as they were at that size"
        if reason:
            self.comparison.uncompared[name] = reason
        tables = [] if reason else [table for table in VIEWS if table.name != "members"]
        left_out = _PLACES if placed else ("positions",)
        further = [] if reason else [t for t in FURTHER if t.name in self.ours.further[name] and t.name not in left_out]
        faults = [] if reason or not placed else list(self._additional_evidence(name))
        if self.members_at <= changes[0] or not any(leaf >= self.members_at for leaf in changes):
            tables += [table for table in VIEWS if table.name == "members"]
        elif not reason:
            self.comparison.uncompared[name] = (
                f"what they say of the member itself is of governance at {self.members_at:,} entries, which has said"
                " more about it since"
            )
        with self.own.transaction(force_rollback=True):
            if not yours.size:
                views.forget(self.own, name)
            elif not reason:
                roll_back(self.own, name, yours.size, _ALL)
            if self.members_at <= changes[0]:
                self.own.execute("DELETE FROM members WHERE member = %s", (name,))
            mine = MemberDigest(
                name, yours.size, root or yours.root, yours.governance,
                {table.name: table_digest(self.own, table, name) for table in tables},
            )  # fmt: skip
            beside = {table.name: table_digest(self.own, table, name) for table in further}
            theirs = self.theirs.further.get(name, dict.fromkeys(beside, NO_ROWS))
            return [*faults, *_differing(self.own, self.served, mine, yours, beside, theirs)]

    def _additional_evidence(self, name: str) -> Iterator[Fault]:
        """Find disputed heads, quarantined records and refused events to which the log, up to its end, does not lead.

        Views that are behind may lack some that the log has by now, so that only one direction is compared.
        """
        for table in _EVIDENCE:
            differing = differences(self.own, self.served, table, name, _ALL).rows
            rows = [f"- {theirs}" for ours, theirs in differing if ours is None]
            if rows:
                detail = f"rows of {table.name} do not follow from the log (- served)"
                yield Fault("views", name, "differ", detail, evidence=rows[:_ROWS_SHOWN])


def _sizes(mine: MemberDigest, yours: MemberDigest) -> str:
    if mine.size != yours.size:
        return f"the served views have {yours.size:,} events, the log {mine.size:,}"
    return f"the served views are of governance at {yours.governance:,} entries, and it has {mine.governance:,}"


def _other_root(yours: MemberDigest) -> Fault:
    detail = f"the served views are of another tree, whose root is {yours.root}"
    return Fault("views", yours.member, "other-root", detail)


def _differing(
    own: Connection, served: Connection, mine: MemberDigest, yours: MemberDigest,
    further: dict[str, str], theirs: dict[str, str],
) -> Iterator[Fault]:  # fmt: skip
    if mine.root != yours.root:
        yield _other_root(yours)
    for table in VIEWS:
        if table.name in mine.tables and mine.tables[table.name] != yours.tables.get(table.name):
            yield _rows(own, served, table, mine.member)
    for table in FURTHER:
        if table.name in further and further[table.name] != theirs.get(table.name):
            yield _rows(own, served, table, mine.member)


def _rows(own: Connection, served: Connection, table: Table, member: str) -> Fault:
    differing = differences(own, served, table, member, _ROWS_SHOWN)
    shown = [f"- {theirs}" if ours is None else f"+ {ours}" for ours, theirs in differing.rows]
    detail = f"rows of {table.name} do not follow from the log (- served, + as the log has it)"
    if differing.number > len(shown):
        detail += f"; the first {len(shown)} of {differing.number:,} differences"
    return Fault("views", member, "differ", detail, evidence=shown)
