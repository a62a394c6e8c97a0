"""Answers are made in threads, in lanes: a few at a time in each, within a time limit, given up when the client leaves.

A lookup of one thing never waits for a search, and neither waits for an answer that looks at much: each kind has
threads of its own. What one answer reads has further limits (`projections.relations.reach`).
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
from registry.http.leaving import client_left

_log = structlog.get_logger(__name__)
T = TypeVar("T")

MAX_WAITING: Final = 200
"""Requests that wait in one lane; more are refused at once."""
_CANCEL_SECONDS: Final = 2.0
_UNWATCHED_SECONDS: Final = 0.1
"""Nearly all answers are ready by then; only for the others is it worth watching whether the client leaves."""
_RETRY: Final = {"Retry-After": "5"}


class Work:
    """One answer that is being made, and that others may give up."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._lock = threading.Lock()
        self._connection: Connection | None = None
        self._given_up = False

    def begin(self, connection: Connection) -> None:
        """Work on this connection. Raises `HttpProblem` where the work was given up before."""
        with self._lock:
            if self._given_up:
                raise _too_long(self.seconds)
            self._connection = connection

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


class Lane:
    """The threads of one process that make one kind of answer."""

    def __init__(self, name: str, at_a_time: int, seconds: float) -> None:
        """`seconds` is how long one answer may take, the wait for a thread included."""
        self.seconds = seconds
        self._threads = ThreadPoolExecutor(at_a_time, thread_name_prefix=name)
        self._free = asyncio.Semaphore(at_a_time)
        self._waiting = 0

    def close(self) -> None:
        """Begin no more; what is being made ends by its time limit."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def make(self, act: Callable[[Work], T]) -> T:
        """Return what `act` returns, which runs in a thread and announces its connection to the work it is given.

        Raises `HttpProblem` where it takes longer than the lane allows, or too many others wait.
        """
        await self._wait_for_thread()
        work = Work(self.seconds)
        making: asyncio.Future[Any] = asyncio.get_running_loop().run_in_executor(self._threads, act, work)
        making.add_done_callback(self._ended)
        try:
            if await self._is_ready(making):
                return making.result()  # type: ignore[no-any-return] # what `act` returned
        except asyncio.CancelledError:
            self._give_up(work)
            raise
        except QueryCanceled:
            raise _too_long(self.seconds) from None
        self._give_up(work)
        raise _too_long(self.seconds)

    async def _is_ready(self, making: "asyncio.Future[Any]") -> bool:
        """Wait for an answer; False where it takes too long, or the client has left."""
        done, _ = await asyncio.wait({making}, timeout=min(_UNWATCHED_SECONDS, self.seconds))
        if not done:
            leaving: asyncio.Future[Any] = asyncio.ensure_future(client_left())
            try:
                done, _ = await asyncio.wait(
                    {making, leaving}, timeout=self.seconds, return_when=asyncio.FIRST_COMPLETED
                )
            finally:
                leaving.cancel()
        return making in done

    async def _wait_for_thread(self) -> None:
        if not self._free.locked():
            await self._free.acquire()
            return
        if self._waiting >= MAX_WAITING:
            raise _too_many()
        self._waiting += 1
        try:
            await asyncio.wait_for(self._free.acquire(), self.seconds)
        except TimeoutError:
            raise _too_many() from None
        finally:
            self._waiting -= 1

    def _ended(self, making: "asyncio.Future[T]") -> None:
        self._free.release()
        if not making.cancelled():
            making.exception()  # nobody may wait for it any more

    def _give_up(self, work: Work) -> None:
        asyncio.get_running_loop().run_in_executor(None, work.give_up)


def _too_long(seconds: float) -> HttpProblem:
    detail = f"the answer was not ready within {seconds:g} s, and was given up; ask for less, or a smaller page"
    return HttpProblem("too-costly", detail, headers=_RETRY)


def _too_many() -> HttpProblem:
    return HttpProblem("too-costly", "too many requests wait for an answer of this kind already", headers=_RETRY)
