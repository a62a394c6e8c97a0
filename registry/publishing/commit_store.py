"""The publisher's own record: the commits that it signs, each once, and the events that it holds back."""

from collections.abc import Collection, Iterable, Sequence
from typing import Final, NamedTuple

import msgspec
from psycopg import Connection

from registry.application.owner import table_exists
from registry.wire.merkle import HASH_SIZE, Tree

_COLUMNS: Final = "size, root, hashes, first, last, next"


class Row(NamedTuple):
    """A stored commit."""

    size: int
    root: bytes
    hashes: bytes
    first: int
    """The notification ids of the stored events in it lie between `first` and `last`."""
    last: int
    next: int | None
    """The position on the log after it; None if it was not seen on the log."""

    @property
    def tree(self) -> Tree:
        """The tree after this commit."""
        return Tree(self.size, [self.hashes[i : i + HASH_SIZE] for i in range(0, len(self.hashes), HASH_SIZE)])


class Draft(NamedTuple):
    """A commit that is not signed yet."""

    before: Tree
    after: Tree
    lines: list[bytes]
    first: int
    last: int
    released: tuple[int, ...] = ()
    """The notification ids of its events, if they were held back before."""
    refused: str = ""
    """Why consumers would refuse some of its events, if it was stored before and must be published nevertheless."""
    stored: float | None = None
    """The time at which its first event was stored, in seconds since 1970; None if held back or published again."""


class Held(NamedTuple):
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

    def newest_seen(self) -> Row | None:
        """The largest commit that was seen on the log."""
        return self._one("WHERE next IS NOT NULL ORDER BY size DESC LIMIT 1", ())

    def at(self, size: int) -> Row | None:
        """The commit that led to a size."""
        return self._one("WHERE size = %s", (size,))

    def before(self, size: int) -> Row | None:
        """The largest commit below a size."""
        return self._one("WHERE size < %s ORDER BY size DESC LIMIT 1", (size,))

    def _one(self, where: str, values: Sequence[int]) -> Row | None:
        row = self._connection.execute(
            f"SELECT {_COLUMNS} FROM publisher.commits {where}",  # noqa: S608 - words of our own
            values,
        ).fetchone()
        return None if row is None else Row(*row)

    def all(self) -> dict[int, Row]:
        """All commits, by size."""
        rows = self._connection.execute(f"SELECT {_COLUMNS} FROM publisher.commits ORDER BY size")  # noqa: S608 - likewise
        return {row[0]: Row(*row) for row in rows}

    def unseen(self) -> dict[int, Row]:
        """The commits that were not seen on the log, by size."""
        rows = self._connection.execute(
            f"SELECT {_COLUMNS} FROM publisher.commits WHERE next IS NULL ORDER BY size"  # noqa: S608 - likewise
        )
        return {row[0]: Row(*row) for row in rows}

    def write_down(self, drafts: Iterable[Draft], held: Iterable[Held]) -> None:
        """Write commits down before they are signed, with what they leave out; in the caller's transaction."""
        for event in held:
            self._connection.execute(
                "INSERT INTO publisher.held (notification, aggregate, topic, code, reason) VALUES (%s, %s, %s, %s, %s)"
                " ON CONFLICT (notification) DO UPDATE SET code = excluded.code, reason = excluded.reason",
                event,
            )
        for draft in drafts:
            self._connection.execute(
                "INSERT INTO publisher.commits (size, root, hashes, first, last) VALUES (%s, %s, %s, %s, %s)",
                (draft.after.size, draft.after.root, b"".join(draft.after.hashes), draft.first, draft.last),
            )
            self._connection.execute(
                "UPDATE publisher.held SET size = %s WHERE notification = ANY(%s)",
                (draft.after.size, list(draft.released)),
            )

    def see(self, size: int, position: int) -> None:
        """Note that the log goes on at a position after the commit to a size."""
        self._connection.execute("UPDATE publisher.commits SET next = %s WHERE size = %s", (position, size))

    def see_written(self, size: int, position: int) -> None:
        """Note that all commits up to a size are on the log, which goes on at a position after the newest of them."""
        self._connection.execute(
            "UPDATE publisher.commits SET next = %s WHERE next IS NULL AND size <= %s", (position, size)
        )

    def see_all(self, size: int, position: int) -> None:
        """Note that exactly the commits up to a size are on the log, which goes on at a position after them."""
        self._connection.execute(
            "UPDATE publisher.commits SET next = CASE WHEN size <= %s THEN %s::bigint END", (size, position)
        )

    def read_up_to(self) -> int:
        """The notification id up to which stored events are in commits or held back; 0 where none is."""
        row = self._connection.execute(
            "SELECT greatest((SELECT max(last) FROM publisher.commits), (SELECT max(notification) FROM publisher.held))"
        ).fetchone()
        return int(row[0]) if row is not None and row[0] is not None else 0

    # Held back

    def held(self) -> list[Held]:
        """The events that are held back now, in their order."""
        rows = self._connection.execute(
            "SELECT notification, aggregate, topic, code, reason FROM publisher.held WHERE size IS NULL"
            " ORDER BY notification"
        )
        return [Held(*row) for row in rows]

    def notifications_of(self, row: Row, stored: Collection[int]) -> set[int]:
        """Which of the stored events from `row.first` to `row.last` are in that commit."""
        held: dict[int, int | None] = dict(
            self._connection.execute(
                "SELECT notification, size FROM publisher.held WHERE notification BETWEEN %s AND %s",
                (row.first, row.last),
            ).fetchall()
        )
        released = {notification for notification, size in held.items() if size == row.size}
        return released or set(stored) - held.keys()
