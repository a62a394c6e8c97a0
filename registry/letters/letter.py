"""A letter's content → a PDF, by Typst's compiler from its wheel: PDF/A-3a and PDF/UA-1 at once.

The template gets its words as one JSON text and reads no file; fonts are those in the wheel, and such as the office
adds. So the same content makes the same bytes on every machine.
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
    """The PDF. `fonts` are folders with further fonts, for scripts that those in the wheel lack.

    Raises `CannotWrite`; its message tells a character at most, of all that stands in the letter.
    """
    if isinstance(content, Notice):
        found = notice_page(content)
        if content.decision is not None and content.verify_url is not None:
            found["verify"] = _verify_box(content.language, content.decision, content.verify_url, [])
        return _compile(found, content.letter_date, fonts)
    if not content.grants or not content.qualifications:
        raise CannotWrite("a letter needs a qualification and what was decided about it")
    found = page(content)
    found["verify"] = _verify(content)
    found["attachments"] = _attachments(content)
    return _compile(found, content.letter_date or content.decision_date, fonts)


def _compile(found: dict[str, Any], day: date, fonts: Sequence[Path]) -> bytes:
    try:
        made = typst.compile(
            _TEMPLATE,
            font_paths=_fonts(tuple(fonts)),
            ignore_system_fonts=True,
            format="pdf",
            pdf_standards=STANDARDS,
            sys_inputs={"page": msgspec.json.encode(found).decode()},
            timestamp=datetime.combine(day, time.min, UTC),
        )
    except typst.TypstError as error:
        raise CannotWrite(_explained(error.message)) from None  # the compiler's trace may quote what stands in it
    if not isinstance(made, bytes):
        raise CannotWrite("the compiler made more files than one")
    return made


@functools.lru_cache(maxsize=8)
def _fonts(folders: tuple[Path, ...]) -> typst.Fonts:
    for folder in folders:
        if not folder.is_dir():
            raise CannotWrite(f"there is no folder {folder}, which letter_fonts names")
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
        "code": _code(url) if url else None,
        "alt": say("verify.code"),
        "attached": attached,
    }


def _code(url: str) -> str:
    if len(url) > _MAX_URL:
        raise CannotWrite(f"an address of {len(url):,} characters does not go into a code; set a shorter public_url")
    out = io.BytesIO()
    segno.make(url, error="m", micro=False).save(out, kind="svg", xmldecl=False, border=2, dark="#1c2733")
    return out.getvalue().decode()


def _attachments(content: LetterContent) -> list[dict[str, str]]:
    say = wording(content.language)
    found = [
        {
            "name": RECEIPT_FILE,
            "content": content.receipt,
            "relationship": "data",
            "description": say("verify.receipt", file=RECEIPT_FILE),
        }
    ]
    if content.disclosures:
        found.append(
            {
                "name": DISCLOSURE_FILE,
                "content": "".join(f"{one}\n" for one in content.disclosures),
                "relationship": "supplement",
                "description": say("verify.disclosure", file=DISCLOSURE_FILE),
            }
        )
    return found


def _explained(message: str) -> str:
    """The compiler's complaint in our words, without anything that was written in the letter but one character."""
    unshown = _UNSHOWN.search(message)
    if unshown is None:
        return (
            "the letter could not be set as PDF/A and PDF/UA; please tell who keeps this project which decision it was"
        )
    told = (unshown[1] or unshown[2]).strip()
    codes = [f"U+{ord(c):04X}" for c in told[:1]] if not told.startswith("\\u{") else [told[1:].strip()]
    return (
        f"no font at hand has the character {codes[0]}, and a letter leaves nothing out; put a font that has it into"
        " the folder that letter_fonts names, or write the text in another script"
    )
