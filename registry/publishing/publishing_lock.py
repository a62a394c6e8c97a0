"""The lock in a node's database that only one process holds: the one that publishes its events.

The lock ends with its session in PostgreSQL: at once where the process is killed. A machine that is lost closes no
connection, and a process that hangs keeps its own; so the holder shows a sign of life each second, and a process that
waits for its turn (`await_turn`) ends the session of a holder that gave none for `HUNG_SECONDS`. Whatever such a holder
does when it goes on, it writes no commit down: that needs the session.
"""

import contextlib
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, Final

import psycopg
import structlog
from psycopg import Connection

from registry.publishing.errors import AnotherPublisher

_log = structlog.get_logger(__name__)

HUNG_SECONDS: Final = 5.0
"""A holder without a sign of life for so long has hung, or its machine is lost."""
BEAT_SECONDS: Final = 1.0
TURN_SECONDS: Final = 0.5
"""Polling interval of a process that waits for its turn."""
_TCP: Final[dict[str, Any]] = {
    "keepalives": 1, "keepalives_idle": 2, "keepalives_interval": 1, "keepalives_count": 3, "tcp_user_timeout": 5000,
    "connect_timeout": 5,
}  # fmt: skip
"""libpq's settings, with which the holder notices within seconds that the server is gone (PostgreSQL, 34.1.2)."""
_SERVER_TCP: Final = (
    "SET tcp_keepalives_idle = 2; SET tcp_keepalives_interval = 1; SET tcp_keepalives_count = 3;"
    " SET tcp_user_timeout = 5000"
)
"""The same for the server, which ends the session of a machine that is lost (PostgreSQL, 20.3.2)."""
_HOLDER: Final = (
    "SELECT a.pid, a.backend_start FROM pg_locks l JOIN pg_stat_activity a USING (pid)"
    " WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1"
    " AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    " AND l.objid = (hashtext('registry.publisher')::bigint & 4294967295)::oid"
)
_END_HUNG: Final = (
    "WITH h AS (" + _HOLDER + ") SELECT pg_terminate_backend(h.pid), pg_terminate_backend(a.pid) FROM h"  # noqa: S608 - of our own
    " JOIN pg_locks l ON l.locktype = 'advisory' AND l.granted AND l.objsubid = 2 AND l.objid = h.pid::oid"
    " AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    " AND l.classid = (hashtext('registry.publisher.life')::bigint & 4294967295)::oid"
    " JOIN pg_stat_activity a ON a.pid = l.pid"
    " WHERE clock_timestamp() - a.state_change > make_interval(secs => %s)"
)
"""Without a sign of life at all, as a version before has none, a holder never counts as hung."""
_LIFE: Final = "SELECT pg_try_advisory_lock_shared(hashtext('registry.publisher.life'), %s)"


@contextlib.contextmanager
def hold_publishing_lock(dsn: str) -> Iterator[Connection]:
    """Hold the lock and yield its connection. Raises `AnotherPublisher` if another process holds it."""
    with psycopg.connect(dsn, autocommit=True, **_TCP) as connection:
        connection.execute(_SERVER_TCP)
        row = connection.execute("SELECT pg_try_advisory_lock(hashtext('registry.publisher'))").fetchone()
        if row is None or not row[0]:
            raise AnotherPublisher("another process publishes this node's events; stop it, or let it do the work")
        ended = threading.Event()
        life = threading.Thread(
            target=_give_signs_of_life, args=(dsn, connection.info.backend_pid, ended), name="sign of life", daemon=True
        )
        life.start()
        try:
            yield connection
        finally:
            ended.set()
            # A busy server notices the end of a connection late, and the next publisher must not wait for that.
            with contextlib.suppress(psycopg.Error):  # a lost connection holds no lock
                connection.execute("SELECT pg_advisory_unlock(hashtext('registry.publisher'))")


def _give_signs_of_life(dsn: str, holder: int, ended: threading.Event) -> None:
    """Run a statement each second on a connection of its own, which a shared lock links to the holder's session."""
    while not ended.wait(BEAT_SECONDS):  # a holder that is done within a second needs no connection for this
        try:
            with psycopg.connect(dsn, autocommit=True, **_TCP) as connection:
                connection.execute(_SERVER_TCP)
                connection.execute(_LIFE, (holder,))
                while not ended.wait(BEAT_SECONDS):
                    connection.execute("SELECT 1")
        except psycopg.Error as error:  # the holder notices by itself where the server is gone
            _log.warning("publisher.no_sign_of_life", error=str(error).strip())


def await_turn(dsn: str, stop: threading.Event, on_waiting: Callable[[], None] = lambda: None) -> None:
    """Wait until no process publishes this node's events, or until `stop` is set; end a holder that hangs.

    `on_waiting` is called once, when the waiting begins. Another process may still be faster afterwards. Raises
    errors of the database.
    """
    is_waiting = False
    with psycopg.connect(dsn, autocommit=True, **_TCP) as connection:
        while is_publishing(connection) and not stop.is_set():
            if not is_waiting:
                is_waiting = True
                on_waiting()
            if connection.execute(_END_HUNG, (HUNG_SECONDS,)).fetchone() is not None:
                _log.warning("publisher.hung_session_ended", silent_seconds=HUNG_SECONDS)
            stop.wait(TURN_SECONDS)


def publishing_since(dsn: str) -> datetime | None:
    """Return when the process that publishes this node's events began to; None if there is none."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        row = connection.execute(_HOLDER).fetchone()
    return None if row is None else row[1].astimezone(UTC)


def is_publishing(connection: Connection) -> bool:
    """Return whether a process publishes this node's events now."""
    return connection.execute(_HOLDER).fetchone() is not None
