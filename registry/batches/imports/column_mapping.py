"""A table whose header has other names than ours: which of its columns stands for which of ours.

The mapped rows become NDJSON, each at its line in the table, so that they are checked, corrected and handed over as
those of any import.
"""

import difflib
import json
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from registry.batches.batch_file import BatchFile
from registry.intake.rows.columns import CREDITS, NAMES
from registry.intake.rows.table_rows import NEEDED
from registry.intake.rows.tables import PROBLEM, Table
from registry.intake.rows.xlsx_values import NO_VALUE

Columns = Mapping[int, str]
"""Our columns by their place in the header, from 0."""
_NEAR: Final = 0.75
_MAX_COLUMNS: Final = 200


class UnfitColumns(Exception):
    """Columns that were chosen twice, or that are needed and were not chosen."""

    def __init__(self, twice: list[str], missing: list[str]) -> None:
        super().__init__(f"chosen twice: {', '.join(twice)}; missing: {', '.join(missing)}")
        self.twice = twice
        self.missing = missing


class Header(NamedTuple):
    """The header of a table."""

    names: list[str]
    sheet: str
    """The name of the sheet that has it; empty for a CSV."""


def read_header(content: BatchFile) -> Header:
    """Return the names in a table's header, 200 at most; of a spreadsheet, of its sheet with the most columns.

    A byte that stands for no character of the file's encoding is a question mark. Raises `IntakeError` where there is
    no header, `DamagedBatchFile` where the content is missing.
    """
    table = Table(content, (), ())
    return Header([name.encode(errors="replace").decode() for name in table.header[:_MAX_COLUMNS]], table.sheet)


def guess_columns(header: list[str]) -> dict[int, str]:
    """Return the columns whose names are like one of ours."""
    guesses: dict[int, str] = {}
    for place, name in enumerate(header):
        plain = "_".join(name.lower().split())
        alike = difflib.get_close_matches(plain, [each for each in NAMES if each not in guesses.values()], 1, _NEAR)
        if alike:
            guesses[place] = alike[0]
    return guesses


def check_columns(columns: Columns) -> None:
    """Refuse columns of which no rows can be made. Raises `UnfitColumns`."""
    chosen = list(columns.values())
    twice = sorted({name for name in chosen if chosen.count(name) > 1})
    missing = [name for name in NEEDED if not set(name.split("|")) & set(chosen)]
    if twice or missing:
        raise UnfitColumns(twice, [name.partition("|")[0] for name in missing])


def map_rows(content: BatchFile, columns: Columns) -> Iterator[bytes]:
    """Yield the rows of a table as lines of NDJSON. Raises `IntakeError`, `DamagedBatchFile`.

    A row, or a cell of a spreadsheet, that cannot be read becomes a row that says so, and is refused.
    """
    table = Table(content, NAMES, NEEDED, columns)
    line = 1
    for row in table:
        cells = {
            name: _point(row.values[place]) if name == CREDITS and table.decimal_comma else row.values[place]
            for place, name in columns.items()
            if place < len(row.values)
        }
        faults = [row.fault] if row.fault else [f"{cell.column}: {cell.fault}" for cell in row.cells]
        if faults:
            cells |= {cell.column: NO_VALUE for cell in row.cells} | {PROBLEM: "; ".join(faults)}
        yield b"\n" * (row.end - line) + json.dumps(cells).encode() + b"\n"
        line = row.end + 1


def _point(text: str) -> str:
    return text.replace(",", ".") if text.count(",") == 1 and "." not in text else text
