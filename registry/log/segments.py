"""A segment of an archive: a run of one stream's records in one compressed file, which can be verified by itself.

The file is in zstd's seekable format: frames of some hundred KiB, each of whole records in the form of a folder
log (so that `zstd -dc` prints what `less` shows there); a skippable frame with the segment's description; and
the seek table, which is a skippable frame too. The description says which stream's leaves these are, which tree they
extend, and the signed heads before and after.
"""

import hashlib
import os
import struct
from itertools import accumulate
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

import msgspec
import zstandard

from registry.log.durable_files import sync_file, sync_folder
from registry.log.errors import ArchiveDamaged, LogError, LogFull, LogUnavailable
from registry.log.files import NO_ROOM

FRAME_BYTES: Final = 256 * 1024
"""The uncompressed size at which a frame is closed. It ends with a whole record, so it can be longer."""
LEVEL: Final = 6
"""Events are mostly random ids: higher levels gain nothing and take much longer."""
_SEEK_MAGIC: Final = 0x8F92EAB1
_TABLE_MAGIC: Final = 0x184D2A5E
_DESCRIPTION_MAGIC: Final = 0x184D2A51
_HEADER: Final = struct.Struct("<II")
_ENTRY: Final = struct.Struct("<II")
_FOOTER: Final = struct.Struct("<IBI")
_CHECKSUMS: Final = 0x80
_RESERVED: Final = 0x7C
_MAX_FRAMES: Final = 1 << 20
_MAX_FRAME: Final = 32 * 1024 * 1024
"""More than any frame that this program writes; a frame that claims more is not unpacked."""


class Description(msgspec.Struct, frozen=True):
    """The description in a segment's skippable frame."""

    consortium: str
    stream: str
    first: int
    """The tree size before its first leaf."""
    last: int
    """The tree size after its last leaf."""
    uncompressed: int
    """Bytes of records, as a folder log has them."""
    before: list[str]
    """The tree's compact range at `first`: subtree hashes in hexadecimal, largest first."""
    after: list[str]
    """Likewise at `last`."""
    base_note: str | None
    """The signed head at `first`; absent where `first` is 0."""
    note: str
    """The signed head at `last`."""
    leaves: list[int]
    """For each frame, the leaf with which it begins."""


class FileHash(NamedTuple):
    """The length of a segment's new file in bytes, and its SHA-256 in hexadecimal."""

    bytes: int
    sha256: str


class SegmentWriter:
    """A writer of one segment. The file gets its name only when all of it is on the disk."""

    def __init__(self, folder: Path, level: int = LEVEL) -> None:
        self._folder = folder
        self._path = folder / "segment.new"
        self._packer = zstandard.ZstdCompressor(level=level, write_checksum=True, write_content_size=True)
        self._hash = hashlib.sha256()
        self._frames: list[tuple[int, int]] = []
        self._leaves: list[int] = []
        self._pending: list[bytes] = []
        self._pending_bytes = 0
        self._bytes = 0
        self.uncompressed = 0
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._file = self._path.open("wb")
        except OSError as error:
            raise unavailable(folder, error) from error

    def add(self, leaf: int, record: bytes) -> None:
        """Add the next record, which begins with that leaf and ends in LF, as every commit does."""
        if not self._pending:
            self._leaves.append(leaf)
        self._pending += (record, b"\n")
        self._pending_bytes += len(record) + 1
        self.uncompressed += len(record) + 1
        if self._pending_bytes >= FRAME_BYTES:
            self._close_frame()

    @property
    def leaves(self) -> list[int]:
        """For each frame, the leaf with which it begins."""
        return self._leaves

    def finish(self, description: Description) -> FileHash:
        """Write the description and the seek table, and give the file its name."""
        self._close_frame()
        text = msgspec.json.encode(description)
        self._write(_HEADER.pack(_DESCRIPTION_MAGIC, len(text)) + text)
        self._frames.append((_HEADER.size + len(text), 0))
        table = b"".join(_ENTRY.pack(*frame) for frame in self._frames)
        footer = _FOOTER.pack(len(self._frames), 0, _SEEK_MAGIC)
        self._write(_HEADER.pack(_TABLE_MAGIC, len(table) + len(footer)) + table + footer)
        try:
            sync_file(self._file)
            self._file.close()
            self._path.replace(self._folder / file_name(description.first, description.last))
            sync_folder(self._folder)
        except OSError as error:
            raise unavailable(self._folder, error) from error
        return FileHash(self._bytes, self._hash.hexdigest())

    def abandon(self) -> None:
        """Delete the unfinished file; after `finish`, do nothing."""
        self._file.close()
        self._path.unlink(missing_ok=True)

    def _close_frame(self) -> None:
        if self._pending:
            packed = self._packer.compress(b"".join(self._pending))
            self._write(packed)
            self._frames.append((len(packed), self._pending_bytes))
            self._pending, self._pending_bytes = [], 0

    def _write(self, data: bytes) -> None:
        try:
            self._file.write(data)
        except OSError as error:
            raise unavailable(self._folder, error) from error
        self._hash.update(data)
        self._bytes += len(data)


