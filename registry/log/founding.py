"""A check that a log exists and is the consortium's."""

from collections.abc import Callable, Iterable
from itertools import chain

from registry.log import GOVERNANCE, ForeignLog, LogGone, NoSuchStream, SharedLog


def check_founding(
    log: SharedLog,
    foreign: Callable[[Iterable[bytes]], str | None],
    read: int = 0,
    stream: str = GOVERNANCE,
) -> None:
    """Check that a log holds the consortium's governance.

    `foreign` receives governance's records and returns which other log they belong to, or None
    (`registry.rules.founding.foreign`). `read` is the number of entries of `stream` that the caller read here before.

    Raises `LogGone` where governance is missing or empty although something was read before, `NoSuchStream` where
    nothing was: no consortium was founded there yet. Raises `ForeignLog` for another consortium's log.
    """
    records = (record.data for record in log.records(GOVERNANCE))
    try:
        first = next(records, None)
    except NoSuchStream as error:
        if read:
            raise build_log_gone(read, str(error), stream) from error
        raise
    if first is None:
        if read:
            raise build_log_gone(read, "governance on it is empty", stream)
        raise NoSuchStream("governance on the log is empty: nothing was founded there yet")
    other = foreign(chain([first], records))
    if other is not None:
        raise ForeignLog(other)


def build_log_gone(read: int, cause: str, stream: str = GOVERNANCE) -> LogGone:
    """Return the error about a log that is gone after `read` entries of a stream were read from it."""
    return LogGone(
        f"the log is gone: {cause}. {read:,} entries of {stream} were known here before. Mount the log"
        " again, or restore it from another copy"
    )
