"""Days and hours as documents write them.

A text is understood as a day where it has one meaning: a date, or the start or the end of a day in its own zone. The
importer is asked about all others: an hour within the day, a time without a zone, another text.
"""

import datetime as dt
import re
from decimal import Decimal
from typing import Final

_MOMENT: Final = re.compile(
    r"(?P<day>\d{4}-\d\d-\d\d)[Tt](?P<hour>\d\d):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:[.,](?P<fraction>\d{1,12}))?)?"
    r"(?P<zone>[Zz]|[+-](?:0\d|1[0-4]):?[0-5]\d)?",
    re.ASCII,
)
_ZONED_DATE: Final = re.compile(r"(?P<day>\d{4}-\d\d-\d\d)(?:Z|[+-](?:0\d|1[0-4]):[0-5]\d)", re.ASCII)
_DURATION: Final = re.compile(
    r"PT(?:(\d{1,6}(?:[.,]\d{1,4})?)H)?(?:(\d{1,8}(?:[.,]\d{1,4})?)M)?(?:(\d{1,9}(?:[.,]\d{1,4})?)S)?", re.ASCII
)
DAY: Final = "write YYYY-MM-DD"


def day_of(text: str) -> str | None:
    """Return the day (`YYYY-MM-DD`) that a text stands for, or None where it has no certain one."""
    if (zoned := _ZONED_DATE.fullmatch(text)) is not None:  # XML Schema's date with its zone
        return _real(zoned["day"])
    moment = _MOMENT.fullmatch(text)
    if moment is None:
        return _real(text)
    clock = moment["hour"], moment["minute"], moment["second"] or "00"
    whole = not (moment["fraction"] or "").strip("0")
    if clock == ("00", "00", "00") and whole:
        return _real(moment["day"])
    if moment["zone"] is None:
        return None
    if clock == ("24", "00", "00") and whole:
        return _real(moment["day"])
    if clock[:2] == ("23", "59") and (clock[2] == "59" or (clock[2] == "00" and whole)):
        return _real(moment["day"])
    return None


def _real(text: str) -> str | None:
    try:
        return dt.date.fromisoformat(text).isoformat() if len(text) == 10 and text[4:8:3] == "--" else None
    except ValueError:
        return None


def day_fault(text: str) -> str:
    """Return why a text stands for no certain day, and what would."""
    moment = _MOMENT.fullmatch(text)
    if moment is None:
        return f"is not a date; {DAY}"
    if moment["zone"] is None:
        return f"is a time without a zone, which is another day in another zone; {DAY}"
    return f"is a moment within a day, which is another day in another zone; {DAY}"


def moment_of(text: str) -> dt.datetime | None:
    """Return the moment that a date (its start in UTC) or a time with a zone stands for, or None."""
    try:
        if _real(text) is not None:
            return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)
        moment = _MOMENT.fullmatch(text)
        if moment is None or moment["zone"] is None:
            return None
        if moment["hour"] == "24":
            return None if day_of(text) is None else _moment(text.replace("T24:", "T00:")) + dt.timedelta(days=1)
        return _moment(text)
    except (ValueError, OverflowError):
        return None


def _moment(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text.upper().replace(",", ".")).astimezone(dt.UTC)


def hours_of(text: str) -> int | float | None:
    """Return a duration in hours, minutes and seconds as hours with at most two decimals, or None.

    None also for a duration in days, weeks or months: these do not state hours of work.
    """
    duration = _DURATION.fullmatch(text)
    if duration is None or not any(duration.groups()):
        return None
    amounts = [Decimal((amount or "0").replace(",", ".")) for amount in duration.groups()]
    hours = amounts[0] + amounts[1] / 60 + amounts[2] / 3600
    rounded = hours.quantize(Decimal("0.01"))
    if rounded <= 0:
        return None
    return int(rounded) if rounded == int(rounded) else float(rounded)
