"""The log's part of a page of metrics: the size of each stream, without reading the streams."""

import contextlib
import math
import time
from collections.abc import Callable, Sequence
from typing import Final

import structlog

from consumers.streams.stream import claimed_size
from projections.core.stream_counts import ReadUpTo
from registry.log import GOVERNANCE, LogError, NoSuchStream, SharedLog
from registry.metrics import definitions
from registry.metrics.page import Sample

_BEGINNINGS_SECONDS: Final = 60.0
"""Retention deletes whole segments, so the beginnings are not asked for on each page."""
_log = structlog.get_logger(__name__)


class LogReading:
    """Compares the ends of the streams with the position of the views. Used by one thread at a time.

    A stream that the views have read to its end has as many events as the views. For any other stream the newest
    records name the size; they are read again only when the stream's end has moved.
    """

    def __init__(self, open_log: Callable[[], SharedLog]) -> None:
        """`open_log` opens another connection to the log: the publisher's would make this wait."""
        self._open_log = open_log
        self._log: SharedLog | None = None
        self._sizes: dict[str, tuple[int, int]] = {}
        """By stream: its end, and the size in its newest records there."""
        self._beginnings: dict[str, int] = {}
        self._beginnings_at = -math.inf
        self.streams: Sequence[ReadUpTo] = ()
        """The position of the views; set before `read`."""

    def read(self) -> list[Sample]:
        """Return size and lag of each stream that can be read. Raises `LogError` if governance cannot be read."""
        if self._log is None:
            self._log = self._open_log()
        try:
            self._log.end(GOVERNANCE)
        except LogError:
            self.close()
            raise
        samples: list[Sample] = []
        whole = True
        for stream in self.streams:
            try:
                size = self._size(self._log, stream)
            except LogError as error:
                whole = False
                _log.debug("metrics.stream_not_read", stream=stream.member, error=str(error))
                continue
            samples.append(Sample(definitions.LOG_SIZE, size, (stream.member,)))
            samples.append(Sample(definitions.LAG, max(0, size - stream.size), (stream.member,)))
        whole &= self._read_beginnings(self._log)
        samples += [Sample(definitions.LOG_BEGINS, begin, (member,)) for member, begin in self._beginnings.items()]
        samples.append(Sample(definitions.PART_READ, float(whole), ("log",)))
        return samples

    def close(self) -> None:
        """Close the log."""
        if self._log is not None:
            with contextlib.suppress(LogError):  # the log is away, and nothing was written
                self._log.close()
            self._log = None

    def _read_beginnings(self, log: SharedLog) -> bool:
        """Read where the streams begin, unless that was done some seconds ago. Returns False if it failed."""
        if time.monotonic() - self._beginnings_at < _BEGINNINGS_SECONDS:
            return True
        try:
            self._beginnings = log.beginnings([stream.member for stream in self.streams])
        except LogError as error:
            self._beginnings = {}
            _log.debug("metrics.beginnings_not_read", error=str(error))
            return False
        if self._beginnings:
            self._beginnings_at = time.monotonic()
        return True

    def _size(self, log: SharedLog, stream: ReadUpTo) -> int:
        try:
            end = log.end(stream.member)
        except NoSuchStream:
            if stream.next:
                raise
            return 0  # admitted, and has published nothing yet
        if end == stream.next:
            return stream.size
        cached = self._sizes.get(stream.member)
        if cached is None or cached[0] != end:
            self._sizes[stream.member] = cached = end, claimed_size(log, stream.member)
        return cached[1]
