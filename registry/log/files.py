"""The shared log in a folder: one file a stream, which `less` and `grep` can read.

An append is one write and one fsync. Bytes after the last complete record are a torn tail: readers skip them and the
next writer cuts them off. Reading needs no lock and no right to write.
"""

import contextlib
import errno
import fcntl
import itertools
import os
import threading
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import structlog

from registry.log import BATCH_BYTES, GOVERNANCE, STREAM_NAME, Record, check_name, check_sizes, origin_of
from registry.log.durable_files import sync_folder
from registry.log.errors import (
    LogError,
    LogFull,
    LogMoved,
    LogUnavailable,
    NoSuchStream,
    ReadOnlyLog,
    TailLost,
    WriterBusy,
)
from registry.log.framing import Framing

_log = structlog.get_logger(__name__)
_SUFFIX: Final = ".log"
_POLL_SECONDS: Final = 0.004
_IDLE_SHARE: Final = 50
"""Least ratio of sleeping to looking in `wait`: with thousands of streams it takes 2 % of a core, not all of it."""
_BACK_BYTES: Final = 1024 * 1024
_MIN_READ_BYTES: Final = 4096
_MAX_READ_BYTES: Final = 64 * 1024 * 1024
_TAIL_BYTES: Final = 1024
"""The number of bytes at the stream's end that a writer compares with what it last saw there."""
NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class _End(NamedTuple):
    """The end of a stream when its writer last looked, and the last bytes before it."""

    position: int
    tail: bytes


