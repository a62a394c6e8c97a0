"""The publisher's tables: the commits that it signs, each once, and the events that it withholds."""

from collections.abc import Collection, Iterable, Sequence
from typing import Final, NamedTuple

import msgspec
from psycopg import Connection

from registry.application.owner import table_exists
from registry.wire.merkle import HASH_SIZE, Tree

_COLUMNS: Final = "size, root, hashes, first, last, next"


class StoredCommit(NamedTuple):
    """A commit as the database has it: no event, only what is needed to build it again."""

    size: int
    root: bytes
    hashes: bytes
    first: int
    """The notification ids of the stored events in it lie between `first` and `last`."""
    last: int
    next: int | None
    """The position on the log after it; None until it was seen there."""

    @property
    def tree(self) -> Tree:
        """Return the tree after this commit."""
        return Tree(self.size, [self.hashes[i : i + HASH_SIZE] for i in range(0, len(self.hashes), HASH_SIZE)])


class UnsignedCommit(NamedTuple):
    """A commit before it is signed."""

    before: Tree
    after: Tree
    lines: list[bytes]
    first: int
    last: int
    released: tuple[int, ...] = ()
    """The notification ids of its events, if they were withheld before."""
    refused: str = ""
    """The reason why consumers would refuse some of its events, if it must be published nevertheless."""
    stored: float | None = None
    """The time at which its first event was stored, in seconds since 1970; None if withheld or published again."""


class WithheldEvent(NamedTuple):
    """A stored event that consumers would refuse now, and why."""

    notification: int
    aggregate: str
    topic: str
    code: str
    reason: str


def newest_published_at(connection: Connection) -> str | None:
    """Return when the newest event on the log was stored (RFC 3339); None if this node has published nothing."""
    if not (table_exists(connection, "publisher.commits") and table_exists(connection, "public.registry_events")):
        return None
    newest = connection.execute(
        "SELECT state FROM public.registry_events WHERE notification_id ="
        " (SELECT max(last) FROM publisher.commits WHERE next IS NOT NULL)"
    ).fetchone()
    return None if newest is None else msgspec.json.decode(newest[0])["timestamp"]


class CommitStore:
    """The tables `publisher.commits` and `publisher.held`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    # Commits

    def newest_on_log(self) -> StoredCommit | None:
        """Return the largest commit that was seen on the log."""
        return self._select("WHERE next IS NOT NULL ORDER BY size DESC LIMIT 1", ())

    def at(self, size: int) -> StoredCommit | None:
        """Return the commit that led to a size."""
        return self._select("WHERE size = %s", (size,))

    def before(self, size: int) -> StoredCommit | None:
        """Return the largest commit below a size."""
        return self._select("WHERE size < %s ORDER BY size DESC LIMIT 1", (size,))

    def _select(self, where: str, values: Sequence[int]) -> StoredCommit | None:
        row = self._connection.execute(
            f"SELECT {_COLUMNS} FROM publisher.commits {where}",  # noqa: S608 - words of our own
            values,
        ).fetchone()
        return None if row is None else StoredCommit(*row)

    def all(self) -> dict[int, StoredCommit]:
        """Return all commits, by size."""
        rows = self._connection.execute(f"SELECT {_COLUMNS} FROM publisher.commits ORDER BY size")  # noqa: S608 - likewise
        return {row[0]: StoredCommit(*row) for row in rows}

    def not_on_log(self) -> dict[int, StoredCommit]:
        """Return the commits that were not seen on the log, by size."""
        rows = self._connection.execute(
            f"SELECT {_COLUMNS} FROM publisher.commits WHERE next IS NULL ORDER BY size"  # noqa: S608 - likewise
        )
        return {row[0]: StoredCommit(*row) for row in rows}

    def write_down(self, commits: Iterable[UnsignedCommit], withheld: Iterable[WithheldEvent]) -> None:
        """Store commits before they are signed, and the events withheld from them, in the caller's transaction."""
        for event in withheld:
            self._connection.execute(
                "INSERT INTO publisher.held (notification, aggregate, topic, code, reason) VALUES (%s, %s, %s, %s, %s)"
                " ON CONFLICT (notification) DO UPDATE SET code = excluded.code, reason = excluded.reason",
                event,
            )
        for commit in commits:
            self._connection.execute(
                "INSERT INTO publisher.commits (size, root, hashes, first, last) VALUES (%s, %s, %s, %s, %s)",
                (commit.after.size, commit.after.root, b"".join(commit.after.hashes), commit.first, commit.last),
            )
            self._connection.execute(
                "UPDATE publisher.held SET size = %s WHERE notification = ANY(%s)",
                (commit.after.size, list(commit.released)),
            )

    def mark_on_log(self, size: int, position: int) -> None:
        """Note that the commit to a size is on the log, which goes on at a position after it."""
        self._connection.execute("UPDATE publisher.commits SET next = %s WHERE size = %s", (position, size))

    def mark_appended(self, size: int, position: int) -> None:
        """Note that all commits up to a size are on the log, which goes on at a position after the newest of them."""
        self._connection.execute(
            "UPDATE publisher.commits SET next = %s WHERE next IS NULL AND size <= %s", (position, size)
        )

    def mark_exactly(self, size: int, position: int) -> None:
        """Note that exactly the commits up to a size are on the log, which goes on at a position after them."""
        self._connection.execute(
            "UPDATE publisher.commits SET next = CASE WHEN size <= %s THEN %s::bigint END", (size, position)
        )

    def read_up_to(self) -> int:
        """Return the notification id up to which stored events are in commits or withheld; 0 before the first."""
        row = self._connection.execute(
            "SELECT greatest((SELECT max(last) FROM publisher.commits), (SELECT max(notification) FROM publisher.held))"
        ).fetchone()
        return int(row[0]) if row is not None and row[0] is not None else 0

    # Withheld events

    def withheld(self) -> list[WithheldEvent]:
        """Return the events that are withheld now, in their order."""
        rows = self._connection.execute(
            "SELECT notification, aggregate, topic, code, reason FROM publisher.held WHERE size IS NULL"
            " ORDER BY notification"
        )
        return [WithheldEvent(*row) for row in rows]

    def notifications_of(self, commit: StoredCommit, stored: Collection[int]) -> set[int]:
        """Return which of the stored events from `commit.first` to `commit.last` are in that commit."""
        sizes: dict[int, int | None] = dict(
            self._connection.execute(
                "SELECT notification, size FROM publisher.held WHERE notification BETWEEN %s AND %s",
                (commit.first, commit.last),
            ).fetchall()
        )
        released = {notification for notification, size in sizes.items() if size == commit.size}
        return released or set(stored) - sizes.keys()
