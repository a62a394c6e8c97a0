"""Heads that a member validly signed and its stream does not have: kept once per text, settled when the
stored tree tells its root at that size. A claim that contradicts the tree is evidence of a fork.
"""

from collections.abc import Callable, Sequence

from psycopg import Connection

from registry.wire.checkpoint import SignedNote
from registry.wire.merkle import Tree

OPEN = "open"
CONTRADICTS = "contradicts"

RootAt = Callable[[int], bytes | None]
"""Returns the tree's own root at a size that it has passed; None where the log no longer tells."""


def keep(connection: Connection, member: str, note: SignedNote, code: str, position: int) -> None:
    """Keep a head that was not accepted, unless its text is kept already; `position` is the record's that bears it."""
    checkpoint = note.checkpoint
    connection.execute(
        "INSERT INTO claims (member, note, size, root, code, settled, position) VALUES (%s, %s, %s, %s, %s, %s, %s)"
        " ON CONFLICT DO NOTHING",
        (member, str(note), checkpoint.size, checkpoint.root, code, OPEN, position),
    )


def open_sizes(connection: Connection, member: str, up_to: int) -> Sequence[int]:
    """The sizes of claims that a tree of `up_to` leaves can settle."""
    rows = connection.execute(
        "SELECT DISTINCT size FROM claims WHERE member = %s AND settled = 'open' AND size <= %s ORDER BY size",
        (member, up_to),
    )
    return [row[0] for row in rows]


def settle(connection: Connection, member: str, tree: Tree, root_at: RootAt) -> int:
    """Settle every claim that the tree can tell about; gives how many contradict it."""
    contradicted = 0
    for size in open_sizes(connection, member, tree.size):
        actual = tree.root if size == tree.size else root_at(size)
        if actual is None:
            continue  # it stays open
        rows = connection.execute(
            "UPDATE claims SET settled = CASE WHEN root = %(actual)s THEN 'agrees' ELSE 'contradicts' END,"
            " actual = %(actual)s WHERE member = %(member)s AND settled = 'open' AND size = %(size)s"
            " RETURNING settled",
            {"actual": actual, "member": member, "size": size},
        ).fetchall()
        contradicted += sum(row[0] == CONTRADICTS for row in rows)
    return contradicted
