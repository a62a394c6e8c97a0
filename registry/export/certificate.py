"""A certificate: one credential as a PDF to read, to frame, and to verify from the files inside it.

PDF/A-3a (ISO 19005-3) and PDF/UA-1 (ISO 14289-1) at once. The same facts, day and files make the same bytes.
"""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Final

from registry.export.document import Attachment, Copy, Exported
from registry.export.facts import PortableCredential
from registry.export.paper.certificate_page import certificate_page
from registry.export.paper.omissions import omit_facts
from registry.export.paper.sheet import compile_pdf, compile_previews, receipt_attachment
from registry.export.paper.wording import PaperLanguage, paper_wording

MEDIA_TYPE: Final = "application/pdf"
PREVIEW_DOTS_PER_INCH: Final = 96


def export_certificate(
    credential: PortableCredential,
    copy: Copy,
    language: PaperLanguage = "en",
    attachments: Sequence[Attachment] = (),
    fonts: Sequence[Path] = (),
) -> Exported:
    """Return the certificate, dated by the day of the copy, with the receipt and `attachments` inside.

    It names its credential openly, whatever the copy's tie: a page that says who was awarded what links to it anyhow.
    `fonts` are folders with fonts for scripts that those of the compiler lack. Raises `ExportError`.
    """
    files = _files(credential, language, attachments)
    page = certificate_page(credential, copy.issued, [file.name for file in files], paper_wording(language))
    content = compile_pdf("certificate", page, copy.issued, files, fonts)
    return Exported(content, MEDIA_TYPE, "pdf", omit_facts(credential, attachments))


def preview_certificate(
    credential: PortableCredential,
    day: date,
    language: PaperLanguage = "en",
    fonts: Sequence[Path] = (),
    dots_per_inch: float = PREVIEW_DOTS_PER_INCH,
) -> list[bytes]:
    """Return the pages of a certificate as PNG images. Raises `ExportError`."""
    names = [file.name for file in _files(credential, language, ())]
    page = certificate_page(credential, day, names, paper_wording(language))
    return compile_previews("certificate", page, day, fonts, dots_per_inch)


def _files(
    credential: PortableCredential, language: PaperLanguage, attachments: Sequence[Attachment]
) -> list[Attachment]:
    if credential.place is None:
        return list(attachments)
    description = paper_wording(language)("verify.receipt")
    return [receipt_attachment(credential.place.receipt, description), *attachments]
