"""The shared log as an archive: compressed, sealed segments of merged commits, and a manifest that names them.

Readers verify every commit of an archive, as of any other log. Before that, hashes and heads show which file is cut
short, missing, altered or swapped, and the error names it.

    PATH/manifest.json
    PATH/<stream>/<first>-<last>.log.zst

A position is an offset in the stream's uncompressed bytes.
"""

import contextlib
import threading
import time
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from itertools import accumulate
from pathlib import Path
from typing import Final, NamedTuple

from registry.log import BATCH_BYTES, Record, check_name, origin_of
from registry.log.archive_manifest import MANIFEST, Manifest, Segment, load
from registry.log.errors import ArchiveDamaged, LogUnavailable, NoSuchStream, ReadOnlyLog, TailLost
from registry.log.framing import Framing
from registry.log.segments import SegmentReader, sha256_of, unavailable

_OPEN_SEGMENTS: Final = 8
"""The number of segments whose seek tables stay in memory."""
_POLL_SECONDS: Final = 0.2


class _FramePlace(NamedTuple):
    """A segment's number in its stream, a frame's number in the segment, and the frame's position in the stream."""

    segment: int
    frame: int
    start: int


class ArchiveLog:
    """An archive as a `SharedLog` that cannot be written: `consumers.archive.archiver` adds to it."""

    def __init__(self, folder: str | Path, consortium: str, *, lengths: bool = True) -> None:
        """Open an archive; with `lengths`, raise `ArchiveDamaged` naming every missing file and every wrong length.

        Without `lengths`, reading a file raises that error: a check can then list all faults.
        """
        self._lengths = lengths
        self.folder = Path(folder)
        self._consortium = consortium
        self._lock = threading.Lock()
        self._open: OrderedDict[Path, SegmentReader] = OrderedDict()
        self._unpacked: tuple[Path, int, bytes] | None = None
        self.reload()

    def reload(self) -> None:
        """Read the manifest again, since an archive grows at its end. Raises as opening the archive does."""
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
        """Raise `ArchiveDamaged` naming every missing file and every wrong length."""
        if wrong := list(_wrong_lengths(self.folder, self.manifest)):
            raise ArchiveDamaged("; ".join(wrong))

    # Reading

    def streams(self) -> list[str]:
        """Return the streams that are archived."""
        return sorted(self.manifest.streams)

    def read(self, stream: str, start: int = 0, max_bytes: int = BATCH_BYTES) -> list[Record]:
        """Return the records from a position on."""
        try:
            if (records := self._read(stream, start, max_bytes)) or not self._has_grown():
                self._check_start(stream, start)
                return records
        except (ArchiveDamaged, LogUnavailable):
            if not self._has_grown():
                raise
        self.reload()  # the last segment may have another name now; positions stay the same
        self._check_start(stream, start)
        return self._read(stream, start, max_bytes)

    def _check_start(self, stream: str, start: int) -> None:
        if start > (end := self.end(stream)):
            raise TailLost(
                f"the archive of {stream} at {self.folder} has {end:,} bytes, and reading was to go on after {start:,}"
            )

    def _read(self, stream: str, start: int, max_bytes: int) -> list[Record]:
        records: list[Record] = []
        size = 0
        while (place := self._place(stream, start)) is not None:
            for record in self._records_of(stream, place):
                if record.position < start:
                    continue
                if records and size + len(record.data) > max_bytes:
                    return records
                records.append(record)
                size += len(record.data)
            start = place.start + self._reader(stream, place.segment).frames[place.frame].size
        return records

    def records(self, stream: str, start: int = 0) -> Iterator[Record]:
        """Yield all records from a position on."""
        while records := self.read(stream, start):
            yield from records
            start = records[-1].next

    def read_back(self, stream: str) -> Iterator[Record]:
        """Yield all records from the newest back, a frame at a time."""
        end = self.end(stream)
        while end > 0 and (place := self._place(stream, end - 1)) is not None:
            yield from reversed(list(self._records_of(stream, place)))
            end = place.start

    def end(self, stream: str) -> int:
        """Return the position after the last record."""
        return self._starts_of(stream)[-1]

    def beginnings(self, streams: Collection[str]) -> dict[str, int]:
        """Return 0 for each stream of the archive: it has a stream from its first record on."""
        return dict.fromkeys(set(self.streams()).intersection(streams), 0)

    def torn_bytes(self, stream: str) -> int:  # noqa: ARG002 - segments are whole
        """Return 0: a segment that was cut is damaged, and reading it says so."""
        return 0

    def seek(self, stream: str, size: int) -> int:
        """Return the position of the frame that holds leaf `size`, by the descriptions of the segments."""
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
        """Read the manifest several times a second."""
        until = time.monotonic() + timeout
        while True:
            self.reload()
            grown = {s for s, position in positions.items() if s in self._starts and self._starts[s][-1] > position}
            if grown or (left := until - time.monotonic()) <= 0:
                return grown
            time.sleep(min(_POLL_SECONDS, left))

    # No writing

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
        """Do nothing: each call closes its files."""

    def _read_only(self) -> ReadOnlyLog:
        return ReadOnlyLog(f"the archive at {self.folder} is only read; `registry log archive` adds to it")

    def _has_grown(self) -> bool:
        """Return whether the manifest was replaced since it was read."""
        return _stamp(self.folder) != self._stamp

    # Segments

    def check(self) -> Iterator[str]:
        """Compare every file with the manifest and yield each fault in words. Signatures are not checked."""
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
        """Open a segment that the manifest names. Raises `ArchiveDamaged`."""
        self._starts_of(stream)
        return self._reader(stream, number)

    def records_of(self, stream: str, number: int) -> Iterator[Record]:
        """Yield all records of one segment."""
        start = self._starts_of(stream)[number]
        for frame, place in enumerate(self._reader(stream, number).frames):
            yield from self._records_of(stream, _FramePlace(number, frame, start + place.start))

    def _reader(self, stream: str, number: int) -> SegmentReader:
        segment = self.manifest.streams[stream][number]
        path = self.folder / stream / segment.name
        with self._lock:
            reader = self._open.get(path)
            if reader is not None:
                self._open.move_to_end(path)
                return reader
        reader = SegmentReader(path)
        self._check_segment(reader, stream, segment)
        with self._lock:
            self._open[path] = reader
            while len(self._open) > _OPEN_SEGMENTS:
                self._open.popitem(last=False)
        return reader

    def _check_segment(self, reader: SegmentReader, stream: str, segment: Segment) -> None:
        """Raise `ArchiveDamaged` unless a file is the segment that the manifest names."""
        path, description = reader.path, reader.description
        if (description.consortium, description.stream, description.first, description.last) != (
            self._consortium,
            stream,
            segment.first,
            segment.last,
        ):
            raise ArchiveDamaged(
                f"{path}: holds the leaves {description.first} to {description.last} of"
                f" {origin_of(description.consortium, description.stream)},"
                f" not {segment.first} to {segment.last} of {origin_of(self._consortium, stream)}"
            )
        if sha256_of(path) != segment.sha256:
            raise ArchiveDamaged(f"{path}: altered: its SHA-256 is not the manifest's")
        if (description.note, description.uncompressed) != (segment.note, segment.uncompressed):
            raise ArchiveDamaged(f"{path}: the manifest names another head or length than the segment itself")

    def _place(self, stream: str, position: int) -> _FramePlace | None:
        """Return the frame that contains a position; None at the end and after it."""
        starts = self._starts_of(stream)
        if position >= starts[-1]:
            return None
        number = bisect_right(starts, position) - 1
        frames = self._reader(stream, number).frames
        frame = bisect_right(frames, position - starts[number], key=lambda f: f.start) - 1
        return _FramePlace(number, frame, starts[number] + frames[frame].start)

    def _records_of(self, stream: str, place: _FramePlace) -> Iterator[Record]:
        reader = self._reader(stream, place.segment)
        data = self._frame(reader, place.frame)
        framing = Framing(origin_of(self._consortium, stream))
        at = 0
        while at < len(data):
            span = framing.span(data, at)
            if span is None:  # a sound frame holds whole records; a verifier refuses this rest
                yield Record(place.start + at, place.start + len(data), data[at:])
                return
            yield Record(place.start + at, place.start + span.end, data[at : span.stop])
            at = span.end

    def _frame(self, reader: SegmentReader, number: int) -> bytes:
        cached = self._unpacked
        if cached is not None and cached[:2] == (reader.path, number):
            return cached[2]
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
    """Yield a sentence for each missing file and each wrong length."""
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
