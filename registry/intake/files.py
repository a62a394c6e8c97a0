"""Files of intake: rows of a table or of NDJSON, documents, and completions of documents."""

import json
from pathlib import Path

from registry.intake.formats import json_content
from registry.intake.formats.completions import Values
from registry.intake.formats.document import Document
from registry.intake.formats.documents import is_xml, read_file, refuse_other
from registry.intake.rows.days import Order
from registry.intake.rows.ndjson_rows import NdjsonRows
from registry.intake.rows.report import Catalogue, IntakeError
from registry.intake.rows.row_checker import FindRecord
from registry.intake.rows.spreadsheet import is_spreadsheet
from registry.intake.rows.table_rows import TableRows


def open_intake(
    path: Path,
    catalogue: Catalogue,
    *,
    dates: Order | None = None,
    keep_text: bool = False,
    find_record: FindRecord | None = None,
) -> TableRows | NdjsonRows | Document:
    """Open a file by its content; the options are for rows, as `RowChecker` takes them.

    Raises `IntakeError` if the file has no known format.
    """
    try:
        with path.open("rb") as file:
            head = file.read(64 * 1024)
    except OSError as error:
        raise IntakeError(f"cannot read {path}: {error.strerror}") from error
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if not start:
        raise IntakeError(f"{path} is empty; there is nothing to take in")
    if is_spreadsheet(path):
        return TableRows(path, catalogue, dates=dates, keep_text=keep_text, find_record=find_record)
    refuse_other(start, str(path))
    if is_xml(head) or start.startswith(b"eyJ"):
        return read_file(path)
    if path.suffix.lower() in (".ndjson", ".jsonl") and b'"credentialSubject"' not in start:
        return NdjsonRows(path, catalogue, dates=dates, keep_text=keep_text, find_record=find_record)
    if start.startswith(b"{"):
        if not _has_rows(start):
            return read_file(path)
        return NdjsonRows(path, catalogue, dates=dates, keep_text=keep_text, find_record=find_record)
    if start.startswith(b"["):
        raise IntakeError(f"{path} is a JSON array; write one object a line (NDJSON), or one document a file")
    if path.suffix.lower() in (".json", ".jsonld", ".xml", ".elmo"):
        return read_file(path)
    return TableRows(path, catalogue, dates=dates, keep_text=keep_text, find_record=find_record)


def _has_rows(start: bytes) -> bool:
    """Return True if a text that begins with a brace has one object a line, and is not one document."""
    line, _, rest = start.partition(b"\n")
    try:
        first = json.loads(line)
    except (ValueError, RecursionError):
        # A row that is broken, or the first line of a document: a document's first line ends within the object.
        return line.rstrip().endswith(b"}")
    return isinstance(first, dict) and "credentialSubject" not in first and bool(rest.strip() or "record" in first)


def read_completions(file: Path) -> Values:
    """Read the completions of a document or of a draft. Raises `IntakeError` if the file does not hold any."""
    try:
        content = file.read_bytes()
    except OSError as error:
        raise IntakeError(f"cannot read {file}: {error.strerror}") from error
    completions = json_content.load(content, str(file))
    for name, value in completions.items():
        if not isinstance(value, dict):
            raise IntakeError(f"{file}: {name[:80]} is not an object; write {{{name[:80]!r}: {{…}}}}")
    return completions
