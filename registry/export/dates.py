"""Days as the times that formats require, in RFC 3339. Documents have no time of day."""

from datetime import date


def first_second(day: date) -> str:
    """Return the beginning of a day in UTC."""
    return f"{day.isoformat()}T00:00:00Z"


def last_second(day: date) -> str:
    """Return the last second of a day in UTC."""
    return f"{day.isoformat()}T23:59:59Z"
