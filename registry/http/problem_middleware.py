"""Problem documents for errors that are raised outside of the framework, by the middleware around it.

Callers are identified and counted before the framework looks for a route, so that unknown routes count, too. The
framework answers only errors that are raised inside it.
"""

from collections.abc import Callable, Mapping
from typing import Any

from litestar import Request, Response
from litestar.types import ASGIApp, Message, Receive, Send

Handlers = Mapping[type[Exception], Callable[[Request[Any, Any, Any], Any], Response[Any]]]


class ProblemMiddleware:
    """ASGI middleware that answers errors with problem documents."""

    def __init__(self, app: ASGIApp, handlers: Handlers) -> None:
        """`handlers` has a function for each type of error, which makes the answer; the nearest base type counts."""
        self._app = app
        self._handlers = handlers

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:  # noqa: ANN401 - of any kind, ASGI's own
        """Pass the request on. Raises the error again if an answer has begun or no handler fits."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def send_and_note(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, receive, send_and_note)
        except Exception as error:
            handler = next((self._handlers[kind] for kind in type(error).__mro__ if kind in self._handlers), None)
            if started or handler is None:
                raise
            request: Request[Any, Any, Any] = Request(scope, receive, send)
            answer = handler(request, error).to_asgi_response(None, request)
            await answer(scope, receive, send)
