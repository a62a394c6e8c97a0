"""The limit on a client's requests a minute: higher for callers with a key or token than for anybody else.

Each process counts by itself: a node with four processes lets through up to four times as many.
"""

import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from litestar.types import ASGIApp, Message, Receive, Send

from registry.http.access import ANYBODY, Caller
from registry.http.clients import client_of
from registry.http.per_minute import PerMinute
from registry.http.problems import HttpProblem

_UNLIMITED_PATHS: Final = frozenset({"/health", "/ready"})


class RateLimit:
    """ASGI middleware, inside of `Authenticated`."""

    def __init__(
        self,
        app: ASGIApp,
        per_minute: int,
        per_minute_anybody: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._app = app
        self._known = PerMinute(per_minute, clock)
        self._anybody = PerMinute(per_minute_anybody, clock)

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:  # noqa: ANN401 - of any kind, ASGI's own
        """Pass the request on, or refuse it and say how long to wait."""
        if scope["type"] != "http" or scope["path"] in _UNLIMITED_PATHS:
            await self._app(scope, receive, send)
            return
        caller: Caller = scope.get("user", ANYBODY)
        counts, client = (self._anybody, client_of(scope)) if caller is ANYBODY else (self._known, caller.name)
        allowed = counts.add(client)
        wait = str(counts.seconds_left(client))
        headers: Mapping[str, str] = {
            "RateLimit-Limit": str(counts.most),
            "RateLimit-Remaining": str(counts.remaining(client)),
            "RateLimit-Reset": wait,
        }
        if not allowed:
            raise HttpProblem("too-many-requests", headers={**headers, "Retry-After": wait})

        async def send_with_limits(message: Message) -> None:
            if message["type"] == "http.response.start":
                all_headers = list(message.get("headers", []))
                all_headers += [(name.lower().encode(), value.encode()) for name, value in headers.items()]
                message["headers"] = all_headers
            await send(message)

        await self._app(scope, receive, send_with_limits)
