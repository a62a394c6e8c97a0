"""The views' digest: what two nodes, or a node and an auditor, compare (SPEC.md, section 10).

Each table's rows of each member are hashed in key order, in PostgreSQL's COPY text form, which SPEC.md gives
to the byte. The whole is a hash over those hashes and the positions they stand for.
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
        """The hash (hexadecimal) over the positions alone: views are compared where these are equal."""
        found = hashlib.sha256()
        for item in self.members:
            found.update(f"{item.member} {item.size} {item.root} {item.governance}\n".encode())
        return found.hexdigest()


def digest(connection: Connection, only: Collection[str] = ()) -> ViewsDigest:
    """Hash the views that the connection means, as of one moment; of some members alone where they are named."""
    return snapshot(connection, only=only).digest


class Snapshot(NamedTuple):
    """The digest of a set of views and the hashes of further tables, all as of one moment."""

    digest: ViewsDigest
    further: dict[str, dict[str, str]]
    """By member, then by table: the hash (hexadecimal) of its rows."""
    unplaced: dict[str, MemberDigest]
    """Members that have rows and no position, which the digest leaves out: size and governance are 0. So are rows of
    views in the name of governance, which has none. Only where further tables were asked for."""


def snapshot(connection: Connection, *, only: Collection[str] = (), further: Collection[Table] = ()) -> Snapshot:
    """Hash the views, and tables beside them, as of one moment; of some members alone where they are named."""
    members: list[MemberDigest] = []
    beside: dict[str, dict[str, str]] = {}
    unplaced: dict[str, MemberDigest] = {}
    with connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        positions = all_positions(connection)
        wanted = (*only, GOVERNANCE) if only else ()
        for member, position in sorted(positions.items()):
            if wanted and member not in wanted:
                continue
            tables = {} if member == GOVERNANCE else {t.name: table_digest(connection, t, member) for t in VIEWS}
            members.append(
                MemberDigest(member, position.tree.size, position.tree.root.hex(), position.governance, tables)
            )
            beside[member] = {table.name: table_digest(connection, table, member) for table in further}
        for member in _without_position(connection, positions, further) if further else ():
            if not wanted or member in wanted:
                tables = {table.name: table_digest(connection, table, member) for table in VIEWS}
                unplaced[member] = MemberDigest(member, 0, EMPTY_ROOT.hex(), 0, tables)
                beside.setdefault(member, {t.name: table_digest(connection, t, member) for t in further})
    return Snapshot(ViewsDigest(members, _total(members)), beside, unplaced)


def _without_position(connection: Connection, placed: Collection[str], further: Collection[Table]) -> list[str]:
    """Return the members that have rows and no position, and governance where it has rows of views; by name."""
    found: set[str] = set()
    in_views = {table.name for table in VIEWS}
    for name in in_views | {table.name for table in further}:
        known = [member for member in placed if member != GOVERNANCE or name not in in_views]
        rows = connection.execute(
            f"SELECT DISTINCT member FROM {name} WHERE member <> ALL(%s)",  # noqa: S608 - names of our own
            (known,),
        )
        found |= {row[0] for row in rows}
    return sorted(found)


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
    """The hash (hexadecimal) over a member's rows of one table."""
    found = hashlib.sha256()
    with connection.cursor().copy(f"COPY ({table.rows_of_member()}) TO STDOUT", (member,)) as rows:
        for block in rows:
            found.update(block)
    return found.hexdigest()


class Differing(NamedTuple):
    """Rows of one table in which two sets of views differ."""

    number: int
    """How many rows only one of them has; a row that was changed counts once on each side."""
    rows: list[tuple[str | None, str | None]]
    """The first of them in key order, each as its two texts (None: not there)."""


def differences(left: Connection, right: Connection, table: Table, member: str, limit: int = 20) -> Differing:
    """Compare a member's rows, row by row as both come in key order: memory grows with what differs alone."""
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
    # Both begin with their key, so that the two sides of a changed row stand together.
    ordered = sorted([(row, 0) for row in ours] + [(row, 1) for row in theirs])
    rows: list[tuple[str | None, str | None]] = [(None, r) if side else (r, None) for r, side in ordered[:limit]]
    return Differing(len(ordered), rows)


def _rows(connection: Connection, table: Table, member: str) -> Iterator[str]:
    with connection.cursor().copy(f"COPY ({table.rows_of_member()}) TO STDOUT", (member,)) as rows:
        for row in rows:
            yield bytes(row).decode().rstrip("\n")
