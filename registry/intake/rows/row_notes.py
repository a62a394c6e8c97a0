"""Notes on the rows of a file that were taken in: values that were read differently, and doubtful days."""

from collections import defaultdict
from typing import Final

from registry.intake.rows.columns import DAYS

_MAX_LINES: Final = 3


class _Rows:
    """Rows with something in common: how many, and the lines of the first of them."""

    def __init__(self) -> None:
        self.count = 0
        self._lines: list[int] = []

    def add(self, line: int) -> None:
        """Add the row of a line; 0 for a row that is in no file."""
        self.count += 1
        if line and len(self._lines) < _MAX_LINES:
            self._lines.append(line)

    @property
    def place(self) -> str:
        """The lines in parentheses; empty for a row that is in no file."""
        if not self._lines:
            return ""
        more = " and others" if self.count > len(self._lines) else ""
        return f" (line{'s' if self.count > 1 else ''} {', '.join(map(str, self._lines))}{more})"


class RowNotes:
    """The notes on all rows that were checked."""

    def __init__(self) -> None:
        self._commas = 0
        self._ahead = _Rows()
        self._over = _Rows()
        self._orders: defaultdict[tuple[str, str], _Rows] = defaultdict(_Rows)

    def add_comma(self) -> None:
        """Note that a decimal comma was read as a decimal point."""
        self._commas += 1

    def add_order(self, line: int, name: str, order: str) -> None:
        """Note that a day which was refused can be read in one order only."""
        self._orders[(name, order)].add(line)

    def add_days(self, line: int, *, is_ahead: bool, is_over: bool) -> None:
        """Note a day of award that is to come, and a validity that has ended."""
        if is_ahead:
            self._ahead.add(line)
        if is_over:
            self._over.add(line)

    def list(self) -> list[str]:
        """Return the notes."""
        notes = []
        if self._commas:
            notes.append(f"ects: decimal commas were read as decimal points in {self._commas:,} rows, 5,0 as 5.0")
        if self._ahead.count:
            notes.append(f"awarding_date: {_have_day(self._ahead)} to come; check that the award is certain")
        if self._over.count:
            notes.append(
                f"valid_until: {_have_day(self._over)} that has passed; the credential is expired from the start"
            )
        for name in DAYS:
            certain = [order for order in ("dmy", "mdy") if (name, order) in self._orders]
            if len(certain) == 1:
                [order], rows = certain, self._orders[(name, certain[0])]
                notes.append(
                    f"{name}: {rows.count:,} of its days{rows.place} can be read as {order} only: --dates {order}"
                )
            elif certain:
                places = " and some".join(
                    f" {words}{self._orders[(name, order)].place}"
                    for order, words in (("dmy", "day, month, year"), ("mdy", "month, day, year"))
                )
                notes.append(f"{name}: some of its days are written{places}")
        return notes


def _have_day(rows: _Rows) -> str:
    return f"1 row{rows.place} has a day" if rows.count == 1 else f"{rows.count:,} rows{rows.place} have a day"
