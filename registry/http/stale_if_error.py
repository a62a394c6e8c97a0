"""Serve stale public answers while the database is unavailable (stale-if-error, RFC 5861).

"Active, as of this position, ten minutes ago" helps a verifier at a counter. A client that needs the newest state sends
`Registry-Wait-For` and gets the 503.
"""

import time
from collections import OrderedDict
from typing import Any, Final, NamedTuple

from litestar.types import ASGIApp, Message, Receive, Send

from registry.http.responses import WAIT_FOR

_MAX_ANSWERS: Final = 1_000
_MAX_BYTES: Final = 64 * 1024
_MAX_AGE_SECONDS: Final = 3600.0
_NOT_CACHED: Final = frozenset({b"x-api-key", b"authorization", WAIT_FOR.lower().encode()})


class _CachedAnswer(NamedTuple):
    start: Message
    body: Message
    cached_at: float


_Key = tuple[bytes, bytes, bytes]
"""The path, query and `Accept-Encoding` of a request."""


class StaleIfError:
    """ASGI middleware that caches small public answers in this process, for use while the database is away."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._answers: OrderedDict[_Key, _CachedAnswer] = OrderedDict()

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:  # noqa: ANN401 - of any kind, ASGI's own
        """Pass a request on; if the answer is a 503, send the cached answer instead, if there is one."""
        if scope["type"] != "http" or scope["method"] != "GET" or not scope["path"].startswith("/v1/"):
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        if not _NOT_CACHED.isdisjoint(headers):
            await self._app(scope, receive, send)
            return
        key = scope["raw_path"], scope["query_string"], headers.get(b"accept-encoding", b"")
        started: Message | None = None
        cached: _CachedAnswer | None = None

        async def send_or_replace(message: Message) -> None:
            nonlocal started, cached
            if message["type"] == "http.response.start":
                if message["status"] == 503 and (cached := self._find(key)) is not None:
                    await send(_stale_start(cached))
                    return
                started = message if message["status"] == 200 else None
            elif cached is not None:
                await send(_copy(cached.body))
                return
            elif started is not None and message["type"] == "http.response.body":
                if not message.get("more_body") and len(message.get("body", b"")) <= _MAX_BYTES:
                    self._store(key, started, message)
                started = None
            await send(message)

        await self._app(scope, receive, send_or_replace)

    def _store(self, key: _Key, start: Message, body: Message) -> None:
        self._answers[key] = _CachedAnswer(_copy(start), _copy(body), time.monotonic())
        self._answers.move_to_end(key)
        if len(self._answers) > _MAX_ANSWERS:
            self._answers.popitem(last=False)

    def _find(self, key: _Key) -> _CachedAnswer | None:
        answer = self._answers.get(key)
        is_usable = answer is not None and time.monotonic() - answer.cached_at < _MAX_AGE_SECONDS
        return answer if is_usable else None


def _copy(message: Any) -> Any:  # noqa: ANN401 - ASGI messages, to which outer middleware adds headers
    """Return a copy of a message with a copy of its headers."""
    return {name: list(value) if name == "headers" else value for name, value in message.items()}


def _stale_start(cached: _CachedAnswer) -> Message:
    """Return the start of a cached answer with its age (RFC 9111) and the reason for its use (RFC 9211)."""
    age = str(round(time.monotonic() - cached.cached_at)).encode()
    start: Any = _copy(cached.start)
    outdated = {b"ratelimit-limit", b"ratelimit-remaining", b"ratelimit-reset"}
    start["headers"] = [
        *((name, value) for name, value in start["headers"] if name.lower() not in outdated),
        (b"age", age),
        (b"cache-status", b'"registry"; hit; detail="database away"'),
    ]
    message: Message = start
    return message
