"""Pages about these pages: how verification works, accessibility, and which personal data they handle."""

from typing import Any, Final

from litestar import Request, Response, get
from litestar.handlers import HTTPRouteHandler

from registry.server.pages.frame import Pages
from registry.server.pages.texts import N_

TOPICS: Final = {
    "verification": N_("How verification works"),
    "accessibility": N_("Accessibility"),
    "privacy": N_("Privacy"),
}
"""The last part of each page's path, and its title."""


def _route(topic: str) -> HTTPRouteHandler:
    @get(f"/about/{topic}", name=f"about-{topic}", include_in_schema=False, sync_to_thread=False)
    def show(request: Request[Any, Any, Any], pages: Pages) -> Response[str]:
        return pages.render(request, f"about/{topic}.html", title=TOPICS[topic])

    return show


ROUTES: Final = [_route(topic) for topic in TOPICS]
