"""A shared log in memory, for tests that need records exactly as given, garbage included.

It stands beside the real adapters under the same contract suite.
"""

import contextlib
import threading
from collections.abc import Collection, Iterator, Mapping, Sequence

from registry.log import LogMoved, LogUnavailable, NoSuchStream, Record, TailLost, WriterBusy


class MemoryLog:
    """Streams as lists; a position is an index."""

    def __init__(self) -> None:
        self._streams: dict[str, list[bytes]] = {}
        self._ends: dict[str, int] = {}
        self._writers: set[str] = set()
        self._grown = threading.Condition()

    def create(self, stream: str) -> None:
        self._streams.setdefault(stream, [])

    def streams(self) -> list[str]:
        return sorted(self._streams)

    def read(self, stream: str, start: int = 0, max_bytes: int = 4 * 1024 * 1024) -> list[Record]:
        found: list[Record] = []
        size = 0
        if start > len(self._stream(stream)):
            raise TailLost(f"{stream} has {len(self._stream(stream))} records, not {start}")
        for position, data in enumerate(self._stream(stream)[start:], start):
            if found and size + len(data) > max_bytes:
                break
            found.append(Record(position, position + 1, data))
            size += len(data)
        return found

    def records(self, stream: str, start: int = 0) -> Iterator[Record]:
        yield from self.read(stream, start, 1 << 62)

    def read_back(self, stream: str) -> Iterator[Record]:
        return reversed(self.read(stream, 0, 1 << 62))

    def end(self, stream: str) -> int:
        return len(self._stream(stream))

    def beginnings(self, streams: Collection[str]) -> dict[str, int]:
        return {stream: 0 for stream in streams if stream in self._streams}

    def torn_bytes(self, stream: str) -> int:
        self._stream(stream)
        return 0

    def seek(self, stream: str, size: int) -> int:  # noqa: ARG002 - a list needs no hint
        self._stream(stream)
        return 0

    def append(self, stream: str, records: Sequence[bytes], after: int | None = None) -> list[int]:
        held = self._stream(stream)
        with self._grown:
            start = len(held)
            expected = self._ends.get(stream) if after is None else after  # tests may append without being a writer
            if expected not in (None, start):
                raise LogMoved(f"{stream} ends at {start}, not at {expected}")
            held.extend(records)
            if stream in self._ends:
                self._ends[stream] = len(held)
            self._grown.notify_all()
        return list(range(start, len(held)))

    def put(self, stream: str, record: bytes) -> None:
        """Append as somebody who does not ask for the lock."""
        self._stream(stream).append(record)

    def cut(self, stream: str, length: int) -> None:
        """Lose all records from a position on, as a file that somebody cuts."""
        del self._stream(stream)[length:]

    @contextlib.contextmanager
    def writer(self, stream: str) -> Iterator[None]:
        if stream in self._writers:
            raise WriterBusy(f"another writer has {stream}")
        self._writers.add(stream)
        if stream in self._streams:
            self._ends[stream] = len(self._streams[stream])
        try:
            yield
        finally:
            self._writers.discard(stream)
            self._ends.pop(stream, None)

    def wait(self, positions: Mapping[str, int], timeout: float) -> set[str]:
        def grown() -> set[str]:
            return {s for s, p in positions.items() if len(self._streams.get(s, ())) > p}

        with self._grown:
            self._grown.wait_for(grown, timeout)
            return grown()

    def close(self) -> None:
        pass

    def _stream(self, stream: str) -> list[bytes]:
        if stream not in self._streams:
            raise NoSuchStream(f"no stream {stream}")
        return self._streams[stream]


class UnreadableLog(MemoryLog):
    """The streams of another log, of which some cannot be read, as a file without permission."""

    def __init__(self, log: MemoryLog, *streams: str) -> None:
        super().__init__()
        self._streams = log._streams  # noqa: SLF001 - of its own base class
        self.unreadable = set(streams)

    def _stream(self, stream: str) -> list[bytes]:
        if stream in self.unreadable:
            raise LogUnavailable(f"{stream} cannot be read")
        return super()._stream(stream)
