"""Public pages while the database is away: the last ones of this process, with their age (stale-if-error, RFC 5861).

Only pages for everybody are cached, without a session and without a form: `caching` has what those say of caches.
Verification is not among them: it says by itself that it cannot tell at the moment.
"""

import re
import secrets
import time
import zlib
from collections import OrderedDict
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from litestar import Request
from litestar.types import ASGIApp, Message, Receive, Send

from registry.accounts.site import Site
from registry.server.pages.caching import ASK_FIRST, VERIFICATION, shared_cache_control
from registry.server.pages.languages import language_of
from registry.server.pages.paths import is_page
from registry.server.pages.templates import environment
from registry.server.pages.themes import theme_of

_MAX_PAGES: Final = 300
_MAX_BYTES: Final = 128 * 1024
"""The largest page that is cached, as it is sent."""
_MAX_HTML_BYTES: Final = 1024 * 1024
_MAX_AGE_SECONDS: Final = 3600.0
_NOT_CACHED: Final = frozenset({b"x-api-key", b"authorization", b"hx-request", b"hx-target"})
_NOT_SENT_AGAIN: Final = frozenset(
    {b"content-length", b"content-encoding", b"etag", b"ratelimit-limit", b"ratelimit-remaining", b"ratelimit-reset"}
)
_NONCE: Final = re.compile(rb"'nonce-([\w-]+)'")
_MAIN: Final = re.compile(rb'<main id="main"[^>]*>')

_Key = tuple[bytes, bytes, str, str, bool]
"""The path, query, language and theme of a page, and whether it is compressed."""


class _CachedPage(NamedTuple):
    start: Message
    body: bytes
    made_at: datetime
    cached_at: float


class StalePages:
    """ASGI middleware around the pages that sends the last page again when a page cannot be made."""

    def __init__(self, app: ASGIApp, site: Site, shared_cache_seconds: int = 0) -> None:
        """`shared_cache_seconds` is the time for which a proxy may store a page for everybody."""
        self._app = app
        self._site = site
        self._cacheable = frozenset({ASK_FIRST.encode(), shared_cache_control(shared_cache_seconds).encode()})
        self._pages: OrderedDict[_Key, _CachedPage] = OrderedDict()

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:  # noqa: ANN401 - of any kind, ASGI's own
        """Pass a request on; if the answer is a 503 and the page was sent before, send that with its age."""
        key = self._key(scope)
        if key is None:
            await self._app(scope, receive, send)
            return
        start: Message | None = None
        is_replaced = False

        async def send_or_replace(message: Message) -> None:
            nonlocal start, is_replaced
            if message["type"] == "http.response.start":
                if message["status"] == 503 and (page := self._find(key)) is not None:
                    is_replaced = True
                    await _send_again(page, Request(scope), send)
                    return
                # a copy: outer middleware adds its headers to the message that is sent
                start = {**message, "headers": list(message["headers"])} if self._is_cacheable(message) else None
            elif is_replaced:
                return
            elif start is not None and message["type"] == "http.response.body":
                if not message.get("more_body") and len(message.get("body", b"")) <= _MAX_BYTES:
                    self._store(key, start, message.get("body", b""))
                start = None
            await send(message)

        await self._app(scope, receive, send_or_replace)

    def _key(self, scope: Any) -> _Key | None:  # noqa: ANN401 - an ASGI scope
        if scope["type"] != "http" or scope["method"] != "GET" or not is_page(scope["path"]):
            return None
        if scope["path"].startswith(VERIFICATION):
            return None
        headers = dict(scope["headers"])
        if not _NOT_CACHED.isdisjoint(headers) or b"text/html" not in headers.get(b"accept", b""):
            return None
        request: Request[Any, Any, Any] = Request(scope)
        if self._site.session_cookie in request.cookies:
            return None
        is_compressed = b"gzip" in headers.get(b"accept-encoding", b"")
        return scope["raw_path"], scope["query_string"], language_of(request), theme_of(request), is_compressed

    def _is_cacheable(self, start: Any) -> bool:  # noqa: ANN401 - an ASGI message
        headers = {name.lower(): value for name, value in start["headers"]}
        return (
            start["status"] == 200
            and headers.get(b"content-type", b"").startswith(b"text/html")
            and headers.get(b"cache-control") in self._cacheable
            and b"set-cookie" not in headers
        )

    def _store(self, key: _Key, start: Message, body: bytes) -> None:
        self._pages[key] = _CachedPage(start, body, datetime.now(UTC), time.monotonic())
        self._pages.move_to_end(key)
        if len(self._pages) > _MAX_PAGES:
            self._pages.popitem(last=False)

    def _find(self, key: _Key) -> _CachedPage | None:
        page = self._pages.get(key)
        return page if page is not None and time.monotonic() - page.cached_at < _MAX_AGE_SECONDS else None


async def _send_again(page: _CachedPage, request: Request[Any, Any, Any], send: Send) -> None:
    """Send a page with a notice of its age at the top, uncompressed."""
    start: Any = page.start
    compressed = any(name.lower() == b"content-encoding" for name, _ in start["headers"])
    html = _decompress(page.body) if compressed else page.body
    templates = environment(language_of(request))
    notice = templates.get_template("stale_notice.html").render(made_at=page.made_at)
    body = _MAIN.sub(lambda main: main[0] + notice.encode(), html, count=1)
    headers = [(name.lower(), value) for name, value in start["headers"] if name.lower() not in _NOT_SENT_AGAIN]
    if match := _NONCE.search(dict(headers).get(b"content-security-policy", b"")):
        fresh = secrets.token_urlsafe(16).encode()  # nobody may know the nonce of a page before it is sent
        body = body.replace(match[1], fresh)
        headers = [(name, value.replace(match[1], fresh)) for name, value in headers]
    headers += [
        (b"content-length", b"%d" % len(body)),
        (b"age", b"%d" % round(time.monotonic() - page.cached_at)),
        (b"cache-status", b'"registry"; hit; detail="database away"'),
    ]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})


def _decompress(body: bytes) -> bytes:
    return zlib.decompressobj(16 + zlib.MAX_WBITS).decompress(body, _MAX_HTML_BYTES)
