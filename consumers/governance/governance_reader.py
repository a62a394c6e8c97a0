"""Follows governance, also where the log changed behind the place that was read.

A position is valid while the newest record that was read is still right before it. Otherwise the file was cut or
replaced, or the topic was made again: then governance is read from its beginning.
"""

import time
from collections.abc import Iterator
from typing import Final, NamedTuple

from consumers.governance.governance import GovernanceFold, RefusedLeaf, check_log_of, refold
from consumers.streams.cursor import Mark, mark_of, still_stands
from consumers.streams.stream import REPLAY_BYTES
from consumers.streams.verifier import Verdict
from registry.log import GOVERNANCE, NoSuchStream, Record, SharedLog

_STANDS_SECONDS: Final = 1.0


class JudgedRecord(NamedTuple):
    """A record of governance, what it is, and its events that have no effect."""

    record: Record
    verdict: Verdict
    refused: list[RefusedLeaf]


class GovernanceReader:
    """Follows governance in one fold. One thread at a time may follow; any number may read `fold`."""

    def __init__(self, fold: GovernanceFold) -> None:
        self.fold = fold
        """Governance as far as it was read. It never shrinks, whatever happens to the log."""
        self.next = 0
        """The position at which reading goes on."""
        self._mark: Mark | None = None
        self._stands_until = 0.0
        """The monotonic time until which the position is not checked again while the log ends there."""

    def follow(
        self, log: SharedLog, batch_bytes: int = REPLAY_BYTES
    ) -> Iterator[tuple[GovernanceFold, list[JudgedRecord]]]:
        """Yield the judged records up to the log's present end, batch by batch, each with the fold after it.

        Where the log changed behind the position, these are all records from the first on, with a new fold.

        Raises what `check_log_of` and `refold` raise; the fold then stays as it is.
        """
        fold, start = self.fold, self.next
        if self._mark is not None:
            if self._end(log) == start and time.monotonic() < self._stands_until:
                return
            if not still_stands(log, GOVERNANCE, self._mark):
                refold(log, fold)
                fold, start = fold.begin_again(), 0
            self._stands_until = time.monotonic() + _STANDS_SECONDS
        while records := self._read(log, start, batch_bytes):
            judged = [JudgedRecord(record, *fold.take(record.data)) for record in records]
            start = records[-1].next
            if fold.size >= self.fold.size:
                self.fold, self.next, self._mark = fold, start, mark_of(records[-1])
            yield fold, judged
        if self.next and not self.fold.size:
            check_log_of(log, self.fold)

    def _end(self, log: SharedLog) -> int | None:
        try:
            return log.end(GOVERNANCE)
        except NoSuchStream:
            return None  # `_read` raises what that means

    def _read(self, log: SharedLog, start: int, batch_bytes: int) -> list[Record]:
        try:
            return log.read(GOVERNANCE, start, batch_bytes)
        except NoSuchStream:
            check_log_of(log, self.fold, self.fold.size)
            raise
