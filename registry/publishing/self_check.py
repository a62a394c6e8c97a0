"""A comparison of a node's stored events with its log: what was published must still be what is stored.

A person who can write to the database can change a stored event, but not what the member has signed. The check names
every row that was edited, deleted or inserted.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple

from psycopg import Connection

from registry.log import NoSuchStream, SharedLog
from registry.store.recorder import EVENTS_TABLE
from registry.store.translation import EventRow, Translator
from registry.wire import commit as wire
from registry.wire.commit import Commit
from registry.wire.errors import MalformedCommit
from registry.wire.merkle import Tree

_CHUNK: Final = 2000
_ID: Final = re.compile(rb'"id":"([^"]*)"')


class Tampered(NamedTuple):
    """A stored event that is not what was published."""

    what: str
    """`edited`, `deleted` or `added`."""
    event: str
    """The event's id: aggregate and version."""
    leaf: int | None
    notification: int | None


Counts = Callable[[Commit], bool]
"""A function that returns whether a commit counts under governance: foreign commits were never stored here."""


def check(connection: Connection[Any], log: SharedLog, stream: str, origin: str, counts: Counts) -> Iterator[Tampered]:
    """Go through stored events and published ones side by side, both in their order.

    Events that the publisher had held back stand later on the log than they were stored: they are compared apart.
    """
    released = _released(connection, origin)
    published = (found for found in _published(log, stream, counts) if _id(found[1]) not in released)
    if released:
        yield from _edited(_published(log, stream, counts), released)
    leaf, line = next(published, (None, b""))
    for notification, stored in _stored(connection, origin):
        event = _id(stored)
        while line and event != _id(line):
            if not _is_stored(connection, _id(line)):
                yield Tampered("deleted", _id(line), leaf, None)
                leaf, line = next(published, (None, b""))
                continue
            yield Tampered("added", event, None, notification)
            break
        else:
            if not line:
                return  # the rest waits to be published
            if line != stored:
                yield Tampered("edited", event, leaf, notification)
            leaf, line = next(published, (None, b""))
    while line:
        yield Tampered("deleted", _id(line), leaf, None)
        leaf, line = next(published, (None, b""))


def _edited(published: Iterator[tuple[int, bytes]], released: dict[str, tuple[int, bytes]]) -> Iterator[Tampered]:
    """The events among the released ones that are not what was published."""
    for leaf, line in published:
        notification, stored = released.get(_id(line), (0, line))
        if line != stored:
            yield Tampered("edited", _id(line), leaf, notification)


def _published(log: SharedLog, stream: str, counts: Counts) -> Iterator[tuple[int, bytes]]:
    """The member's own leaves, from the commits that count and extend each other."""
    tree = Tree()
    try:
        for record in log.records(stream):
            try:
                parsed = wire.parse(record.data)
            except MalformedCommit:
                continue
            if parsed.base != tree.size:
                continue
            after = tree.extend(parsed.leaves())
            if after.root != parsed.checkpoint.root or not counts(parsed):
                continue
            tree = after
            yield from enumerate(parsed.lines, parsed.base)
    except NoSuchStream:
        return


def _stored(connection: Connection[Any], origin: str) -> Iterator[tuple[int, bytes]]:
    """Stored events as they are published, by their notification ids."""
    translator = Translator(origin)
    if not _has_store(connection):
        return
    with connection.transaction(), connection.cursor(name="selfcheck") as cursor:
        cursor.itersize = _CHUNK
        cursor.execute(
            "SELECT notification_id, originator_id::text, originator_version, topic, state"  # noqa: S608 - a name of our own
            f" FROM {EVENTS_TABLE} WHERE NOT EXISTS (SELECT 1 FROM publisher.held WHERE notification = notification_id)"
            " ORDER BY notification_id"
        )
        for row in cursor:
            yield from _line(translator, row)


def _released(connection: Connection[Any], origin: str) -> dict[str, tuple[int, bytes]]:
    """Events that were held back and published later, by their ids: notification id, and the line as it is stored."""
    if not _has_store(connection):
        return {}
    rows = connection.execute(
        "SELECT e.notification_id, e.originator_id::text, e.originator_version, e.topic, e.state"  # noqa: S608 - likewise
        f" FROM {EVENTS_TABLE} AS e JOIN publisher.held AS h ON h.notification = e.notification_id"
        " WHERE h.size IS NOT NULL"
    )
    translator = Translator(origin)
    return {_id(line): (notification, line) for row in rows for notification, line in _line(translator, row)}


def _line(translator: Translator, row: Any) -> Iterator[tuple[int, bytes]]:  # noqa: ANN401 - a tuple or a dict
    """A stored row's notification id and line, where the event is published."""
    notification, originator, version, topic, state = row.values() if isinstance(row, dict) else row
    line = translator.write_line(EventRow(originator, version, topic, bytes(state)))
    if line is not None:
        yield notification, line


def _has_store(connection: Connection[Any]) -> bool:
    """Return whether any event was ever stored here: the first one creates the table."""
    row = connection.execute("SELECT to_regclass(%s) IS NOT NULL AS there", (EVENTS_TABLE,)).fetchone()
    return bool(row and (row["there"] if isinstance(row, dict) else row[0]))


def _is_stored(connection: Connection[Any], event: str) -> bool:
    if not _has_store(connection):
        return False
    originator, _, version = event.rpartition("-")
    found = connection.execute(
        f"SELECT 1 FROM {EVENTS_TABLE} WHERE originator_id::text = %s AND originator_version = %s",  # noqa: S608 - likewise
        (originator, int(version) if version.isdigit() else -1),
    )
    return found.fetchone() is not None


def _id(line: bytes) -> str:
    found = _ID.search(line)
    return found[1].decode() if found is not None else ""
