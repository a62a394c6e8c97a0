"""Position, entity tag, security headers and access log line of every answer.

The access log names the route, never the path: paths contain ids of learners and credentials, and a log of who was
looked up when would be a record about people.
"""

import hashlib
import re
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, TypeVar
from uuid import uuid4

import msgspec
import structlog
from litestar import MediaType, Response
from litestar.response.base import ASGIResponse
from litestar.serialization import default_serializer
from litestar.types import ASGIApp, Message, Receive, Send
from structlog.contextvars import bound_contextvars

from registry.http.disconnects import RECEIVE
from registry.http.forwarded import base_path_of

_log = structlog.get_logger(__name__)
_REQUEST_ID: Final = re.compile(rb"[A-Za-z0-9._-]{1,64}")
POSITION: Final = "Registry-Position"
WAIT_FOR: Final = "Registry-Wait-For"
T = TypeVar("T")
_Header = tuple[bytes, bytes]
_json = msgspec.json.Encoder(decimal_format="number")

OnAnswer = Callable[[str, str, int, float], None]
"""Receives the method of each answered request, its route's template or `none`, the status, and the seconds it took."""

Position = str
"""`member:size` of each stream that an answer was made from, governance included: sorted by name, joined by commas."""

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
    """An answer in JSON that writes decimal numbers as numbers."""

    def __init__(self, content: T, status: int, headers: dict[str, str]) -> None:
        super().__init__(content, status_code=status, media_type=MediaType.JSON)
        self.headers = headers

    def render(self, content: Any, media_type: str, enc_hook: Any = default_serializer) -> bytes:  # noqa: ANN401 - theirs
        """Return the body."""
        if isinstance(content, bytes | str):
            return super().render(content, media_type, enc_hook)
        return _json.encode(content)

    def to_asgi_response(self, app: Any, request: Any, **more: Any) -> ASGIResponse:  # noqa: ANN401 - theirs
        """Return the answer to send. Nearly all answers take the short way, past the framework's many options."""
        if (
            self.status_code not in _PLAIN_STATUSES
            or self.cookies
            or more["cookies"]
            or more["headers"]
            or more["background"]
        ):
            return super().to_asgi_response(app, request, **more)
        return _PlainJson(self.render(self.content, MediaType.JSON), self.status_code, self.headers)


_PLAIN_STATUSES: Final = (200, 201, 202)


class _PlainJson(ASGIResponse):
    """A JSON body with the given headers."""

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
    """Return an answer that says from which position of the log it was made."""
    all_headers = {name.replace("_", "-"): value for name, value in headers.items()}
    if position:
        all_headers[POSITION] = position
    return JsonAnswer(content, status, all_headers)


class ResponseMiddleware:
    """ASGI middleware around the whole application: completes each answer's headers and logs the request."""

    def __init__(self, app: ASGIApp, on_answer: OnAnswer = lambda *_: None) -> None:
        self._app = app
        self._on_answer = on_answer

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:  # noqa: ANN401 - of any kind, ASGI's own
        """Pass the request on, and complete its answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        RECEIVE.set(receive)
        began = time.perf_counter()
        instance = f"urn:uuid:{uuid4()}"
        scope.setdefault("state", {})["request_id"] = instance
        request_id = _request_id(scope["headers"]) or instance.encode()
        client_tags = next((value for name, value in scope["headers"] if name == b"if-none-match"), None)
        delayed_start: Any = None
        status = 500

        async def send_completed(message: Message) -> None:
            nonlocal delayed_start, status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = _complete_headers(scope, message.get("headers", []), request_id)
                if status == 200 and scope["method"] in ("GET", "HEAD"):
                    delayed_start = message  # the tag is computed from the body
                    return
            elif delayed_start is not None and message["type"] == "http.response.body":
                start, delayed_start = delayed_start, None
                if not message.get("more_body"):
                    if _add_tag(start, message, client_tags, head=scope["method"] == "HEAD"):
                        status = 304
                    await send(start)
                    await send(message)
                    return
                await send(start)
            await send(message)

        try:
            # In each line that this request causes, also in threads that work for it.
            with bound_contextvars(request=instance, request_id=request_id.decode()):
                await self._app(scope, receive, send_completed)
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


def _complete_headers(scope: Any, headers: Iterable[_Header], request_id: bytes) -> list[_Header]:  # noqa: ANN401 - an ASGI scope
    """Return an answer's headers with those that every answer has."""
    base_path = base_path_of(scope).encode()
    complete = [_with_base_path(base_path, name, value) for name, value in headers]
    names = {name.lower() for name, _ in complete}
    complete += _SECURITY
    complete.append((b"x-request-id", request_id))
    if b"content-security-policy" not in names:
        pages = scope["path"].startswith(_PAGES)
        complete.append((b"content-security-policy", _DOCS if pages else _STRICT))
    if b"cache-control" not in names:
        private = any(name in (b"authorization", b"x-api-key") for name, _ in scope["headers"])
        complete.append((b"cache-control", b"no-store" if private else b"no-cache"))
    return complete


def _request_id(headers: list[tuple[bytes, bytes]]) -> bytes | None:
    """Return the client's own id of its request, if it sent one that may be logged."""
    request_id = next((value for name, value in headers if name == b"x-request-id"), b"")
    return request_id if _REQUEST_ID.fullmatch(request_id) else None


def _with_base_path(base_path: bytes, name: bytes, value: bytes) -> tuple[bytes, bytes]:
    """Return a header; a `Location` on this node gets the base path in front."""
    if base_path and name.lower() == b"location" and value.startswith(b"/"):
        return name, base_path + value
    return name, value


def tag_of(content: bytes) -> str:
    """Return the entity tag of an answer with this content, in the form of `ETag`."""
    return f'"{hashlib.blake2b(content, digest_size=12).hexdigest()}"'


def _add_tag(start: Any, body: Any, client_tags: bytes | None, *, head: bool) -> bool:  # noqa: ANN401 - ASGI messages
    """Tag an answer by its content, if it has no tag yet.

    Returns True if the client has that content already: then the answer was changed to a 304.
    """
    content = body.get("body", b"")
    if head or not content:
        return False
    tag = next((value for name, value in start["headers"] if name.lower() == b"etag"), None)
    if tag is None:
        tag = tag_of(content).encode()
        start["headers"].append((b"etag", tag))
    if client_tags is None:
        return False
    tags = [entry.strip().removeprefix(b"W/") for entry in client_tags.split(b",")]
    if tag not in tags and tags != [b"*"]:
        return False
    start["status"] = 304
    start["headers"] = [(n, v) for n, v in start["headers"] if n.lower() not in (b"content-length", b"content-type")]
    body["body"] = b""
    return True
