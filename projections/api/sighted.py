"""Answers of one moment without a transaction: each statement says which moment of the views it saw.

The views change with their position, and by nothing else: statements that saw the same one saw the same views. A
transaction would say so too, but takes two more ways to the server and back, which is most of what a short answer
costs. It is left to the few answers in whose middle a batch came.

What a statement says is a *moment*: three numbers, which are quicker to tell than a position's text. That is asked for
once a moment, and kept.

Statements are prepared once a connection and sent by libpq itself, from within a turn of the loop.
"""

import asyncio
import os
import re
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, Final

import psycopg
from psycopg import Connection, errors, pq
from psycopg.adapt import PyFormat, Transformer

from projections.api.costly import Costly
from projections.api.turns import wait

SEEN: Final = """
SELECT string_agg(member || ':' || size || '@' || governance, ',' ORDER BY member COLLATE "C") AS seen FROM positions
"""
"""What a statement sees: of each stream its size, and under how much of governance's it was read."""
_MOMENT: Final = (
    "SELECT max(tableoid::int8) || ' ' || sum(governance::float8) || ' ' || sum(size::float8) FROM positions"
)
"""Another with each change of the positions, if only until the views are built anew (these are other tables).

Governance is never read back, and a stream is shorter than before only where more of governance is known: so the sums,
one after the other, only grow. Of sizes that were added up exactly there are more than any log will have.
"""
_KEPT: Final = 16
"""Moments of which the position is kept; one is asked for, those before by answers that began with them."""

_PREPARED: Final = 200
"""Statements that a connection keeps prepared: the searches leave out what is not asked for, in many ways."""
_LONGEST: Final = 20.0
"""Seconds after which a server that says nothing is given up; it would itself end a statement before."""
_LIFETIME: Final = 3600.0
"""Seconds after which a connection is replaced, as the pool does with its own."""
MAX_ROWS: Final = 3_000
"""Rows that one answer reads in the loop's own thread: while they are decoded, all others wait."""
Row = tuple[Any, ...]


def position_of(seen: str) -> str:
    """What was seen as answers say it: the sizes."""
    return ",".join(one.partition("@")[0] for one in seen.split(","))


class Sighting:
    """A connection in autocommit, lent to one turn after another; all that it reads is a SELECT."""

    def __init__(self, connection: Connection, positions: dict[str, str]) -> None:
        """`positions`, by moment, are shared by all of a process."""
        self.connection = connection
        self.moments: set[str] = set()
        """What the statements saw since this was emptied."""
        self.rows = 0
        """Rows that were read since this was set to 0."""
        self._last: str | None = None
        """What the last one saw."""
        self._positions = positions
        self._libpq = connection.pgconn
        self._loop = asyncio.get_running_loop()
        self._types = Transformer(connection)
        self._prepared: OrderedDict[tuple[bytes, tuple[int, ...]], bytes] = OrderedDict()
        self._names = 0
        self._came: asyncio.Future[None] | None = None
        # A descriptor of its own: libpq closes that of a lost connection, and another socket may get its number.
        self._socket = os.dup(self._libpq.socket)
        self._ends = self._loop.time() + _LIFETIME
        try:
            self._loop.add_reader(self._socket, self._readable)
        except BaseException:  # whoever made the connection has it back
            os.close(self._socket)
            raise

    def let_go(self) -> None:
        """The loop looks at it no more; whoever has it closes the connection, or gives it back."""
        self._loop.remove_reader(self._socket)
        os.close(self._socket)

    @property
    def good(self) -> bool:
        """Whether it waits for nothing, and may be lent again."""
        return self._libpq.transaction_status == pq.TransactionStatus.IDLE and self._loop.time() < self._ends

    @property
    def lost(self) -> bool:
        """Whether the server has ended it, or cannot be reached by it."""
        return self._libpq.status == pq.ConnStatus.BAD

    def execute(self, query: bytes | str, params: Sequence[Any] | dict[str, Any] | None = None) -> "Rows":
        """Run one SELECT of this project's, with `%s` or `%(name)s` for its values.

        Raises `Costly` where the answer reads more rows than an answer of the loop's may.
        """
        text, names = _sighted(query)
        values = [params[name] for name in names] if isinstance(params, dict) else params or ()
        for _ in range(2):  # the second time, what was seen before is of a moment ago
            before = self._last
            if rows := self._rows(text, values):
                self._last = rows[0][-1] or ""
                self.moments.add(self._last)
                return Rows([row[:-1] for row in rows])
            # No row says what it saw. Moments do not come back: where it is the same after as before, it was the same.
            [(now,)] = self._rows(_NOW, ())
            self._last = now or ""
            if self._last == before:
                self.moments.add(self._last)
                return Rows([])
        self.moments |= {before or "", now or ""}  # a batch came, twice: what is of two moments is made anew
        return Rows([])

    def position(self) -> str | None:
        """The position of the one moment that the statements saw; None where it is over, and was not asked for."""
        [moment] = self.moments
        if (known := self._positions.get(moment)) is None:
            now, position = self.newest()
            return position if now == moment else None
        return known

    def newest(self) -> tuple[str, str]:
        """The moment that is now, and its position."""
        [(now, seen)] = self._rows(_POSITION, ())
        moment, position = now or "", position_of(seen or "")
        self._positions[moment] = position
        while len(self._positions) > _KEPT:
            del self._positions[next(iter(self._positions))]
        return moment, position

    def _rows(self, text: bytes, values: Sequence[Any]) -> list[Row]:
        dumped = self._types.dump_sequence(values, [PyFormat.AUTO] * len(values))
        name = self._statement(text, tuple(self._types.types or ()))
        self._libpq.send_query_prepared(name, dumped, self._types.formats)
        result = self._answered()
        self.rows += result.ntuples
        if self.rows > MAX_ROWS:
            raise Costly
        self._types.set_pgresult(result)
        return self._types.load_rows(0, result.ntuples, tuple)

    def _statement(self, text: bytes, types: tuple[int, ...]) -> bytes:
        key = text, types
        if (name := self._prepared.get(key)) is not None:
            self._prepared.move_to_end(key)
            return name
        if len(self._prepared) >= _PREPARED:
            _, last = self._prepared.popitem(last=False)
            self._libpq.send_query_params(b"DEALLOCATE " + last, None)
            self._answered()
        self._names += 1
        name = b"sighting_%d" % self._names
        self._libpq.send_prepare(name, text, types)
        self._answered()
        self._prepared[key] = name
        return name

    def _answered(self) -> pq.abc.PGresult:
        """The one result of what was sent."""
        while self._libpq.flush():
            self._wait_until_writable()
        found = None
        while True:
            if self._libpq.is_busy():
                self._came = self._loop.create_future()
                self._wait(self._came)
            result = self._libpq.get_result()
            if result is None:
                break
            found = result
        self._came = None
        if found is None:
            raise psycopg.OperationalError("the server sent no result")
        if found.status not in (pq.ExecStatus.TUPLES_OK, pq.ExecStatus.COMMAND_OK):
            raise errors.error_from_result(found)
        return found

    def _wait_until_writable(self) -> None:
        writable = self._loop.create_future()
        self._loop.add_writer(self._socket, _done, writable)
        try:
            self._wait(writable)
        finally:
            self._loop.remove_writer(self._socket)

    def _wait(self, until: "asyncio.Future[None]") -> None:
        late = self._loop.call_later(_LONGEST, _give_up, until)
        try:
            wait(until)
        finally:
            late.cancel()

    def _readable(self) -> None:
        try:
            self._libpq.consume_input()
        except psycopg.OperationalError as error:
            self._loop.remove_reader(self._socket)
            if self._came is not None and not self._came.done():
                self._came.set_exception(error)
            return
        if self._came is not None and not self._came.done() and not self._libpq.is_busy():
            self._came.set_result(None)


