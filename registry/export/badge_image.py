"""Baked badges (Open Badges 3.0, section 5.3): an image with the signed credential in it, as SVG or PNG.

The image has the title, the issuer, the credits, the level and a link, and nothing of the person. Drawing is Typst's
from its wheel, as letters are: it wraps text, and writes from right to left where a script does.
"""

import functools
import io
import json
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any, Final, Literal

import msgspec
import segno
import typst
from lxml import etree
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from registry.export.badge_achievement import achievement_id
from registry.export.document import Copy, DocumentSigner, Exported, ExportError
from registry.export.facts import PortableCredential
from registry.export.open_badges import list_omissions, make_open_badge
from registry.export.recipient import Identity
from registry.export.texts import choose_language

KEYWORD: Final = "openbadgecredential"
"""Of the iTXt chunk that holds the credential."""
NAMESPACE: Final = "https://purl.imsglobal.org/ob/v3p0"
_SVG: Final = "http://www.w3.org/2000/svg"
_PIXELS_PER_INCH: Final = 120
_MAX_TITLE: Final = 240
"""Characters of a title that are drawn; the credential in the image has all."""
_TEMPLATE: Final = resources.files("registry.export").joinpath("badge.typ").read_bytes()


def export_badge_image(
    credential: PortableCredential,
    copy: Copy,
    signer: DocumentSigner,
    form: Literal["svg", "png"],
    language: str = "en",
    *,
    identity: Identity = "hashed",
    fonts: Sequence[Path] = (),
) -> Exported:
    """Return an image with the Open Badge in it. Raises `ExportError`, also for a script that no font has."""
    document = make_open_badge(credential, copy, signer, language=language, identity=identity)
    content = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    omitted = list(list_omissions(credential, copy, language=language, identity=identity))
    data = _describe(credential, copy, language)
    if form == "svg":
        return Exported(bake_svg(draw(data, "svg", fonts), content, data), "image/svg+xml", "svg", omitted)
    return Exported(bake_png(draw(data, "png", fonts), content), "image/png", "png", omitted)


def _describe(credential: PortableCredential, copy: Copy, language: str) -> dict[str, Any]:
    """Return the words of the image. Its link is that of the credential where the copy has an open tie to the log."""
    content = credential.achievement
    spoken = choose_language(content.title, language)
    title, link = content.title[spoken], _find_link(credential, copy)
    lines = []
    if credential.ects is not None:
        lines.append(f"{credential.ects:g} ECTS")
    if content.eqf_level is not None:
        lines.append(f"EQF {content.eqf_level}")
    lines = [" · ".join(lines), str(credential.awarding_date.year)]
    return {
        "title": title if len(title) <= _MAX_TITLE else title[: _MAX_TITLE - 1] + "…",
        "lang": spoken.partition("-")[0],
        "issuer": credential.issuer.content.legal_name,
        "lines": [line for line in lines if line],
        "link": link,
        "code": None if link is None else _draw_code(link),
        "alt": "" if link is None else link,
    }


def _find_link(credential: PortableCredential, copy: Copy) -> str | None:
    if credential.issuer.url is None:
        return None
    if copy.tie == "open":
        return credential.verification_url
    return achievement_id(credential.issuer, credential.achievement.achievement, credential.achievement.version)


def _draw_code(link: str) -> str:
    out = io.BytesIO()
    segno.make(link, error="m", micro=False).save(out, kind="svg", xmldecl=False, border=2, dark="#1c2733")
    return out.getvalue().decode()


def draw(data: Mapping[str, Any], form: Literal["svg", "png"], fonts: Sequence[Path] = ()) -> bytes:
    """Return the image of a badge, without the credential. Raises `ExportError`."""
    try:
        image = typst.compile(
            _TEMPLATE,
            font_paths=_load_fonts(tuple(fonts)),
            ignore_system_fonts=True,
            format=form,
            ppi=_PIXELS_PER_INCH,
            sys_inputs={"badge": msgspec.json.encode(data).decode()},
        )
    except typst.TypstError as error:
        raise ExportError(f"The image cannot be drawn: {error.message[:200]}. Export the badge as JSON.") from None
    if not isinstance(image, bytes):
        raise ExportError("The image cannot be drawn on one page. Export the badge as JSON.")
    return image


@functools.lru_cache(maxsize=8)
def _load_fonts(folders: tuple[Path, ...]) -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False, font_paths=[str(folder) for folder in folders])


def bake_svg(image: bytes, content: str, data: Mapping[str, Any]) -> bytes:
    """Return an SVG with a credential in it, and with its words for those who cannot see them (section 5.3.2)."""
    drawn = etree.fromstring(image, etree.XMLParser(resolve_entities=False, no_network=True))
    root = etree.Element(drawn.tag, nsmap=dict(drawn.nsmap) | {"openbadges": NAMESPACE})
    for name, value in drawn.attrib.items():
        root.set(name, value)
    root.set("role", "img")
    credential = etree.SubElement(root, f"{{{NAMESPACE}}}credential")
    # in JSON, which has no `>` but in texts, the escape is the same text
    credential.text = etree.CDATA(content.replace("]]>", "]]\\u003e"))
    etree.SubElement(root, f"{{{_SVG}}}title").text = data["title"]
    words = [data["issuer"], *data["lines"], data["link"]]
    etree.SubElement(root, f"{{{_SVG}}}desc").text = "; ".join(word for word in words if word)
    parent = root
    if data["link"] is not None:
        parent = etree.SubElement(root, f"{{{_SVG}}}a", href=data["link"])
    parent.extend(list(drawn))
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def bake_png(image: bytes, content: str) -> bytes:
    """Return a PNG with a credential in it (section 5.3.1), uncompressed as the format wants it."""
    information = PngInfo()
    information.add_itxt(KEYWORD, content)
    out = io.BytesIO()
    with Image.open(io.BytesIO(image)) as opened:
        opened.convert("RGB").quantize(64, method=Image.Quantize.FASTOCTREE).save(out, "PNG", pnginfo=information)
    return out.getvalue()
