"""The page of metrics over HTTP: an ASGI application with one route."""

import asyncio
from collections.abc import Callable
from typing import Any, Final

import structlog

from registry.metrics.page import MEDIA_TYPE

_log = structlog.get_logger(__name__)
PATH: Final = "/metrics"


class MetricsApp:
    """Answers with the page. Requests that arrive while a page is made share it."""

    def __init__(self, make_page: Callable[[], bytes]) -> None:
        self._make_page = make_page
        self._making: asyncio.Future[bytes] | None = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 - ASGI's own types
        """Answer a request, or confirm that the application has started or ended."""
        if scope["type"] == "lifespan":
            await _confirm_lifespan(receive, send)
        elif scope["path"] != PATH:
            await _answer(send, 404, f"The metrics are at {PATH}.\n".encode())
        elif scope["method"] not in ("GET", "HEAD"):
            await _answer(send, 405, b"Use GET.\n", [(b"allow", b"GET, HEAD")])
        else:
            try:
                body = await self._page()
            except Exception:  # noqa: BLE001 - any error is logged, and the next scrape tries again
                _log.exception("metrics.failed")
                await _answer(send, 500, b"Internal error; see the node's log.\n")
            else:
                await _answer(send, 200, body, media_type=MEDIA_TYPE, empty=scope["method"] == "HEAD")

    async def _page(self) -> bytes:
        if self._making is None or self._making.done():
            self._making = asyncio.get_running_loop().run_in_executor(None, self._make_page)
        return await asyncio.shield(self._making)


async def _confirm_lifespan(receive: Any, send: Any) -> None:  # noqa: ANN401 - ASGI's own types
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


async def _answer(
    send: Any,  # noqa: ANN401 - ASGI's own type
    status: int,
    body: bytes,
    headers: list[tuple[bytes, bytes]] | None = None,
    *,
    media_type: str = "text/plain; charset=utf-8",
    empty: bool = False,
) -> None:
    sent = [
        (b"content-type", media_type.encode()),
        (b"content-length", b"%d" % len(body)),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
        *(headers or []),
    ]
    await send({"type": "http.response.start", "status": status, "headers": sent})
    await send({"type": "http.response.body", "body": b"" if empty else body})