class FileLog:
    """A folder of streams."""

    def __init__(self, folder: str | Path, consortium: str, *, read_only: bool = False) -> None:
        self._folder = Path(folder)
        self._consortium = consortium
        self._read_only = read_only
        self._writing: dict[str, _End] = {}
        """Streams that this instance writes, with their ends."""
        self._lock = threading.Lock()
        if not self._folder.is_dir() and (read_only or self._folder.exists()):
            raise LogUnavailable(f"there is no log at {self._folder}; name the folder that holds governance.log")

    def create(self, stream: str) -> None:
        """Create a stream, and the folder, unless they exist."""
        self._require_writable()
        with _os_errors(self._folder):
            self._folder.mkdir(parents=True, exist_ok=True)
            os.close(os.open(self._path(stream), os.O_CREAT | os.O_RDWR, 0o644))
            sync_folder(self._folder)  # makes the file's name durable
            sync_folder(self._folder.parent)

    def streams(self) -> list[str]:
        """Return the streams that have a file."""
        with _os_errors(self._folder):
            paths = self._folder.iterdir() if self._folder.is_dir() else ()
            names = [path.stem for path in paths if path.suffix == _SUFFIX]
        return sorted(name for name in names if STREAM_NAME.fullmatch(name))

    # Reading

    def read(self, stream: str, start: int = 0, max_bytes: int = BATCH_BYTES) -> list[Record]:
        """Return complete records from a position on. Raises `TailLost` where the file is shorter than that."""
        framing = self._framing(stream)
        with self._open(stream) as file:
            if start > (size := os.fstat(file).st_size):
                raise TailLost(
                    f"the stream {stream} at {self._folder} has {size:,} bytes, and reading was to go on after"
                    f" {start:,}: the file was cut or replaced"
                )
            return _read(file, framing, start, min(max(max_bytes, _MIN_READ_BYTES), _MAX_READ_BYTES))

    def records(self, stream: str, start: int = 0) -> Iterator[Record]:
        """Yield all complete records from a position on."""
        while records := self.read(stream, start):
            yield from records
            start = records[-1].next

    def read_back(self, stream: str) -> Iterator[Record]:
        """Yield all complete records from the newest back."""
        framing = self._framing(stream)
        with self._open(stream) as file:
            end = _complete(file, os.fstat(file).st_size, framing)
            while end > 0:
                begin = _start_in(file, framing, max(0, end - _BACK_BYTES), end)
                if begin is None:  # one record, or garbage, that is longer than that
                    begin = _start_before(file, framing, end)
                if end - begin <= 2 * _BACK_BYTES:
                    yield from reversed(list(_walk(file, framing, begin, end)))
                else:  # only positions stay in memory; the bytes are read again one by one
                    positions = [record.position for record in _walk(file, framing, begin, end)]
                    for position in reversed(positions):
                        yield _read(file, framing, position, _MIN_READ_BYTES)[0]
                end = begin

    def end(self, stream: str) -> int:
        """Return the position after the last complete record."""
        framing = self._framing(stream)
        with self._open(stream) as file:
            return _complete(file, os.fstat(file).st_size, framing)

    def beginnings(self, streams: Collection[str]) -> dict[str, int]:
        """Return 0 for each stream that exists: nothing deletes the beginning of a file."""
        return dict.fromkeys(set(self.streams()).intersection(streams), 0)

    def torn_bytes(self, stream: str) -> int:
        """Return how many bytes of the file come after the last complete record."""
        with self._open(stream) as file:
            size = os.fstat(file).st_size
            return size - _complete(file, size, self._framing(stream))

    def has_changed_line_ends(self, stream: str) -> bool:
        """Return whether the file's first line ends in CR LF: a program copied it as text and changed its line ends."""
        with self._open(stream) as file:
            return os.pread(file, _MIN_READ_BYTES, 0).partition(b"\n")[0].endswith(b"\r")

    def seek(self, stream: str, size: int) -> int:
        """Return a position at or before the record with leaf `size`, by bisection over the file."""
        framing = self._framing(stream)
        low, high = 0, self.end(stream)
        with self._open(stream) as file:
            while high - low > _BACK_BYTES:
                middle = (low + high) // 2
                begin = _start_in(file, framing, middle, high)
                claimed = None
                if begin is not None:
                    claimed = framing.claimed_size(os.pread(file, len(framing.first_line) + 24, begin))
                if begin is not None and claimed is not None and claimed <= size:
                    low = begin
                else:  # too far, or unreadable: an earlier position is never wrong
                    high = middle
        return low

    # Writing

    @contextlib.contextmanager
    def writer(self, stream: str) -> Iterator[None]:
        """Hold the stream's lock, and cut off a torn tail."""
        self._require_writable()
        with self._open(stream):  # without a stream no lock file is made
            pass
        with _os_errors(self._folder):
            lock = os.open(self._folder / f"{stream}.lock", os.O_CREAT | os.O_RDWR, 0o644)
        try:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                process = os.pread(lock, 32, 0).decode(errors="replace").strip()
                raise WriterBusy(
                    f"process {process or 'unknown'} is writing the stream {stream} at {self._folder};"
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

    def _cut(self, stream: str) -> _End:
        """Cut off a torn tail and return where the complete records end."""
        framing = self._framing(stream)
        with self._open(stream, os.O_RDWR) as file:
            size = os.fstat(file).st_size
            complete = _complete(file, size, framing)
            if complete < size:
                self._cut_tail(stream, file, complete, size)
            return _End(complete, os.pread(file, min(_TAIL_BYTES, complete), max(0, complete - _TAIL_BYTES)))

    def _cut_tail(self, stream: str, file: int, complete: int, size: int) -> None:
        os.ftruncate(file, complete)
        os.fsync(file)
        _log.warning("log.torn_tail_cut", stream=stream, bytes=size - complete)

    def append(self, stream: str, records: Sequence[bytes], after: int | None = None) -> list[int]:
        """Append records with one write and one fsync. Only within `writer`."""
        self._require_writable()
        check_sizes(stream, records)
        framing = self._framing(stream)
        with self._lock:
            end = self._writing.get(stream)
            if end is None:
                raise LogError(f"append to {stream} outside of writer({stream!r})")
            if not records:
                return []
            start = end.position if after is None else after
            frames = [framing.frame(record) for record in records]
            data = b"".join(frames)
            with self._open(stream, os.O_RDWR) as file:
                self._check_end(stream, file, start, end)
                try:
                    _write_all(file, data, start)
                    os.fsync(file)
                except OSError:
                    # Restore the length. If that fails too, the next append finds that the stream has moved.
                    with contextlib.suppress(OSError):
                        os.ftruncate(file, start)
                    raise
            positions = list(itertools.accumulate(map(len, frames), initial=start))
            self._writing[stream] = _End(positions.pop(), data[-_TAIL_BYTES:])
            return positions

    def _check_end(self, stream: str, file: int, start: int, expected: _End) -> None:
        """Raise `LogMoved` unless the stream ends at `start`, with the bytes that the writer saw there.

        Cut off a torn tail behind `start`: no reader has seen it.
        """
        size = os.fstat(file).st_size
        complete = size if size == start else _complete(file, size, self._framing(stream))
        if complete != start:
            raise LogMoved(
                f"the stream {stream} at {self._folder} ends at byte {complete:,}, not at {start:,}:"
                " the file was cut or replaced, or somebody else wrote to it. Nothing was appended"
            )
        if complete < size:
            self._cut_tail(stream, file, complete, size)
        tail = expected.tail
        if start == expected.position and os.pread(file, len(tail), start - len(tail)) != tail:
            self._writing[stream] = _End(start, b"")  # a caller that reads the stream again may continue from here
            raise LogMoved(
                f"the stream {stream} at {self._folder} does not end with the bytes that stood there:"
                " the file was replaced. Nothing was appended"
            )

    # Following

    def wait(self, positions: Mapping[str, int], timeout: float) -> set[str]:
        """Compare the files' lengths with the positions every few milliseconds."""
        until = time.monotonic() + timeout
        paths = {stream: self._path(stream) for stream in positions}
        sizes: dict[str, int] = {}
        while True:
            began = time.monotonic()
            grown = set()
            for stream, position in positions.items():
                with _os_errors(self._folder):
                    size = _size(paths[stream])
                # A torn tail makes a file longer, too; `end` is computed once for each length.
                if size != sizes.get(stream, position) and size > position and self.end(stream) > position:
                    grown.add(stream)
                sizes[stream] = size
            now = time.monotonic()
            if grown or now >= until:
                return grown
            time.sleep(min(max(_POLL_SECONDS, _IDLE_SHARE * (now - began)), until - now))

    def close(self) -> None:
        """Do nothing: each call closes its files."""

    def _path(self, stream: str) -> Path:
        return self._folder / f"{check_name(stream)}{_SUFFIX}"

    def _framing(self, stream: str) -> Framing:
        return Framing(origin_of(self._consortium, stream))

    def _missing(self, stream: str) -> str:
        if not self._folder.is_dir():
            return f"there is no log at {self._folder}, and so no stream {stream}; is the share mounted?"
        if stream == GOVERNANCE:
            return f"there is no stream {stream} at {self._folder}; no consortium was founded there"
        return f"there is no stream {stream} at {self._folder}"

    def _require_writable(self) -> None:
        if self._read_only:
            raise ReadOnlyLog(f"the log at {self._folder} was opened for reading")

    @contextlib.contextmanager
    def _open(self, stream: str, flags: int = os.O_RDONLY) -> Iterator[int]:
        with _os_errors(self._folder):
            try:
                file = os.open(self._path(stream), flags)
            except FileNotFoundError as error:
                raise NoSuchStream(self._missing(stream)) from error
            try:
                yield file
            finally:
                os.close(file)


def _read(file: int, framing: Framing, start: int, length: int) -> list[Record]:
    """Return the complete records among the next `length` bytes, or the next one if it is longer."""
    while True:
        data = os.pread(file, length, start)
        records: list[Record] = []
        at = 0
        while at < len(data) and (span := framing.span(data, at)) is not None:
            records.append(Record(start + at, start + span.end, data[at : span.stop]))
            at = span.end
        if records or len(data) < length:
            return records
        length = min(2 * length, max(length, framing.enough))


def _walk(file: int, framing: Framing, at: int, end: int) -> Iterator[Record]:
    """Yield the complete records that begin between two positions."""
    while at < end and (records := _read(file, framing, at, _BACK_BYTES)):
        for record in records:
            if record.position < end:
                yield record
        at = records[-1].next


def _start_in(file: int, framing: Framing, begin: int, end: int) -> int | None:
    """Return the first position from `begin` and before `end` at which a record certainly begins; None without one."""
    if begin < 2:
        return 0
    reach = len(framing.start)
    while begin < end:
        data = os.pread(file, min(_BACK_BYTES, end - begin) + reach, begin - 2)
        at = data.find(framing.start)
        if at >= 0:
            return begin + at if begin + at < end else None
        begin += _BACK_BYTES
    return None


def _start_before(file: int, framing: Framing, end: int) -> int:
    """Return the last position before `end` at which a record certainly begins."""
    reach = 64 * 1024  # enough for a single commit; then larger steps
    while end > 0:
        begin = max(0, end - reach)
        data = os.pread(file, end - begin + len(framing.start), max(0, begin - 2))
        at = data.rfind(framing.start, 0, end - max(0, begin - 2) - 1 + len(framing.first_line))
        if at >= 0:
            return max(0, begin - 2) + at + 2
        end, reach = begin, _BACK_BYTES
    return 0


def _complete(file: int, size: int, framing: Framing) -> int:
    """Return the end of the last complete record in a file of that size."""
    end = _start_before(file, framing, size)
    for record in _walk(file, framing, end, size):
        end = record.next
    return end


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _write_all(file: int, data: bytes, at: int) -> None:
    view = memoryview(data)
    while view:
        written = os.pwrite(file, view, at)
        view, at = view[written:], at + written


@contextlib.contextmanager
def _os_errors(folder: Path) -> Iterator[None]:
    """Raise the operating system's errors as errors of the log."""
    try:
        yield
    except OSError as error:
        if error.errno in NO_ROOM:
            raise LogFull(
                f"no room is left for the log at {folder}; nothing was appended; make room and retry"
            ) from error
        raise LogUnavailable(f"cannot use the log at {folder}: {error.strerror or error}") from error
