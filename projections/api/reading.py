"""Answers from one moment of the views, and waiting until the views have reached a position."""

import asyncio
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Final, Literal, NamedTuple, TypeVar

import psycopg
from litestar import Response
from litestar.params import HeaderParameter, Parameter
from psycopg import Connection

from projections.api.costly import LONG_SECONDS, SECONDS, CostlyAnswers, Work
from projections.api.loop_connection import LoopConnection, TooManyRows
from projections.api.pools import LoopPool, PoolUse, ViewsPool, share
from registry.http import FieldError, HttpProblem, Position, answer
from registry.http.responses import WAIT_FOR

_MEMBER: Final = re.compile("[a-z0-9-]{2,40}")
_POLL_SECONDS: Final = 0.02
_MAX_WAITING: Final = 8
"""Requests that wait for a position at a time."""
_MAX_DETAIL: Final = 500
"""Characters."""
T = TypeVar("T")

Cost = Literal["lookup", "search", "scan"]
"""The cost of an answer: a lookup reads one thing; a search, or a list, reads several; a scan may read everything."""
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

StandingLookup = Callable[[str, int], tuple[str, str]]
"""Returns a member's standing when it wrote a leaf, and its standing now."""


class Snapshot(NamedTuple):
    """One moment of the views."""

    connection: Connection
    position: Position


class Views:
    """Answers from the served views. Threads may share `snapshot`; `answer` belongs to one event loop."""

    def __init__(self, dsn: str, standing: StandingLookup, connections: int = 8, wait_seconds: float = 10.0) -> None:
        """Connect to nothing before `open`. `wait_seconds` limits how long a reader may wait for a position."""
        self.standing = standing
        self._wait_seconds = wait_seconds
        lookups, searches, in_threads = share(connections)
        self._loop_pool = LoopPool(dsn, lookups, searches)
        self._pool = ViewsPool(dsn, Connection, in_threads, "views")
        self._costly = CostlyAnswers()
        self._waiting = 0

    def pool_use(self) -> PoolUse:
        """Return how the connections are used now; any thread may call this."""
        return PoolUse(*map(sum, zip(self._loop_pool.use(), self._pool.use(), strict=True)))

    def open(self) -> None:
        """Begin to connect; do not wait for the database."""
        self._loop_pool.open()
        self._pool.open(wait=False)

    def close(self) -> None:
        """Close all connections, those of answers under way too."""
        self._costly.close()
        self._loop_pool.close()
        self._pool.close()

    @contextmanager
    def snapshot(self) -> Iterator[Snapshot]:
        """Yield one moment of the views, in a transaction."""
        connection, position = self._begin_snapshot()
        try:
            with connection:
                yield Snapshot(connection, position)
        finally:
            self._pool.putconn(connection)

    def _begin_snapshot(self) -> tuple[Connection, Position]:
        """Return a connection in a transaction. Take another where one was lost: a server's restart ends them all."""
        for tries_left in reversed(range(self._pool.max_size + 1)):
            connection = self._pool.take()
            try:
                return connection, _begin(connection)
            except psycopg.OperationalError:
                lost = connection.closed
                self._pool.putconn(connection)
                if not (lost and tries_left):
                    raise
            except BaseException:  # for example Ctrl-C: the pool gets its connection back
                self._pool.putconn(connection)
                raise
        raise AssertionError("the last try returned or raised")

    async def answer(self, wait_for: str, read: Callable[[Connection], T], cost: Cost = "lookup") -> Response[T]:
        """Return what `read` reads in one transaction, with the position of that transaction.

        A scan, or an answer of many rows, is made in a thread; others in the event loop's. Raises `HttpProblem` if the
        views do not reach a position that is waited for, and if a costly answer takes too long.
        """
        if wait_for:
            await self._reach(parse_position(wait_for, f"header {WAIT_FOR}"))
        if cost == "scan":
            return await self._costly.make(lambda work: self._answer_in_thread(read, work), LONG_SECONDS)
        try:
            return await self._loop_pool.run(lambda connection: _answer_in_loop(read, connection), cost)
        except TooManyRows:
            return await self._costly.make(lambda work: self._answer_in_thread(read, work), SECONDS)

    def _answer_in_thread(self, read: Callable[[Connection], T], work: Work) -> Response[T]:
        with self.snapshot() as snapshot:
            try:
                work.begin(snapshot.connection)
                return answer(read(snapshot.connection), snapshot.position)
            finally:
                work.end()

    async def _reach(self, sizes_wanted: dict[str, int]) -> None:
        """Wait until the views have reached these sizes, without a connection in between."""
        if self._waiting >= _MAX_WAITING:
            raise HttpProblem("not-there-yet", "too many requests wait already", headers={"Retry-After": "1"})
        self._waiting += 1
        try:
            until = time.monotonic() + self._wait_seconds
            while True:
                sizes = await self._loop_pool.run(_read_sizes, "lookup")
                behind = {member: size for member, size in sizes_wanted.items() if sizes.get(member, 0) < size}
                if not behind:
                    return
                if time.monotonic() > until:
                    gaps = "; ".join(
                        f"{member}: at {sizes.get(member, 0)}, {size} asked for" for member, size in behind.items()
                    )
                    raise HttpProblem("not-there-yet", gaps[:_MAX_DETAIL], headers={"Retry-After": "2"})
                await asyncio.sleep(_POLL_SECONDS)
        finally:
            self._waiting -= 1


def _answer_in_loop(read: Callable[[Connection], T], connection: LoopConnection) -> Response[T]:
    connection.rows_read = 0
    position = _begin(connection)
    with connection:
        return answer(read(connection), position)


def _read_sizes(connection: Connection) -> dict[str, int]:
    """Return how many leaves of each stream the views have read."""
    row = connection.execute(_POSITION).fetchone()
    return parse_position(row[0], "position") if row and row[0] else {}


_POSITION: Final = """
SELECT string_agg(member || ':' || size, ',' ORDER BY member COLLATE "C") FROM positions
"""
_BEGIN: Final = f"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; {_POSITION}"
"""One message to the server instead of two."""


def _begin(connection: Connection) -> Position:
    """Begin a transaction and return the position that its statements see."""
    cursor = connection.execute(_BEGIN, prepare=False)
    cursor.nextset()
    row = cursor.fetchone()
    return (row[0] if row else None) or ""


def parse_position(text: str, where: str) -> dict[str, int]:
    """Return the sizes by member of a position such as `twente:7,lund:3`.

    Raises `HttpProblem`, which names the part of the request as `where`.
    """
    sizes: dict[str, int] = {}
    for part in text.split(","):
        member, _, size = part.partition(":")
        if not (_MEMBER.fullmatch(member) and size.isascii() and size.isdigit() and len(size) < 19):
            error = FieldError(where, "is not `member:size`, several joined by commas", value=part[:60])
            raise HttpProblem("unprocessable", errors=[error])
        sizes[member] = max(int(size), sizes.get(member, 0))
    return sizes
