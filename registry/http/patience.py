"""How long a client may take, and how much it may say before it asks: what the server itself sets no limit to.

A connection that stays in the middle of its headers, or sends a small body a byte at a time, holds a place that others
need. Bodies of any length have a patience of their own, where they are read.
"""

import asyncio
from collections.abc import Collection
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEADER_BYTES: Final = 64 * 1024
OPEN_ENDED: Final[Collection[str]] = ("/v1/batches",)
"""Paths whose bodies may take as long as something comes."""

_AFTER_BYTES: Final = 16 * 1024 * 1024
"""How much of a body is passed over after it was answered, so that the client gets to read the answer."""
_LOOKS: Final = 10
"""How often it is looked whether what is waited for has come. A timer for each request, or a look at the clock, would
cost more than all else that is done here; a client that is too slow is ended a tenth of its time later at most."""
_TOO_SLOW: Final = b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
_TOO_MUCH: Final = b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"


class Patient(HttpToolsProtocol):
    """One connection to the server."""

    seconds = 30.0
    """For all headers of a request, from the connection or the request's first byte on; twice that for its body."""

    def __init__(self, *arguments: Any, **more: Any) -> None:  # noqa: ANN401 - the server's own
        super().__init__(*arguments, **more)
        self._timer: asyncio.TimerHandle | None = None
        self._looks = 0
        """How many more times it is looked at what is waited for; 0 while nothing is."""
        self._heads = 0
        """Bytes of the headers that are being read; -1 outside of headers."""
        self._after = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as the server has it
        """Somebody connected."""
        super().connection_made(transport)
        self._wait(_LOOKS)

    def connection_lost(self, exc: Exception | None) -> None:
        """It is over."""
        self._forget()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Something came."""
        if self._heads >= 0:
            self._heads += len(data)
        super().data_received(data)
        if self._heads > HEADER_BYTES and not self.transport.is_closing():
            self._end(_TOO_MUCH)

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        if self._heads < 0:  # not the connection's first, which has been waited for
            self._heads = 0
            self._wait(_LOOKS)

    def on_headers_complete(self) -> None:
        """Its headers are there."""
        self._heads = -1
        super().on_headers_complete()
        if self.scope["path"] in OPEN_ENDED:
            self._looks = 0
        else:
            self._wait(2 * _LOOKS)

    def on_body(self, body: bytes) -> None:
        """A piece of its body; what follows an answer, as to a body that is too large, is not read for ever."""
        if self.cycle.response_complete:
            self._after += len(body)
            if self._after > _AFTER_BYTES:
                self._end(b"")
        super().on_body(body)

    def on_message_complete(self) -> None:
        """All of it is there."""
        self._looks = 0
        super().on_message_complete()

    def _wait(self, looks: int) -> None:
        self._looks = looks + 1
        if self._timer is None:
            self._look_later()

    def _look_later(self) -> None:
        self._timer = self.loop.call_later(self.seconds / _LOOKS, self._look)

    def _look(self) -> None:
        self._timer = None
        if self._looks == 1:
            self._end(_TOO_SLOW)
        elif self._looks:
            self._looks -= 1
            self._look_later()

    def _forget(self) -> None:
        self._looks = 0
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _end(self, answer: bytes) -> None:
        self._forget()
        if not self.transport.is_closing():
            self.transport.write(answer)
            self.transport.close()


def patient(seconds: float) -> type[Patient]:
    """A protocol for the server with this patience."""
    return type("Patient", (Patient,), {"seconds": seconds})
