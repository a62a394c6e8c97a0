"""A batch's content on disk: encrypted as it arrives, read as often as needed, deleted when the batch is done.

The file is an encrypted stream (`registry/vault/encrypted_stream.py`) with an empty prefix; its key is for this file
alone.
"""

import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final, Literal

from registry.log.durable_files import sync_folder
from registry.vault.encrypted_stream import CHUNK_BYTES, ChunkWriter, DamagedStream, StreamCipher, read_chunks

PARTIAL: Final = ".part"
"""Suffix of a file that is not complete."""


class DamagedBatchFile(Exception):
    """A batch's file that is cut short, was altered, or is missing."""


class BatchFileWriter:
    """Writes one batch's file, under another name until `close`: a file with the batch's name is complete.

    Every method but `abandon` raises `OSError` where the disk is full or broken. Call `abandon` then, and wherever else
    the content is no longer wanted: it removes what was written.
    """

    def __init__(self, path: Path, key: bytes) -> None:
        """`key` are 32 random bytes, for this file alone."""
        self._path = path
        self._partial = path.with_suffix(PARTIAL)
        path.parent.mkdir(mode=0o700, exist_ok=True)
        # Not buffered: closing a file writes what is in its buffer, and fails where the disk is full.
        self._file = os.open(self._partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        self._is_open = True
        self._chunks = ChunkWriter(StreamCipher(key), self._write_all)
        self.size = 0
        """Bytes of content so far."""
        self.lines = 0
        """Ends of lines in them: line feeds, and carriage returns without a line feed after them."""
        self._ends_in_return = False

    def write(self, data: bytes) -> None:
        """Add bytes of content."""
        self.size += len(data)
        # A return that ends one piece and a line feed that begins the next are one end.
        self.lines += data.count(b"\n") + data.count(b"\r") - data.count(b"\r\n")
        self.lines -= self._ends_in_return and data.startswith(b"\n")
        self._ends_in_return = data.endswith(b"\r") if data else self._ends_in_return
        self._chunks.write(data)

    def close(self) -> None:
        """Write the last chunk, make sure that all is on the disk, and give the file its name."""
        self._chunks.close()
        os.fsync(self._file)
        self._partial.rename(self._path)
        self._close()
        sync_folder(self._path.parent)

    def abandon(self) -> None:
        """Close without completing, and remove what was written. May be called after any other method."""
        self._close()
        self._partial.unlink(missing_ok=True)

    def _close(self) -> None:
        if self._is_open:
            self._is_open = False
            os.close(self._file)

    def _write_all(self, chunk: bytes) -> None:
        unwritten = memoryview(chunk)
        while unwritten:
            unwritten = unwritten[os.write(self._file, unwritten) :]


class BatchFile:
    """A complete file, which is read like a path."""

    def __init__(self, path: Path, key: bytes, name: str) -> None:
        """`name` is how messages call it; empty where its sender named none."""
        self._path = path
        self._key = key
        self._name = name

    def __str__(self) -> str:
        return self._name or "The body"

    @property
    def version(self) -> str:
        """The name of the file on the disk, which is another one after rows were removed."""
        return self._path.name

    def open(self, mode: Literal["rb"]) -> BinaryIO:
        """Open it at its beginning. Raises `DamagedBatchFile` here or while it is read."""
        del mode
        return io.BufferedReader(_ChunkStream(self._read_chunks()), CHUNK_BYTES)

    def _read_chunks(self) -> Iterator[bytes]:
        name = self._name or "the batch"
        try:
            file = self._path.open("rb")
        except OSError as error:
            raise DamagedBatchFile(f"the content of {name} cannot be read: {error.strerror}") from error
        with file:
            try:
                yield from read_chunks(file, StreamCipher(self._key))
            except DamagedStream as error:
                raise DamagedBatchFile(f"the content of {name} {error}; send it again") from error


class _ChunkStream(io.RawIOBase):
    """Chunks as a stream of bytes."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._unread = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        target = memoryview(buffer).cast("B")  # type: ignore[arg-type] # a buffer, as io says
        while not self._unread:
            chunk = next(self._chunks, None)
            if chunk is None:
                return 0
            self._unread = memoryview(chunk)
        size = min(len(target), len(self._unread))
        target[:size] = self._unread[:size]
        self._unread = self._unread[size:]
        return size
