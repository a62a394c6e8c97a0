"""The picture of a European Digital Credential: the profile requires one, and viewers show it.

It has the title, the issuer and the credits, and nothing of the person: all learners of an achievement have the same.
"""

from functools import lru_cache

import typst

from registry.export.document import ExportError

MEDIA_TYPE = "PNG"

_PAGE = b"""
#set page(width: 560pt, height: 320pt, margin: 32pt, fill: rgb("#f7f7f2"))
#set text(size: 16pt, fill: rgb("#1b1b1b"))
#set par(justify: false)
#text(size: 15pt)[#sys.inputs.issuer]
#v(1fr)
#text(size: 26pt, weight: "bold")[#sys.inputs.title]
#v(1fr)
#sys.inputs.line
"""


@lru_cache(maxsize=256)
def draw_picture(title: str, issuer: str, line: str) -> bytes:
    """Return the picture as PNG. Raises `ExportError`."""
    fonts = typst.Fonts(include_system_fonts=False)
    inputs = {"title": title[:300], "issuer": issuer[:200], "line": line[:200]}
    try:
        picture = typst.compile(_PAGE, format="png", ppi=72, font_paths=fonts, sys_inputs=inputs)
    except typst.TypstError as error:
        raise ExportError(f"The picture of the credential cannot be drawn: {error}") from error
    if not isinstance(picture, bytes):
        raise ExportError("The picture of the credential has several pages; shorten the achievement's title.")
    return picture
