"""Stored events that are not on the log yet: events that wait for the publisher, and held events."""

from datetime import datetime
from pathlib import Path

from psycopg import Connection

from registry.application.owner import table_exists
from registry.log import LogRefused
from registry.node.health import last_error
from registry.store.translation import PUBLISHED, read_stored_time
from registry.values.plural import plural


def waiting_events(connection: Connection) -> tuple[int, datetime | None, int]:
    """Return how many stored events wait for the publisher, since when, and the stream's size without them.

    Held events are not among them (`held_events`).
    """
    if not (table_exists(connection, "public.registry_events") and table_exists(connection, "publisher.held")):
        return 0, None, 0
    row = connection.execute(
        "WITH done AS (SELECT coalesce(max(last), 0) AS last FROM publisher.commits WHERE next IS NOT NULL),"
        " waiting AS (SELECT notification_id, state FROM public.registry_events, done WHERE notification_id > last"
        "  AND topic = ANY(%(topics)s)"
        "  AND NOT EXISTS (SELECT FROM publisher.held h WHERE h.notification = notification_id)"
        "  UNION ALL"  # released again, and its commit has not been seen on the log yet
        "  SELECT e.notification_id, e.state FROM publisher.commits c JOIN publisher.held h USING (size)"
        "  JOIN public.registry_events e ON e.notification_id = h.notification WHERE c.next IS NULL)"
        " SELECT (SELECT count(*) FROM waiting), (SELECT state FROM waiting ORDER BY notification_id LIMIT 1),"
        " (SELECT coalesce(max(size), 0) FROM publisher.commits)",
        {"topics": sorted(PUBLISHED)},
    ).fetchone()
    assert row is not None  # noqa: S101 - a row of three values
    since = None if row[1] is None else read_stored_time(row[1])
    return row[0], since, row[2]


def held_events(connection: Connection) -> tuple[int, str | None]:
    """Return the number of held events, and the reason for the first."""
    if not table_exists(connection, "publisher.held"):
        return 0, None
    row = connection.execute(
        "SELECT count(*), (SELECT reason FROM publisher.held WHERE size IS NULL ORDER BY notification LIMIT 1)"
        " FROM publisher.held WHERE size IS NULL"
    ).fetchone()
    return (0, None) if row is None else (row[0], row[1])


def is_refused(home: Path, since: datetime) -> bool:
    """Return whether the log refused what the publisher of the node in this folder last tried, at `since` or later.

    Then no time passes before that is a fault: it does not end until somebody adds an entry to the access list.
    """
    before = last_error.read(home)
    return (
        before is not None
        and before.work == last_error.PUBLISHING
        and before.error.startswith(f"{LogRefused.__name__}: ")
        and datetime.fromisoformat(before.time) >= since.replace(microsecond=0)
    )


def explain_stopped_publisher(home: Path, waiting: int, since: datetime, *, by_key: bool) -> str:
    """Return a sentence that the publisher of the node in this folder is stopped, and why.

    `by_key`: because the signing key does not count. Otherwise the reason is the publisher's last error, if known.
    """
    wait = "waits" if waiting == 1 else "wait"
    text = f"{plural(waiting, 'stored event')} {wait} to be published since {since:%Y-%m-%d %H:%M} UTC"
    if by_key:
        return f"{text}: nothing can be published with this node's signing key, which does not count"
    before = last_error.read(home)
    if before is not None and before.work == last_error.PUBLISHING and datetime.fromisoformat(before.time) >= since:
        return f"{text}: {before.error}"
    return f"{text}; is `registry run` or `registry serve` running?"
