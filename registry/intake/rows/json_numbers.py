"""Numbers of JSON as they were written: what a program makes of a long one is another number."""

import math
from typing import Any, Final, Self

from registry.intake.rows.not_json import NotJson

EXACT_DIGITS: Final = 15
"""Significant digits that every program reads as they are written."""
_AMOUNTS: Final = frozenset({"ects", "version", "grade", "original_grade"})
"""Columns that hold a number, or may; all others hold texts, of which a whole number may be one."""
FRACTION: Final = (
    "is a JSON number with a fraction or an exponent, which programs round: its last digits may be lost; write it as"
    " text, in quotes"
)


class WrittenNumber(float):
    """A number with a fraction or an exponent, and how it was written. For `parse_float` of the JSON reader."""

    written: str

    def __new__(cls, written: str) -> Self:
        """Raises `NotJson` where it is greater than a number can be."""
        number = super().__new__(cls, written)
        if math.isinf(number):
            raise NotJson("a number in it is too large")
        number.written = written
        return number

    def __str__(self) -> str:
        """Return how a program writes it, or how it was written where that would round it."""
        return repr(float(self)) if self.is_exact else self.written

    @property
    def is_exact(self) -> bool:
        """True if it is written in digits alone, and in so few that no program rounds it."""
        digits = self.written.removeprefix("-").replace(".", "")
        return digits.isdigit() and len(digits.lstrip("0")) <= EXACT_DIGITS


def column_fault(name: str, value: Any) -> str | None:  # noqa: ANN401 - any JSON value
    """Return why a JSON value is no text or number for a column, or None."""
    if isinstance(value, bool) or not (value is None or isinstance(value, str | int | float)):
        return "is not a text or a number"
    if isinstance(value, WrittenNumber) and not (name in _AMOUNTS and value.is_exact):
        return FRACTION
    return None


def text_of(number: float) -> str:
    """Return a number as a row's text: 8.0 as `8`."""
    if isinstance(number, int):
        return repr(number)
    return str(int(number)) if number.is_integer() else repr(float(number))
