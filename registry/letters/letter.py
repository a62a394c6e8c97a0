"""Render a letter's content to PDF/A-3a and PDF/UA-1, with the Typst compiler from its wheel.

The template receives its words as one JSON text and reads no file; the fonts are those in the wheel, and those that the
office adds. So the same content makes the same bytes on every machine.
"""

import functools
import io
import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from importlib import resources
from pathlib import Path
from typing import Any, Final

import msgspec
import segno
import typst

from registry.letters.content import Language, LetterContent
from registry.letters.errors import CannotWrite
from registry.letters.notices import Notice, notice_page
from registry.letters.page import page
from registry.letters.wording import wording

RECEIPT_FILE: Final = "receipt.tlog-proof"
DISCLOSURE_FILE: Final = "disclosure.txt"
STANDARDS: "Final[list[typst.PDFStandard]]" = ["a-3a", "ua-1"]
_MAX_URL: Final = 1_000
_TEMPLATE: Final = resources.files("registry.letters").joinpath("letter.typ").read_bytes()
_UNSHOWN: Final = re.compile(r'the text `"(.+?)"` could not be displayed|the codepoint `"(.+?)"`')


def render(content: LetterContent | Notice, fonts: Sequence[Path] = ()) -> bytes:
    """Return the PDF. `fonts` are folders with further fonts, for scripts that those in the wheel lack.

    Raises `CannotWrite`; its message quotes one character of the letter at most.
    """
    if isinstance(content, Notice):
        data = notice_page(content)
        if content.decision is not None and content.verify_url is not None:
            data["verify"] = _verify_box(content.language, content.decision, content.verify_url, [])
        return _compile(data, content.letter_date, fonts)
    if not content.grants or not content.qualifications:
        raise CannotWrite("a letter needs a qualification and what was decided about it")
    data = page(content)
    data["verify"] = _verify(content)
    data["attachments"] = _attachments(content)
    return _compile(data, content.letter_date or content.decision_date, fonts)


def _compile(data: dict[str, Any], day: date, fonts: Sequence[Path]) -> bytes:
    return compile_page(_TEMPLATE, data, day, fonts)


def compile_page(template: bytes, data: dict[str, Any], day: date, fonts: Sequence[Path] = ()) -> bytes:
    """Return the PDF that a template makes of its data, dated `day`. Raises `CannotWrite`."""
    [pdf] = _run(template, data, day, fonts, format="pdf", pdf_standards=STANDARDS)
    return pdf


def compile_images(
    template: bytes, data: dict[str, Any], day: date, fonts: Sequence[Path] = (), dots_per_inch: float = 96
) -> list[bytes]:
    """Return each page that a template makes of its data as a PNG, for a preview. Raises `CannotWrite`."""
    return _run(template, data, day, fonts, format="png", ppi=dots_per_inch)


def _run(template: bytes, data: dict[str, Any], day: date, fonts: Sequence[Path], **options: Any) -> list[bytes]:  # noqa: ANN401 - the compiler's own options
    try:
        files: bytes | list[bytes] = typst.compile(
            template,
            font_paths=_fonts(tuple(fonts)),
            ignore_system_fonts=True,
            sys_inputs={"page": msgspec.json.encode(data).decode()},
            timestamp=datetime.combine(day, time.min, UTC),
            **options,
        )
    except typst.TypstError as error:
        raise CannotWrite(_explain(error.message)) from None  # the compiler's trace may quote the letter
    return [files] if isinstance(files, bytes) else files


@functools.lru_cache(maxsize=8)
def _fonts(folders: tuple[Path, ...]) -> typst.Fonts:
    for folder in folders:
        if not folder.is_dir():
            raise CannotWrite(f"the folder {folder} of the setting letter_fonts does not exist")
    return typst.Fonts(include_system_fonts=False, font_paths=[str(folder) for folder in folders])


def _verify(content: LetterContent) -> dict[str, Any]:
    say = wording(content.language)
    attached = [say("verify.receipt", file=RECEIPT_FILE)]
    if content.disclosures:
        attached.append(say("verify.disclosure", file=DISCLOSURE_FILE))
    return _verify_box(content.language, content.decision, content.verify_url, attached)


def _verify_box(language: Language, decision: str, url: str | None, attached: list[str]) -> dict[str, Any]:
    say = wording(language)
    return {
        "heading": say("headings.verify"),
        "scan": say("verify.scan"),
        "number": say("verify.number"),
        "decision": decision,
        "url": url,
        "code": qr_code(url) if url else None,
        "alt": say("verify.code"),
        "attached": attached,
    }


def qr_code(url: str) -> str:
    """Return the QR code of an address as SVG. Raises `CannotWrite` where the address is too long."""
    if len(url) > _MAX_URL:
        raise CannotWrite(f"an address of {len(url):,} characters is too long for a QR code; set a shorter public_url")
    out = io.BytesIO()
    segno.make(url, error="m", micro=False).save(
        out, kind="svg", xmldecl=False, border=2, dark="#1c2733", omitsize=True
    )
    return out.getvalue().decode()


def _attachments(content: LetterContent) -> list[dict[str, str]]:
    say = wording(content.language)
    attachments = [
        {
            "name": RECEIPT_FILE,
            "content": content.receipt,
            "relationship": "data",
            "description": say("verify.receipt", file=RECEIPT_FILE),
        }
    ]
    if content.disclosures:
        attachments.append(
            {
                "name": DISCLOSURE_FILE,
                "content": "".join(f"{disclosure}\n" for disclosure in content.disclosures),
                "relationship": "supplement",
                "description": say("verify.disclosure", file=DISCLOSURE_FILE),
            }
        )
    return attachments


def _explain(message: str) -> str:
    """Return the compiler's error in plain words, which quote one character of the page at most."""
    unshown = _UNSHOWN.search(message)
    if unshown is None:
        return "it cannot be written as PDF/A and PDF/UA; please report its id to the maintainers"
    character = (unshown[1] or unshown[2]).strip()
    codes = [f"U+{ord(c):04X}" for c in character[:1]] if not character.startswith("\\u{") else [character[1:].strip()]
    return (
        f"no font has the character {codes[0]}, and a PDF/A file must show every character; put a font that has it into"
        " the folder of the setting letter_fonts, or write the text in another script"
    )
