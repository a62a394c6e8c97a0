"""Problems as pages: a browser that gets a problem document sees its title, what happened and what to do."""

from typing import Any, Final

import msgspec
from litestar import Request
from litestar.types import ASGIApp, Message, Receive, Send

from registry.http.problems import MEDIA_TYPE
from registry.server.pages.form_check import FIELD_AGAIN, UNSENT
from registry.server.pages.frame import Pages
from registry.server.pages.paths import is_page
from registry.server.pages.vocabulary import VOCABULARY

_KEPT_HEADERS: Final = (b"retry-after", b"allow", b"www-authenticate", b"ratelimit-limit", b"ratelimit-reset")


class ProblemPages:
    """ASGI middleware that turns the problem documents of pages into pages. Those of the API stay as they are."""

    def __init__(self, app: ASGIApp, pages: Pages) -> None:
        self._app = app
        self._pages = pages

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:  # noqa: ANN401 - of any kind, ASGI's own
        """Pass the request on; replace the answer if it is a problem that a person will read."""
        if scope["type"] != "http" or not _is_for_person(scope):
            await self._app(scope, receive, send)
            return
        start: Message | None = None
        document = b""

        async def send_page(message: Message) -> None:
            nonlocal start, document
            if message["type"] == "http.response.start" and _is_problem(message):
                start = message
            elif start is not None and message["type"] == "http.response.body":
                document += message.get("body", b"")
                if not message.get("more_body"):
                    await self._send(scope, receive, send, start, document)
            else:
                await send(message)

        await self._app(scope, receive, send_page)

    async def _send(self, scope: Any, receive: Receive, send: Send, start: Any, document: bytes) -> None:  # noqa: ANN401 - ASGI
        request: Request[Any, Any, Any] = Request(scope, receive=receive)
        if start["status"] == 401 and request.method == "GET":
            await self._send_to_sign_in(request, send)
            return
        problem = {"detail": "", "errors": []} | msgspec.json.decode(document)
        code = problem["type"].rpartition("/")[2]
        problem["remedy"] = VOCABULARY["remedy"].get(code, "")
        if title := VOCABULARY["problem title"].get(code):
            problem |= {"title": title, "detail": ""}  # what it says names what only systems have
        unsent = scope.get(UNSENT)
        if unsent is None:
            page = self._pages.render(request, "problem.html", status=start["status"], problem=problem)
        else:
            page = self._pages.render(
                request, "session_ended.html", status=start["status"], private=True, unsent=unsent, again=FIELD_AGAIN
            )
        headers = [(name, value) for name, value in start["headers"] if name.lower() in _KEPT_HEADERS]
        headers += [(b"set-cookie", cookie.to_encoded_header()[1]) for cookie in page.cookies]
        body = str(page.content).encode()
        headers += [(name.lower().encode(), str(value).encode()) for name, value in page.headers.items()]
        headers += [(b"content-type", b"text/html; charset=utf-8"), (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": start["status"], "headers": headers})
        await send({"type": "http.response.body", "body": body, "more_body": False})

    async def _send_to_sign_in(self, request: Request[Any, Any, Any], send: Send) -> None:
        """Lead somebody who must sign in there, and then back to the page."""
        query = request.scope["query_string"].decode("latin-1")
        following = request.url.path + (f"?{query}" if query else "")
        address = self._pages.address(request, "/signin", {"next": following})
        headers = [(b"location", address.encode()), (b"cache-control", b"no-store"), (b"content-length", b"0")]
        await send({"type": "http.response.start", "status": 303, "headers": headers})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def _is_for_person(scope: Any) -> bool:  # noqa: ANN401 - an ASGI scope
    accepts_html = any(name == b"accept" and b"text/html" in value for name, value in scope["headers"])
    return accepts_html and is_page(scope["path"])


def _is_problem(start: Any) -> bool:  # noqa: ANN401 - an ASGI message
    return any(
        name.lower() == b"content-type" and value.startswith(MEDIA_TYPE.encode()) for name, value in start["headers"]
    )