def _done(future: "asyncio.Future[None]") -> None:
    if not future.done():
        future.set_result(None)


def _give_up(answer: "asyncio.Future[None]") -> None:
    if not answer.done():
        answer.set_exception(psycopg.OperationalError("the server does not answer"))


class Rows:
    """The rows of a statement, as a cursor gives them."""

    def __init__(self, rows: list[Row]) -> None:
        self._rows = rows
        self._at = 0

    def fetchone(self) -> Row | None:
        """The next."""
        return next(self, None)

    def fetchmany(self, size: int) -> list[Row]:
        """The next so many."""
        begin, self._at = self._at, min(self._at + size, len(self._rows))
        return self._rows[begin : self._at]

    def fetchall(self) -> list[Row]:
        """All that are left."""
        return self.fetchmany(len(self._rows))

    def __iter__(self) -> Iterator[Row]:
        return self

    def __next__(self) -> Row:
        if self._at == len(self._rows):
            raise StopIteration
        self._at += 1
        return self._rows[self._at - 1]


_BESIDE: Final = f"SELECT o.*, ({_MOMENT}) FROM (\nQUERY\n) AS o"  # noqa: S608 - of our own
_NOW: Final = _MOMENT.encode()
_POSITION: Final = f"SELECT m.*, p.* FROM ({_MOMENT}) AS m, ({SEEN}) AS p".encode()  # noqa: S608 - of our own
_PLACE: Final = re.compile(r"%(?:%|s|\((\w+)\)s)")


@lru_cache(maxsize=1_000)
def _sighted(query: bytes | str) -> tuple[bytes, tuple[str, ...]]:
    """The query with one more column, the moment, as libpq takes it.

    With it the names of its parameters in their order; none where they have no names.
    """
    text = query.decode() if isinstance(query, bytes) else query
    names: dict[str, int] = {}
    places = 0

    def place(found: re.Match[str]) -> str:
        nonlocal places
        if found[0] == "%%":
            return "%"
        if found[1] is not None:
            return f"${names.setdefault(found[1], len(names) + 1)}"
        places += 1
        return f"${places}"

    return _BESIDE.replace("QUERY", _PLACE.sub(place, text)).encode(), tuple(names)
