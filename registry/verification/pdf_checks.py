"""Checks of a PDF besides those of its files: the pages are no evidence, and the files must agree."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol

from registry.verification.checks import Check
from registry.verification.pdf import PdfContent

_COMPARED: Final = ("title", "ects", "awardingDate", "validUntil", "familyName", "givenName", "dateOfBirth", "grade")
"""Claims that documents of one credential share. One that a document leaves out contradicts nothing."""
_PAGES: Final = "The pages were not checked: anybody can change what is drawn on them. Only the files inside count."
_SCRIPTS: Final = "The PDF holds scripts or actions. They were ignored, and a credential needs none."
_SIGNATURE: Final = "The PDF itself is signed, too. That signature was not checked."


class JudgedDocument(Protocol):
    """A file inside of a PDF, once it was verified."""

    @property
    def claims(self) -> Mapping[str, Any]:
        """The claims of the file; empty where it is broken."""
        ...

    @property
    def credential(self) -> str | None:
        """The credential that it is about; None where it does not say."""
        ...


def check_pdf(pdf: PdfContent, documents: Sequence[JudgedDocument]) -> list[Check]:
    """Return the checks of a PDF whose files were opened as `documents`, in their order.

    They come before those of each document. A `failed` check means that nobody should rely on the PDF as a whole.
    """
    checks = [_check_files(pdf, documents), Check("schema", "warning", _PAGES)]
    if pdf.has_scripts:
        checks.append(Check("parsed", "warning", _SCRIPTS))
    if pdf.has_signature:
        checks.append(Check("signature", "notChecked", _SIGNATURE))
    evidence = [document for document in documents if document.claims or document.credential]
    checks += _contradictions(pdf, evidence)
    return checks


def _check_files(pdf: PdfContent, documents: Sequence[JudgedDocument]) -> Check:
    count = len(pdf.attachments)
    if not count:
        return Check("parsed", "notChecked", "The PDF holds no file that proves anything. Ask for the original file.")
    if not documents:
        return Check(
            "parsed", "notChecked", f"None of the files inside the PDF ({count}) is a credential or a receipt."
        )
    return Check("parsed", "passed", "The files inside the PDF could be read.", {"files": count})


def _contradictions(pdf: PdfContent, documents: Sequence[JudgedDocument]) -> list[Check]:
    credentials = list(dict.fromkeys(filter(None, (each.credential for each in documents))))
    if len(credentials) > 1 and len(pdf.linked) == 1:
        sentence = "The files inside the PDF are about different credentials. A certificate is about one."
        return [Check("parsed", "failed", sentence, {"credentials": credentials})]
    if pdf.linked and credentials and not set(credentials) <= set(pdf.linked):
        sentence = "The page links to the verification of another credential than the one inside the PDF."
        return [Check("parsed", "failed", sentence, {"linked": pdf.linked, "credentials": credentials})]
    groups: dict[str | None, list[Mapping[str, Any]]] = {}
    for document in documents:
        groups.setdefault(document.credential, []).append(document.claims)
    for claims in groups.values():
        for name in _COMPARED:
            values = [each[name] for each in claims if each.get(name) is not None]
            if any(value != values[0] for value in values):
                sentence = "Two files inside the PDF contradict each other, though they are about one credential."
                return [Check("parsed", "failed", sentence, {"claim": name})]
    return []
