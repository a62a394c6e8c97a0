"""Compute the views' digest, which two nodes, or a node and an auditor, compare (SPEC.md, section 10).

Each table's rows of each member are hashed in key order, in PostgreSQL's COPY text form, which SPEC.md defines to the
byte. The digest is a hash over those hashes and their positions.
"""

import hashlib
from collections.abc import Collection, Iterator
from itertools import zip_longest
from typing import Final, NamedTuple

from psycopg import Connection

from projections.core.positions import GOVERNANCE, all_positions
from projections.core.tables import VERSION, VIEWS, Table
from registry.wire.merkle import EMPTY_ROOT


class MemberDigest(NamedTuple):
    """One stream's position and the hashes (hexadecimal) of its rows, table by table."""

    member: str
    size: int
    root: str
    governance: int
    tables: dict[str, str]


class ViewsDigest(NamedTuple):
    """All members, in the order of their names, and the hash over them."""

    members: list[MemberDigest]
    total: str

    @property
    def positions(self) -> str:
        """The hash (hexadecimal) over the positions alone. Views can be compared where these are equal."""
        total = hashlib.sha256()
        for item in self.members:
            total.update(f"{item.member} {item.size} {item.root} {item.governance}\n".encode())
        return total.hexdigest()


def digest(connection: Connection, only: Collection[str] = ()) -> ViewsDigest:
    """Hash the views of the connection's search path at one moment; with `only`, for these members alone."""
    return snapshot(connection, only=only).digest


class Snapshot(NamedTuple):
    """The digest of a set of views and the hashes of further tables, all as of one moment."""

    digest: ViewsDigest
    further: dict[str, dict[str, str]]
    """By member, then by table: the hash (hexadecimal) of its rows."""
    unplaced: dict[str, MemberDigest]
    """Members with rows but no position, which the digest omits; their size and governance are 0. Governance is here if
    it has rows of views. Empty without further tables."""


def snapshot(connection: Connection, *, only: Collection[str] = (), further: Collection[Table] = ()) -> Snapshot:
    """Hash the views and `further` tables at one moment; with `only`, for these members alone."""
    members: list[MemberDigest] = []
    further_digests: dict[str, dict[str, str]] = {}
    unplaced: dict[str, MemberDigest] = {}
    with connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        positions = all_positions(connection)
        selected = (*only, GOVERNANCE) if only else ()
        for member, position in sorted(positions.items()):
            if selected and member not in selected:
                continue
            tables = {} if member == GOVERNANCE else {t.name: table_digest(connection, t, member) for t in VIEWS}
            members.append(
                MemberDigest(member, position.tree.size, position.tree.root.hex(), position.governance, tables)
            )
            further_digests[member] = {table.name: table_digest(connection, table, member) for table in further}
        for member in _without_position(connection, positions, further) if further else ():
            if not selected or member in selected:
                tables = {table.name: table_digest(connection, table, member) for table in VIEWS}
                unplaced[member] = MemberDigest(member, 0, EMPTY_ROOT.hex(), 0, tables)
                further_digests.setdefault(member, {t.name: table_digest(connection, t, member) for t in further})
    return Snapshot(ViewsDigest(members, _total(members)), further_digests, unplaced)


def _without_position(connection: Connection, placed: Collection[str], further: Collection[Table]) -> list[str]:
    """Return the members that have rows and no position, and governance where it has rows of views; by name."""
    members: set[str] = set()
    in_views = {table.name for table in VIEWS}
    for name in in_views | {table.name for table in further}:
        expected = [member for member in placed if member != GOVERNANCE or name not in in_views]
        rows = connection.execute(
            f"SELECT DISTINCT member FROM {name} WHERE member <> ALL(%s)",  # noqa: S608 - names of our own
            (expected,),
        )
        members |= {row[0] for row in rows}
    return sorted(members)


def _total(members: Collection[MemberDigest]) -> str:
    total = hashlib.sha256(f"views {VERSION}\n".encode())
    for item in members:
        total.update(f"{item.member} {item.size} {item.root} {item.governance}\n".encode())
        for name, value in item.tables.items():
            total.update(f"{name} {value}\n".encode())
    return total.hexdigest()


NO_ROWS: Final = hashlib.sha256().hexdigest()
"""The hash of a table in which a member has no rows."""


def table_digest(connection: Connection, table: Table, member: str) -> str:
    """Return the hash (hexadecimal) over a member's rows of one table."""
    total = hashlib.sha256()
    with connection.cursor().copy(f"COPY ({table.rows_of_member()}) TO STDOUT", (member,)) as rows:
        for block in rows:
            total.update(block)
    return total.hexdigest()


class Differing(NamedTuple):
    """Rows of one table in which two sets of views differ."""

    number: int
    """Number of rows that only one of them has. A changed row counts once on each side."""
    rows: list[tuple[str | None, str | None]]
    """The first of them in key order, each as its two texts; None where a side has no such row."""


def differences(left: Connection, right: Connection, table: Table, member: str, limit: int = 20) -> Differing:
    """Compare a member's rows in key order. Memory grows with the number of rows that differ."""
    ours: dict[str, None] = {}
    theirs: dict[str, None] = {}
    for mine, yours in zip_longest(_rows(left, table, member), _rows(right, table, member)):
        if mine == yours:
            continue
        if mine is not None and mine in theirs:
            del theirs[mine]
        elif mine is not None:
            ours[mine] = None
        if yours is not None and yours in ours:
            del ours[yours]
        elif yours is not None:
            theirs[yours] = None
    # Rows begin with their key, so sorting puts the two sides of a changed row next to each other.
    ordered = sorted([(row, 0) for row in ours] + [(row, 1) for row in theirs])
    rows: list[tuple[str | None, str | None]] = [(None, r) if side else (r, None) for r, side in ordered[:limit]]
    return Differing(len(ordered), rows)


def _rows(connection: Connection, table: Table, member: str) -> Iterator[str]:
    with connection.cursor().copy(f"COPY ({table.rows_of_member()}) TO STDOUT", (member,)) as rows:
        for row in rows:
            yield bytes(row).decode().rstrip("\n")
