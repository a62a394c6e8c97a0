"""Paths with handlers from several modules, for example one that lists cases and one that opens a case.

The framework prepares a handler again whenever another handler with its path is registered, which breaks handlers that
run in a thread; and its own answer to OPTIONS names only the first one's methods. A router that is registered with all
its handlers has neither fault.
"""

from collections.abc import Sequence
from typing import Any

from litestar import HttpMethod, Response, Router, route
from litestar.handlers import HTTPRouteHandler


def join_shared_paths(handlers: Sequence[Any]) -> list[Any]:
    """Return the handlers, those with the same path joined in a router."""
    by_path: dict[str, list[HTTPRouteHandler]] = {}
    for handler in handlers:
        if isinstance(handler, HTTPRouteHandler):
            for path in handler.paths:
                by_path.setdefault(path, []).append(handler)
    shared = {path: group for path, group in by_path.items() if len(group) > 1}
    routers = [Router("/", route_handlers=[_options(path, group), *group]) for path, group in shared.items()]
    joined = {id(handler) for group in shared.values() for handler in group}
    return [handler for handler in handlers if id(handler) not in joined] + routers


def _options(path: str, handlers: Sequence[HTTPRouteHandler]) -> HTTPRouteHandler:
    methods = sorted({"OPTIONS"} | {str(method) for handler in handlers for method in handler.http_methods})

    @route(path, http_method=[HttpMethod.OPTIONS], status_code=204, include_in_schema=False, sync_to_thread=False)
    def list_methods() -> Response[None]:
        """Return the path's methods."""
        return Response(None, status_code=204, headers={"Allow": ", ".join(methods)})

    return list_methods
