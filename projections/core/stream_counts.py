"""Count what the views have read of each stream, and what was refused: numbers for an operator."""

from typing import Final, NamedTuple

import psycopg
from psycopg import Connection

from projections.core import views

_CONNECT_SECONDS: Final = 3
_STATEMENT_TIMEOUT: Final = "250ms"
"""A count that takes longer is given up: no reader waits for an operator's numbers."""


class ReadUpTo(NamedTuple):
    """The part of one stream that the views have read."""

    member: str
    size: int
    """Events in the views."""
    next: int
    """The place in the log where reading goes on."""


class Count(NamedTuple):
    """A count for one member, by the name of a rule or a state."""

    member: str
    of: str
    number: int


def connect(dsn: str) -> Connection:
    """Return a connection to the served views on which nothing is written and nothing takes long."""
    connection = psycopg.connect(
        dsn,
        autocommit=True,
        prepare_threshold=None,  # a prepared plan would outlive its tables when the views are rebuilt
        connect_timeout=_CONNECT_SECONDS,
        tcp_user_timeout=1000 * _CONNECT_SECONDS,
    )
    try:
        views.use(connection, views.SERVED)
        connection.execute(
            f"SET default_transaction_read_only TO on; SET statement_timeout TO '{_STATEMENT_TIMEOUT}';"
            f" SET lock_timeout TO '{_STATEMENT_TIMEOUT}'"
        )
    except BaseException:  # after any error nobody else could close it
        connection.close()
        raise
    return connection


def read_up_to(connection: Connection) -> list[ReadUpTo]:
    """Return how far each stream was read, governance's own among them."""
    rows = connection.execute("SELECT member, size, next FROM positions ORDER BY member").fetchall()
    return [ReadUpTo(*row) for row in rows]


def refused_events(connection: Connection) -> list[Count]:
    """Count the events in valid commits that are refused, by member and rule."""
    return _counts(connection, "SELECT member, code, count(*) FROM refusals GROUP BY member, code")


def quarantined_records(connection: Connection) -> list[Count]:
    """Count the quarantined records, by member and rule."""
    return _counts(connection, "SELECT member, code, count(*) FROM quarantine GROUP BY member, code")


def disputed_heads(connection: Connection) -> list[Count]:
    """Count the disputed heads that are open or contradict the accepted tree, by member."""
    return _counts(
        connection,
        "SELECT member, settled, count(*) FROM claims WHERE settled IN ('open', 'contradicts')"
        " GROUP BY member, settled",
    )


def replicas(connection: Connection) -> tuple[int, float | None]:
    """Return the number of connected replicas of the database server, and the seconds that the slowest is behind.

    The seconds are None if there is no replica, or if the server tells this user no more than that there are some.
    A replica that has replayed everything reports no lag, which counts as 0.
    """
    row = connection.execute(
        "SELECT count(*), count(*) FILTER (WHERE state IS NOT NULL),"
        " coalesce(max(extract(epoch FROM replay_lag)), 0)::float8 FROM pg_stat_replication"
    ).fetchone()
    assert row is not None  # noqa: S101 - counts are one row
    connected, shown, lag = row
    return connected, lag if shown else None


def _counts(connection: Connection, query: str) -> list[Count]:
    return [Count(*row) for row in connection.execute(query.encode()).fetchall()]
