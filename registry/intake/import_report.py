"""The report on the import of one file."""

import msgspec

from registry.intake.formats.document import Document
from registry.intake.formats.other_issuer import oddity_notes, other_issuer_notes
from registry.intake.import_result import ImportResult
from registry.intake.rows.report import Problem
from registry.wire.governance import MemberRevised


class ImportReport(msgspec.Struct):
    """The outcome of an import."""

    file: str
    issued: int = 0
    unchanged: int = 0
    waiting: int = 0
    """Awards of a document that wait as drafts, or would; `missing` and `problems` have what they lack."""
    held: int = 0
    """Rows that a batch would hold until their day, as a release shows before it asks."""
    dry_run: bool = False
    format: str = ""
    """Of a document."""
    awards: list[ImportResult] = []
    """The outcome of each award of a document."""
    refused: int = 0
    """Rows, or awards, that were not taken in and do not wait."""
    problems: list[Problem] = []
    """All problems of refused rows and awards, and of those that wait."""
    notes: list[str] = []
    unmapped: list[str] = []
    """The first 1,000 fields of a document that have no place in the registry."""
    unmapped_more: int = 0
    """Number of further fields."""
    missing: list[str] = []
    """Fields that a document's awards still require, as paths into the completions."""

    @property
    def empty(self) -> bool:
        """True if the file had no row and no award."""
        return not (self.issued or self.unchanged or self.refused or self.waiting or self.held or self.awards)

    @property
    def stored(self) -> bool:
        """True if this import stored an event that is to be published."""
        return not self.dry_run and (self.issued > 0 or any(result.published for result in self.awards))

    def add_award(self, result: ImportResult) -> None:
        """Add the result of a document's next award."""
        self.awards.append(result)
        self.problems += result.problems
        self.notes += [f"{result.path}: {note}" for note in result.notes]
        self.missing += [path for path in result.missing if path not in self.missing]
        if result.waiting:
            self.waiting += 1
        elif result.problems or result.missing:
            self.refused += 1
        elif result.held_until is not None:
            self.held += 1
        elif result.unchanged:
            self.unchanged += 1
        else:
            self.issued += 1


def begin_document_report(
    document: Document, member: str, own_content: MemberRevised | None, *, dry_run: bool
) -> ImportReport:
    """Return the report on a document before its first award is taken in.

    `own_content` is what governance publishes of this university: an award of another issuer is noted.
    """
    unmapped = document.unmapped()
    return ImportReport(
        document.name,
        dry_run=dry_run,
        format=document.FORMAT,
        notes=[*other_issuer_notes(document, member, own_content), *document.notes, *oddity_notes(document)],
        unmapped=unmapped.paths,
        unmapped_more=unmapped.more,
    )
