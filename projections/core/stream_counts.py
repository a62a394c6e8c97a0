"""How far the views are in each stream, and how much did not count: numbers for an operator, read without the rows."""

from typing import Final, NamedTuple

import psycopg
from psycopg import Connection

from projections.core import views

_CONNECT_SECONDS: Final = 3
_STATEMENT_TIMEOUT: Final = "250ms"
"""A count that takes longer is given up: nobody's answer may wait for an operator's numbers."""


class ReadUpTo(NamedTuple):
    """How far one stream was read."""

    member: str
    size: int
    """Events in the views."""
    next: int
    """Where reading goes on in the log."""


class Count(NamedTuple):
    """A number of things of one member, by a rule's name or a state."""

    member: str
    of: str
    number: int


def connect(dsn: str) -> Connection:
    """Return a connection to the served views on which nothing is written and nothing takes long."""
    connection = psycopg.connect(
        dsn,
        autocommit=True,
        prepare_threshold=None,  # a plan would outlive the views that it was made for
        connect_timeout=_CONNECT_SECONDS,
        tcp_user_timeout=1000 * _CONNECT_SECONDS,
    )
    try:
        views.use(connection, views.SERVED)
        connection.execute(
            f"SET default_transaction_read_only TO on; SET statement_timeout TO '{_STATEMENT_TIMEOUT}';"
            f" SET lock_timeout TO '{_STATEMENT_TIMEOUT}'"
        )
    except BaseException:  # whatever it was, the connection is nobody's
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


def _counts(connection: Connection, query: str) -> list[Count]:
    return [Count(*row) for row in connection.execute(query.encode()).fetchall()]
