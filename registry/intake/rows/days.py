"""Days in the forms of files, read as `YYYY-MM-DD`."""

import functools
import re
from typing import Final, Literal

from registry.wire.forms import check_date

Order = Literal["dmy", "mdy", "ymd"]
ORDERS: Final[tuple[Order, ...]] = ("dmy", "mdy", "ymd")
NO_DATE: Final = "is not a date; write it as YYYY-MM-DD, for example 2026-06-30"
_END_YEAR: Final = re.compile(r"(\d{1,2})([./-])(\d{1,2})\2(\d{4})")
_BEGIN_YEAR: Final = re.compile(r"(\d{4})([./-])(\d{1,2})\2(\d{1,2})")
_TWO_DIGITS: Final = re.compile(r"\d{1,2}([./-])\d{1,2}\1\d{2}")
_PLACES: Final = {"dmy": "day, month, year", "mdy": "month, day, year", "ymd": "year, month, day"}


@functools.lru_cache(maxsize=32_768)
def read_day(text: str, order: Order | None) -> str | None:
    """Return a day as `YYYY-MM-DD`, or None where it is not a day in that order of day, month and year.

    `YYYY-MM-DD` is understood with each order.
    """
    if check_date(text) is None:
        return text
    if order is None or not text.isascii():
        return None
    if order == "ymd":
        if (parts := _BEGIN_YEAR.fullmatch(text)) is None:
            return None
        year, month, day = parts[1], parts[3], parts[4]
    else:
        if (parts := _END_YEAR.fullmatch(text)) is None:
            return None
        year = parts[4]
        day, month = (parts[1], parts[3]) if order == "dmy" else (parts[3], parts[1])
    iso = f"{year}-{month:0>2}-{day:0>2}"
    return iso if check_date(iso) is None else None


def day_fault(text: str, order: Order | None) -> str:
    """Return why a text is not a day, and what to do where it is a day in another form."""
    if _TWO_DIGITS.fullmatch(text):
        return "has a year of two digits; write it as YYYY-MM-DD"
    if order is not None:
        return f"is not a day of the calendar by the order {order} ({_PLACES[order]}); write it as YYYY-MM-DD"
    if not orders_of(text):
        return NO_DATE
    # The same text for the whole column, also for days that could be read both ways.
    if (parts := _BEGIN_YEAR.fullmatch(text)) is not None:
        written, orders = f"YYYY{parts[2]}MM{parts[2]}DD", "--dates ymd"
    elif "." in text:
        written, orders = "DD.MM.YYYY", "--dates dmy"
    else:
        mark = "/" if "/" in text else "-"
        written, orders = f"DD{mark}MM{mark}YYYY or MM{mark}DD{mark}YYYY", "--dates dmy or --dates mdy"
    if written == "YYYY-MM-DD":
        return (
            f"has a month or a day of one digit; write it as YYYY-MM-DD, or repeat with {orders} (over HTTP, dates=…)"
        )
    return f"is written {written}; write it as YYYY-MM-DD, or repeat with {orders} (over HTTP, dates=…)"


def orders_of(text: str) -> tuple[Order, ...]:
    """Return the orders of day, month and year in which a text is a day."""
    return tuple(order for order in ORDERS if read_day(text, order) is not None)
