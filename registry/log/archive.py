"""The shared log as an archive: compressed, sealed segments of merged commits, and a manifest that names them.

An archive is read like any other log and trusted as little: its readers verify every commit. Before that, hashes and
heads show which file is cut short, missing, altered or swapped, and the error names it.

    PATH/manifest.json
    PATH/<stream>/<first>-<last>.log.zst

A position is an offset in the stream's uncompressed bytes.
"""

import contextlib
import os
import threading
import time
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from itertools import accumulate
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from registry.log import BATCH_BYTES, STREAM_NAME, Record, check_name, origin_of
from registry.log.errors import ArchiveDamaged, LogUnavailable, NoSuchStream, ReadOnlyLog, TailLost
from registry.log.framing import Framing
from registry.log.segments import (
    SegmentReader,
    file_name,
    sha256_of,
    sync_folder,
    unavailable,
)

__all__ = ["FORMAT", "MANIFEST", "ArchiveDamaged", "ArchiveLog", "Manifest", "Segment", "load", "save"]

FORMAT: Final = "registry archive 1"
MANIFEST: Final = "manifest.json"
_OPEN: Final = 8
"""Segments whose seek tables are kept at hand."""
_POLL: Final = 0.2


class Segment(msgspec.Struct, frozen=True):
    """One segment as the manifest names it. Sizes are tree sizes; `bytes` is the file's, `sha256` hexadecimal."""

    first: int
    last: int
    bytes: int
    uncompressed: int
    sha256: str
    note: str
    """The signed head at `last`."""

    @property
    def name(self) -> str:
        """The file's name in the stream's folder."""
        return file_name(self.first, self.last)


class Manifest(msgspec.Struct, frozen=True):
    """All that an archive holds."""

    format: str
    consortium: str
    founded: str
    """Hash of governance's leaf 0, in hexadecimal."""
    streams: dict[str, list[Segment]]

    def with_stream(self, stream: str, segments: Sequence[Segment]) -> "Manifest":
        """The same with another list of segments for one stream."""
        return msgspec.structs.replace(self, streams={**self.streams, stream: list(segments)})


def load(folder: Path) -> Manifest:
    """The manifest of an archive. Raises `LogUnavailable` where there is none, `ArchiveDamaged` for a bad one."""
    file = folder / MANIFEST
    try:
        data = file.read_bytes()
    except FileNotFoundError as error:
        raise LogUnavailable(f"there is no archive at {folder}; name the folder that holds {MANIFEST}") from error
    except OSError as error:
        raise unavailable(file, error) from error
    try:
        manifest = msgspec.json.decode(data, type=Manifest)
    except msgspec.MsgspecError as error:
        raise ArchiveDamaged(f"{file}: not a manifest: {error}") from error
    if manifest.format != FORMAT:
        raise ArchiveDamaged(f"{file}: of the format {manifest.format[:40]!r}, not {FORMAT!r}")
    for stream, segments in manifest.streams.items():
        if STREAM_NAME.fullmatch(stream) is None:
            raise ArchiveDamaged(f"{file}: {stream[:60]!r} cannot be a stream")
        ends = [0] + [s.last for s in segments]
        if any(
            s.first != end or s.last <= s.first or s.uncompressed <= 0 for s, end in zip(segments, ends, strict=False)
        ):
            raise ArchiveDamaged(f"{file}: the segments of {stream} do not follow one another from 0")
    return manifest


def save(folder: Path, manifest: Manifest) -> None:
    """Write the manifest, whole or not at all."""
    file, fresh = folder / MANIFEST, folder / f".{MANIFEST}.new"
    try:
        with fresh.open("wb") as out:
            out.write(msgspec.json.format(msgspec.json.encode(manifest), indent=1) + b"\n")
            out.flush()
            os.fsync(out.fileno())
        fresh.replace(file)
        sync_folder(folder)
    except OSError as error:
        raise unavailable(file, error) from error


class _Place(NamedTuple):
    """A segment's number in its stream, a frame's in the segment, and where that frame begins in the stream."""

    segment: int
    frame: int
    start: int


