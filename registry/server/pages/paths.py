"""The paths that are pages for people. All others are the API's, the node's or files."""

from typing import Final

_NOT_PAGES: Final = (
    "/v1/",
    "/health",
    "/ready",
    "/openapi.json",
    "/asyncapi.json",
    "/docs",
    "/problems",
    "/static/",
    "/node.css",
)


def is_page(path: str) -> bool:
    """Return True if people read what is at a path."""
    return not path.startswith(_NOT_PAGES)


def local_path(path: str) -> str:
    """Return a path on this node that somebody may be led to; `/` for anything that could lead elsewhere."""
    is_local = path.startswith("/") and not path.startswith("//") and "\\" not in path and path.isprintable()
    return path if is_local and is_page(path) else "/"
