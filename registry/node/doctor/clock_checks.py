"""Checks of this machine's clock against others. A wrong clock makes cosignatures, tokens and due dates wrong."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from consumers.witness.policy import CLOCK_SKEW
from registry.node.doctor.examination import Examination
from registry.node.doctor.findings import Check, Finding, error, ok, warning

_NOTICEABLE: Final = timedelta(seconds=30)


def check_database_clock(examination: Examination) -> Iterator[Finding]:
    """Compare this machine's clock with the database server's."""
    connection = examination.connection()
    before = examination.now()
    row = connection.execute("SELECT clock_timestamp()").fetchone()
    after = examination.now()
    assert row is not None  # noqa: S101 - one value
    yield judge_clock(before + (after - before) / 2, row[0], "the database server's")


def judge_clock(here: datetime, there: datetime, whose: str) -> Finding:
    """Return what the difference between this machine's clock and another means."""
    difference = here - there
    apart = abs(difference)
    minutes, seconds = divmod(round(apart.total_seconds()), 60)
    amount = f"{minutes:,} minutes" if minutes else f"{seconds} seconds"
    sentence = f"This machine's clock is {amount} {'ahead of' if difference > timedelta() else 'behind'} {whose}"
    advice = "Let both take their time from NTP (timedatectl, chrony), and find out which of them is wrong."
    if apart > CLOCK_SKEW:
        return error(f"{sentence}: cosignatures, access tokens and time limits are judged wrongly.", advice)
    if apart > _NOTICEABLE:
        return warning(f"{sentence}.", advice)
    return ok(f"This machine's clock agrees with {whose}, within {max(1, seconds)} seconds.")


CHECKS: Final = (Check("clock.database", "Does the clock agree with the database server's?", check_database_clock),)
