"""The days of a credential, compared with each other and with today."""

import datetime as dt
import functools
from collections.abc import Sequence
from typing import Final, NamedTuple

from registry.intake.rows.days import NO_DATE
from registry.values.persons import birth_date_fault
from registry.wire.forms import check_date
from registry.wire.today import utc_today

AHEAD: Final = dt.timedelta(days=366)
"""Time before its awarding date at which an award may be taken in, for example for a graduation day."""
_YOUNGEST: Final = 10
"""Years of age below which the year of one of the days must be wrong."""


def days_fault(born: str, awarded: str, until: str | None = None) -> tuple[str, str] | None:
    """Return the column and the fault of the first of a credential's days that cannot be right, or None."""
    if (fault := birth_date_fault(born)) is not None:
        return "date_of_birth", fault
    for name, day in (("awarding_date", awarded), ("valid_until", until)):
        if day is not None and check_date(day) is not None:
            return name, NO_DATE
    today = utc_today()
    return next(iter(judge_days(born, awarded, until, today).faults), None)


class JudgedDays(NamedTuple):
    """The days of a credential, compared with each other."""

    faults: Sequence[tuple[str, str]]
    """Days that cannot be right: the column of each, and why."""
    is_ahead: bool
    """True if the awarding date is to come."""
    is_over: bool
    """True if the last day of validity has passed."""


@functools.lru_cache(maxsize=32_768)
def judge_days(born: str | None, awarded: str | None, until: str | None, today: dt.date) -> JudgedDays:
    """Judge days of the form YYYY-MM-DD; None is a day not known."""
    faults = []
    if born is not None and (fault := birth_date_fault(born)) is not None:
        faults.append(("date_of_birth", fault))
    elif born is not None and awarded is not None and awarded <= born:
        faults.append(("awarding_date", "is not after the date of birth"))
    elif born is not None and awarded is not None and awarded < f"{int(born[:4]) + _YOUNGEST}{born[4:]}":
        detail = f"is less than {_YOUNGEST} years after the date of birth; is its year right? Or that of the birth?"
        faults.append(("awarding_date", detail))
    if awarded is not None and awarded > (today + AHEAD).isoformat():
        faults.append(("awarding_date", "lies more than a year ahead; is its year right?"))
    if until is not None and awarded is not None and until < awarded:
        faults.append(("valid_until", "lies before the awarding date"))
    day = today.isoformat()
    return JudgedDays(faults, awarded is not None and awarded > day, until is not None and until < day)
