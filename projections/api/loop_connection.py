"""A psycopg connection that lets the event loop go on while it waits for the server."""

from asyncio import CancelledError
from typing import Any, Final

import psycopg
from psycopg import Connection, Cursor
from psycopg.abc import RV, PQGen
from psycopg.errors import _WaitTimeout
from psycopg.waiting import wait_async

from projections.api import greenlets

MAX_ROWS: Final = 3_000
"""Rows that one answer reads in the event loop's thread: while they are decoded, all other answers wait."""
_INTERVAL_SECONDS: Final = 0.1
_SILENCE_SECONDS: Final = 20.0
"""Longest wait for a server that sends nothing. It would end a statement earlier by itself."""


class TooManyRows(Exception):
    """An answer reads more rows than may be decoded in the event loop's thread."""


class LoopConnection(Connection):
    """Wait in the event loop where `greenlets.run` started the caller; elsewhere wait as psycopg does."""

    rows_read = 0
    """Rows that statements have returned in the event loop's thread since this was set to 0."""

    def wait(self, gen: PQGen[RV], interval: float = _INTERVAL_SECONDS, timeout: float | None = None) -> RV:
        """Run one operation to its end. Close the connection if the operation is given up before."""
        if not greenlets.is_running():
            return super().wait(gen, interval, timeout)
        try:
            return greenlets.await_(wait_async(gen, self.pgconn.socket, interval, timeout or _SILENCE_SECONDS))
        except _WaitTimeout:
            self.close()
            raise psycopg.OperationalError("the server does not answer") from None
        except CancelledError:
            self.close()
            raise

    def execute(self, query: Any, params: Any = None, **options: Any) -> Cursor[Any]:  # noqa: ANN401 - as psycopg has it
        """Run a statement. Raises `TooManyRows` in the event loop's thread."""
        cursor = super().execute(query, params, **options)
        if greenlets.is_running():
            self.rows_read += max(0, cursor.rowcount)
            if self.rows_read > MAX_ROWS:
                raise TooManyRows
        return cursor
