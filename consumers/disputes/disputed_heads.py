"""Heads that a member validly signed and its stream does not hold: each text is kept once, and settled when the
stream's own tree has reached its size. A disputed head that contradicts the tree is evidence of a fork.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from psycopg import Connection

from registry.wire.checkpoint import SignedNote

OPEN = "open"
CONTRADICTS = "contradicts"

AT_ONCE: Final = 10_000
"""Sizes that are settled in one reading of a stream."""


def keep(connection: Connection, member: str, note: SignedNote, code: str, position: int) -> None:
    """Keep a head that was not accepted, unless its text is kept already; `position` is that of its record."""
    checkpoint = note.checkpoint
    connection.execute(
        "INSERT INTO claims (member, note, size, root, code, settled, position) VALUES (%s, %s, %s, %s, %s, %s, %s)"
        " ON CONFLICT DO NOTHING",
        (member, str(note), checkpoint.size, checkpoint.root, code, OPEN, position),
    )


def open_sizes(connection: Connection, member: str, up_to: int) -> Sequence[int]:
    """The sizes of disputed heads that a tree of `up_to` leaves can settle, smallest first; `AT_ONCE` at most."""
    rows = connection.execute(
        "SELECT DISTINCT size FROM claims WHERE member = %s AND settled = 'open' AND size <= %s ORDER BY size LIMIT %s",
        (member, up_to, AT_ONCE),
    )
    return [row[0] for row in rows]


def members_with_open(connection: Connection) -> list[str]:
    """The members of which disputed heads are not settled yet."""
    return [row[0] for row in connection.execute("SELECT DISTINCT member FROM claims WHERE settled = 'open'")]


def settle(connection: Connection, member: str, roots: Mapping[int, bytes]) -> int:
    """Settle every disputed head of sizes whose own roots are known; return how many contradict the tree."""
    contradicted = 0
    for size, actual in roots.items():
        rows = connection.execute(
            "UPDATE claims SET settled = CASE WHEN root = %(actual)s THEN 'agrees' ELSE 'contradicts' END,"
            " actual = %(actual)s WHERE member = %(member)s AND settled = 'open' AND size = %(size)s"
            " RETURNING settled",
            {"actual": actual, "member": member, "size": size},
        ).fetchall()
        contradicted += sum(row[0] == CONTRADICTS for row in rows)
    return contradicted
