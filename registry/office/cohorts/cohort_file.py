"""A cohort's list: a credential a line, or a table with a column `credential` and perhaps one `record`."""

import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Final

import msgspec

from registry.intake.rows.lines import text_lines
from registry.intake.rows.report import IntakeError
from registry.intake.rows.spreadsheet import is_spreadsheet
from registry.intake.rows.tables import Table, column_name
from registry.office.errors import CohortFileError
from registry.values.broken_text import broken_text_fault
from registry.values.persons import identifier_fault, normalise_identifier

_LIMIT: Final = 10 * 1024 * 1024
LONGEST: Final = 300
_COLUMNS: Final = ("credential", "record")
_MAX_HEADER_LINES: Final = 1000
_CREDENTIAL: Final = re.compile(
    "(?:([a-z0-9-]{2,40})/)?([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})", re.IGNORECASE
)


class CohortRow(msgspec.Struct, frozen=True):
    """One credential of a cohort."""

    where: str
    """`line 7`."""
    record: str
    """The office's own id of the row; the credential itself where it has none."""
    member: str
    credential: str
    problem: str = ""
    """The reason why the row cannot be read; then the other fields have the text as it is."""


class CohortRows:
    """The rows of one list."""

    def __init__(self, file: Path, member: str, table: Table | None) -> None:
        """`table` is None where the file is not a table but a credential a line."""
        self._file = file
        self._member = member
        self._table = table
        self.notes = table.notes if table is not None else []
        """Notes about the file."""

    def __iter__(self) -> Iterator[CohortRow]:
        """Yield every row. Raises `CohortFileError` at the end where there was none."""
        count = 0
        try:
            for row in self._lines() if self._table is None else self._rows(self._table):
                count += 1
                yield row
        except IntakeError as error:
            raise CohortFileError(str(error)) from error
        if not count:
            raise CohortFileError(
                f"{self._file} is empty: there is no row in it; write a credential a line, as twente/e7c1ab39-…"
            )

    def _lines(self) -> Iterator[CohortRow]:
        for number, line in text_lines(self._file):
            if text := line.lstrip("\ufeff").partition("#")[0].strip():
                yield _row(f"line {number}", "", text, self._member)

    def _rows(self, table: Table) -> Iterator[CohortRow]:
        for row in table:
            faults = [f"{cell.column} {cell.fault}" for cell in row.cells if cell.column in _COLUMNS]
            if row.fault or faults:
                yield CohortRow(row.where, "", "", "", row.fault or "; ".join(faults))
                continue
            values = dict(zip(table.names, row.values, strict=True))
            record = normalise_identifier(values.get("record", ""))
            yield _row(row.where, record, normalise_identifier(values["credential"]), self._member)


def rows(file: Path, member: str) -> CohortRows:
    """Return the rows of a list; `member` is whose credentials those are that name none.

    Raises `CohortFileError`; so does reading, where there is no row.
    """
    try:
        if file.stat().st_size > _LIMIT:
            raise CohortFileError(f"{file} has more than {_LIMIT:,} bytes; split it, and decide part after part")
        table = _table_of(file)
    except OSError as error:
        raise CohortFileError(f"cannot read {file}: {error.strerror}") from error
    except IntakeError as error:
        raise CohortFileError(str(error)) from error
    return CohortRows(file, member, table)


def read_lines(text: str, member: str) -> list[CohortRow]:
    """Return the rows of a text with a credential a line, each perhaps with a record after a space.

    `member` is whose credentials those are that name none.
    """
    rows = []
    for number, line in enumerate(text.splitlines(), 1):
        credential, _, record = line.partition("#")[0].strip().partition(" ")
        if credential:
            rows.append(_row(f"line {number}", normalise_identifier(record), credential, member))
    return rows


def _table_of(file: Path) -> Table | None:
    """Return the table that a file is, or None where it is a credential a line."""
    for _, line in islice(text_lines(file), _MAX_HEADER_LINES):
        names = {column_name(name.strip('"')) for name in re.split(r"[,;\t|]", line.strip("\ufeff\r\n"))}
        if names & {"credential"}:
            return Table(file, _COLUMNS, _COLUMNS[:1])
        # Blank lines, delimiters without values and `sep=;` may stand before a header.
        if line.strip(" ,;\t|\r\n\ufeff") and not line.lower().lstrip('"\ufeff').startswith("sep="):
            break
    if is_spreadsheet(file):
        return Table(file, _COLUMNS, _COLUMNS[:1])
    return None


def _row(where: str, record: str, text: str, member: str) -> CohortRow:
    match = _CREDENTIAL.fullmatch(text)
    if match is None:
        return CohortRow(where, record, "", text[:80], f"{text[:80]!r} is not a credential, as {member}/e7c1ab39-…")
    if len(record) > LONGEST:
        return CohortRow(where, record[:80], "", text, f"the record has more than {LONGEST} characters")
    if (fault := (identifier_fault(record) or broken_text_fault(record)) if record else None) is not None:
        return CohortRow(where, record[:80], "", text, f"the record {fault}")
    whose, credential = match[1] or member, match[2].lower()
    return CohortRow(where, record or f"{whose}/{credential}", whose, credential)
