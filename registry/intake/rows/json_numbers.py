"""Numbers of JSON as they are written: a program reads a long one as another number."""

import math
from typing import Any, Final, Self

from registry.intake.rows.not_json import NotJson

EXACT_DIGITS: Final = 15
"""Significant digits that every program reads as they are written."""
_AMOUNTS: Final = frozenset({"ects", "version", "grade", "original_grade"})
"""Columns that may have a number; all others have texts, which may be written as whole numbers."""
FRACTION: Final = (
    "is a JSON number with a fraction or an exponent, which programs round: its last digits may be lost; write it as"
    " text, in quotes"
)


class WrittenNumber(float):
    """A number with a fraction or an exponent, with its text. For `parse_float` of the JSON reader."""

    written: str

    def __new__(cls, written: str) -> Self:
        """Raises `NotJson` where it is greater than a number can be."""
        number = super().__new__(cls, written)
        if math.isinf(number):
            raise NotJson("a number in it is too large")
        number.written = written
        return number

    def __str__(self) -> str:
        """Return it as a program writes it, or as it was written where a program would round it."""
        return repr(float(self)) if self.is_exact else self.written

    @property
    def is_exact(self) -> bool:
        """True if it is written in digits only, and in few enough that no program rounds it."""
        digits = self.written.removeprefix("-").replace(".", "")
        return digits.isdigit() and len(digits.lstrip("0")) <= EXACT_DIGITS


def column_fault(name: str, value: Any) -> str | None:  # noqa: ANN401 - any JSON value
    """Return why a JSON value is not a text or number for a column, or None."""
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
