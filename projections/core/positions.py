"""The position that the views have reached in each stream. It is written in one transaction with the rows."""

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from psycopg import Connection

from registry.wire.merkle import HASH_SIZE, Tree

GOVERNANCE = "governance"


class Position(msgspec.Struct, frozen=True):
    """A stream's position: its tree, and the size of governance under which its rows were folded."""

    member: str
    tree: Tree = Tree()
    governance: int = 0
    next: int = 0
    anchors: int = 0
    voids: int = 0
    skipped: int = 0
    diverged: bool = False
    last: int | None = None
    """The place of the record that led to the tree; None where it is not known, or there is none."""


def pack(hashes: Iterable[bytes]) -> bytes:
    """Return a compact range as one value."""
    return b"".join(hashes)


def unpack(size: int, packed: bytes) -> Tree:
    """Return the tree of a size from its packed compact range."""
    return Tree(size, [packed[i : i + HASH_SIZE] for i in range(0, len(packed), HASH_SIZE)])


_COLUMNS = "member, size, hashes, governance, next, anchors, voids, skipped, diverged, last"


class DamagedPosition(Exception):
    """A row of `positions` describes no tree: it was changed or damaged."""


def _position(row: tuple[Any, ...]) -> Position:
    member, size, hashes, *rest = row
    try:
        return Position(member, unpack(size, hashes), *rest)
    except ValueError as error:
        raise DamagedPosition(
            f"the views' position of {member} is damaged ({error}); `registry views rebuild` makes the views again"
        ) from error


def all_positions(connection: Connection) -> dict[str, Position]:
    """Return every stream's position by member, with that of governance."""
    rows = connection.execute(f"SELECT {_COLUMNS} FROM positions")  # noqa: S608 - names of our own
    return {row[0]: _position(row) for row in rows}


def lock(connection: Connection, member: str) -> Position:
    """Return a member's position, locked until the transaction ends, so that nobody else folds the stream.

    Insert a row if there is none yet.
    """
    connection.execute(
        "INSERT INTO positions (member, size, root, hashes, governance, next)"
        " VALUES (%s, 0, %s, '', 0, 0) ON CONFLICT DO NOTHING",
        (member, Tree().root),
    )
    row = connection.execute(
        f"SELECT {_COLUMNS} FROM positions WHERE member = %s FOR UPDATE",  # noqa: S608 - names of our own
        (member,),
    ).fetchone()
    assert row is not None  # noqa: S101 - it was inserted above, in this transaction
    return _position(row)


def save(connection: Connection, position: Position) -> None:
    """Write a position that `lock` locked."""
    connection.execute(
        "UPDATE positions SET size = %s, root = %s, hashes = %s, governance = %s, next = %s, anchors = %s,"
        " voids = %s, skipped = %s, diverged = %s, last = %s WHERE member = %s",
        (
            position.tree.size,
            position.tree.root,
            pack(position.tree.hashes),
            position.governance,
            position.next,
            position.anchors,
            position.voids,
            position.skipped,
            position.diverged,
            position.last,
            position.member,
        ),
    )


def forget_waypoints(connection: Connection, member: str) -> None:
    """Delete the waypoints of a stream whose places in the log have changed."""
    connection.execute("DELETE FROM waypoints WHERE member = %s", (member,))


def keep_waypoints(connection: Connection, passed: Iterable[Position]) -> None:
    """Store positions as waypoints, to which the rows can be rolled back."""
    for position in passed:
        connection.execute(
            "INSERT INTO waypoints (member, size, hashes, position, skipped, diverged)"
            " VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
            (
                position.member,
                position.tree.size,
                pack(position.tree.hashes),
                position.next,
                position.skipped,
                position.diverged,
            ),
        )


def waypoints(connection: Connection, position: Position, up_to: int) -> Iterator[Position]:
    """Yield the waypoints that a stream's rows can be rolled back to, up to a size, the largest first."""
    rows = connection.execute(
        "SELECT size, hashes, position, skipped FROM waypoints"
        " WHERE member = %s AND size <= %s AND NOT diverged ORDER BY size DESC",
        (position.member, up_to),
    )
    for size, hashes, place, skipped in rows:
        yield msgspec.structs.replace(
            position, tree=unpack(size, hashes), next=place, skipped=skipped, diverged=False, last=None
        )
