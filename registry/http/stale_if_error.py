"""What is public and was answered a while ago is answered again while the database is away, and says how old it is.

A verifier at a counter is helped by "active, as of this position, ten minutes ago"; whoever must know the newest sends
`Registry-Wait-For`, and is told to come again.
"""

import time
from collections import OrderedDict
from typing import Any, Final, NamedTuple

from litestar.types import ASGIApp, Message, Receive, Send

from registry.http.responses import WAIT_FOR

_MOST: Final = 1_000
_BYTES: Final = 64 * 1024
_SECONDS: Final = 3600.0
_ASKED_OTHERWISE: Final = frozenset({b"x-api-key", b"authorization", WAIT_FOR.lower().encode()})


class _Answer(NamedTuple):
    start: Message
    body: Message
    at: float


class StaleIfError:
    """ASGI middleware. StaleIfError are small answers to anybody, in this process."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._answers: OrderedDict[tuple[bytes, bytes, bytes], _Answer] = OrderedDict()

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:  # noqa: ANN401 - of any kind, ASGI's own
        """Pass a request on; where it cannot be answered just now, answer it as before."""
        if scope["type"] != "http" or scope["method"] != "GET" or not scope["path"].startswith("/v1/"):
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        if not _ASKED_OTHERWISE.isdisjoint(headers):
            await self._app(scope, receive, send)
            return
        asked = scope["raw_path"], scope["query_string"], headers.get(b"accept-encoding", b"")
        started: Message | None = None
        known: _Answer | None = None

        async def sending(message: Message) -> None:
            nonlocal started, known
            if message["type"] == "http.response.start":
                if message["status"] == 503 and (known := self._known(asked)) is not None:
                    await send(_aged(known))
                    return
                started = message if message["status"] == 200 else None
            elif known is not None:
                await send(_copy(known.body))
                return
            elif started is not None and message["type"] == "http.response.body":
                if not message.get("more_body") and len(message.get("body", b"")) <= _BYTES:
                    self._keep(asked, started, message)
                started = None
            await send(message)

        await self._app(scope, receive, sending)

    def _keep(self, asked: tuple[bytes, bytes, bytes], start: Message, body: Message) -> None:
        self._answers[asked] = _Answer(_copy(start), _copy(body), time.monotonic())
        self._answers.move_to_end(asked)
        if len(self._answers) > _MOST:
            self._answers.popitem(last=False)

    def _known(self, asked: tuple[bytes, bytes, bytes]) -> _Answer | None:
        found = self._answers.get(asked)
        return found if found is not None and time.monotonic() - found.at < _SECONDS else None


def _copy(message: Any) -> Any:  # noqa: ANN401 - ASGI messages, which those outside of here add to
    """A message of its own, with headers of its own."""
    return {name: list(value) if name == "headers" else value for name, value in message.items()}


def _aged(known: _Answer) -> Message:
    """The head again, with its age (RFC 9111) and why it is an old one (RFC 9211)."""
    age = str(round(time.monotonic() - known.at)).encode()
    start: Any = _copy(known.start)
    told = {b"ratelimit-limit", b"ratelimit-remaining", b"ratelimit-reset"}  # of then, not of now
    start["headers"] = [
        *((name, value) for name, value in start["headers"] if name.lower() not in told),
        (b"age", age),
        (b"cache-status", b'"registry"; hit; detail="database away"'),
    ]
    told_again: Message = start
    return told_again
