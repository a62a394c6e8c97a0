"""The size of this member's log: now, and when everything that is stored is published."""

from collections.abc import Callable
from typing import Final

from psycopg import Cursor
from psycopg.rows import DictRow

from registry.store.recorder import EVENTS_TABLE
from registry.store.translation import PUBLISHED

_WHEN_PUBLISHED: Final = f"""
WITH done AS (SELECT coalesce(max(size), 0) AS size, coalesce(max(last), 0) AS last FROM publisher.commits),
held AS (SELECT notification, aggregate, topic FROM publisher.held WHERE size IS NULL),
staying AS (SELECT aggregate, min(notification) AS first FROM held WHERE topic = ANY(%(refused)s) GROUP BY aggregate)
SELECT done.size + (
    SELECT count(*) FROM held
    WHERE NOT EXISTS (SELECT FROM staying s WHERE s.aggregate = held.aggregate AND s.first <= held.notification)
) + (
    SELECT count(*) FROM {EVENTS_TABLE} WHERE notification_id > done.last AND topic = ANY(%(published)s)
    AND NOT EXISTS (SELECT FROM publisher.held h WHERE h.notification = notification_id)
    AND NOT EXISTS (SELECT FROM staying s WHERE s.aggregate = originator_id::text)
) AS size
FROM done
"""  # noqa: S608 - a constant of this project


def published_size(cursor: Cursor[DictRow]) -> int:
    """Return the size of the log up to the newest commit that this node has recorded for signing."""
    row = cursor.execute("SELECT coalesce(max(size), 0) AS size FROM publisher.commits").fetchone()
    assert row is not None  # noqa: S101 - an aggregate function returns a row
    return int(row["size"])


def size_when_published(cursor: Cursor[DictRow], is_refused_at: Callable[[str, int], bool]) -> int:
    """Return the size that the log will have when everything that can be published now is on it.

    Events that the publisher withholds (publishing/commit_builder.py) do not count: nobody waits for them.
    `is_refused_at` says whether consumers would refuse a topic at a size.
    """
    rows = cursor.execute("SELECT DISTINCT topic FROM publisher.held WHERE size IS NULL").fetchall()
    topics = [str(row["topic"]) for row in rows]
    size = published_size(cursor) if topics else 0
    values = {"published": list(PUBLISHED), "refused": [topic for topic in topics if is_refused_at(topic, size)]}
    row = cursor.execute(_WHEN_PUBLISHED, values).fetchone()
    assert row is not None  # noqa: S101 - an aggregate function returns a row
    return int(row["size"])
