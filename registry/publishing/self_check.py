"""A comparison of a node's stored events with its stream on the log.

A person who can write to the database can change a stored event, but not the signed one on the log. The check names
every stored event that was edited, deleted or inserted.
"""

import re
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from psycopg import Connection

from registry.log import NoSuchStream, SharedLog
from registry.publishing.own_stream import Counts
from registry.store.recorder import EVENTS_TABLE
from registry.store.translation import EventRow, Translator
from registry.wire import commit as wire
from registry.wire.errors import MalformedCommit
from registry.wire.merkle import Tree

_CHUNK: Final = 2000
_ID: Final = re.compile(rb'"id":"([^"]*)"')


class Difference(NamedTuple):
    """A stored event that differs from the published one."""

    what: str
    """`edited`, `deleted` or `added`."""
    event: str
    """The event's id: aggregate and version."""
    leaf: int | None
    notification: int | None


def check(
    connection: Connection[Any], log: SharedLog, stream: str, origin: str, counts: Counts
) -> Iterator[Difference]:
    """Compare stored events with published ones, both in their order, and yield each difference.

    Events that the publisher had withheld come later on the log than they were stored: they are compared separately.
    """
    released = _read_released(connection, origin)
    published = ((leaf, line) for leaf, line in _read_published(log, stream, counts) if _id(line) not in released)
    if released:
        yield from _compare_released(_read_published(log, stream, counts), released)
    leaf, line = next(published, (None, b""))
    for notification, stored in _read_stored(connection, origin):
        event = _id(stored)
        while line and event != _id(line):
            if not _is_stored(connection, _id(line)):
                yield Difference("deleted", _id(line), leaf, None)
                leaf, line = next(published, (None, b""))
                continue
            yield Difference("added", event, None, notification)
            break
        else:
            if not line:
                return  # the rest waits to be published
            if line != stored:
                yield Difference("edited", event, leaf, notification)
            leaf, line = next(published, (None, b""))
    while line:
        yield Difference("deleted", _id(line), leaf, None)
        leaf, line = next(published, (None, b""))


def _compare_released(
    published: Iterator[tuple[int, bytes]], released: dict[str, tuple[int, bytes]]
) -> Iterator[Difference]:
    """Yield the differences among the released events."""
    for leaf, line in published:
        notification, stored = released.get(_id(line), (0, line))
        if line != stored:
            yield Difference("edited", _id(line), leaf, notification)


def _read_published(log: SharedLog, stream: str, counts: Counts) -> Iterator[tuple[int, bytes]]:
    """Yield the member's own leaves, from the commits that count and extend each other."""
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


def _read_stored(connection: Connection[Any], origin: str) -> Iterator[tuple[int, bytes]]:
    """Yield stored events in their published form, with their notification ids."""
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


def _read_released(connection: Connection[Any], origin: str) -> dict[str, tuple[int, bytes]]:
    """Return events that were withheld and published later, by their ids: notification id and stored line."""
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
    """Yield a stored row's notification id and line, if the event is one that is published."""
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
    rows = connection.execute(
        f"SELECT 1 FROM {EVENTS_TABLE} WHERE originator_id::text = %s AND originator_version = %s",  # noqa: S608 - likewise
        (originator, int(version) if version.isdigit() else -1),
    )
    return rows.fetchone() is not None


def _id(line: bytes) -> str:
    match = _ID.search(line)
    return match[1].decode() if match is not None else ""
