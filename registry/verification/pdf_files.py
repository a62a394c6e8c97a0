"""Verifies the files inside of a PDF: the pages themselves prove nothing."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from registry.verification.checks import Check
from registry.verification.format_detection import UnknownFormat, detect_format
from registry.verification.pdf import PdfContent, UnreadablePdf, open_pdf
from registry.verification.pdf_checks import check_pdf

if TYPE_CHECKING:
    from registry.verification.verifier import VerificationReport


class PdfFiles(msgspec.Struct, frozen=True):
    """The files inside of a PDF that are documents, in their order; others are pictures, for example."""

    contents: Sequence[bytes]
    pdf: PdfContent | None = None
    disclosures: Sequence[str] = ()
    """The disclosures beside the credential and its receipt."""
    fault: str = ""
    """Why there is no content."""

    def check(self, contained: Sequence["VerificationReport"]) -> list[Check]:
        """Return the checks of the PDF as a whole."""
        if self.pdf is None:
            return [Check("parsed", "failed", self.fault)]
        return check_pdf(self.pdf, contained)


def open_pdf_files(content: bytes) -> PdfFiles:
    """Return the documents inside of a PDF."""
    try:
        pdf = open_pdf(content)
    except UnreadablePdf as error:
        return PdfFiles([], fault=str(error))
    contents: list[bytes] = []
    disclosures: list[str] = []
    for attachment in pdf.attachments:
        try:
            detected = detect_format(attachment.content)
        except UnknownFormat:
            continue  # a picture, for example
        if detected.format == "disclosures":
            disclosures += detected.content.decode("ascii").split()
        else:
            contents.append(attachment.content)
    return PdfFiles(contents, pdf, disclosures)
