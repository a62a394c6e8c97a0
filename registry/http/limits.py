"""How much one caller may ask: so many requests a minute, of known callers more than of anybody at one address.

Counted in each process by itself: a node with four of them lets through at most four times as much.
"""

import time
from collections.abc import Mapping
from typing import Any, Final

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter
from litestar.types import ASGIApp, Message, Receive, Send

from registry.http.access import ANYBODY, Caller
from registry.http.problems import HttpProblem

_FREE: Final = frozenset({"/health", "/ready"})


class Limited:
    """ASGI middleware, inside of who asks."""

    def __init__(self, app: ASGIApp, per_minute: int, per_minute_anybody: int) -> None:
        self._app = app
        self._limiter = FixedWindowRateLimiter(MemoryStorage())
        self._known = RateLimitItemPerMinute(per_minute)
        self._anybody = RateLimitItemPerMinute(per_minute_anybody)

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:  # noqa: ANN401 - of any kind, ASGI's own
        """Pass the request on, or refuse it with the time to wait."""
        if scope["type"] != "http" or scope["path"] in _FREE:
            await self._app(scope, receive, send)
            return
        caller: Caller = scope.get("user", ANYBODY)
        item, whose = (self._known, caller.name)
        if caller is ANYBODY:
            client = scope.get("client")
            item, whose = self._anybody, client[0] if client else "unknown"
        allowed = self._limiter.hit(item, whose)
        stats = self._limiter.get_window_stats(item, whose)
        wait = max(1, round(stats.reset_time - time.time()))
        told: Mapping[str, str] = {
            "RateLimit-Limit": str(item.amount),
            "RateLimit-Remaining": str(max(0, stats.remaining)),
            "RateLimit-Reset": str(wait),
        }
        if not allowed:
            raise HttpProblem("too-many-requests", headers={**told, "Retry-After": str(wait)})

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = list(message.get("headers", []))
                headers += [(name.lower().encode(), value.encode()) for name, value in told.items()]
                message["headers"] = headers
            await send(message)

        await self._app(scope, receive, sending)