class Frame(NamedTuple):
    """The place of a frame in the file, and of its records in the segment's uncompressed bytes."""

    at: int
    packed: int
    start: int
    size: int


class SegmentReader:
    """A segment's file, opened by its seek table. Raises `ArchiveDamaged`, naming the file and what is wrong."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            with path.open("rb") as file:
                size = os.fstat(file.fileno()).st_size
                frames = self._table(os.pread(file.fileno(), _FOOTER.size, max(0, size - _FOOTER.size)), file, size)
                self.description = self._description(file, frames.pop())
        except FileNotFoundError as error:
            raise ArchiveDamaged(f"{path}: missing") from error
        except OSError as error:
            raise unavailable(path, error) from error
        self.frames = frames
        if len(frames) != len(self.description.leaves) or (
            sum(frame.size for frame in frames) != self.description.uncompressed
        ):
            raise ArchiveDamaged(f"{path}: its seek table and its description do not agree")

    def frame(self, number: int) -> bytes:
        """Unpack a frame's records."""
        frame = self.frames[number]
        try:
            with self.path.open("rb") as file:
                packed = os.pread(file.fileno(), frame.packed, frame.at)
            if zstandard.frame_content_size(packed) != frame.size:  # before anything is unpacked
                raise ArchiveDamaged(f"{self.path}: its frame {number} is not of {frame.size:,} bytes, as it is listed")
            data = zstandard.ZstdDecompressor().decompress(packed, max_output_size=frame.size)
        except OSError as error:
            raise unavailable(self.path, error) from error
        except zstandard.ZstdError as error:
            raise ArchiveDamaged(f"{self.path}: its frame {number} does not unpack: {error}") from error
        if len(data) != frame.size:
            raise ArchiveDamaged(f"{self.path}: its frame {number} unpacks to {len(data):,} bytes, not {frame.size:,}")
        return data

    def _table(self, footer: bytes, file: BinaryIO, size: int) -> list[Frame]:
        if len(footer) < _FOOTER.size or _FOOTER.unpack(footer)[2] != _SEEK_MAGIC:
            raise ArchiveDamaged(f"{self.path}: no seek table at its end: cut short, or not a segment")
        count, flags, _ = _FOOTER.unpack(footer)
        if flags & (_RESERVED | _CHECKSUMS) or not 1 <= count <= _MAX_FRAMES:
            raise ArchiveDamaged(f"{self.path}: a seek table of another kind")
        length = count * _ENTRY.size
        at = size - _FOOTER.size - length - _HEADER.size
        data = os.pread(file.fileno(), _HEADER.size + length, at) if at >= 0 else b""
        if len(data) != _HEADER.size + length or _HEADER.unpack_from(data) != (_TABLE_MAGIC, length + _FOOTER.size):
            raise ArchiveDamaged(f"{self.path}: a seek table that is not whole")
        entries = list(_ENTRY.iter_unpack(data[_HEADER.size :]))
        starts = accumulate((packed for packed, _ in entries), initial=0)
        begins = accumulate((unpacked for _, unpacked in entries), initial=0)
        if sum(packed for packed, _ in entries) != at or any(unpacked > _MAX_FRAME for _, unpacked in entries):
            raise ArchiveDamaged(f"{self.path}: its seek table does not fit its {size:,} bytes")
        return [Frame(a, p, b, u) for (p, u), a, b in zip(entries, starts, begins, strict=False)]

    def _description(self, file: BinaryIO, frame: Frame) -> Description:
        data = os.pread(file.fileno(), frame.packed, frame.at)
        if frame.size or len(data) < _HEADER.size or _HEADER.unpack_from(data)[0] != _DESCRIPTION_MAGIC:
            raise ArchiveDamaged(f"{self.path}: no description of the segment in it")
        try:
            return msgspec.json.decode(data[_HEADER.size :], type=Description)
        except msgspec.MsgspecError as error:
            raise ArchiveDamaged(f"{self.path}: its description cannot be read: {error}") from error


def file_name(first: int, last: int) -> str:
    """Return the name of the segment of these leaves; names sort as the leaves do."""
    return f"{first:019}-{last:019}.log.zst"


def sha256_of(path: Path) -> str:
    """Return the hash of a file in hexadecimal, reading it piece by piece."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError as error:
        raise ArchiveDamaged(f"{path}: missing") from error
    except OSError as error:
        raise unavailable(path, error) from error


def unavailable(path: Path, error: OSError) -> LogError:
    """Return the error of the log for an operating system's error about a file."""
    if error.errno in NO_ROOM:
        return LogFull(f"no room is left at {path}; make room and run it again")
    return LogUnavailable(f"cannot use {path}: {error.strerror or error}")
