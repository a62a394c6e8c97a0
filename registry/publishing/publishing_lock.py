"""The lock in a node's database that only one process holds: the one that publishes its events."""

import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

import psycopg
from psycopg import Connection

from registry.publishing.errors import AnotherPublisher

_HOLDER: Final = (
    "SELECT a.backend_start FROM pg_locks l JOIN pg_stat_activity a USING (pid)"
    " WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1"
    " AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    " AND l.objid = (hashtext('registry.publisher')::bigint & 4294967295)::oid"
)


@contextlib.contextmanager
def hold_publishing_lock(dsn: str) -> Iterator[Connection]:
    """Hold the lock and yield its connection. Raises `AnotherPublisher` if another process holds it."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        row = connection.execute("SELECT pg_try_advisory_lock(hashtext('registry.publisher'))").fetchone()
        if row is None or not row[0]:
            raise AnotherPublisher("another process publishes this node's events; stop it, or let it do the work")
        try:
            yield connection
        finally:
            # A busy server notices the end of a connection late, and the next publisher must not wait for that.
            with contextlib.suppress(psycopg.Error):  # a lost connection holds no lock
                connection.execute("SELECT pg_advisory_unlock(hashtext('registry.publisher'))")


def publishing_since(dsn: str) -> datetime | None:
    """Return when the process that publishes this node's events began to; None if there is none."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        row = connection.execute(_HOLDER).fetchone()
    return None if row is None else row[0].astimezone(UTC)


def is_publishing(connection: Connection) -> bool:
    """Return whether a process publishes this node's events now."""
    return connection.execute(_HOLDER).fetchone() is not None
