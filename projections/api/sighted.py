"""Answers of one moment without a transaction: each statement says which position of the views it saw.

The views change with their position, and by nothing else: statements that saw the same one saw the same views. A
transaction would say so too, but takes two more ways to the server and back, which is most of what a short answer
costs. It is left to the few answers in whose middle a batch came.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, Final

from psycopg import Connection, Cursor
from psycopg.rows import RowFactory, RowMaker, TupleRow

SEEN: Final = """
SELECT string_agg(member || ':' || size || '@' || governance, ',' ORDER BY member COLLATE "C") AS seen FROM positions
"""
"""What a statement sees: of each stream its size, and under how much of governance's it was read."""


def position_of(seen: str) -> str:
    """What was seen as answers say it: the sizes."""
    return ",".join(one.partition("@")[0] for one in seen.split(","))


class SightedConnection(Connection[TupleRow]):
    """A connection in autocommit that can be asked what its statements saw."""

    def __init__(self, *arguments: Any, **more: Any) -> None:  # noqa: ANN401 - the library's own
        super().__init__(*arguments, **more)
        self.cursor_factory = _Cursor
        self.seen: set[str] | None = None

    @contextmanager
    def sighting(self) -> Iterator[set[str]]:
        """What the statements inside see, each of them a SELECT."""
        seen: set[str] = set()
        self.seen = seen
        try:
            yield seen
        finally:
            self.seen = None


class _Cursor(Cursor[Any]):
    def __init__(self, connection: SightedConnection, *, row_factory: RowFactory[Any] | None = None) -> None:
        self._seen = connection.seen
        self._nothing = False
        wanted = row_factory or connection.row_factory
        super().__init__(connection, row_factory=wanted if self._seen is None else _shorter(wanted))

    def execute(self, query: Any, params: Any = None, **more: Any) -> "_Cursor":  # noqa: ANN401 - the library's own
        if self._seen is None:
            super().execute(query, params, **more)
            return self
        super().execute(_sighted(query), params, **more)
        result = self.pgresult
        assert result is not None  # noqa: S101 - it was executed
        there, seen = (result.get_value(0, result.nfields - place) for place in (2, 1))
        self._seen.add("" if seen is None else seen.decode())
        self._nothing = there is None  # but the position
        return self

    def fetchone(self) -> Any:  # noqa: ANN401 - a row
        return None if self._nothing else super().fetchone()

    def fetchmany(self, size: int = 0) -> list[Any]:
        return [] if self._nothing else super().fetchmany(size)

    def fetchall(self) -> list[Any]:
        return [] if self._nothing else super().fetchall()

    def __next__(self) -> Any:  # noqa: ANN401 - a row
        if self._nothing:
            raise StopIteration
        return super().__next__()


_BOTH: Final = f"""
SELECT q.*, CASE WHEN row_number() OVER () = 1 THEN p.seen END
FROM ({SEEN}) AS p LEFT JOIN (SELECT o.*, true AS there FROM (
QUERY
) AS o) AS q ON true
"""  # noqa: S608 - of our own


@lru_cache(maxsize=1_000)
def _sighted(query: bytes | str) -> bytes:
    """The query with two more columns: whether there is a row at all, and in the first the position."""
    text = query.decode() if isinstance(query, bytes) else query
    return _BOTH.replace("QUERY", text).encode()


def _shorter(wanted: RowFactory[Any]) -> RowFactory[Any]:
    """Rows without those two."""

    def made(cursor: Any) -> RowMaker[Any]:  # noqa: ANN401 - a cursor of any kind
        make = wanted(cursor)
        return lambda values: make(values[:-2])

    return made
