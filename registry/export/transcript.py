"""A transcript: a learner's credentials in the order of the Diploma Supplement, as PDF/A-3a and PDF/UA-1."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from registry.export.certificate import MEDIA_TYPE, PREVIEW_DOTS_PER_INCH
from registry.export.document import Attachment, Copy, Exported, Omission
from registry.export.facts import Portfolio
from registry.export.paper.omissions import omit_portfolio
from registry.export.paper.sheet import compile_pdf, compile_previews
from registry.export.paper.transcript_page import transcript_page
from registry.export.paper.wording import PaperLanguage, paper_wording


def export_transcript(
    portfolio: Portfolio,
    copy: Copy,
    language: PaperLanguage = "en",
    attachments: Sequence[Attachment] = (),
    fonts: Sequence[Path] = (),
) -> Exported:
    """Return the transcript, dated by the day of the copy, with `attachments` inside.

    `fonts` are folders with fonts for scripts that those of the compiler lack. Raises `ExportError`.
    """
    page = transcript_page(portfolio, copy.issued, paper_wording(language))
    content = compile_pdf("transcript", page, copy.issued, attachments, fonts)
    omitted: Sequence[Omission] = omit_portfolio(portfolio, attachments)
    return Exported(content, MEDIA_TYPE, "pdf", omitted)


def preview_transcript(
    portfolio: Portfolio,
    day: date,
    language: PaperLanguage = "en",
    fonts: Sequence[Path] = (),
    dots_per_inch: float = PREVIEW_DOTS_PER_INCH,
) -> list[bytes]:
    """Return the pages of a transcript as PNG images. Raises `ExportError`."""
    page = transcript_page(portfolio, day, paper_wording(language))
    return compile_previews("transcript", page, day, fonts, dots_per_inch)
