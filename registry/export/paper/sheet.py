"""From the data of a page to a PDF/A-3a and PDF/UA-1 file with other files inside, by the compiler of the letters."""

import re
from collections.abc import Sequence
from datetime import date
from importlib import resources
from pathlib import Path
from typing import Any, Final, Literal

from registry.export.document import Attachment, ExportError
from registry.letters.errors import CannotWrite
from registry.letters.letter import RECEIPT_FILE, compile_images, compile_page

MAX_ATTACHMENTS: Final = 20
MAX_ATTACHED_BYTES: Final = 4_000_000
"""Of all files inside one PDF together."""
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_MEDIA_TYPE: Final = re.compile(r"[a-z]+/[A-Za-z0-9.+-]{1,100}")
_FOLDER: Final = resources.files("registry.export.paper")
_BASE: Final = _FOLDER.joinpath("base.typ").read_bytes()
_TEMPLATES: Final = {
    name: _BASE + _FOLDER.joinpath(f"{name}.typ").read_bytes() for name in ("certificate", "stored_data", "transcript")
}

Template = Literal["certificate", "stored_data", "transcript"]


def receipt_attachment(receipt: str, description: str) -> Attachment:
    """Return the proof of a credential as a file."""
    return Attachment(RECEIPT_FILE, "text/plain", receipt.encode(), description)


def compile_pdf(
    template: Template,
    data: dict[str, Any],
    day: date,
    attachments: Sequence[Attachment],
    fonts: Sequence[Path],
) -> bytes:
    """Return the PDF, dated `day`: the same bytes for the same arguments. Raises `ExportError`."""
    _check(attachments)
    data = data | {"attachments": [_attachment(each) for each in attachments]}
    try:
        return compile_page(_TEMPLATES[template], data, day, fonts)
    except CannotWrite as error:
        raise ExportError(str(error)) from None


def compile_previews(
    template: Template, data: dict[str, Any], day: date, fonts: Sequence[Path], dots_per_inch: float
) -> list[bytes]:
    """Return the pages as PNG images. Raises `ExportError`."""
    try:
        return compile_images(_TEMPLATES[template], data | {"attachments": []}, day, fonts, dots_per_inch)
    except CannotWrite as error:
        raise ExportError(str(error)) from None


def _check(attachments: Sequence[Attachment]) -> None:
    if len(attachments) > MAX_ATTACHMENTS:
        raise ExportError(f"a PDF holds at most {MAX_ATTACHMENTS} files; attach fewer formats")
    if sum(len(each.content) for each in attachments) > MAX_ATTACHED_BYTES:
        raise ExportError(f"the files inside a PDF have at most {MAX_ATTACHED_BYTES:,} bytes; attach fewer formats")
    names = [each.name for each in attachments]
    if len(set(names)) < len(names):
        raise ExportError("two files inside a PDF have the same name; name each differently")
    for each in attachments:
        if _NAME.fullmatch(each.name) is None:
            raise ExportError("the name of a file inside a PDF has letters, digits, points and hyphens alone")
        if _MEDIA_TYPE.fullmatch(each.media_type) is None:
            raise ExportError(f"the file {each.name} has no media type of the form type/subtype")


def _attachment(attachment: Attachment) -> dict[str, Any]:
    try:
        content: str | list[int] = attachment.content.decode()
    except UnicodeDecodeError:
        content = list(attachment.content)  # the template receives JSON, which has no bytes
    return {
        "name": attachment.name,
        "type": attachment.media_type,
        "content": content,
        "description": attachment.description,
        "relationship": "data" if attachment.name == RECEIPT_FILE else "alternative",
    }
