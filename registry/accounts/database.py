"""The connections of accounts to the private database, and the clock that their times come from."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Final

from psycopg import Connection
from psycopg.rows import DictRow, dict_row
from psycopg_pool import ConnectionPool

_MAX_CONNECTIONS: Final = 4
_TIMEOUT_SECONDS: Final = 5.0


def _now() -> datetime:
    return datetime.now(UTC)


class AccountDatabase:
    """The private database of one node, for several threads."""

    def __init__(self, dsn: str, clock: Callable[[], datetime] = _now) -> None:
        """`dsn` is the private database, with its tables."""
        self.clock = clock
        self._pool: ConnectionPool[Connection[DictRow]] = ConnectionPool(
            dsn,
            connection_class=Connection[DictRow],
            kwargs={"row_factory": dict_row},
            min_size=0,
            max_size=_MAX_CONNECTIONS,
            timeout=_TIMEOUT_SECONDS,
            open=False,
            check=ConnectionPool.check_connection,
            name="accounts",
        )

    @contextmanager
    def transaction(self) -> Iterator[Connection[DictRow]]:
        """Yield a connection; what is done with it is committed at the end of the block, or not at all."""
        self._pool.open()
        with self._pool.connection() as connection:
            yield connection

    def close(self) -> None:
        """Close the connections."""
        self._pool.close()
