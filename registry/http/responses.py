"""What is the same about every answer: its position on the log, its tag, its security headers, its line in the log.

The access log names the route, never the path: ids of learners and credentials stand in paths, and a log of who was
looked up when would be a record about people.
"""

import hashlib
import re
import time
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar
from uuid import uuid4

import msgspec
import structlog
from litestar import MediaType, Response
from litestar.response.base import ASGIResponse
from litestar.serialization import default_serializer
from litestar.types import ASGIApp, Message, Receive, Send

from registry.http.disconnects import RECEIVE
from registry.http.forwarded import base_path_of

_log = structlog.get_logger(__name__)
_REQUEST_ID: Final = re.compile(rb"[A-Za-z0-9._-]{1,64}")
POSITION: Final = "Registry-Position"
WAIT_FOR: Final = "Registry-Wait-For"
T = TypeVar("T")
_json = msgspec.json.Encoder(decimal_format="number")

OnAnswer = Callable[[str, str, int, float], None]
"""Receives of each answer the request's method, the route's template or `none`, the status, and the seconds it took."""

Position = str
"""`member:size` of each stream that an answer was made from, by name, joined by commas; governance among them."""

_SECURITY: Final = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"interest-cohort=()"),
]
_STRICT: Final = b"default-src 'none'; frame-ancestors 'none'"
_DOCS: Final = (
    b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self';"
    b" base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_PAGES: Final = ("/docs",)


class JsonAnswer(Response[T]):
    """An answer in JSON whose decimal numbers are numbers."""

    def __init__(self, content: T, status: int, headers: dict[str, str]) -> None:
        super().__init__(content, status_code=status, media_type=MediaType.JSON)
        self.headers = headers

    def render(self, content: Any, media_type: str, enc_hook: Any = default_serializer) -> bytes:  # noqa: ANN401 - theirs
        """The body."""
        if isinstance(content, bytes | str):
            return super().render(content, media_type, enc_hook)
        return _json.encode(content)

    def to_asgi_response(self, app: Any, request: Any, **more: Any) -> ASGIResponse:  # noqa: ANN401 - theirs
        """As it is sent. What nearly all answers are is put together without the framework's many choices."""
        if self.status_code not in _PLAIN or self.cookies or more["cookies"] or more["headers"] or more["background"]:
            return super().to_asgi_response(app, request, **more)
        return _Plain(self.render(self.content, MediaType.JSON), self.status_code, self.headers)


_PLAIN: Final = (200, 201, 202)


class _Plain(ASGIResponse):
    """A body in JSON, with headers of our own."""

    def __init__(self, body: bytes, status: int, headers: Mapping[str, str]) -> None:
        self._start: Any = {
            "type": "http.response.start",
            "status": status,
            "headers": [
                (b"content-type", b"application/json"),
                (b"content-length", b"%d" % len(body)),
                *((name.lower().encode(), value.encode()) for name, value in headers.items()),
            ],
        }
        self._body: Any = {"type": "http.response.body", "body": body, "more_body": False}

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:  # noqa: ANN401 - of any kind, ASGI's own
        """Send it."""
        del scope, receive
        await send(self._start)
        await send(self._body)


def answer(content: T, position: Position = "", status: int = 200, **headers: str) -> Response[T]:
    """An answer that says which position of the log it was made from."""
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    if position:
        given[POSITION] = position
    return JsonAnswer(content, status, given)


class ResponseMiddleware:
    """ASGI middleware around the whole application."""

    def __init__(self, app: ASGIApp, on_answer: OnAnswer = lambda *_: None) -> None:
        self._app = app
        self._on_answer = on_answer

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:  # noqa: ANN401 - of any kind, ASGI's own
        """Pass the request on, and see to its answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        RECEIVE.set(receive)
        began = time.perf_counter()
        instance = f"urn:uuid:{uuid4()}"
        scope.setdefault("state", {})["request_id"] = instance
        request_id = _request_id(scope["headers"]) or instance.encode()
        base_path = base_path_of(scope).encode()
        known = {name: value for name, value in scope["headers"] if name in (b"if-none-match", b"authorization")}
        private = b"authorization" in known or any(name == b"x-api-key" for name, _ in scope["headers"])
        held: Any = None
        status = 500

        async def sending(message: Message) -> None:
            nonlocal held, status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = [_below(base_path, name, value) for name, value in message.get("headers", [])]
                names = {name.lower() for name, _ in headers}
                headers += _SECURITY
                headers.append((b"x-request-id", request_id))
                pages = scope["path"].startswith(_PAGES)
                headers.append((b"content-security-policy", _DOCS if pages else _STRICT))
                if b"cache-control" not in names:
                    headers.append((b"cache-control", b"no-store" if private else b"no-cache"))
                message["headers"] = headers
                if status == 200 and scope["method"] in ("GET", "HEAD"):
                    held = message  # until the body is known
                    return
            elif held is not None and message["type"] == "http.response.body":
                start, held = held, None
                if not message.get("more_body"):
                    if _tag(start, message, known.get(b"if-none-match"), head=scope["method"] == "HEAD"):
                        status = 304
                    await send(start)
                    await send(message)
                    return
                await send(start)
            await send(message)

        try:
            await self._app(scope, receive, sending)
        finally:
            caller = scope.get("user")
            route, seconds = scope.get("path_template") or "none", time.perf_counter() - began
            self._on_answer(scope["method"], route, status, seconds)
            _log.info(
                "http.answered",
                method=scope["method"],
                route=route,
                status=status,
                ms=round(1000 * seconds, 1),
                caller=getattr(caller, "name", "anybody"),
                request=instance,
                request_id=request_id.decode(),
            )


def _request_id(headers: list[tuple[bytes, bytes]]) -> bytes | None:
    """The client's own id of its request, where it sent one that a log can hold."""
    given = next((value for name, value in headers if name == b"x-request-id"), b"")
    return given if _REQUEST_ID.fullmatch(given) else None


def _below(base_path: bytes, name: bytes, value: bytes) -> tuple[bytes, bytes]:
    """A header, with the base path before a place on this node that it leads to."""
    if base_path and name.lower() == b"location" and value.startswith(b"/"):
        return name, base_path + value
    return name, value


def tag_of(content: bytes) -> str:
    """Return the tag of an answer with this content, as `ETag` has it."""
    return f'"{hashlib.blake2b(content, digest_size=12).hexdigest()}"'


def _tag(start: Any, body: Any, known: bytes | None, *, head: bool) -> bool:  # noqa: ANN401 - ASGI messages
    """Tag an answer by its content, if it has no tag yet; whether the client has it already, and it became a 304."""
    content = body.get("body", b"")
    if head or not content:
        return False
    tag = next((value for name, value in start["headers"] if name.lower() == b"etag"), None)
    if tag is None:
        tag = tag_of(content).encode()
        start["headers"].append((b"etag", tag))
    if known is None:
        return False
    had = [one.strip().removeprefix(b"W/") for one in known.split(b",")]
    if tag not in had and had != [b"*"]:
        return False
    start["status"] = 304
    start["headers"] = [(n, v) for n, v in start["headers"] if n.lower() not in (b"content-length", b"content-type")]
    body["body"] = b""
    return True
