"""Problem documents for errors that are raised outside of the framework, by what stands around it.

Who asks and how often is looked at before the framework looks for a route, so that unknown routes count, too. The
framework answers only errors that are raised within it.
"""

from collections.abc import Callable, Mapping
from typing import Any

from litestar import Request, Response
from litestar.types import ASGIApp, Message, Receive, Send

Handlers = Mapping[type[Exception], Callable[[Request[Any, Any, Any], Any], Response[Any]]]


class ProblemMiddleware:
    """ASGI middleware."""

    def __init__(self, app: ASGIApp, handlers: Handlers) -> None:
        """`handlers` names what each type of error is answered with; the nearest base type counts."""
        self._app = app
        self._handlers = handlers

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:  # noqa: ANN401 - of any kind, ASGI's own
        """Pass the request on. Raises the error where an answer has begun, or no handler is for it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def sending(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, receive, sending)
        except Exception as error:
            handler = next((self._handlers[kind] for kind in type(error).__mro__ if kind in self._handlers), None)
            if started or handler is None:
                raise
            request: Request[Any, Any, Any] = Request(scope, receive, send)
            answer = handler(request, error).to_asgi_response(None, request)
            await answer(scope, receive, send)
