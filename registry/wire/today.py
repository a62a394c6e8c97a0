"""The day that it is, the same for all of this software."""

from datetime import UTC, date, datetime


def utc_today() -> date:
    """Return today's date in UTC.

    Not the machine's local date: days on the log are UTC days, and what a node says of a day (expired, due, in the
    future) must not depend on the time zone in which a server, a worker or a command happens to run.
    """
    return datetime.now(UTC).date()
