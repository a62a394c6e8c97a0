"""The choices in the pages' looks: light or dark by the reader, the colour by the university."""

import hashlib
from typing import Any, Final

from litestar import Request

from registry.server.pages.texts import N_

THEME_COOKIE: Final = "theme"
THEMES: Final = {"system": N_("As my device"), "light": N_("Light"), "dark": N_("Dark")}
"""Each choice, with its words."""


def theme_of(request: Request[Any, Any, Any]) -> str:
    """Return the reader's choice: that of the address, else of the cookie, else what the system says."""
    for choice in (request.query_params.get("theme"), request.cookies.get(THEME_COOKIE)):
        if choice in THEMES:
            return str(choice)
    return "system"


def node_style(colour: str | None) -> str:
    """Return the style sheet of a node; a colour is one that the settings accept."""
    return "" if colour is None else f"@layer tokens {{ :root {{ --node: {colour}; }} }}\n"


def digest_of(style: str) -> str:
    """Return what makes the address of a style sheet change with its content."""
    return hashlib.blake2b(style.encode(), digest_size=8).hexdigest()
