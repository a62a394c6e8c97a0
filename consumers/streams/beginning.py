"""The beginning of a stream: leaf 0, or a later leaf if its oldest records were deleted.

Anybody can append records, so the search for leaf 0 is bounded: each call reads a bounded number of further records,
and never those that an earlier call has read.
"""

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from consumers.streams.cursor import parse_commit
from registry.log import Record, SharedLog

MAX_RECORDS: Final = 1000
MAX_BYTES: Final = 4 * 1024 * 1024


class Beginning(NamedTuple):
    """The beginning of a stream, as far as it was read."""

    first: bytes
    """The first record that the stream still has; empty if it has none."""
    next: int
    """The position at which the search for leaf 0 goes on."""
    entry: int | None
    """The first leaf of the first commit; None if no commit was found."""
    whole: bool
    """True if leaf 0 was found."""
    complete: bool
    """True if all records were read."""


def read_beginning(log: SharedLog, stream: str, earlier: Beginning | None, *, bounded: bool = True) -> Beginning:
    """Search a stream for leaf 0, going on from an earlier call. `bounded`: read `MAX_RECORDS` records at most.

    Raises the log's errors.
    """
    records = log.read(stream, 0, 1)
    first = records[0].data if records else b""
    beginning = Beginning(first, 0, None, whole=False, complete=False)
    if earlier is not None and earlier.first == first and earlier.next <= log.end(stream):
        beginning = earlier
    elif records:  # most streams begin with leaf 0: then no further record is read
        beginning = _read_on(beginning, records[0])
    if beginning.whole:
        return beginning
    further = log.records(stream, beginning.next)
    for record in bounded_records(further) if bounded else further:
        beginning = _read_on(beginning, record)
        if beginning.whole:
            return beginning
    return beginning._replace(complete=beginning.next >= log.end(stream))


def _read_on(beginning: Beginning, record: Record) -> Beginning:
    commit = parse_commit(record)
    entry = beginning.entry if beginning.entry is not None or commit is None else commit.base
    return beginning._replace(next=record.next, entry=entry, whole=commit is not None and commit.base == 0)


def bounded_records(records: Iterable[Record]) -> Iterator[Record]:
    """Yield the first records, `MAX_RECORDS` and about `MAX_BYTES` of them at most."""
    left = MAX_BYTES
    for number, record in enumerate(records):
        if number == MAX_RECORDS or left <= 0:
            return
        left -= len(record.data)
        yield record
