"""A university's way in: a format is one file here, and all of them lead to the same requests.

Nothing here touches a database: formats read, check and report; `registry.issuing` stores.
"""

from pathlib import Path

from registry.intake.csv_rows import CsvRows
from registry.intake.elm import ElmDocument
from registry.intake.ndjson_rows import NdjsonRows
from registry.intake.report import Catalogue, IntakeError, Problem

__all__ = ["Catalogue", "CsvRows", "ElmDocument", "IntakeError", "NdjsonRows", "Problem", "open_intake"]


def open_intake(path: Path, catalogue: Catalogue) -> CsvRows | NdjsonRows | ElmDocument:
    """Open a file by its name and first bytes. Raises `IntakeError` for what is no format of ours."""
    try:
        with path.open("rb") as file:
            head = file.read(4096)
    except OSError as error:
        raise IntakeError(f"cannot read {path}: {error.strerror}") from error
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if not start:
        raise IntakeError(f"{path} is empty; `registry template csv` writes one to fill in")
    suffix = path.suffix.lower()
    if suffix in (".ndjson", ".jsonl"):
        return NdjsonRows(path, catalogue)
    if suffix in (".jsonld", ".json") or start.startswith(b"{"):
        return ElmDocument.read(path)
    if suffix in (".csv", ".tsv", ".txt", "") or b"," in head or b";" in head:
        return CsvRows(path, catalogue)
    raise IntakeError(f"{path} is of no known format; use .csv, .ndjson, or .jsonld (European Learning Model)")
