"""A moment of the views to answer from, and waiting until they have come far enough."""

import asyncio
import math
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Final, Literal, NamedTuple, TypeVar

import psycopg
from litestar import Response
from litestar.params import HeaderParameter, Parameter
from psycopg import Connection
from psycopg_pool import ConnectionPool

from projections.api.lanes import Lane, Work
from projections.core import views
from registry.http import HttpProblem, Position, Trouble, answer
from registry.http.answers import WAIT_FOR

_MEMBER: Final = re.compile("[a-z0-9-]{2,40}")
_POLL: Final = 0.02
_WAITERS: Final = 8
_PATIENTLY: Final = 3.0
_BRIEFLY: Final = 0.05
"""Seconds that a reader waits for a connection; the shorter where there was none in the last `_AWAY` seconds."""
_AWAY: Final = 5.0
SEARCHES: Final = 2
"""Searches and lists that a process makes at a time."""
LONG: Final = 2
_OTHERS: Final = 1
"""Connections of the pool that are left for the feed and for the past."""
SECONDS: Final = 2.0
"""For an answer about one thing, or a page of a list."""
LONG_SECONDS: Final = 10.0
"""For an answer that looks at much: a worklist, a simulation."""
SEEN: Final = """
SELECT string_agg(member || ':' || size, ',' ORDER BY member COLLATE "C") AS seen FROM positions
"""
Takes = Literal["little", "some", "long"]
"""How long an answer takes: one about one thing; a search or a list; one that may look at all that there is."""
_OUTLIVED: Final = (psycopg.errors.FeatureNotSupported, psycopg.errors.InvalidSqlStatementName)
"""What a prepared statement is refused as when the views that it was prepared for are others now."""
_TOLD: Final = 500
T = TypeVar("T")

WaitFor = Annotated[
    str,
    HeaderParameter(
        name=WAIT_FOR,
        description="Answer when the views have reached `member:size` (several joined by commas), as a write's"
        " `Registry-Position` said it; for some seconds.",
    ),
]
Limit = Annotated[int, Parameter(ge=1, le=500, description="How many at most.")]
Cursor = Annotated[str, Parameter(max_length=500, description="`next` of the page before.")]
Fields = Annotated[str, Parameter(max_length=500, description="Only these fields of each item, joined by commas.")]

Standings = Callable[[str, int], tuple[str, str]]
"""A member's standing when it wrote a leaf, and now, as governance says."""


class Snapshot(NamedTuple):
    """One moment of the views."""

    connection: Connection
    position: Position


class PoolUse(NamedTuple):
    """How the connections to the views are used at one moment."""

    busy: int
    idle: int
    waiting: int
    """Answers that wait for a connection."""


