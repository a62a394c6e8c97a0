"""The check that a log exists and is the consortium's, shared by all who open one."""

from collections.abc import Callable, Iterable
from itertools import chain

from registry.log import GOVERNANCE, ForeignLog, LogGone, NoSuchStream, SharedLog


def check_founding(
    log: SharedLog,
    foreign: Callable[[Iterable[bytes]], str | None],
    read: int = 0,
    stream: str = GOVERNANCE,
) -> None:
    """Raise what is wrong with a log that is gone, or another consortium's.

    `foreign` receives governance's records and says what log they are of, if it is not the one that is meant
    (`registry.rules.founding.foreign`). `read` is how many entries of `stream` the caller has had on this log before.

    Raises `LogGone` where governance is missing or empty and something was read before, `NoSuchStream` where nothing
    was: nothing was founded there yet. Raises `ForeignLog` where the log is another one.
    """
    records = (record.data for record in log.records(GOVERNANCE))
    try:
        first = next(records, None)
    except NoSuchStream as error:
        if read:
            raise gone(read, str(error), stream) from error
        raise
    if first is None:
        if read:
            raise gone(read, "governance on it is empty", stream)
        raise NoSuchStream("governance on the log is empty: nothing was founded there yet")
    other = foreign(chain([first], records))
    if other is not None:
        raise ForeignLog(other)


def gone(read: int, cause: str, stream: str = GOVERNANCE) -> LogGone:
    """Return the error that the log is not there any more, of which `read` entries of a stream were known here."""
    return LogGone(
        f"the log is gone: {cause}. {read:,} entries of {stream} were known here before. Mount the log"
        " again, or restore it from another copy"
    )
