"""The shared log in a folder: a file a stream, to be read with `less` and `grep` too.

An append is one write and one fsync. Bytes after the last complete record are a torn tail: readers do not
see them, the next writer cuts them off. Reading needs no lock and no right to write.
"""

import contextlib
import errno
import fcntl
import os
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import structlog

from registry.log import BATCH_BYTES, GOVERNANCE, Record, origin_of
from registry.log.errors import LogError, LogFull, LogUnavailable, NoSuchStream, ReadOnlyLog, WriterBusy
from registry.log.framing import MAX_RECORD, Framing

_log = structlog.get_logger(__name__)
_SUFFIX: Final = ".log"
_POLL: Final = 0.004
_BACK: Final = 1024 * 1024
_NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class FileLog:
    """A folder of streams."""

    def __init__(self, folder: str | Path, consortium: str, *, read_only: bool = False) -> None:
        self._folder = Path(folder)
        self._consortium = consortium
        self._read_only = read_only
        self._writing: dict[str, int] = {}
        """Streams that this instance writes, and the length up to which their records are complete."""
        self._lock = threading.Lock()
        if not read_only:
            self._folder.mkdir(parents=True, exist_ok=True)
        elif not self._folder.is_dir():
            raise LogUnavailable(f"there is no log at {self._folder}; name the folder that holds governance.log")

    def create(self, stream: str) -> None:
        """Make a stream unless it is there."""
        self._writable()
        with _os_errors(self._folder):
            path = self._folder / f"{stream}{_SUFFIX}"
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o644))
            folder = os.open(self._folder, os.O_RDONLY)
            try:
                os.fsync(folder)  # the file's name is durable, too
            finally:
                os.close(folder)

    def streams(self) -> list[str]:
        """The streams that were made."""
        return sorted(path.name[: -len(_SUFFIX)] for path in self._folder.glob(f"*{_SUFFIX}"))

    # Reading

    def read(self, stream: str, start: int = 0, max_bytes: int = BATCH_BYTES) -> list[Record]:
        """The complete records from a position on."""
        framing = Framing(origin_of(self._consortium, stream))
        with self._opened(stream) as file:
            size = os.fstat(file).st_size
            wanted = max_bytes
            while True:
                data = os.pread(file, wanted, start)
                whole = start + len(data) >= size
                found = self._split(framing, data, start, whole=whole, limit=max_bytes)
                if found or whole or not data:
                    return found
                wanted *= 2  # one record is longer than what was asked for

    @staticmethod
    def _split(framing: Framing, data: bytes, start: int, *, whole: bool, limit: int) -> list[Record]:
        found: list[Record] = []
        at = 0
        while at < len(data) and (end := framing.end(data, at, whole=whole)) is not None:
            if found and end > limit:
                break
            end = min(end, len(data))
            record = data[at : end - 1] if end - at < MAX_RECORD else data[at:end]
            found.append(Record(start + at, start + end, record))
            at = end
        return found

    def records(self, stream: str, start: int = 0) -> Iterator[Record]:
        """All complete records from a position on."""
        while found := self.read(stream, start):
            yield from found
            start = found[-1].next

    def read_back(self, stream: str) -> Iterator[Record]:
        """All complete records from the newest back."""
        framing = Framing(origin_of(self._consortium, stream))
        end = self.end(stream)
        with self._opened(stream) as file:
            reach = _BACK
            while end > 0:
                begin = max(0, end - reach)
                data = os.pread(file, end - begin, begin)
                # Records begin for certain at the beginning, and after an empty line with the origin.
                first = 0 if begin == 0 else data.find(framing.start) + 2
                if begin and first < 2:
                    reach *= 2
                    continue
                found = self._split(framing, data[first:], begin + first, whole=True, limit=len(data))
                yield from reversed(found)
                end, reach = begin + first, _BACK

    def end(self, stream: str) -> int:
        """The position after the last complete record."""
        framing = Framing(origin_of(self._consortium, stream))
        with self._opened(stream) as file:
            size = os.fstat(file).st_size
            return _complete(file, size, framing)

    def seek(self, stream: str, size: int) -> int:
        """A position at or before the record with leaf `size`, by bisection over the file."""
        framing = Framing(origin_of(self._consortium, stream))
        low, high = 0, self.end(stream)
        with self._opened(stream) as file:
            while high - low > _BACK:
                middle = (low + high) // 2
                data = os.pread(file, 2 * _BACK, middle)
                cut = data.find(framing.start)
                begin = middle + cut + 2
                head = data[cut + 2 + len(framing.first_line) :].split(b"\n", 1)[0]
                if cut < 0 or begin >= high or not head.isdigit():
                    high = middle
                elif int(head) <= size:
                    low = begin
                else:
                    high = middle
        return low

    # Writing

    @contextlib.contextmanager
    def writer(self, stream: str) -> Iterator[None]:
        """Hold the stream's lock; a torn tail is cut off before anything is appended."""
        self._writable()
        if stream not in self.streams():
            raise NoSuchStream(f"there is no stream {stream} at {self._folder}")
        with _os_errors(self._folder):
            lock = os.open(self._folder / f"{stream}.lock", os.O_CREAT | os.O_RDWR, 0o644)
        try:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                who = os.pread(lock, 32, 0).decode(errors="replace").strip()
                raise WriterBusy(
                    f"process {who or 'unknown'} is writing the stream {stream} at {self._folder};"
                    " stop it, or let it do the work"
                ) from error
            os.ftruncate(lock, 0)
            os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
            self._writing[stream] = self._cut(stream)
            try:
                yield
            finally:
                self._writing.pop(stream, None)
        finally:
            os.close(lock)

    def _cut(self, stream: str) -> int:
        framing = Framing(origin_of(self._consortium, stream))
        with _os_errors(self._folder), self._opened(stream, os.O_RDWR) as file:
            size = os.fstat(file).st_size
            complete = _complete(file, size, framing)
            if complete < size:
                os.ftruncate(file, complete)
                os.fsync(file)
                _log.warning("log.torn_tail_cut", stream=stream, bytes=size - complete)
            return complete

    def append(self, stream: str, records: Sequence[bytes]) -> list[int]:
        """Append records with one write and one fsync. Only within `writer`."""
        self._writable()
        with self._lock:
            start = self._writing.get(stream)
            if start is None:
                raise LogError(f"append to {stream} outside of writer({stream!r})")
            positions, at = [], start
            for record in records:
                positions.append(at)
                at += len(record) + 1
            data = b"".join(part for record in records for part in (record, b"\n"))
            with _os_errors(self._folder), self._opened(stream, os.O_RDWR) as file:
                try:
                    _write_all(file, data, start)
                    os.fsync(file)
                except OSError:
                    # What is there of it is no record yet; the file ends again where it did.
                    os.ftruncate(file, start)
                    raise
            self._writing[stream] = at
            return positions

    # Following

    def wait(self, positions: Mapping[str, int], timeout: float) -> set[str]:
        """Look at the files' lengths every few milliseconds."""
        until = time.monotonic() + timeout
        seen: dict[str, int] = {}
        while True:
            grown = set()
            for stream, position in positions.items():
                size = self._size(stream)
                if size != seen.get(stream, position) and self.end(stream) > position:
                    grown.add(stream)
                seen[stream] = size
            if grown or (left := until - time.monotonic()) <= 0:
                return grown
            time.sleep(min(_POLL, left))

    def close(self) -> None:
        """Nothing is held open."""

    def _size(self, stream: str) -> int:
        try:
            return (self._folder / f"{stream}{_SUFFIX}").stat().st_size
        except FileNotFoundError:
            return 0

    def _writable(self) -> None:
        if self._read_only:
            raise ReadOnlyLog(f"the log at {self._folder} was opened for reading")

    @contextlib.contextmanager
    def _opened(self, stream: str, flags: int = os.O_RDONLY) -> Iterator[int]:
        try:
            file = os.open(self._folder / f"{stream}{_SUFFIX}", flags)
        except FileNotFoundError as error:
            raise NoSuchStream(
                f"there is no stream {stream} at {self._folder}"
                + ("; found the consortium first" if stream == GOVERNANCE else "")
            ) from error
        except OSError as error:
            raise LogUnavailable(f"cannot open the stream {stream} at {self._folder}: {error.strerror}") from error
        try:
            yield file
        finally:
            os.close(file)


def _complete(file: int, size: int, framing: Framing) -> int:
    """Up to where a file of that size consists of complete records."""
    reach = _BACK
    while True:
        begin = max(0, size - reach)
        data = os.pread(file, size - begin, begin)
        first = 0 if begin == 0 else data.find(framing.start) + 2
        if begin and first < 2:
            reach *= 2
            continue
        at = first
        while at < len(data) and (end := framing.end(data, at, whole=True)) is not None:
            at = min(end, len(data))
        return begin + at


def _write_all(file: int, data: bytes, at: int) -> None:
    view = memoryview(data)
    while view:
        written = os.pwrite(file, view, at)
        view, at = view[written:], at + written


@contextlib.contextmanager
def _os_errors(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in _NO_ROOM:
            raise LogFull(
                f"no room is left for the log at {folder}; nothing was appended; make room and retry"
            ) from error
        raise LogUnavailable(f"cannot write the log at {folder}: {error.strerror}") from error
