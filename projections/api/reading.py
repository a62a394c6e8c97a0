"""A moment of the views to answer from, and waiting until they have come far enough."""

import asyncio
import math
import re
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Annotated, Any, Final, NamedTuple, TypeVar

import psycopg
from litestar import Response
from litestar.params import HeaderParameter, Parameter
from psycopg import Connection
from psycopg_pool import ConnectionPool

from projections import views
from projections.api.sighted import SEEN, SightedConnection, position_of
from registry.http import HttpProblem, Position, Trouble, answer
from registry.http.answers import WAIT_FOR

_MEMBER: Final = re.compile("[a-z0-9-]{2,40}")
_POLL: Final = 0.02
_WAITERS: Final = 8
_PATIENTLY: Final = 3.0
_BRIEFLY: Final = 0.05
"""Seconds that a reader waits for a connection; the shorter where there was none in the last `_AWAY` seconds."""
_AWAY: Final = 5.0
_READERS: Final = 2
"""Threads of a process that make answers: many would wait for the interpreter, and for each other. What takes long
(`takes_long`, writing, replaying the past) is made in others, and keeps no reader waiting."""
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


class Views:
    """Connections to the served views. May be shared by threads."""

    def __init__(self, dsn: str, standing: Standings, connections: int = 8, longest: float = 10.0) -> None:
        """Nothing is opened before `open`; `longest` is how many seconds a reader may wait for a position."""
        self.standing = standing
        self._longest = longest
        self._pool = ConnectionPool(
            dsn,
            connection_class=SightedConnection,
            min_size=1,
            max_size=connections,
            configure=_configure,
            open=False,
            name="views",
        )
        self._readers = ThreadPoolExecutor(_READERS, thread_name_prefix="views")
        self._waiting = 0
        self._away_since = -math.inf

    def open(self) -> None:
        """Begin to connect; a database that is away does not stop this."""
        self._pool.open(wait=False)

    def close(self) -> None:
        """Close all connections."""
        self._readers.shutdown(cancel_futures=True)
        self._pool.close()

    @contextmanager
    def snapshot(self) -> Iterator[Snapshot]:
        """One moment to answer from, in a transaction."""
        connection, position = self._tried(_begin)
        try:
            with connection:
                yield Snapshot(connection, position)
        finally:
            self._pool.putconn(connection)

    def _tried(self, act: Callable[[SightedConnection], T]) -> tuple[SightedConnection, T]:
        """A connection of the pool's, and what came of acting on it: whoever has it gives the connection back.

        One that was lost, as all are when the server was restarted, costs no request: another is taken.
        """
        for left in reversed(range(self._pool.max_size + 1)):
            connection = self._connected()
            try:
                return connection, act(connection)
            except psycopg.OperationalError:
                lost = connection.closed
                self._pool.putconn(connection)
                if not (lost and left):
                    raise
            except BaseException:  # whatever it was, the pool gets its connection back
                self._pool.putconn(connection)
                raise
        raise AssertionError("the last try returned or raised")

    def _connected(self) -> SightedConnection:
        """A connection. Where there was none a moment ago nobody waits long: many who ask would wait for each other."""
        lately = time.monotonic() - self._away_since < _AWAY
        try:
            return self._pool.getconn(_BRIEFLY if lately else _PATIENTLY)
        except psycopg.OperationalError:
            self._away_since = time.monotonic()
            raise

    async def answer(
        self, wait_for: str, made: Callable[[Connection], Any], *, takes_long: bool = False
    ) -> Response[Any]:
        """`made(connection)` as an answer that says its position, made in one of the threads that read.

        `takes_long`: in one of the others. Raises `HttpProblem` where a position waited for is not reached.
        """
        if wait_for:
            await self._reach(sizes_of(wait_for, f"header {WAIT_FOR}"))
        if takes_long:  # batches come in the middle of it
            return await self._in_turn(lambda: self._answered(made), None)
        return await self._in_turn(lambda: self._answered_soon(made), self._readers)

    def _answered_soon(self, made: Callable[[Connection], Any]) -> Response[Any]:
        connection, answered = self._tried(lambda connection: _of_one_moment(connection, made))
        self._pool.putconn(connection)
        return self._answered(made) if answered is None else answered

    def _answered(self, made: Callable[[Connection], Any]) -> Response[Any]:
        with self.snapshot() as moment:
            return answer(made(moment.connection), moment.position)

    async def _reach(self, wanted: dict[str, int]) -> None:
        """Wait until the views have come so far; whoever waits keeps no thread from others."""
        if self._waiting >= _WAITERS:
            raise HttpProblem("not-there-yet", "too many requests wait already", headers={"Retry-After": "1"})
        self._waiting += 1
        try:
            until = time.monotonic() + self._longest
            while True:
                there = await self._in_turn(self._sizes, self._readers)
                behind = {member: size for member, size in wanted.items() if there.get(member, 0) < size}
                if not behind:
                    return
                if time.monotonic() > until:
                    told = (f"{member}: at {there.get(member, 0)}, {size} asked for" for member, size in behind.items())
                    raise HttpProblem("not-there-yet", "; ".join(told)[:_TOLD], headers={"Retry-After": "2"})
                await asyncio.sleep(_POLL)
        finally:
            self._waiting -= 1

    def _sizes(self) -> dict[str, int]:
        with self.snapshot() as moment:
            return sizes_of(moment.position, "position") if moment.position else {}

    @staticmethod
    def _in_turn(read: Callable[[], T], threads: ThreadPoolExecutor | None) -> asyncio.Future[T]:
        return asyncio.get_running_loop().run_in_executor(threads, read)


def _of_one_moment(connection: SightedConnection, made: Callable[[Connection], T]) -> Response[T] | None:
    """An answer whose statements all saw the same; None where they did not, or where there were none."""
    with connection.sighting() as seen:
        try:
            content = made(connection)
        except psycopg.Error:
            raise
        except Exception:
            if len(seen) > 1:  # what does not fit together may do so in one moment
                return None
            raise
    return answer(content, position_of(seen.pop())) if len(seen) == 1 else None


_BEGIN: Final = f"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; {SEEN}"
"""In one message: each way to the server and back costs."""


def _begin(connection: Connection) -> Position:
    cursor = connection.execute(_BEGIN, prepare=False)
    cursor.nextset()
    row = cursor.fetchone()
    return position_of((row[0] if row else None) or "")


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
