"""`/node.css`: the university's colour, the only thing that a node sets of the pages' looks."""

from typing import Final

from litestar import Response, get

from registry.server.pages.frame import Pages

_FOREVER: Final = "public, max-age=31536000, immutable"


@get("/node.css", include_in_schema=False, sync_to_thread=False, uncompressed=True)
def node_style_file(pages: Pages, v: str = "") -> Response[str]:
    """Return the style sheet of this node. `v` only makes the address change with the content."""
    del v
    return Response(pages.style, media_type="text/css", headers={"Cache-Control": _FOREVER})
