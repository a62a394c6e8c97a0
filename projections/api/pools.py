"""Pools of connections to the views: one for threads, one for the event loop's own thread."""

import asyncio
import math
import time
from collections.abc import Callable
from typing import Final, Literal, NamedTuple, TypeVar

import psycopg
from psycopg import Connection
from psycopg_pool import ConnectionPool, PoolTimeout

from projections.api import greenlets
from projections.api.loop_connection import LoopConnection
from projections.core import views

LOOKUPS: Final = 3
"""Answers about one thing that a process makes at a time in the event loop's thread, if it has enough connections."""
SEARCHES: Final = 2
"""Searches and lists that a process makes at a time in the event loop's thread, if it has enough connections."""
OUTDATED_STATEMENT: Final = (psycopg.errors.FeatureNotSupported, psycopg.errors.InvalidSqlStatementName)
"""Errors for a prepared statement whose tables have been replaced."""
_WAIT_SECONDS: Final = 3.0
_WAIT_SECONDS_WHILE_AWAY: Final = 0.05
_AWAY_SECONDS: Final = 5.0
"""Time for which the database counts as away after nobody could get a connection."""
_NO_WAIT_SECONDS: Final = 1e-6
"""The pool refuses a timeout of 0 before it looks whether a connection is free."""
_MAX_PREPARED_STATEMENTS: Final = 200
"""Of one connection. Searches leave out the conditions that are not asked for, so one search is many statements."""
T = TypeVar("T")
C = TypeVar("C", bound=Connection)

InLoop = Literal["lookup", "search"]
"""A kind of answer in the event loop's thread: it reads one thing, or it searches or lists."""


class PoolUse(NamedTuple):
    """The use of the connections to the views at one moment."""

    busy: int
    idle: int
    waiting: int
    """Answers that wait for a connection."""


class ViewsPool(ConnectionPool[C]):
    """Connections to the served views, for threads."""

    def __init__(self, dsn: str, connection_class: type[C], size: int, name: str) -> None:
        super().__init__(
            dsn,
            connection_class=connection_class,
            min_size=1,
            max_size=size,
            configure=_configure,
            open=False,
            name=name,
        )
        self._away_since = -math.inf

    def take(self) -> C:
        """Return a connection, which the caller gives back by `putconn`.

        Wait briefly while the database is away: many who wait long would wait for each other.
        """
        away = time.monotonic() - self._away_since < _AWAY_SECONDS
        try:
            return self.getconn(_WAIT_SECONDS_WHILE_AWAY if away else _WAIT_SECONDS)
        except psycopg.OperationalError:
            self._away_since = time.monotonic()
            raise

    def use(self) -> PoolUse:
        """Return how the connections are used; any thread may call this."""
        stats = self.get_stats()
        size, idle = stats.get("pool_size", 0), stats.get("pool_available", 0)
        return PoolUse(size - idle, idle, stats.get("requests_waiting", 0))


def share(connections: int) -> tuple[int, int, int]:
    """Return how many of at least three connections are for lookups, for searches and for threads."""
    lookups = max(1, min(LOOKUPS, connections // 2 - 1))
    searches = max(1, min(SEARCHES, connections // 3))
    return lookups, searches, connections - lookups - searches


class LoopPool:
    """Connections of one event loop. Lookups and searches have a limit each: neither waits for the other."""

    def __init__(self, dsn: str, lookups: int, searches: int) -> None:
        self._limits: dict[InLoop, asyncio.Semaphore] = {
            "lookup": asyncio.Semaphore(lookups),
            "search": asyncio.Semaphore(searches),
        }
        self._pool = ViewsPool(dsn, LoopConnection, lookups + searches, "views-loop")
        self._waiting = 0

    def open(self) -> None:
        """Begin to connect; do not wait for the database."""
        self._pool.open(wait=False)

    def close(self) -> None:
        """Close the connections."""
        self._pool.close()

    def use(self) -> PoolUse:
        """Return how the connections are used; any thread may call this."""
        use = self._pool.use()
        return use._replace(waiting=use.waiting + self._waiting)

    async def run(self, act: Callable[[LoopConnection], T], kind: InLoop) -> T:
        """Return what `act` returns. Call it again if the connection was lost, or a prepared statement outdated."""
        self._waiting += 1
        try:
            await self._limits[kind].acquire()
        finally:
            self._waiting -= 1
        try:
            for tries_left in reversed(range(self._pool.max_size + 1)):  # all connections may be lost
                connection = await self._take()
                try:
                    return await greenlets.run(lambda: act(connection))  # noqa: B023 - called before the next try
                except OUTDATED_STATEMENT:
                    connection.close()
                    if not tries_left:
                        raise
                except psycopg.OperationalError:
                    if not (connection.closed and tries_left):
                        raise
                finally:
                    self._pool.putconn(connection)
        finally:
            self._limits[kind].release()
        raise AssertionError("the last try returned or raised")

    async def _take(self) -> LoopConnection:
        """Return a free connection, or wait in a thread until one is open."""
        try:
            return self._pool.getconn(_NO_WAIT_SECONDS)
        except PoolTimeout:
            connecting = asyncio.get_running_loop().run_in_executor(None, self._pool.take)
        try:
            return await asyncio.shield(connecting)
        except asyncio.CancelledError:  # the thread goes on; the pool must get its connection back
            connecting.add_done_callback(self._put_back)
            raise

    def _put_back(self, connecting: "asyncio.Future[LoopConnection]") -> None:
        if not connecting.cancelled() and connecting.exception() is None:
            self._pool.putconn(connecting.result())


def _configure(connection: Connection) -> None:
    connection.autocommit = True
    views.use(connection, views.SERVED)
    views.only_read(connection)
    connection.prepare_threshold = 0 if isinstance(connection, LoopConnection) else 5
    connection.prepared_max = _MAX_PREPARED_STATEMENTS
