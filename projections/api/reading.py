"""A moment of the views to answer from, and waiting until they have come far enough."""

import asyncio
import math
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Final, Literal, NamedTuple, TypeVar, cast

import psycopg
from litestar import Response
from litestar.params import HeaderParameter, Parameter
from psycopg import Connection
from psycopg_pool import ConnectionPool

from projections.api.costly import LONG_SECONDS, SECONDS, Costly, CostlyAnswers, Work
from projections.api.order import Order
from projections.api.sighted import SEEN, Sighting, position_of
from projections.api.turns import turn
from projections.core import views
from registry.http import FieldError, HttpProblem, Position, answer
from registry.http.responses import WAIT_FOR

_MEMBER: Final = re.compile("[a-z0-9-]{2,40}")
_POLL: Final = 0.02
_WAITERS: Final = 8
_PATIENTLY: Final = 3.0
_BRIEFLY: Final = 0.05
"""Seconds that a reader waits for a connection; the shorter where there was none in the last `_AWAY` seconds."""
_AWAY: Final = 5.0
_TURNS: Final = 3
"""Answers that a process makes at a time; others wait for their turn. What takes long (writing, replaying the past) is
made in threads, and keeps no turn waiting."""
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
        self._order = Order(min(_TURNS, connections // 2))
        self._idle: list[Sighting] = []
        self._positions: dict[str, str] = {}
        self._costly = CostlyAnswers()
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
        self._costly.close()
        self._pool.close()
        while self._idle:
            self._drop(self._idle.pop())

    @contextmanager
    def snapshot(self) -> Iterator[Snapshot]:
        """One moment to answer from, in a transaction."""
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
        """`made(connection)` as an answer that says its position, made in turn with others in the loop's own thread.

        What takes long, or reads many rows, is made in a thread. Raises `HttpProblem` where a position waited for is
        not reached, and where the answer takes too long.
        """
        if wait_for:
            await self._reach(sizes_of(wait_for, f"header {WAIT_FOR}"))
        if takes == "long":  # batches come in the middle of it
            return await self._costly.make(lambda work: self._answered(made, work), LONG_SECONDS)
        try:
            answered = await self._sighted(lambda sighting: _of_one_moment(sighting, made), search=takes == "some")
        except Costly:
            return await self._costly.make(lambda work: self._answered(made, work), SECONDS)
        if answered is not None:
            return answered
        return await asyncio.get_running_loop().run_in_executor(None, self._answered, made)

    async def _sighted(self, act: Callable[[Sighting], T], *, search: bool) -> T:
        """`act` on a connection, in a turn; on another where the first was lost, as all are when a server restarts."""
        await self._order.begin(search=search)
        try:
            for left in reversed(range(_TURNS + self._pool.max_size + 1)):
                sighting = self._idle.pop() if self._idle else await self._new()
                keep = True
                try:
                    return await turn(lambda: act(sighting))  # noqa: B023 - it is over before the next is taken
                except _OUTLIVED:
                    keep = False
                    if not left:
                        raise
                except psycopg.OperationalError:
                    if not (sighting.lost and left):
                        raise
                finally:
                    if keep and sighting.good and not self._pool.closed:
                        self._idle.append(sighting)
                    else:
                        self._drop(sighting)
        finally:
            self._order.end(search=search)
        raise AssertionError("the last try returned or raised")

    async def _new(self) -> Sighting:
        connecting = asyncio.get_running_loop().run_in_executor(None, self._connected)
        try:
            connection = await asyncio.shield(connecting)
        except asyncio.CancelledError:  # the thread goes on: what it gets goes back to the pool
            connecting.add_done_callback(self._unwanted)
            raise
        try:
            return Sighting(connection, self._positions)
        except BaseException:  # likewise
            self._pool.putconn(connection)
            raise

    def _unwanted(self, connecting: "asyncio.Future[Connection]") -> None:
        if not connecting.cancelled() and connecting.exception() is None:
            self._pool.putconn(connecting.result())

    def _drop(self, sighting: Sighting) -> None:
        """Lend it to nobody any more: its answer was given up in the middle, the server ended it, or it is old."""
        if sighting.lost:  # who answers now may be another server, which is not as far, and comes another way
            self._positions.clear()
        sighting.let_go()
        sighting.connection.close()
        self._pool.putconn(sighting.connection)

    def _answered(self, made: Callable[[Connection], T], work: Work | None = None) -> Response[T]:
        with self.snapshot() as moment:
            if work is None:
                return answer(made(moment.connection), moment.position)
            try:
                work.begin(moment.connection)
                return answer(made(moment.connection), moment.position)
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
                there = await self._sighted(_sizes, search=False)
                behind = {member: size for member, size in wanted.items() if there.get(member, 0) < size}
                if not behind:
                    return
                if time.monotonic() > until:
                    told = (f"{member}: at {there.get(member, 0)}, {size} asked for" for member, size in behind.items())
                    raise HttpProblem("not-there-yet", "; ".join(told)[:_TOLD], headers={"Retry-After": "2"})
                await asyncio.sleep(_POLL)
        finally:
            self._waiting -= 1


def _sizes(sighting: Sighting) -> dict[str, int]:
    _, position = sighting.newest()
    return sizes_of(position, "position") if position else {}


def _of_one_moment(sighting: Sighting, made: Callable[[Connection], T]) -> Response[T] | None:
    """An answer whose statements all saw the same; None where they did not, where there were none, or where that moment
    was over before its position could be asked for.
    """
    moments = sighting.moments = set()
    sighting.rows = 0
    try:
        content = made(cast("Connection", sighting))
    except (psycopg.Error, Costly):
        raise
    except Exception:  # whatever it was: what does not fit together may do so in one moment
        if len(moments) > 1:
            return None
        raise
    position = sighting.position() if len(moments) == 1 else None
    return None if position is None else answer(content, position)


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
            trouble = FieldError(where, "is not `member:size`, several joined by commas", value=one[:60])
            raise HttpProblem("unprocessable", errors=[trouble])
        wanted[member] = max(int(size), wanted.get(member, 0))
    return wanted
