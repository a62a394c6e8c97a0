"""Credential rows from a table: CSV of any length and dialect, or a spreadsheet."""

from collections.abc import Iterator
from operator import itemgetter
from typing import Final

from registry.application.requests import IssueRequest
from registry.intake.rows.columns import NAMES, REQUIRED, display_value, example_note
from registry.intake.rows.days import Order
from registry.intake.rows.read_row import ReadRow
from registry.intake.rows.report import BadRows, Catalogue, Problem, Problems, Readable
from registry.intake.rows.row_checker import FindRecord, RowChecker
from registry.intake.rows.tables import INCOMPLETE_ROW, PROBLEM, Table, TableRow
from registry.values.formulas import restore_within

NEEDED: Final = tuple("achievement|course" if name == "achievement" else name for name in REQUIRED)
"""Columns that the header must name; a course code may name the achievement."""


class TableRows:
    """The credential rows of a table."""

    def __init__(
        self,
        path: Readable,
        catalogue: Catalogue,
        *,
        schedules: bool = False,
        dates: Order | None = None,
        keep_text: bool = False,
        find_record: FindRecord | None = None,
    ) -> None:
        """Read the header; the rest is for `RowChecker`. Raises `IntakeError` where no rows can be read."""
        self.path = path
        self.count = 0
        """Number of rows that were read, without the template's example."""
        self._table = Table(path, NAMES, NEEDED)
        self._checker = RowChecker(
            catalogue,
            schedules=schedules,
            dates=dates,
            decimal_comma=self._table.decimal_comma,
            keep_text=keep_text,
            find_record=find_record,
        )
        self.notes = self._table.notes
        """Notes on the file; reading the rows adds to them."""

    @property
    def description(self) -> str:
        """Description of what was read, for a file without a row."""
        return f"{self._table.description}, and no row of your own follows"

    def __iter__(self) -> Iterator[ReadRow]:
        """Yield every row. Raises `IntakeError` where too many rows are wrong."""
        bad = BadRows()
        for row in self._read_rows():
            if isinstance(row.result, tuple):
                bad.add(row.where)
            yield row

    def _read_rows(self) -> Iterator[ReadRow]:
        names = [name for name in self._table.names if name in NAMES]
        select = itemgetter(*map(self._table.names.index, names))  # of several columns, so that it returns a tuple
        problem_column = self._table.names.index(PROBLEM) if PROBLEM in self._table.names else None
        check = self._checker.check
        self.count = 0
        for row in self._table:
            if row.fault:
                self.count += 1
                yield ReadRow((Problem(row.where, "", "", row.fault),), row.end, row.line)
                continue
            if problem_column is not None and INCOMPLETE_ROW.match(row.values[problem_column]):
                self.count += 1
                detail = f"says that the row was not complete; correct its fields, and empty {PROBLEM!r}"
                yield ReadRow((Problem(row.where, PROBLEM, "", detail),), row.end, row.line)
                continue
            values = select(row.values)
            if problem_column is not None:  # a corrections file, whose texts are escaped
                values = tuple(map(restore_within, values))
            checked = check(row.line, dict(zip(names, values, strict=True)))
            if checked is None:
                self._note(example_note(row.line))
                continue
            self.count += 1
            result = _add_cell_faults(row, checked.result) if row.cells else checked.result
            yield ReadRow(result, row.end, row.line, checked.day)
        for note in self._checker.list_notes():
            self._note(note)

    def _note(self, note: str) -> None:
        if note not in self.notes:
            self.notes.append(note)


def _add_cell_faults(row: TableRow, result: IssueRequest | Problems) -> IssueRequest | Problems:
    """Add a problem for each cell of a spreadsheet that has no usable value."""
    cells = tuple(
        Problem(row.where, cell.column, display_value(cell.column, cell.shown), cell.fault)
        for cell in row.cells
        if cell.column in NAMES
    )
    if not cells:
        return result
    named = {cell.field for cell in cells}
    others = result if isinstance(result, tuple) else ()
    return (*cells, *(problem for problem in others if problem.field not in named))
