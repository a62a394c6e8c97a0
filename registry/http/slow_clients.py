"""Slow and silent clients: how long one may take, how much it may say before it asks, how many connections it may have.

What the server itself sets no limit to. A connection that stays in the middle of its headers, or sends a small body a
byte at a time, holds a place that others need. Bodies of any length have a patience of their own, where they are read.
"""

import asyncio
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final
from uuid import uuid4

import msgspec
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from registry.http.clients import network_of
from registry.http.connections import Connections
from registry.http.problems import MEDIA_TYPE, HttpProblem
from registry.http.start_queue import StartQueue

HEADER_BYTES: Final = 64 * 1024
OPEN_ENDED: Final = "/v1/batches"
"""The path, behind whatever base path, whose body may take as long as something comes."""

_AFTER_BYTES: Final = 16 * 1024 * 1024
"""How much of a body is passed over after it was answered, so that the client gets to read the answer."""
_LOOKS: Final = 10
"""How often it is looked whether what is waited for has come. A timer for each request, or a look at the clock, would
cost more than all else that is done here; a client that is too slow is ended a tenth of its time later at most."""
MAX_PIPELINED: Final = 32
"""Requests that one connection may send before the one in front of them is answered."""
_REFUSAL_SECONDS: Final = 1.0
"""How long a connection that is refused may take to send its request, which it then finds answered."""
_RETRY_SECONDS: Final = "5"
_TOO_LARGE: Final = 413