class ArchiveLog:
    """An archive, read as a `SharedLog`. Nothing is written through it: `consumers.archive.archiver` adds to it."""

    def __init__(self, folder: str | Path, consortium: str, *, lengths: bool = True) -> None:
        """Open an archive; with `lengths`, raise `ArchiveDamaged` with every file that is missing or of another length.

        Without, reading a file raises that error: for a check that lists all faults.
        """
        self._lengths = lengths
        self.folder = Path(folder)
        self._consortium = consortium
        self._lock = threading.Lock()
        self._open: OrderedDict[Path, SegmentReader] = OrderedDict()
        self._unpacked: tuple[Path, int, bytes] | None = None
        self.reload()

    def reload(self) -> None:
        """Read the manifest again: an archive grows at its end. Raises as making the log does."""
        stamp = _stamp(self.folder)
        manifest = load(self.folder)
        if manifest.consortium != self._consortium:
            raise ArchiveDamaged(f"{self.folder}: the archive of {manifest.consortium}, not of {self._consortium}")
        if self._lengths and (wrong := list(_wrong_lengths(self.folder, manifest))):
            raise ArchiveDamaged("; ".join(wrong))
        self.manifest = manifest
        self._stamp = stamp
        self._starts = {
            stream: list(accumulate((s.uncompressed for s in segments), initial=0))
            for stream, segments in manifest.streams.items()
        }

    def require_lengths(self) -> None:
        """Raise `ArchiveDamaged` naming every file that is missing or of another length."""
        if wrong := list(_wrong_lengths(self.folder, self.manifest)):
            raise ArchiveDamaged("; ".join(wrong))

    # Reading

    def streams(self) -> list[str]:
        """The streams that are archived."""
        return sorted(self.manifest.streams)

    def read(self, stream: str, start: int = 0, max_bytes: int = BATCH_BYTES) -> list[Record]:
        """The records from a position on."""
        try:
            if (found := self._read(stream, start, max_bytes)) or not self._grown():
                self._check_start(stream, start)
                return found
        except (ArchiveDamaged, LogUnavailable):
            if not self._grown():
                raise
        self.reload()  # the last segment may have another name now; positions stay
        self._check_start(stream, start)
        return self._read(stream, start, max_bytes)

    def _check_start(self, stream: str, start: int) -> None:
        if start > (end := self.end(stream)):
            raise TailLost(
                f"the archive of {stream} at {self.folder} has {end:,} bytes, and reading was to go on after {start:,}"
            )

    def _read(self, stream: str, start: int, max_bytes: int) -> list[Record]:
        found: list[Record] = []
        size = 0
        while (place := self._place(stream, start)) is not None:
            for record in self._records_of(stream, place):
                if record.position < start:
                    continue
                if found and size + len(record.data) > max_bytes:
                    return found
                found.append(record)
                size += len(record.data)
            start = place.start + self._reader(stream, place.segment).frames[place.frame].size
        return found

    def records(self, stream: str, start: int = 0) -> Iterator[Record]:
        """All records from a position on."""
        while found := self.read(stream, start):
            yield from found
            start = found[-1].next

    def read_back(self, stream: str) -> Iterator[Record]:
        """All records from the newest back, a frame at a time."""
        end = self.end(stream)
        while end > 0 and (place := self._place(stream, end - 1)) is not None:
            yield from reversed(list(self._records_of(stream, place)))
            end = place.start

    def end(self, stream: str) -> int:
        """The position after the last record."""
        return self._starts_of(stream)[-1]

    def torn(self, stream: str) -> int:  # noqa: ARG002 - segments are whole
        """Return 0: a segment that was cut is damaged, and reading it says so."""
        return 0

    def seek(self, stream: str, size: int) -> int:
        """The position of the frame that holds leaf `size`, as the segments describe themselves."""
        starts = self._starts_of(stream)
        segments = self.manifest.streams[stream]
        number = bisect_right(segments, size, key=lambda s: s.first) - 1
        if number < 0:
            return 0
        if size >= segments[number].last:
            return starts[-1]
        reader = self._reader(stream, number)
        frame = max(0, bisect_right(reader.description.leaves, size) - 1)
        return starts[number] + reader.frames[frame].start

    def wait(self, positions: Mapping[str, int], timeout: float) -> set[str]:
        """Look at the manifest now and then."""
        until = time.monotonic() + timeout
        while True:
            self.reload()
            grown = {s for s, position in positions.items() if s in self._starts and self._starts[s][-1] > position}
            if grown or (left := until - time.monotonic()) <= 0:
                return grown
            time.sleep(min(_POLL, left))

    # Not writing

    def create(self, stream: str) -> None:
        """Raise `ReadOnlyLog`."""
        check_name(stream)
        raise self._read_only()

    def append(self, stream: str, records: Sequence[bytes], after: int | None = None) -> list[int]:
        """Raise `ReadOnlyLog`."""
        del stream, records, after
        raise self._read_only()

    def writer(self, stream: str) -> AbstractContextManager[None]:
        """Raise `ReadOnlyLog`."""
        check_name(stream)
        raise self._read_only()

    def close(self) -> None:
        """Nothing is held open."""

    def _read_only(self) -> ReadOnlyLog:
        return ReadOnlyLog(f"the archive at {self.folder} is only read; `registry log archive` adds to it")

    def _grown(self) -> bool:
        """Return whether the manifest was replaced since it was read."""
        return _stamp(self.folder) != self._stamp

    # Segments

    def check(self) -> Iterator[str]:
        """Read every file against the manifest; gives each fault in words. No signature is looked at."""
        named = set()
        for stream, segments in self.manifest.streams.items():
            for number, segment in enumerate(segments):
                named.add(self.folder / stream / segment.name)
                try:
                    self._reader(stream, number)
                except ArchiveDamaged as error:
                    yield str(error)
        for path in sorted(self.folder.glob("*/*")):
            if path not in named:
                yield (
                    f"{path}: not in the manifest; an archiving that was interrupted leaves such a file:"
                    " remove it if nothing else is wrong"
                )

    def reader(self, stream: str, number: int) -> SegmentReader:
        """A segment that is the one that the manifest names. Raises `ArchiveDamaged`."""
        self._starts_of(stream)
        return self._reader(stream, number)

    def records_of(self, stream: str, number: int) -> Iterator[Record]:
        """All records of one segment."""
        start = self._starts_of(stream)[number]
        for frame, place in enumerate(self._reader(stream, number).frames):
            yield from self._records_of(stream, _Place(number, frame, start + place.start))

    def _reader(self, stream: str, number: int) -> SegmentReader:
        segment = self.manifest.streams[stream][number]
        path = self.folder / stream / segment.name
        with self._lock:
            known = self._open.get(path)
            if known is not None:
                self._open.move_to_end(path)
                return known
        reader = SegmentReader(path)
        told = reader.description
        if (told.consortium, told.stream, told.first, told.last) != (
            self._consortium,
            stream,
            segment.first,
            segment.last,
        ):
            raise ArchiveDamaged(
                f"{path}: holds the leaves {told.first} to {told.last} of {origin_of(told.consortium, told.stream)},"
                f" not {segment.first} to {segment.last} of {origin_of(self._consortium, stream)}"
            )
        if sha256_of(path) != segment.sha256:
            raise ArchiveDamaged(f"{path}: altered: its SHA-256 is not the manifest's")
        if (told.note, told.uncompressed) != (segment.note, segment.uncompressed):
            raise ArchiveDamaged(f"{path}: the manifest names another head or length than the segment itself")
        with self._lock:
            self._open[path] = reader
            while len(self._open) > _OPEN:
                self._open.popitem(last=False)
        return reader

    def _place(self, stream: str, position: int) -> _Place | None:
        """The frame in which a position lies; None at the end and after it."""
        starts = self._starts_of(stream)
        if position >= starts[-1]:
            return None
        number = bisect_right(starts, position) - 1
        frames = self._reader(stream, number).frames
        frame = bisect_right(frames, position - starts[number], key=lambda f: f.start) - 1
        return _Place(number, frame, starts[number] + frames[frame].start)

    def _records_of(self, stream: str, place: _Place) -> Iterator[Record]:
        reader = self._reader(stream, place.segment)
        data = self._frame(reader, place.frame)
        framing = Framing(origin_of(self._consortium, stream))
        at = 0
        while at < len(data):
            span = framing.span(data, at)
            if span is None:  # a frame holds whole records; what is none is for a verifier to refuse
                yield Record(place.start + at, place.start + len(data), data[at:])
                return
            yield Record(place.start + at, place.start + span.end, data[at : span.stop])
            at = span.end

    def _frame(self, reader: SegmentReader, number: int) -> bytes:
        held = self._unpacked
        if held is not None and held[:2] == (reader.path, number):
            return held[2]
        data = reader.frame(number)
        self._unpacked = (reader.path, number, data)
        return data

    def _starts_of(self, stream: str) -> list[int]:
        if check_name(stream) not in self._starts:
            raise NoSuchStream(f"the archive at {self.folder} has no stream {stream}")
        return self._starts[stream]


def _stamp(folder: Path) -> tuple[int, int] | None:
    """Return a value that changes whenever a manifest is replaced; None where there is none."""
    with contextlib.suppress(OSError):
        status = (folder / MANIFEST).stat()
        return status.st_ino, status.st_mtime_ns
    return None


def _wrong_lengths(folder: Path, manifest: Manifest) -> Iterator[str]:
    """Yield the faults that the names and lengths of the files show."""
    for stream, segments in manifest.streams.items():
        for segment in segments:
            path = folder / stream / segment.name
            try:
                size = path.stat().st_size
            except FileNotFoundError:
                yield f"{path}: missing"
                continue
            except OSError as error:
                raise unavailable(path, error) from error
            if size < segment.bytes:
                yield f"{path}: cut short, or swapped: {size:,} bytes, not {segment.bytes:,}"
            elif size > segment.bytes:
                yield f"{path}: too long, or swapped: {size:,} bytes, not {segment.bytes:,}"
