"""A hash over the records of a stream up to a head, to see cheaply that records verified before are unchanged."""

import hashlib
from itertools import islice
from typing import Final

from registry.log import Record, SharedLog

_LENGTH_BYTES: Final = 8


class RecordsDigest:
    """SHA-256 over the first records of a stream, each after its length (8 bytes, big-endian).

    Every byte of the records is in it, signatures and refused records too. Where the records lie is not: a copy has
    the same digest, unless it divides the events among other commits, as an archive does.
    """

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self.records = 0
        """The number of records in it."""
        self.end = 0
        """The end of the last record."""

    def __str__(self) -> str:
        return self._hash.hexdigest()

    def _add(self, record: Record) -> None:
        self._hash.update(len(record.data).to_bytes(_LENGTH_BYTES))
        self._hash.update(record.data)
        self.records += 1
        self.end = record.next

    @classmethod
    def of_first(cls, log: SharedLog, stream: str, records: int) -> "RecordsDigest":
        """Return the digest of a stream's first records, fewer where it has fewer. Raises the log's errors."""
        digest = cls()
        for record in islice(log.records(stream), records):
            digest._add(record)
        return digest

    def read_on(self, log: SharedLog, stream: str, last: int) -> None:
        """Add the records after those that are in it, up to the one that begins at `last`. Raises the log's errors."""
        for record in log.records(stream, self.end):
            if record.position > last:
                return
            self._add(record)
