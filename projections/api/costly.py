"""Costly answers: made in threads, few at a time, each within a time limit, given up when the client leaves.

What an answer reads has limits of its own (`reach`). This limits what all of them together take from the others.
"""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, TypeVar

import structlog
from psycopg import Connection, Error
from psycopg.errors import QueryCanceled

from registry.http import HttpProblem
from registry.http.disconnects import client_left

_log = structlog.get_logger(__name__)
T = TypeVar("T")

AT_A_TIME: Final = 2
MAX_WAITING: Final = 16
"""Requests that wait for their turn; more are refused at once."""
SECONDS: Final = 2.0
"""For an answer about one thing, or a page of a list."""
LONG_SECONDS: Final = 10.0
"""For an answer that looks at much: a worklist, a simulation."""
_CANCEL_SECONDS: Final = 2.0
_RETRY: Final = {"Retry-After": "5"}


class Work:
    """One answer under way, which others may give up."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._lock = threading.Lock()
        self._connection: Connection | None = None
        self._given_up = False

    def begin(self, connection: Connection) -> None:
        """Work on this connection, which is in a transaction. Raises `HttpProblem` where the work was given up."""
        with self._lock:
            if self._given_up:
                raise _too_long(self.seconds)
            self._connection = connection
        connection.execute(f"SET LOCAL statement_timeout TO {round(1000 * self.seconds)}".encode())

    def end(self) -> None:
        """Leave the connection to others; one whose statement was cancelled is closed, since that may come late."""
        with self._lock:
            if self._given_up and self._connection is not None:
                self._connection.close()
            self._connection = None

    def give_up(self) -> None:
        """End the statement that is running, and begin no more."""
        with self._lock:
            self._given_up = True
            if self._connection is None:
                return
            try:
                self._connection.cancel_safe(timeout=_CANCEL_SECONDS)
            except Error as error:  # the statement's own time limit ends it
                _log.warning("http.not_cancelled", why=str(error))


class CostlyAnswers:
    """The threads of one process that make costly answers."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(AT_A_TIME, thread_name_prefix="costly")
        self._free = asyncio.Semaphore(AT_A_TIME)
        self._waiting = 0

    def close(self) -> None:
        """Begin no more; what is being made ends by its time limit."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def make(self, act: Callable[[Work], T], seconds: float) -> T:
        """Return what `act` returns, which runs in a thread and announces its connection to the work it is given.

        Raises `HttpProblem` where it takes longer than `seconds`, or too many others wait.
        """
        await self._turn(seconds)
        work = Work(seconds)
        making: asyncio.Future[Any] = asyncio.get_running_loop().run_in_executor(self._threads, act, work)
        making.add_done_callback(self._release)
        leaving: asyncio.Future[Any] = asyncio.ensure_future(client_left())
        try:
            done, _ = await asyncio.wait({making, leaving}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            self._give_up(work)
            raise
        finally:
            leaving.cancel()
        if making in done:
            try:
                return making.result()  # type: ignore[no-any-return] # what `act` returned
            except QueryCanceled:
                raise _too_long(seconds) from None
        self._give_up(work)
        raise _too_long(seconds)

    async def _turn(self, seconds: float) -> None:
        if self._free.locked() and self._waiting >= MAX_WAITING:
            raise _too_many()
        self._waiting += 1
        try:
            await asyncio.wait_for(self._free.acquire(), seconds)
        except TimeoutError:
            raise _too_many() from None
        finally:
            self._waiting -= 1

    def _release(self, making: "asyncio.Future[T]") -> None:
        self._free.release()
        if not making.cancelled():
            making.exception()  # nobody may wait for it any more

    def _give_up(self, work: Work) -> None:
        asyncio.get_running_loop().run_in_executor(None, work.give_up)


def _too_long(seconds: float) -> HttpProblem:
    detail = f"the answer was not ready within {seconds:g} s, and was given up; ask for less, or a smaller page"
    return HttpProblem("too-costly", detail, headers=_RETRY)


def _too_many() -> HttpProblem:
    return HttpProblem("too-costly", "too many costly requests are being answered already", headers=_RETRY)
