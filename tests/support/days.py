"""The day that it is, for tests that compare it with what a node says of it."""

import time
from datetime import UTC, date, datetime, timedelta

_LONGEST = timedelta(seconds=20)
"""Longer than a test of an office takes: such a test does not begin when less is left of the day."""


def today() -> date:
    """Return today's date in UTC, as `registry.wire.today` does: ask again in each test, for a run outlasts a day."""
    return datetime.now(UTC).date()


def days_ago(days):
    """Return the day that was `days` days ago."""
    return today() - timedelta(days=days)


def let_the_day_end():
    """Wait for the next day where this one ends in a moment, so that a test lies in one day."""
    now = datetime.now(UTC)
    left = datetime.combine(now.date() + timedelta(days=1), datetime.min.time(), UTC) - now
    if left < _LONGEST:
        time.sleep(left.total_seconds() + 0.1)
