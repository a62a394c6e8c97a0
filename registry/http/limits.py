"""How much one caller may ask: so many requests a minute, of known callers more than of anybody at one address.

Counted in each process by itself: a node with four of them lets through at most four times as much.
"""

import time
from collections.abc import Mapping
from typing import Any, Final

from limits import RateLimitItemPerMinute
from limits.storage import Storage
from limits.strategies import FixedWindowRateLimiter
from litestar.types import ASGIApp, Message, Receive, Send

from registry.http.access import ANYBODY, Caller
from registry.http.problems import HttpProblem

_FREE: Final = frozenset({"/health", "/ready"})
_TIDY: Final = 60.0


class _Counts(Storage):
    """Counts in this process. The library's own starts a thread every few requests to find what has ended."""

    STORAGE_SCHEME = None
    base_exceptions = ()

    def __init__(self) -> None:
        super().__init__()
        self._counts: dict[str, tuple[float, int]] = {}
        self._tidied = time.time()

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count; from the start again where the window has ended."""
        now = time.time()
        if now - self._tidied > _TIDY:
            self._counts = {one: kept for one, kept in self._counts.items() if kept[0] > now}
            self._tidied = now
        end, count = self._counts.get(key, (0.0, 0))
        if end <= now:
            end, count = now + expiry, 0
        self._counts[key] = end, count + amount
        return count + amount

    def get(self, key: str) -> int:
        """How many in the window."""
        end, count = self._counts.get(key, (0.0, 0))
        return count if end > time.time() else 0

    def get_expiry(self, key: str) -> float:
        """When the window ends."""
        return self._counts.get(key, (time.time(), 0))[0]

    def check(self) -> bool:
        """It is always there."""
        return True

    def reset(self) -> int:
        """Forget all."""
        count = len(self._counts)
        self._counts.clear()
        return count

    def clear(self, key: str) -> None:
        """Forget one."""
        self._counts.pop(key, None)


class Limited:
    """ASGI middleware, inside of who asks."""

    def __init__(self, app: ASGIApp, per_minute: int, per_minute_anybody: int) -> None:
        self._app = app
        self._counts = _Counts()
        self._limiter = FixedWindowRateLimiter(self._counts)
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
        key = item.key_for(whose)  # the library's own question about a window makes it twice
        wait = max(1, round(self._counts.get_expiry(key) - time.time()))
        told: Mapping[str, str] = {
            "RateLimit-Limit": str(item.amount),
            "RateLimit-Remaining": str(max(0, item.amount - self._counts.get(key))),
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
