"""Paths that several handlers share, as where one file lists a thing's kind and another makes one.

The framework prepares a handler anew whenever another of its path is registered, which breaks those that run in a
thread; and its own answer to OPTIONS knows the first one only. A router whose handlers are known before it is
registered has neither fault.
"""

from collections.abc import Sequence
from typing import Any

from litestar import HttpMethod, Response, Router, route
from litestar.handlers import HTTPRouteHandler


def join_shared_paths(handlers: Sequence[Any]) -> list[Any]:
    """The same handlers, those that share a path put together."""
    by_path: dict[str, list[HTTPRouteHandler]] = {}
    for handler in handlers:
        if isinstance(handler, HTTPRouteHandler):
            for path in handler.paths:
                by_path.setdefault(path, []).append(handler)
    shared = {path: those for path, those in by_path.items() if len(those) > 1}
    together = [Router("/", route_handlers=[_options(path, those), *those]) for path, those in shared.items()]
    apart = {id(handler) for those in shared.values() for handler in those}
    return [handler for handler in handlers if id(handler) not in apart] + together


def _options(path: str, handlers: Sequence[HTTPRouteHandler]) -> HTTPRouteHandler:
    methods = sorted({"OPTIONS"} | {str(method) for handler in handlers for method in handler.http_methods})

    @route(path, http_method=[HttpMethod.OPTIONS], status_code=204, include_in_schema=False, sync_to_thread=False)
    def allowed() -> Response[None]:
        """Which methods there are."""
        return Response(None, status_code=204, headers={"Allow": ", ".join(methods)})

    return allowed
