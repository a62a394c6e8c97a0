"""How a stream begins: with leaf 0, or later since its oldest records were deleted.

Anybody can append records, so that the search for leaf 0 is bounded: each look reads a bounded number of records
further, and what an earlier look found is not read again.
"""

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from consumers.streams.cursor import parsed
from registry.log import Record, SharedLog

MAX_RECORDS: Final = 1000
MAX_BYTES: Final = 4 * 1024 * 1024


class Beginning(NamedTuple):
    """How a stream begins, as far as it was read."""

    first: bytes
    """The first record that the stream still has; empty where it has none."""
    next: int
    """Where the search for leaf 0 goes on."""
    entry: int | None
    """The first leaf of the first commit; None where no commit was found."""
    whole: bool
    """Whether leaf 0 was found."""
    complete: bool
    """Whether all records were read."""


def read_beginning(log: SharedLog, stream: str, earlier: Beginning | None, *, bounded: bool = True) -> Beginning:
    """Search a stream for leaf 0, going on from an earlier look. `bounded`: read `MAX_RECORDS` records at most.

    Raises the log's errors.
    """
    records = log.read(stream, 0, 1)
    first = records[0].data if records else b""
    found = Beginning(first, 0, None, whole=False, complete=False)
    if earlier is not None and earlier.first == first and earlier.next <= log.end(stream):
        found = earlier
    elif records:  # most streams begin with leaf 0: then nothing further is read
        found = _read_on(found, records[0])
    if found.whole:
        return found
    further = log.records(stream, found.next)
    for record in limited(further) if bounded else further:
        found = _read_on(found, record)
        if found.whole:
            return found
    return found._replace(complete=found.next >= log.end(stream))


def _read_on(found: Beginning, record: Record) -> Beginning:
    commit = parsed(record)
    entry = found.entry if found.entry is not None or commit is None else commit.base
    return found._replace(next=record.next, entry=entry, whole=commit is not None and commit.base == 0)


def limited(records: Iterable[Record]) -> Iterator[Record]:
    """Yield the first records, `MAX_RECORDS` and about `MAX_BYTES` of them at most."""
    left = MAX_BYTES
    for number, record in enumerate(records):
        if number == MAX_RECORDS or left <= 0:
            return
        left -= len(record.data)
        yield record
