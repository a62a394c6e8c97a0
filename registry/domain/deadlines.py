"""Deadlines of decisions: a term from the complete file on, plus the days on which the office waited for documents.

The Lisbon Recognition Convention wants a decision "within a reasonable time limit", for which its committee's
recommendation on procedures (revised 2010) says four months at most, from when all relevant information is there.
Pure: whether something is overdue is computed for the day that somebody asks about.
"""

import calendar
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Final, Literal

LONGEST: Final = "P4M"
"""The longest term that an office can give itself."""
_TERM: Final = re.compile(r"P(\d{1,3})([MWD])", re.ASCII)
_MOST: Final = {"M": 4, "W": 17, "D": 120}

Urgency = Literal["notStarted", "stopped", "inTime", "dueSoon", "overdue", "done"]
Stops = Sequence[tuple[str, str | None]]
"""The times in which the clock was stopped: first and last day; None as the last while it is stopped."""


def check_term(text: str) -> str:
    """Return a term of four months at most. Raises `ValueError` for anything else."""
    number, unit = _parts(text)
    if not 0 < number <= _MOST[unit]:
        raise ValueError(f"{text!r}: write at least one day and at most four months (P4M, P17W, P120D)")
    return text


def term_for(countries: Iterable[str | None], default: str, by_country: Mapping[str, str]) -> str:
    """Return the term of a case about credentials from these countries: the shortest that applies."""
    terms = [by_country.get(country or "", default) for country in countries] or [default]
    start = date(2026, 1, 1)  # any day: only lengths are compared
    return min(terms, key=lambda term: last_day_of(start, term))


def last_day_of(day: date, term: str) -> date:
    """Return the last day of a term that begins on `day`: months end on the same day of the month, or on its last."""
    number, unit = _parts(term)
    if unit != "M":
        return day + timedelta(days=number * (7 if unit == "W" else 1))
    months = day.year * 12 + day.month - 1 + number
    year, month = divmod(months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def stopped_days(stops: Stops) -> int:
    """Return the number of days on which the clock was stopped, in the times that are over."""
    return sum((date.fromisoformat(end) - date.fromisoformat(begin)).days for begin, end in stops if end is not None)


def due(completed: str, term: str, stops: Stops) -> date | None:
    """Return the last day for the decision on a file that was complete on a day; None while the clock is stopped."""
    if stops and stops[-1][1] is None:
        return None
    return last_day_of(date.fromisoformat(completed), term) + timedelta(days=stopped_days(stops))


def urgency(state: str, completed: date | None, due_on: date | None, today: date, soon: int) -> Urgency:
    """Return how urgent a case is today; a decision that is due in `soon` days or fewer is due soon."""
    if state in ("decided", "withdrawn", "closed"):
        return "done"
    if completed is None:
        return "notStarted"
    if due_on is None:
        return "stopped"
    if due_on < today:
        return "overdue"
    return "dueSoon" if due_on <= today + timedelta(days=soon) else "inTime"


def _parts(text: str) -> tuple[int, str]:
    match = _TERM.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not a term; write months, weeks or days as P4M, P8W or P60D")
    return int(match[1]), match[2]
