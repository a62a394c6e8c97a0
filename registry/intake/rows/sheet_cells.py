"""The cells of a sheet's rows by column: texts, faults, and the notes on hidden rows and on other sheets."""

from collections.abc import Collection, Sequence
from typing import Final, NamedTuple

from registry.intake.rows.report import MAX_NAMED, IntakeError
from registry.intake.rows.spreadsheet import MAX_COLUMNS, MergedRange
from registry.intake.rows.xlsx_values import NO_VALUE, Cell, Value, text_of, value_in

_MAX_RUNS: Final = 20
"""Places that the note on hidden rows names at most; a place is one row or several in a run."""


class CellFault(NamedTuple):
    """A cell of a spreadsheet that holds no value that can be taken."""

    column: str
    shown: str
    fault: str


class SheetCells:
    """Reads the cells of one sheet, row by row from the top."""

    def __init__(self, names: Sequence[str], meaningful: Collection[str], merged: Sequence[MergedRange]) -> None:
        """`names` are the sheet's columns, and `meaningful` those whose values are checked; others keep their text."""
        self._columns = [name if name in meaningful else "" for name in names]
        self._above = sorted(merged, reverse=True)  # those whose first row is still to come, the next one last
        self._merged: list[MergedRange] = []

    def read(self, number: int, row: Sequence[Value]) -> tuple[list[str], list[CellFault]]:
        """Return a row's texts, at least one for each column, and the faults of its cells.

        Raises `IntakeError` where merged ranges overlap, as no program writes them.
        """
        texts, faults, columns = list[str](), dict[int, CellFault](), self._columns
        for at, value in enumerate(row):
            if isinstance(value, str):
                texts.append(value)
                continue
            name = columns[at] if at < len(columns) else ""
            text = value_in(name, value) if name else text_of(value)
            if isinstance(text, Cell):
                faults[at] = CellFault(name, text.shown, text.fault)
            texts.append(text_of(text))
        texts += [""] * (len(columns) - len(texts))
        if self._above or self._merged:
            self._refuse_merged(number, texts, faults)
        return texts, [faults[at] for at in sorted(faults)]

    def _refuse_merged(self, number: int, texts: list[str], faults: dict[int, CellFault]) -> None:
        """Refuse the cells of a merged range except its first: they show a value that they do not hold."""
        while self._above and self._above[-1].first_row <= number:
            self._merged.append(self._above.pop())
        self._merged = [merged for merged in self._merged if merged.last_row >= number]
        if len(self._merged) > MAX_COLUMNS:
            raise IntakeError(f"more than {MAX_COLUMNS} merged ranges of the sheet cover its row {number}; split them")
        if not any(text.strip() for text in texts):
            return
        for merged in self._merged:
            first = merged.first_column - (number > merged.first_row)
            for at in range(first, min(merged.last_column, len(self._columns))):
                if name := self._columns[at]:
                    fault = (
                        f"is within the merged cells {merged.reference[:30]}, which have one value together; split"
                        " them, and write the value into each row and column that it is meant for"
                    )
                    faults[at] = CellFault(name, texts[at] if texts[at] != NO_VALUE else "", fault)
                    texts[at] = NO_VALUE


def unread_notes(counts: Sequence[tuple[str, int | None]]) -> list[str]:
    """Return the notes on other sheets of a file: name, and number of rows or None where they cannot be counted."""
    notes = []
    for name, count in counts:
        if count is None:
            notes.append(f"sheet {name!r} was not read; the number of its rows is unknown")
        elif count:
            rows = "1 row that was" if count == 1 else f"{count:,} rows that were"
            notes.append(f"sheet {name!r} has {rows} not read")
    if len(notes) > MAX_NAMED:
        more = len(notes) - MAX_NAMED
        notes[MAX_NAMED:] = [f"{more} more sheet{'s have' if more > 1 else ' has'} rows that were not read"]
    return notes


def hidden_note(rows: Sequence[int]) -> str:
    """Return the note on hidden rows of a sheet, which were read."""
    runs: list[list[int]] = []
    for row in rows:
        if runs and runs[-1][1] == row - 1:
            runs[-1][1] = row
        else:
            runs.append([row, row])
    lines = ", ".join(f"{first}" if first == last else f"{first} to {last}" for first, last in runs[:_MAX_RUNS])
    more = " …" if len(runs) > _MAX_RUNS else ""
    if len(rows) == 1:
        return f"1 row that was read is hidden in the sheet, perhaps by a filter: line {lines}"
    return f"{len(rows):,} rows that were read are hidden in the sheet, perhaps by a filter: lines {lines}{more}"
