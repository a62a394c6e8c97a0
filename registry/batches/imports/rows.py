"""The cells of single rows of an import, and the check of a row whose cells were typed."""

import json
from collections.abc import Collection, Iterator, Mapping
from typing import Final, NamedTuple

from registry.batches.batch import TABLES, Batch
from registry.batches.batch_file import BatchFile
from registry.intake.rows.columns import NAMES
from registry.intake.rows.json_numbers import WrittenNumber, text_of
from registry.intake.rows.lines import byte_lines
from registry.intake.rows.ndjson_rows import MAX_LINE_BYTES, NdjsonRows
from registry.intake.rows.report import Catalogue, Problem
from registry.intake.rows.row_checker import CheckedRow, RowChecker
from registry.intake.rows.row_texts import MAX_FIELD
from registry.intake.rows.spreadsheet import is_spreadsheet
from registry.intake.rows.table_rows import NEEDED, TableRows
from registry.intake.rows.tables import PROBLEM, Table
from registry.intake.rows.xlsx_values import NO_VALUE
from registry.values.formulas import restore_within
from registry.values.lone_surrogates import LONE_SURROGATE

_SHOWN: Final = MAX_FIELD
"""Characters of a cell that are read for a page."""
Cells = Mapping[str, str]
"""Texts by column."""


class RowCells(NamedTuple):
    """A row as the file has it."""

    line: int
    """The line at which it ends."""
    cells: Cells
    """As far as the row can be read."""


def open_rows(content: BatchFile, batch: Batch, catalogue: Catalogue) -> TableRows | NdjsonRows:
    """Return the rows of a batch, each checked as it is read. Raises `IntakeError`, `DamagedBatchFile`."""
    kind = TableRows if batch.media in TABLES else NdjsonRows
    return kind(content, catalogue, schedules=True, dates=batch.dates, keep_text=batch.keep_text)


def read_cells(content: BatchFile, batch: Batch, lines: Collection[int]) -> Iterator[RowCells]:
    """Yield the rows that end at these lines. Reads no further than the last of them.

    Raises `IntakeError` where the content has no rows, `DamagedBatchFile` where it is missing.
    """
    if not lines:
        return
    last = max(lines)
    for line, cells in _read_rows(content, batch):
        if line in lines:
            yield RowCells(line, _choose(cells))
        if line >= last:
            return


def read_all_cells(content: BatchFile, batch: Batch) -> Iterator[RowCells]:
    """Yield every row. Raises as `read_cells` does."""
    return (RowCells(line, _choose(cells)) for line, cells in _read_rows(content, batch))


def _choose(cells: Cells) -> Cells:
    return {name: _clean(text) for name, text in cells.items() if name in NAMES}


def _read_rows(content: BatchFile, batch: Batch) -> Iterator[tuple[int, dict[str, str]]]:
    return _read_table(content) if batch.media in TABLES else _read_objects(content)


def _read_table(content: BatchFile) -> Iterator[tuple[int, dict[str, str]]]:
    table = Table(content, NAMES, NEEDED)
    is_corrections = PROBLEM in table.names
    for row in table:
        # A row that cannot be read has another number of fields, as far as it was split at all.
        values = [restore_within(value) for value in row.values] if is_corrections else row.values
        yield row.end, dict(zip(table.names, values, strict=False))


def _read_objects(content: BatchFile) -> Iterator[tuple[int, dict[str, str]]]:
    with content.open("rb") as file:
        for number, line in enumerate(byte_lines(file, MAX_LINE_BYTES), 1):
            yield number, {} if line is None else _read_object(line)


def _read_object(line: bytes) -> dict[str, str]:
    try:
        value = json.loads(line.removeprefix(b"\xef\xbb\xbf"), parse_float=WrittenNumber)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(value, dict):
        return {}
    return {name: _text(item) for name, item in value.items() if isinstance(item, str | int | float)}


def _text(value: str | float) -> str:
    return value if isinstance(value, str) else text_of(value)


def _clean(text: str) -> str:
    return "" if text == NO_VALUE else LONE_SURROGATE.sub("\ufffd", text.strip())[:_SHOWN]


class CellChecker:
    """Checks rows of an import whose cells were typed, as the rows of its file are checked."""

    def __init__(self, content: BatchFile, batch: Batch, catalogue: Catalogue) -> None:
        """Read the header of a table. Raises `IntakeError`, `DamagedBatchFile`."""
        self._batch = batch
        self._catalogue = catalogue
        self._decimal_comma = batch.media in TABLES and (
            is_spreadsheet(content) or Table(content, NAMES, NEEDED).decimal_comma
        )
        self._checkers: dict[bool, RowChecker] = {}

    def check(self, line: int, cells: Cells, *, keep_text: bool = False) -> CheckedRow:
        """Check a row. `keep_text`: text that looks wrong is right."""
        checked = self._open(keep_text or self._batch.keep_text).check(
            line, {name: cells.get(name, "") for name in NAMES}
        )
        if checked is None:
            detail = "is the template's own example; write your own"
            return CheckedRow((Problem(f"line {line}", "record", "", detail),))
        return checked

    def _open(self, keep_text: bool) -> RowChecker:  # noqa: FBT001 - the key of the checkers
        if keep_text not in self._checkers:
            self._checkers[keep_text] = RowChecker(
                self._catalogue,
                schedules=True,
                dates=self._batch.dates,
                decimal_comma=self._decimal_comma,
                keep_text=keep_text,
            )
        return self._checkers[keep_text]
