"""Values of a spreadsheet's cells by column: the displayed and the stored value must be the same."""

import re
from decimal import Decimal
from typing import Final, Literal, NamedTuple

from registry.intake.rows.columns import CREDITS, DAYS, GRADES
from registry.intake.rows.xlsx_formats import changes_value, display_number, display_text

NO_VALUE: Final = "#VALUE!"
"""Text of a row for a value that is unknown: no column accepts it, also when the row is sent again."""
_MAY_HAVE_FRACTION: Final = frozenset({*GRADES, CREDITS, "note"})
_PLAIN: Final = re.compile(r"-?\d+(\.\d+)?")
_SHOWN: Final = 80
"""Characters of a text that a message quotes."""
_AS_TEXT: Final = "format the column as text and write it again"
_QUOTE: Final = re.compile(rf"is shown (?:as|in) .* and stored as .*?; (?={_AS_TEXT})", re.DOTALL)


class Cell(NamedTuple):
    """A cell without a usable value, and the fault."""

    shown: str
    fault: str
    written: str | None = None
    """Text of the row for it; None: the text that is shown."""

    @property
    def text(self) -> str:
        """The text of the row for this cell."""
        return self.shown if self.written is None else self.written


class Stored(NamedTuple):
    """A cell that is displayed in another way than it is stored: the column decides which value counts, if any."""

    kind: Literal["number", "text", "day"]
    value: str
    """A number as it would be typed, a text, or a day as YYYY-MM-DD."""
    shown: str | None
    """Text that the spreadsheet shows; None where this is unknown."""
    code: str
    """The cell's number format."""

    @property
    def text(self) -> str:
        """The displayed text, or the stored value where that is unknown."""
        return self.value if self.shown is None else self.shown


Value = str | Cell | Stored


def text_of(value: Value) -> str:
    """Return a cell's text; of a cell without a usable value, the displayed text."""
    return value if isinstance(value, str) else value.text


def day_value(day: str, code: str) -> Stored:
    """Return a cell that holds a day, by its number format."""
    return Stored("day", day, None, code)


def text_value(text: str, code: str) -> Value:
    """Return a cell that holds a text, by its number format."""
    shown = display_text(text, code)
    return text if shown is not None and shown.strip() == text.strip() else Stored("text", text, shown, code)


def number_value(number: Decimal, code: str) -> Value:
    """Return a cell that holds a number, by its number format; displayed leading zeros belong to the value."""
    plain = format(number, "f")
    shown = plain if code in ("", "General", "@") else display_number(number, code)
    if shown is not None and shown.isdecimal() and shown.lstrip("0") == plain.lstrip("0"):
        return shown
    return Stored("number", plain, shown, code)


def value_in(column: str, value: Cell | Stored) -> str | Cell:
    """Return a cell's text in a column, or a cell with the fault of its value there."""
    if isinstance(value, Cell):
        return value
    if value.kind == "day":
        return value.value if column in DAYS else Cell(value.value, _DAY, NO_VALUE)
    if value.kind == "number" and column in DAYS:
        return value.value  # which is not a day
    if value.kind == "number" and column == CREDITS and not changes_value(value.code):
        return value.value
    same = _same_number(value) if value.kind == "number" else None
    if same is None:
        return _differing_cell(value)
    if column in _MAY_HAVE_FRACTION:
        return same
    if "." in value.value:
        return Cell(value.value, _HAS_FRACTION, NO_VALUE)
    return same if "." not in same else _differing_cell(value)


def without_values(detail: str) -> str:
    """Return a message about a cell without its quotations of the cell."""
    return _QUOTE.sub("is not shown as it is stored; ", detail)


def _same_number(stored: Stored) -> str | None:
    """Return the number as it is displayed, or None where another value is displayed."""
    shown = stored.shown
    if shown is None:
        return None
    bare = shown.removesuffix(".")
    bare = f"0{bare}" if bare.startswith(".") else bare
    if not _PLAIN.fullmatch(bare) or Decimal(bare) != Decimal(stored.value):
        return None
    return bare


def _differing_cell(stored: Stored) -> Cell:
    value = stored.value[:_SHOWN]
    if stored.shown is None:
        fault = f"is shown in the number format {stored.code[:_SHOWN]!r} and stored as {value}; {_AS_TEXT}"
        return Cell(value, fault, NO_VALUE)
    shown = stored.shown[:_SHOWN] or "nothing"
    return Cell(stored.shown, f"is shown as {shown} and stored as {value}; {_AS_TEXT}", stored.shown or NO_VALUE)


_DAY: Final = f"is a date of the spreadsheet, which may have rewritten it (1-2 becomes 2 January); {_AS_TEXT}"
_HAS_FRACTION: Final = (
    f"is a number with a fraction, of which a spreadsheet drops zeros at the end (6.100 becomes 6.1); {_AS_TEXT}"
)
