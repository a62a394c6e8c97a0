"""Is the document within the days of its validity."""

from datetime import UTC, date, datetime, timedelta

from registry.intake.formats.moments import moment_of
from registry.verification.checks import Check, OpenedDocument
from registry.verification.log_check import LogFindings

_SKEW = timedelta(minutes=5)
"""By which two clocks may differ."""


def check_dates(opened: OpenedDocument, findings: LogFindings, at: datetime) -> Check:
    """Check the beginning and the end that a document states, and the end that the log has."""
    begins, ends = opened.claims.get("validFrom"), opened.claims.get("validUntil")
    if ends is None and findings.logged is not None and findings.logged.valid_until is not None:
        ends = findings.logged.valid_until.isoformat()
    try:
        start = _start_of(begins) if begins is not None else None
        end = _end_of(ends) if ends is not None else None
    except ValueError:
        return Check("dates", "notChecked", "The document states its validity in a form that is no certain time.")
    values = {"validFrom": begins, "validUntil": ends}
    if start is not None and at + _SKEW < start:
        return Check("dates", "failed", f"The document is not valid before {start.date().isoformat()}.", values)
    if end is not None and at - _SKEW > end:
        return Check("dates", "failed", f"The document expired: it was valid until {end.date().isoformat()}.", values)
    if end is None:
        return Check("dates", "passed", "The document has no end date.", values)
    return Check("dates", "passed", f"The document is valid until {end.date().isoformat()}.", values)


def _start_of(value: object) -> datetime:
    moment = moment_of(str(value))
    if moment is None:
        raise ValueError("no time")
    return moment


def _end_of(value: object) -> datetime:
    """Return the end of a day, or a time."""
    text = str(value)
    if len(text) == 10:
        return datetime.combine(date.fromisoformat(text), datetime.max.time(), UTC)
    return _start_of(text)