class TimeoutProtocol(HttpToolsProtocol):
    """One connection to the server."""

    seconds = 30.0
    """For all headers of a request, from the connection or the request's first byte on; twice that for its body, and
    for reading what is sent in answer."""
    all_connections: Connections
    """Of this process."""
    starts: StartQueue | None = None
    """Of this process; made with the first connection, when its event loop runs."""
    base_path = ""
    """What stands before the types of problems."""

    def __init__(self, *arguments: Any, **more: Any) -> None:  # noqa: ANN401 - the server's own
        super().__init__(*arguments, **more)
        self._timer: asyncio.TimerHandle | None = None
        self._looks = 0
        """How many more times it is looked at what is waited for; 0 while nothing is."""
        self._heads = 0
        """Bytes of the headers that are being read; -1 outside of headers."""
        self._unanswered = False
        """Whether a request's headers have come and its answer has not gone."""
        self._after = 0
        self._ends_after_body = False
        self._unread: asyncio.TimerHandle | None = None
        """Ends the connection of a client that does not read."""
        self._running: Any = None
        """The request that is being answered, where the server knows only the one that came last."""
        self._refusal: str | None = None
        self._refusal_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as the server has it
        """Somebody connected."""
        super().connection_made(transport)
        if type(self).starts is None:
            type(self).starts = StartQueue(self.loop.call_soon)
        self._refusal = self.all_connections.open(self, self.client[0] if self.client else "unknown")
        if self._refusal is None:
            self._wait(_LOOKS)
        elif self.all_connections.linger(self):
            self._refusal_timer = self.loop.call_later(_REFUSAL_SECONDS, self._end, self._refusal)
        else:
            self._end(self._refusal)

    def connection_lost(self, exc: Exception | None) -> None:
        """It is over."""
        self._forget()
        self.all_connections.close(self)
        self.pipeline.clear()
        if self._running is not None and not self._running.response_complete:
            self._running.disconnected = True  # or what is sent to who has gone would be an error in the log
            self._running.message_event.set()
        super().connection_lost(exc)

    def give_way(self) -> None:
        """Close: it has waited longest, and others come. Only who has begun to ask, and reads, is told."""
        if self.transport.get_write_buffer_size() or self.transport.is_closing():
            self.transport.abort()  # what is closed in peace waits until all was read
            return
        self._end("busy" if self._heads > 0 or self._unanswered else None)

    def data_received(self, data: bytes) -> None:
        """Something came."""
        if self._refusal is not None:
            self._end(self._refusal)
            return
        if self._heads >= 0:
            self._heads += len(data)
        super().data_received(data)
        if self._heads > HEADER_BYTES and not self.transport.is_closing():
            self._end("headers-too-large")

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP request."""
        self._end("invalid", msg)

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        if self._heads < 0:  # not the connection's first, which has been waited for
            self._heads = 0
            self._wait(_LOOKS)

    def on_headers_complete(self) -> None:
        """Its headers are there."""
        self._look_at_headers()
        self._heads = -1
        super().on_headers_complete()
        self._unanswered = True
        if self.parser.should_upgrade():  # to what we do not speak: it is answered, and the parser reads no further
            self.cycle.keep_alive = False
        if self.scope["path"].endswith(OPEN_ENDED):
            self._looks = 0
            self.all_connections.serve(self)
        else:
            self._wait(2 * _LOOKS)

    def _look_at_headers(self) -> None:
        """Refuse headers that are too large although they came at once, and what names no host, or two.

        Refused are also WebSockets, and requests behind too many others that wait for their answers.
        About whom a request with two hosts is for, proxies and servers disagree.
        """
        hosts = sum(name == b"host" for name, _ in self.headers)
        if len(self.pipeline) >= MAX_PIPELINED:
            self._end(None)
        elif self._get_upgrade() == b"websocket":
            self._end("invalid", "there are no WebSockets here; leave out Upgrade")
        elif hosts > 1 or (hosts == 0 and self.parser.get_http_version() == "1.1"):
            self._end("invalid", "a request has exactly one Host header (RFC 9112)")
        elif self._heads > HEADER_BYTES:
            size = len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)
            if size > HEADER_BYTES:
                self._end("headers-too-large")
        if self.transport.is_closing():
            raise ValueError("this request was refused")  # so that the parser reads no further

    def on_body(self, body: bytes) -> None:
        """A piece of its body; what follows an answer, as to a body that is too large, is not read for ever."""
        if self.cycle.response_complete:
            self._after += len(body)
            if self._after > _AFTER_BYTES:
                self._end(None)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """All of it is there."""
        self._looks = 0
        self.all_connections.serve(self)
        super().on_message_complete()
        if self._ends_after_body:
            self._end(None)

    def _start_asgi_task(self, cycle: Any, app: Any) -> None:  # noqa: ANN401 - the server's own
        """Begin to answer a request when it is its client's turn, unless the client has gone by then."""
        self._running = cycle
        start = super()._start_asgi_task

        async def answered(scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 - ASGI's own
            async def sending(message: Any) -> None:  # noqa: ANN401 - ASGI's own
                if message["type"] == "http.response.start" and message["status"] == _TOO_LARGE and cycle.more_body:
                    message["headers"] = [*message.get("headers", ()), (b"connection", b"close")]
                    cycle.transport = _ClosedAfterBody(self.transport, self._end_after_body)
                await send(message)

            try:
                await app(scope, receive, sending)
            except asyncio.CancelledError:
                # Nothing else cancels it: the server ends, and this answer took longer than it waits.
                self._end(None if cycle.response_started else "unavailable", "the node is ending")
                cycle.disconnected = True  # so that the server does not report where in the code each of them was

        def begin() -> None:
            if not self.transport.is_closing():
                start(cycle, answered)

        if self.starts is None:
            raise RuntimeError("a request came before any connection was made")
        self.starts.add(network_of(self.client[0]) if self.client else "unknown", begin)

    def on_response_complete(self) -> None:
        """It was answered."""
        if self.transport.is_closing():
            self._await_reading()
        self._unanswered = bool(self.pipeline)
        if not self._unanswered and not self.transport.is_closing():
            self.all_connections.wait(self)
        super().on_response_complete()

    def pause_writing(self) -> None:
        """The client reads more slowly than it is answered."""
        super().pause_writing()
        self.all_connections.stop_reading(self)
        self._await_reading()

    def _await_reading(self) -> None:
        if self._unread is None:
            self._unread = self.loop.call_later(2 * self.seconds, self.transport.abort)

    def resume_writing(self) -> None:
        """The client has read on."""
        super().resume_writing()
        self.all_connections.read_on(self)
        if self._unread is not None and not self.transport.is_closing():
            self._unread.cancel()
            self._unread = None

    def _end_after_body(self) -> None:
        """End when the body has come: who still sends when the connection ends may not get to read the answer."""
        if self.cycle.more_body:
            self._ends_after_body = True
            self._wait(2 * _LOOKS)
        else:
            self._end(None)

    def timeout_keep_alive_handler(self) -> None:
        """Nothing more was asked for a while."""
        self._end(None)

    def _wait(self, looks: int) -> None:
        self._looks = looks + 1
        if self._timer is None:
            self._look_later()

    def _look_later(self) -> None:
        self._timer = self.loop.call_later(self.seconds / _LOOKS, self._look)

    def _look(self) -> None:
        self._timer = None
        if self._looks == 1:
            self._end(None if self._ends_after_body else "too-slow")
        elif self._looks:
            self._looks -= 1
            self._look_later()

    def _forget(self) -> None:
        self._looks = 0
        for timer in (self._timer, self._unread, self._refusal_timer):
            if timer is not None:
                timer.cancel()
        self._timer = self._unread = self._refusal_timer = None

    def _end(self, problem: str | None, detail: str = "") -> None:
        """End the connection, with a problem of this type if any."""
        if self.transport.is_closing():
            return
        self._forget()
        if problem is not None:
            self.transport.write(_answer(HttpProblem(problem, detail), self.base_path))
        self.transport.close()
        self._await_reading()


class _ClosedAfterBody:
    """What a request is answered with whose body is too large, and is still coming."""

    def __init__(self, transport: asyncio.Transport, close: Callable[[], None]) -> None:
        self.write, self.is_closing, self.close = transport.write, transport.is_closing, close


def _answer(problem: HttpProblem, base_path: str) -> bytes:
    """A problem document as the server sends it by itself, before or without any request."""
    instance = f"urn:uuid:{uuid4()}"
    body = msgspec.json.encode(problem.document(instance, base_path))
    lines = [
        f"HTTP/1.1 {problem.status} {HTTPStatus(problem.status).phrase}",
        f"content-type: {MEDIA_TYPE}",
        f"content-length: {len(body)}",
        f"x-request-id: {instance}",
        "cache-control: no-store",
        "x-content-type-options: nosniff",
        "connection: close",
        *([f"retry-after: {_RETRY_SECONDS}"] if problem.status in (429, 503) else []),
    ]
    return "\r\n".join([*lines, "", ""]).encode() + body


def timeout_protocol(seconds: float, connections: Connections, base_path: str = "") -> type[TimeoutProtocol]:
    """A protocol for one process's server, with this patience and these connections."""
    own = {"seconds": seconds, "all_connections": connections, "base_path": base_path, "starts": None}
    return type("TimeoutProtocol", (TimeoutProtocol,), own)
