"""Load over HTTP from one process: requests at moments that were drawn before, over connections that stay open.

Arrivals are a Poisson process, as `pgbench --rate` has them, and a request's time counts from the moment when it was
due: a server that falls behind shows it. Without a rate the next is asked as soon as one was answered.

Requests go over connections in turn, of which there are several for each that is under way. A connection stays with the
server's process that took it: of few connections chance gives one process most, and that would be what is measured.
"""

import asyncio
import random
import time
from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

import uvloop

_CONNECTIONS = 8
"""For each request that is under way."""


class Loaded(NamedTuple):
    """What a run of load came to."""

    rate: float
    """Answers a second."""
    times: list[float]
    """Milliseconds of each request that was answered."""
    statuses: dict[int, int]


class _Connection(asyncio.Protocol):
    """One connection, one request at a time."""

    def __init__(self, load: "_Load") -> None:
        self._load = load
        self._got = b""
        self._due = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._load.idle.append(self)

    def ask(self, request: bytes, due: float) -> None:
        self._due, self._got = due, b""
        self._transport.write(request)  # type: ignore[attr-defined] # a socket's transport

    def data_received(self, data: bytes) -> None:
        self._got += data
        head = self._got.find(b"\r\n\r\n")
        if head < 0:
            return
        at = self._got.lower().find(b"content-length: ", 0, head)
        length = int(self._got[at + 16 : self._got.index(b"\r", at)])
        if len(self._got) >= head + 4 + length:
            self._load.answered(self, int(self._got[9:12]), self._due)

    def connection_lost(self, error: Exception | None) -> None:
        self._load.failed(error)


class _Load:
    def __init__(self, requests: Sequence[bytes], rate: float, seconds: float) -> None:
        self.idle: deque[_Connection] = deque()
        self._requests, self._rate, self._seconds = requests, rate, seconds
        self._chance = random.Random(7)
        self._waiting: deque[tuple[bytes, float]] = deque()
        self._times: list[float] = []
        self._statuses: dict[int, int] = {}
        self._under_way = 0
        self._last = False
        """Whether nothing more is to come."""
        self._ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def answered(self, connection: _Connection, status: int, due: float) -> None:
        self._times.append(1000 * (time.perf_counter() - due))
        self._statuses[status] = self._statuses.get(status, 0) + 1
        self.idle.append(connection)
        self._under_way -= 1
        if self._waiting:
            self._ask(*self._waiting.popleft())
        elif not self._rate and time.perf_counter() < self._until:
            self._ask(self._chance.choice(self._requests), time.perf_counter())
        else:
            self._end_if_idle()

    def _ask(self, request: bytes, due: float) -> None:
        self._under_way += 1
        self.idle.popleft().ask(request, due)

    def _end_if_idle(self) -> None:
        if self._last and not self._under_way and not self._waiting and not self._ended.done():
            self._ended.set_result(None)

    def failed(self, error: Exception | None) -> None:
        if not self._ended.done():
            self._ended.set_exception(error or ConnectionError("the server closed a connection"))

    async def run(self, host: str, port: int, most: int) -> Loaded:
        loop = asyncio.get_running_loop()
        for _ in range(most * _CONNECTIONS):
            await loop.create_connection(lambda: _Connection(self), host, port)
        began = time.perf_counter()
        self._until = began + self._seconds
        if self._rate:
            await self._at_a_rate(began, most)
        else:
            for _ in range(most):
                self._ask(self._chance.choice(self._requests), time.perf_counter())
        self._last = True
        self._end_if_idle()
        await self._ended
        spent = time.perf_counter() - began
        return Loaded(len(self._times) / spent, self._times, self._statuses)

    async def _at_a_rate(self, began: float, most: int) -> None:
        due = began
        while due < self._until:
            due += self._chance.expovariate(self._rate)
            if (wait := due - time.perf_counter()) > 0:
                await asyncio.sleep(wait)
            request = self._chance.choice(self._requests)
            if self._under_way < most:
                self._ask(request, due)
            else:
                self._waiting.append((request, due))


def load(host: str, port: int, requests: Sequence[bytes], most: int, seconds: float, rate: float = 0) -> Loaded:
    """Send requests (whole ones, as bytes) for a time, at most `N` at once.

    `rate` a second; 0: as many as there are answers to.
    """

    async def act() -> Loaded:
        return await _Load(requests, rate, seconds).run(host, port, most)

    return uvloop.run(act())


def get(path: str, key: str) -> bytes:
    """A request for a path."""
    return f"GET {path} HTTP/1.1\r\nHost: bench\r\nX-API-Key: {key}\r\nAccept: application/json\r\n\r\n".encode()