class Views:
    """Connections to the served views. `snapshot` may be shared by threads; `answer` is one loop's."""

    def __init__(self, dsn: str, standing: Standings, connections: int = 8, longest: float = 10.0) -> None:
        """Nothing is opened before `open`; `longest` is how many seconds a reader may wait for a position."""
        self.standing = standing
        self._longest = longest
        self._pool = ConnectionPool(
            dsn, min_size=1, max_size=connections, configure=_configure, open=False, name="views"
        )
        lookups = max(1, connections - SEARCHES - LONG - _OTHERS)
        self._lanes: dict[Takes, Lane] = {
            "little": Lane("lookup", lookups, SECONDS),
            "some": Lane("search", SEARCHES, SECONDS),
            "long": Lane("long", LONG, LONG_SECONDS),
        }
        self._waiting = 0
        self._away_since = -math.inf

    def pool_use(self) -> PoolUse:
        """Return how the connections are used now; may be called from any thread."""
        stats, idle = self._pool.get_stats(), len(self._idle)
        size = stats.get("pool_size", 0)
        free = min(size, stats.get("pool_available", 0) + idle)
        return PoolUse(size - free, free, stats.get("requests_waiting", 0) + self._order.waiting)

    def open(self) -> None:
        """Begin to connect; a database that is away does not stop this."""
        self._pool.open(wait=False)

    def close(self) -> None:
        """Close all connections; one that still answers is dropped when it has."""
        for lane in self._lanes.values():
            lane.close()
        self._pool.close()

    @contextmanager
    def snapshot(self) -> Iterator[Snapshot]:
        """Yield one moment of the views to answer from, in a transaction."""
        connection, position = self._begun()
        try:
            with connection:
                yield Snapshot(connection, position)
        finally:
            self._pool.putconn(connection)

    def _begun(self) -> tuple[Connection, Position]:
        """A connection of the pool's in a transaction: whoever has it gives the connection back.

        One that was lost, as all are when the server was restarted, costs no request: another is taken.
        """
        for left in reversed(range(self._pool.max_size + 1)):
            connection = self._connected()
            try:
                return connection, _begin(connection)
            except psycopg.OperationalError:
                lost = connection.closed
                self._pool.putconn(connection)
                if not (lost and left):
                    raise
            except BaseException:  # whatever it was, the pool gets its connection back
                self._pool.putconn(connection)
                raise
        raise AssertionError("the last try returned or raised")

    def _connected(self) -> Connection:
        """A connection. Where there was none a moment ago nobody waits long: many who ask would wait for each other."""
        lately = time.monotonic() - self._away_since < _AWAY
        try:
            return self._pool.getconn(_BRIEFLY if lately else _PATIENTLY)
        except psycopg.OperationalError:
            self._away_since = time.monotonic()
            raise

    async def answer(self, wait_for: str, made: Callable[[Connection], T], takes: Takes = "little") -> Response[T]:
        """Return `made(connection)` as an answer that says its position: one transaction, in a thread of its lane.

        Raises `HttpProblem` where a position waited for is not reached, and where the answer takes too long.
        """
        if wait_for:
            await self._reach(sizes_of(wait_for, f"header {WAIT_FOR}"))
        return await self._lanes[takes].make(lambda work: self._answered(made, work))

    def _answered(self, made: Callable[[Connection], T], work: Work) -> Response[T]:
        try:
            return self._answered_once(made, work)
        except psycopg.errors.QueryCanceled:
            raise
        except (*_OUTLIVED, psycopg.OperationalError):
            # The views were swapped under its prepared statements, or the server ended the connection: once more.
            return self._answered_once(made, work)

    def _answered_once(self, made: Callable[[Connection], T], work: Work) -> Response[T]:
        with self.snapshot() as moment:
            work.begin(moment.connection)
            try:
                return answer(made(moment.connection), moment.position)
            except _OUTLIVED:
                moment.connection.close()
                raise
            finally:
                work.end()

    async def _reach(self, wanted: dict[str, int]) -> None:
        """Wait until the views have come so far; whoever waits keeps no thread from others."""
        if self._waiting >= _WAITERS:
            raise HttpProblem("not-there-yet", "too many requests wait already", headers={"Retry-After": "1"})
        self._waiting += 1
        try:
            until = time.monotonic() + self._longest
            while True:
                there = await self._lanes["little"].make(self._sizes)
                behind = {member: size for member, size in wanted.items() if there.get(member, 0) < size}
                if not behind:
                    return
                if time.monotonic() > until:
                    told = (f"{member}: at {there.get(member, 0)}, {size} asked for" for member, size in behind.items())
                    raise HttpProblem("not-there-yet", "; ".join(told)[:_TOLD], headers={"Retry-After": "2"})
                await asyncio.sleep(_POLL)
        finally:
            self._waiting -= 1

    def _sizes(self, work: Work) -> dict[str, int]:
        """How many leaves of each stream the views have read."""
        del work  # too short to be given up
        with self.snapshot() as moment:
            return sizes_of(moment.position, "position") if moment.position else {}


_BEGIN: Final = f"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; {SEEN}"
"""In one message: each way to the server and back costs."""


def _begin(connection: Connection) -> Position:
    cursor = connection.execute(_BEGIN, prepare=False)
    cursor.nextset()
    row = cursor.fetchone()
    return (row[0] if row else None) or ""


def _configure(connection: Connection) -> None:
    connection.autocommit = True
    views.use(connection, views.SERVED)
    views.only_read(connection)


def sizes_of(text: str, where: str) -> dict[str, int]:
    """A position as answers say it, as sizes by stream. Raises `HttpProblem`, which says `where` it stood."""
    wanted: dict[str, int] = {}
    for one in text.split(","):
        member, _, size = one.partition(":")
        if not (_MEMBER.fullmatch(member) and size.isascii() and size.isdigit() and len(size) < 19):
            trouble = Trouble(where, "is not `member:size`, several joined by commas", value=one[:60])
            raise HttpProblem("unprocessable", errors=[trouble])
        wanted[member] = max(int(size), wanted.get(member, 0))
    return wanted
