"""The rows of a file that were not taken in, as a file to be corrected and sent in again."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from registry.intake.rows.columns import NAMES
from registry.intake.rows.report import Readable
from registry.intake.rows.table_rows import NEEDED
from registry.intake.rows.tables import PROBLEM, Table
from registry.values.formulas import DELIMITERS, escape_formulas, restore_within

_SPLIT: Final = re.compile(f'["\r\n{DELIMITERS}]')
_BROKEN: Final = re.compile("[\ud800-\udfff]")


def corrections_of(content: Readable, faulty: Mapping[int, str]) -> Iterator[str]:
    """Yield the header and the faulty rows, a line each; `faulty` says what is wrong by the line that a row ends at.

    Of a spreadsheet a CSV with semicolons is made. A row that cannot be read stands in the first field as it is. No
    spreadsheet runs anything of it; `TableRows` takes what that adds within a text off again. Raises `IntakeError`
    where the content is no table.
    """
    if not faulty:
        return
    table = Table(content, NAMES, NEEDED)
    delimiter = table.delimiter or ";"
    width = len(table.names)
    said = table.names.index(PROBLEM) if PROBLEM in table.names else width
    """Where the column of an earlier corrections file stands, which this one's replaces."""
    is_corrections = PROBLEM in table.names

    def written(values: Sequence[str], why: str) -> str:
        others = [*values[:said], *values[said + 1 :]]
        if is_corrections:  # its texts are escaped already, and would be again each time that it is sent in
            others = list(map(restore_within, others))
        return _written([*others, why], delimiter)

    yield written(table.header[:width], PROBLEM)
    for end, values in _rows(table):
        if (why := faulty.get(end)) is not None:
            yield written([*values, *[""] * (width - len(values))], why)


def _rows(table: Table) -> Iterator[tuple[int, Sequence[str]]]:
    """Yield where each row ends, and its values as they stand."""
    if not table.delimiter:
        yield from ((row.end, row.values) for row in table)
        return
    for row, lines in table.lines_of_rows():
        if row is not None:
            yield row.end, row.values or ["".join(lines).rstrip("\r\n")]


def _written(row: Iterable[str], delimiter: str) -> str:
    values = (escape_formulas(_BROKEN.sub("\ufffd", value)) for value in row)
    return delimiter.join(map(_quoted, values)) + "\r\n"


def _quoted(value: str) -> str:
    """Return a field in quotation marks where a program of any locale would split it without them."""
    return '"' + value.replace('"', '""') + '"' if _SPLIT.search(value) else value
