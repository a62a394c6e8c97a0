"""Imports with their progress at a terminal; one that is interrupted says what it has stored."""

from pathlib import Path

from registry.cli.output import errors, progress
from registry.intake.corrections import save_corrections
from registry.intake.formats.completions import Completions
from registry.intake.formats.document import Document
from registry.intake.import_report import ImportReport, begin_document_report
from registry.intake.importing import Importer
from registry.intake.row_import import OnIssued, RowImport, Rows
from registry.node.adapters.catalogue import OwnCatalogue
from registry.node.node import Node
from registry.node.own_content import own_content
from registry.values.plural import plural


def import_rows(
    node: Node,
    file: Path,
    rows: Rows,
    *,
    dry_run: bool = False,
    corrections: Path | None = None,
    on_issued: OnIssued = lambda *_: None,
) -> ImportReport:
    """Issue the good rows of a file and report the others.

    `corrections` is the file to which the bad rows of a table are written. `on_issued` is as for `RowImport`.
    """
    row_import = RowImport(node.issuer, file, rows, dry_run=dry_run, on_issued=on_issued)
    try:
        with progress(f"importing {file.name}") as counter:
            report = row_import.run(counter.advance)
    except BaseException:  # a signal or an error: stored rows stay, and their number is printed
        _say_stopped(row_import.stored, "row")
        raise
    if corrections is not None:
        report.notes.append(save_corrections(corrections, file, row_import.problems))
    return report


def import_document(
    node: Node, document: Document, completions: Completions, *, dry_run: bool = False, schedules: bool = False
) -> ImportReport:
    """Find or publish the achievements of a document, or make drafts of them, and issue its credentials.

    `schedules` counts awards whose day is to come as held, as a batch does.
    """
    report = begin_document_report(document, node.settings.member, own_content(node), dry_run=dry_run)
    importer = Importer(node.registry, node.issuer, OwnCatalogue(node.registry), schedules=schedules)
    try:
        for result in importer.take(document, completions, dry_run=dry_run):
            report.add_award(result)
    except BaseException:  # a signal or an error: stored awards stay, and their number is printed
        _say_stopped(0 if dry_run else report.issued, "award")
        raise
    return report


def _say_stopped(stored: int, noun: str) -> None:
    """Print how many rows or awards an import had stored when it was interrupted or failed."""
    if not stored:
        errors.print("The import stopped; nothing of this file was stored by it.", markup=False)
        return
    errors.print(
        f"The import stopped; {plural(stored, noun)} of this file {'was' if stored == 1 else 'were'} stored by it and"
        " not published: run `registry publish`. Import the file again for the rest; nothing is issued twice.",
        markup=False,
        highlight=False,
    )
