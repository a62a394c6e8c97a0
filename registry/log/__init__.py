"""The shared log: one append-only stream per member, and one for governance.

A port with three adapters: `FileLog`, `KafkaLog`, and `ArchiveLog`, which cannot be written. A log keeps bytes and
their order, and is trusted with nothing else: its readers verify every commit.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import NamedTuple, Protocol

from registry.log.addresses import check_address, parse_kafka, resolve_address
from registry.log.errors import (
    ArchiveDamaged,
    BadAddress,
    ForeignLog,
    HeadLost,
    HistoryRewritten,
    LogError,
    LogFull,
    LogGone,
    LogMoved,
    LogRefused,
    LogUnavailable,
    NoSuchStream,
    ReadOnlyLog,
    RecordTooLarge,
    TailLost,
    WriterBusy,
)

__all__ = [
    "BATCH_BYTES",
    "GOVERNANCE",
    "MAX_APPEND",
    "STREAM_NAME",
    "ArchiveDamaged",
    "BadAddress",
    "ForeignLog",
    "HeadLost",
    "HistoryRewritten",
    "LogError",
    "LogFull",
    "LogGone",
    "LogMoved",
    "LogRefused",
    "LogUnavailable",
    "NoSuchStream",
    "ReadOnlyLog",
    "Record",
    "RecordTooLarge",
    "SharedLog",
    "TailLost",
    "WriterBusy",
    "check_address",
    "check_name",
    "check_sizes",
    "open_log",
    "origin_of",
    "resolve_address",
]

GOVERNANCE = "governance"
"""The name of the consortium's own stream; no member may have it."""

BATCH_BYTES = 4 * 1024 * 1024

MAX_APPEND = 1_000_000
"""The largest record that can be appended, in bytes.

It is more than the 768 KiB of a commit, so that a larger commit can reach the log and be refused by its readers, and
less than the 1 MiB of a message in Kafka."""

STREAM_NAME = re.compile(r"[a-z0-9-]{2,40}")


class Record(NamedTuple):
    """Bytes on the log, not verified yet: a commit, unless its writer made a mistake or means harm."""

    position: int
    next: int
    """The position of the next record."""
    data: bytes


class SharedLog(Protocol):
    """The port to a shared log. `tests/contract/` has its tests.

    Durability: once `append` has returned, every reader can read the records for ever. Ordering: within a stream,
    records are read in the order in which they were appended; between streams there is no order. Idempotence: none. A
    record that is appended twice is read twice, and the second copy of a commit changes nothing.

    Positions are opaque numbers that grow; 0 is the beginning of a stream. Threads may share an instance.
    """

    def create(self, stream: str) -> None:
        """Create a stream unless it exists. Only this creates one: reading creates no folder, file or topic."""
        ...

    def streams(self) -> list[str]:
        """Return the streams that exist, in alphabetical order."""
        ...

    def read(self, stream: str, start: int = 0, max_bytes: int = BATCH_BYTES) -> list[Record]:
        """Return the records from a position on, in order: about `max_bytes` of them, at least one if there is any.

        Raises `TailLost` where the stream ends before that position. If the log deleted its oldest records, the first
        record comes after that position.
        """
        ...

    def records(self, stream: str, start: int = 0) -> Iterator[Record]:
        """Yield all records from a position on, up to the end of the stream at the time they are read."""
        ...

    def read_back(self, stream: str) -> Iterator[Record]:
        """Yield all records from the newest back, reading no more than the caller takes."""
        ...

    def end(self, stream: str) -> int:
        """Return the position after the last record."""
        ...

    def beginnings(self, streams: Collection[str]) -> dict[str, int]:
        """Return the position of the oldest record that each of these streams still has: 0 if nothing was deleted.

        Streams that do not exist are left out.
        """
        ...

    def torn_bytes(self, stream: str) -> int:
        """Return how many bytes after the last complete record belong to none: a write that was cut off."""
        ...

    def seek(self, stream: str, size: int) -> int:
        """Return a position at or before the record that carries leaf `size`, without reading all records.

        In a stream whose heads do not decrease it is never after that record. Repeated and stale heads can make it a
        later one: a caller that needs certainty reads from a position that a verifier has stored.
        """
        ...

    def append(self, stream: str, records: Sequence[bytes], after: int | None = None) -> list[int]:
        """Append records, durably and in order, to a stream that ends at `after`; return their positions.

        Only within `writer`. Without `after` the stream must end where it ended when `writer` began, or after this
        writer's last append. Raises `LogMoved` where it ends elsewhere: the caller has to read the stream again. Kafka
        can only tell afterwards whether another producer's records came between; then it raises `LogMoved` although
        these records arrived.

        After `LogUnavailable` or `LogFull`, the first few records may have arrived: read the stream's end to find out.
        After `RecordTooLarge`, none has.
        """
        ...

    def writer(self, stream: str) -> AbstractContextManager[None]:
        """Become the stream's writer. Raises `WriterBusy` if there is another one and the log can detect it."""
        ...

    def wait(self, positions: Mapping[str, int], timeout: float) -> set[str]:
        """Wait until a stream has a record after its position; return those that do, none after `timeout` seconds."""
        ...

    def close(self) -> None:
        """Close files and connections."""
        ...


def origin_of(consortium: str, stream: str) -> str:
    """Return the origin that commits of a stream carry in their first line."""
    return consortium if stream == GOVERNANCE else f"{consortium}/{stream}"


def check_name(stream: str) -> str:
    """Return the name if a stream may have it. Raises `NoSuchStream`: files and topics are named after streams."""
    if STREAM_NAME.fullmatch(stream) is None:
        raise NoSuchStream(f"{stream!r} cannot be a stream; a name is 2 to 40 of a-z, 0-9 and '-'")
    return stream


def check_sizes(stream: str, records: Sequence[bytes]) -> None:
    """Raise `RecordTooLarge` for a record of over `MAX_APPEND` bytes."""
    if (largest := max(map(len, records), default=0)) > MAX_APPEND:
        raise RecordTooLarge(
            f"a record of {largest:,} bytes for {stream}; {MAX_APPEND:,} at most: put fewer events into a commit"
        )


def open_log(url: str, consortium: str, *, read_only: bool = False) -> SharedLog:
    """Open `file:PATH`, `kafka://HOST:PORT[,HOST:PORT]` or `archive:PATH`. Raises `BadAddress` for anything else.

    An address of Kafka may name the files that secure its connections (`addresses.py`). Raises `KafkaSecurityError`
    where they are missing, wrong, or a certificate that has ended.

    An archive that is opened with `read_only` may lack files: reading a missing one raises `ArchiveDamaged`.
    """
    scheme, rest = check_address(url)
    if scheme == "archive":
        from registry.log.archive import ArchiveLog  # noqa: PLC0415 - each adapter is loaded where it is used

        return ArchiveLog(rest, consortium, lengths=not read_only)
    if scheme == "file":
        from registry.log.files import FileLog  # noqa: PLC0415 - likewise

        return FileLog(rest, consortium, read_only=read_only)
    from registry.log.kafka import KafkaLog  # noqa: PLC0415 - likewise

    address = parse_kafka(url)
    return KafkaLog(address.brokers, consortium, read_only=read_only, security=address.security)
