"""Timeouts and header limits for slow clients, which uvicorn does not enforce, and the limits on connections.

A connection that stops in the middle of its headers, or sends a small body byte by byte, occupies a place that others
need. Bodies of unlimited length have their own timeout in the code that reads them.
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
"""The path, after any base path, whose body may take any time as long as bytes arrive."""

_MAX_DISCARDED_BYTES: Final = 16 * 1024 * 1024
"""Limit on the bytes of a body that are discarded after its answer, so that the client gets to read the answer."""
_TICKS: Final = 10
"""Ticks of the timer in the time that a client has. Setting a timer for each request, or reading the clock, would cost
more than the rest of this module; with ticks a slow client is disconnected up to a tenth of its time late."""
MAX_PIPELINED: Final = 32
"""Requests that one connection may send ahead of the answer to the first."""
_REFUSAL_SECONDS: Final = 1.0
"""Time that a refused connection may take to send its request, which then gets the refusal as its answer."""
_RETRY_SECONDS: Final = "5"
_TOO_LARGE: Final = 413


class TimeoutProtocol(HttpToolsProtocol):
    """One connection to the server."""

    seconds = 30.0
    """For the headers of a request, counted from the connection or the request's first byte; twice that for its body,
    and for reading the answer."""
    all_connections: Connections
    """The connections of this process."""
    starts: StartQueue | None = None
    """The queue of this process; created with the first connection, when the event loop runs."""
    base_path = ""
    """The path in front of problem types."""

    def __init__(self, *arguments: Any, **more: Any) -> None:  # noqa: ANN401 - the server's own
        super().__init__(*arguments, **more)
        self._timer: asyncio.TimerHandle | None = None
        self._ticks_left = 0
        """Ticks until the connection is closed; 0 while nothing is awaited."""
        self._header_bytes = 0
        """Bytes of the headers that are being read; -1 outside of headers."""
        self._unanswered = False
        """True from a request's headers until its answer was sent."""
        self._discarded_bytes = 0
        self._ends_after_body = False
        self._unread: asyncio.TimerHandle | None = None
        """Closes the connection of a client that does not read."""
        self._running: Any = None
        """The request that is being answered; the server's `cycle` is the newest one."""
        self._refusal: str | None = None
        self._refusal_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as the server has it
        """Register the connection, or refuse it."""
        super().connection_made(transport)
        if type(self).starts is None:
            type(self).starts = StartQueue(self.loop.call_soon)
        self._refusal = self.all_connections.open(self, self.client[0] if self.client else "unknown")
        if self._refusal is None:
            self._wait(_TICKS)
        elif self.all_connections.linger(self):
            self._refusal_timer = self.loop.call_later(_REFUSAL_SECONDS, self._end, self._refusal)
        else:
            self._end(self._refusal)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection, and tell the running request."""
        self._cancel_timers()
        self.all_connections.close(self)
        self.pipeline.clear()
        if self._running is not None and not self._running.response_complete:
            self._running.disconnected = True  # otherwise sending to the closed connection would be logged as an error
            self._running.message_event.set()
        super().connection_lost(exc)

    def give_way(self) -> None:
        """Close, since other clients need the place. A client that has begun a request, and reads, gets a 503."""
        if self.transport.get_write_buffer_size() or self.transport.is_closing():
            self.transport.abort()  # `close` would wait until the client has read everything
            return
        self._end("busy" if self._header_bytes > 0 or self._unanswered else None)

    def data_received(self, data: bytes) -> None:
        """Count the bytes of headers, and refuse headers that are too large."""
        if self._refusal is not None:
            self._end(self._refusal)
            return
        if self._header_bytes >= 0:
            self._header_bytes += len(data)
        super().data_received(data)
        if self._header_bytes > HEADER_BYTES and not self.transport.is_closing():
            self._end("headers-too-large")

    def send_400_response(self, msg: str) -> None:
        """Answer bytes that are not an HTTP request."""
        self._end("invalid", msg)

    def on_message_begin(self) -> None:
        """Start the timer for a request's headers."""
        super().on_message_begin()
        if self._header_bytes < 0:  # the timer for a connection's first request runs already
            self._header_bytes = 0
            self._wait(_TICKS)

    def on_headers_complete(self) -> None:
        """Check a request's headers, and start the timer for its body."""
        self._check_headers()
        self._header_bytes = -1
        super().on_headers_complete()
        self._unanswered = True
        if self.parser.should_upgrade():  # to an unsupported protocol: answer, and read no further
            self.cycle.keep_alive = False
        if self.scope["path"].endswith(OPEN_ENDED):
            self._ticks_left = 0
            self.all_connections.serve(self)
        else:
            self._wait(2 * _TICKS)

    def _check_headers(self) -> None:
        """Refuse headers that arrived at once and are too large, and requests without exactly one host.

        Also refuses WebSockets, and a request when too many before it wait for their answers. Proxies and servers
        disagree about the target of a request with two hosts.
        """
        hosts = sum(name == b"host" for name, _ in self.headers)
        if len(self.pipeline) >= MAX_PIPELINED:
            self._end(None)
        elif self._get_upgrade() == b"websocket":
            self._end("invalid", "this node has no WebSockets; leave out Upgrade")
        elif hosts > 1 or (hosts == 0 and self.parser.get_http_version() == "1.1"):
            self._end("invalid", "a request has exactly one Host header (RFC 9112)")
        elif self._header_bytes > HEADER_BYTES:
            size = len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)
            if size > HEADER_BYTES:
                self._end("headers-too-large")
        if self.transport.is_closing():
            raise ValueError("this request was refused")  # stops the parser

    def on_body(self, body: bytes) -> None:
        """Receive a piece of the body. After the answer the rest is discarded, up to `_MAX_DISCARDED_BYTES`."""
        if self.cycle.response_complete:
            self._discarded_bytes += len(body)
            if self._discarded_bytes > _MAX_DISCARDED_BYTES:
                self._end(None)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Stop the timer: the whole request has arrived."""
        self._ticks_left = 0
        self.all_connections.serve(self)
        super().on_message_complete()
        if self._ends_after_body:
            self._end(None)

    def _start_asgi_task(self, cycle: Any, app: Any) -> None:  # noqa: ANN401 - the server's own
        """Start the request at its client's turn, unless the client has disconnected by then."""
        self._running = cycle
        start = super()._start_asgi_task

        async def run_app(scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 - ASGI's own
            async def send_and_close(message: Any) -> None:  # noqa: ANN401 - ASGI's own
                if message["type"] == "http.response.start" and message["status"] == _TOO_LARGE and cycle.more_body:
                    message["headers"] = [*message.get("headers", ()), (b"connection", b"close")]
                    cycle.transport = _ClosedAfterBody(self.transport, self._end_after_body)
                await send(message)

            try:
                await app(scope, receive, send_and_close)
            except asyncio.CancelledError:
                # The only cause is that the server ends, and this request takes longer than the server waits.
                self._end(None if cycle.response_started else "unavailable", "the node is ending")
                cycle.disconnected = True  # keeps the server from logging a traceback for each such request

        def begin() -> None:
            if not self.transport.is_closing():
                start(cycle, run_app)

        if self.starts is None:
            raise RuntimeError("a request arrived before any connection was made")
        self.starts.add(network_of(self.client[0]) if self.client else "unknown", begin)

    def on_response_complete(self) -> None:
        """Note that the request was answered: the connection waits again."""
        if self.transport.is_closing():
            self._await_reading()
        self._unanswered = bool(self.pipeline)
        if not self._unanswered and not self.transport.is_closing():
            self.all_connections.wait(self)
        super().on_response_complete()

    def pause_writing(self) -> None:
        """Note that the client reads more slowly than the server writes."""
        super().pause_writing()
        self.all_connections.stop_reading(self)
        self._await_reading()

    def _await_reading(self) -> None:
        if self._unread is None:
            self._unread = self.loop.call_later(2 * self.seconds, self.transport.abort)

    def resume_writing(self) -> None:
        """Note that the client has read on."""
        super().resume_writing()
        self.all_connections.read_on(self)
        if self._unread is not None and not self.transport.is_closing():
            self._unread.cancel()
            self._unread = None

    def _end_after_body(self) -> None:
        """Close after the body: a client that still sends when its connection closes may not get to read the answer."""
        if self.cycle.more_body:
            self._ends_after_body = True
            self._wait(2 * _TICKS)
        else:
            self._end(None)

    def timeout_keep_alive_handler(self) -> None:
        """Close an idle connection."""
        self._end(None)

    def _wait(self, ticks: int) -> None:
        self._ticks_left = ticks + 1
        if self._timer is None:
            self._start_timer()

    def _start_timer(self) -> None:
        self._timer = self.loop.call_later(self.seconds / _TICKS, self._tick)

    def _tick(self) -> None:
        self._timer = None
        if self._ticks_left == 1:
            self._end(None if self._ends_after_body else "too-slow")
        elif self._ticks_left:
            self._ticks_left -= 1
            self._start_timer()

    def _cancel_timers(self) -> None:
        self._ticks_left = 0
        for timer in (self._timer, self._unread, self._refusal_timer):
            if timer is not None:
                timer.cancel()
        self._timer = self._unread = self._refusal_timer = None

    def _end(self, problem: str | None, detail: str = "") -> None:
        """Close the connection, after an answer with a problem of this type if there is one."""
        if self.transport.is_closing():
            return
        self._cancel_timers()
        if problem is not None:
            self.transport.write(_answer(HttpProblem(problem, detail), self.base_path))
        self.transport.close()
        self._await_reading()


class _ClosedAfterBody:
    """A transport that closes only after the body: for the answer to a body that is too large and still arriving."""

    def __init__(self, transport: asyncio.Transport, close: Callable[[], None]) -> None:
        self.write, self.is_closing, self.close = transport.write, transport.is_closing, close


def _answer(problem: HttpProblem, base_path: str) -> bytes:
    """Return an answer with a problem document, sent before or without any request."""
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
    """Return the protocol of one process's server, with these timeouts and connections."""
    own = {"seconds": seconds, "all_connections": connections, "base_path": base_path, "starts": None}
    return type("TimeoutProtocol", (TimeoutProtocol,), own)
