"""Credential rows from a table: CSV of any length and dialect, or a spreadsheet."""

import re
from collections.abc import Iterator
from datetime import date
from operator import itemgetter
from typing import Final

from registry.application.requests import IssueRequest
from registry.intake.rows.columns import (
    COLUMNS,
    NAMES,
    REQUIRED,
    FindRecord,
    Problems,
    RowChecker,
    example_note,
    shown_value,
)
from registry.intake.rows.days import Order
from registry.intake.rows.report import BadRows, Catalogue, Problem, Readable
from registry.intake.rows.tables import PROBLEM, Table, TableRow, where_of
from registry.values.formulas import restore_within

NEEDED: Final = tuple("achievement|course" if name == "achievement" else name for name in REQUIRED)
"""What the header names; a course code stands for the achievement."""
_INCOMPLETE: Final = re.compile(r"has \d+ fields? where the header has \d+|cannot be read as a row")
"""What the `problem` column of a corrections file says of a row that was not complete.

Such a file has as many fields in every row as in its header, whatever the row had: one that was short, sent in again
as it came back, would pass for a whole one.
"""


class TableRows:
    """The credential rows of a table."""

    def __init__(
        self,
        path: Readable,
        catalogue: Catalogue,
        *,
        holds: bool = False,
        dates: Order | None = None,
        keep_text: bool = False,
        find_record: FindRecord | None = None,
    ) -> None:
        """Read the header; the rest is for `RowChecker`. Raises `IntakeError` where no rows can be read."""
        self.path = path
        self.line = 0
        """The line that the row given last ends at."""
        self._first_line = 0
        """The line that it begins at."""
        self.count = 0
        """Rows that were read, without the template's example."""
        self._table = Table(path, NAMES, NEEDED)
        self._checker = RowChecker(
            catalogue,
            holds=holds,
            dates=dates,
            decimal_comma=self._table.decimal_comma,
            keep_text=keep_text,
            find_record=find_record,
        )
        self.notes = self._table.notes
        """What is to be said of the file; more, once its rows are read."""

    @property
    def held_until(self) -> date | None:
        """The day from which the row given last is to be published, where that is to come (and rows are held)."""
        return self._checker.held_until

    @property
    def description(self) -> str:
        """Return in words what was read of a file without a row."""
        return f"{self._table.description}, and no row of your own follows"

    @property
    def where(self) -> str:
        """Return the place of the row given last, in words."""
        return where_of(self._first_line, self.line)

    def __iter__(self) -> Iterator[IssueRequest | Problems]:
        """Yield every row, as a request or as all that is wrong with it.

        Raises `IntakeError` where too many rows are wrong.
        """
        bad = BadRows()
        for row in self._rows():
            if isinstance(row, tuple):
                bad.add(self.where)
            yield row

    def _rows(self) -> Iterator[IssueRequest | Problems]:
        names = [name for name in self._table.names if name in NAMES]
        select = itemgetter(*map(self._table.names.index, names))  # of several columns, so that it returns a tuple
        said_incomplete = self._table.names.index(PROBLEM) if PROBLEM in self._table.names else None
        check = self._checker.check_all
        self.count = 0
        for row in self._table:
            self.line = row.end
            self._first_line = row.line
            if row.fault:
                self.count += 1
                yield (Problem(row.where, "", "", row.fault),)
                continue
            if said_incomplete is not None and _INCOMPLETE.match(row.values[said_incomplete]):
                self.count += 1
                detail = f"says that the row was not complete; put its fields right, and empty {PROBLEM!r}"
                yield (Problem(row.where, PROBLEM, "", detail),)
                continue
            values = select(row.values)
            if said_incomplete is not None:  # a corrections file, whose texts no spreadsheet runs
                values = tuple(map(restore_within, values))
            found = check(row.line, dict(zip(names, values, strict=True)))
            if found is None:
                self._note(example_note(row.line))
                continue
            self.count += 1
            yield _with_cells(row, found) if row.cells else found
        for note in self._checker.notes():
            self._note(note)

    def _note(self, note: str) -> None:
        if note not in self.notes:
            self.notes.append(note)


def _with_cells(row: TableRow, found: IssueRequest | Problems) -> IssueRequest | Problems:
    """Add the cells of a spreadsheet that hold no value that can be taken to what is wrong with the row."""
    cells = tuple(
        Problem(row.where, cell.column, shown_value(cell.column, cell.shown), cell.fault)
        for cell in row.cells
        if cell.column in NAMES
    )
    if not cells:
        return found
    named = {cell.field for cell in cells}
    others = found if isinstance(found, tuple) else ()
    return (*cells, *(problem for problem in others if problem.field not in named))


def template() -> str:
    """Return a CSV to fill in: the header, and an example row that is passed over."""
    return ",".join(c.name for c in COLUMNS) + "\n" + ",".join(c.example for c in COLUMNS) + "\n"
