"""A batch's content on disk: encrypted as it arrives, read as often as needed, gone when the batch is done.

The file is chunks: 4 bytes of length (big-endian), then AES-256-GCM ciphertext. A chunk's nonce is its number and
whether it is the last; the key is used for one file. So a file that was cut short or altered does not open.
"""

import io
import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final, Literal

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

CHUNK: Final = 1024 * 1024
PARTIAL: Final = ".part"
"""What the name of a file ends with that is not complete."""
_LENGTH: Final = struct.Struct(">I")
_TAG: Final = 16


class SpoolDamaged(Exception):
    """A batch's file that is cut short, altered, or gone."""


class Spool:
    """Writes one batch's file, under another name until `close`: what has the file's name is whole.

    Any method but `abandon` raises `OSError` where the disk is full or broken. Then, and wherever else the content is
    not wanted any more, `abandon` removes what was written.
    """

    def __init__(self, path: Path, key: bytes) -> None:
        """`key` are 32 random bytes, for this file alone."""
        self._path = path
        self._partial = path.with_suffix(PARTIAL)
        path.parent.mkdir(mode=0o700, exist_ok=True)
        # Not buffered: what waits in a buffer is written, and fails, when the file is closed.
        self._file = os.open(self._partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        self._open = True
        self._cipher = AESGCM(key)
        self._waiting = bytearray()
        self._number = 0
        self.size = 0
        """Bytes that were written."""
        self.lines = 0
        """Ends of lines among them: line feeds, and carriage returns that none follows."""
        self._after_return = False

    def write(self, data: bytes) -> None:
        """Take bytes in."""
        self.size += len(data)
        # A return that ends one piece and a line feed that begins the next are one end.
        self.lines += data.count(b"\n") + data.count(b"\r") - data.count(b"\r\n")
        self.lines -= self._after_return and data.startswith(b"\n")
        self._after_return = data.endswith(b"\r") if data else self._after_return
        self._waiting += data
        while len(self._waiting) > CHUNK:
            self._seal(bytes(self._waiting[:CHUNK]), last=False)
            del self._waiting[:CHUNK]

    def close(self) -> None:
        """Write the rest and make sure that it is on the disk."""
        self._seal(bytes(self._waiting), last=True)
        os.fsync(self._file)
        self._partial.rename(self._path)
        self._close()
        folder = os.open(self._path.parent, os.O_RDONLY)  # its name is to be there after a power cut, too
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def abandon(self) -> None:
        """Close without completing, and remove what was written. May be called after any of the others."""
        self._close()
        self._partial.unlink(missing_ok=True)

    def _close(self) -> None:
        if self._open:
            self._open = False
            os.close(self._file)

    def _seal(self, data: bytes, *, last: bool) -> None:
        sealed = self._cipher.encrypt(_nonce(self._number, last=last), data, None)
        rest = memoryview(_LENGTH.pack(len(sealed)) + sealed)
        while rest:
            rest = rest[os.write(self._file, rest) :]
        self._number += 1


class Spooled:
    """A complete file, to be read like a path."""

    def __init__(self, path: Path, key: bytes, name: str) -> None:
        """`name` is what messages call it; empty where its sender gave it none."""
        self._path = path
        self._key = key
        self._name = name

    def __str__(self) -> str:
        return self._name or "The body"

    def open(self, mode: Literal["rb"]) -> BinaryIO:
        """Its bytes, from the beginning. Raises `SpoolDamaged` here or while reading."""
        del mode
        return io.BufferedReader(_Opened(self._chunks()), CHUNK)

    def _chunks(self) -> Iterator[bytes]:
        cipher = AESGCM(self._key)
        name = self._name or "the batch"
        try:
            file = self._path.open("rb")
        except OSError as error:
            raise SpoolDamaged(f"the content of {name} cannot be read: {error.strerror}") from error
        with file:
            number, last = 0, False
            while not last:
                head = file.read(_LENGTH.size)
                length = _LENGTH.unpack(head)[0] if len(head) == _LENGTH.size else 0
                sealed = file.read(length) if _TAG <= length <= CHUNK + _TAG else b""
                if not sealed or len(sealed) < length:
                    raise SpoolDamaged(f"the content of {name} is cut short")
                opened = None
                for last in (False, True):
                    try:
                        opened = cipher.decrypt(_nonce(number, last=last), sealed, None)
                        break
                    except InvalidTag:
                        continue
                if opened is None:
                    raise SpoolDamaged(f"the content of {name} was altered")
                number += 1
                yield opened


class _Opened(io.RawIOBase):
    """Chunks as a stream of bytes."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        into = memoryview(buffer).cast("B")  # type: ignore[arg-type] # a buffer, as io says
        while not self._rest:
            chunk = next(self._chunks, None)
            if chunk is None:
                return 0
            self._rest = memoryview(chunk)
        size = min(len(into), len(self._rest))
        into[:size] = self._rest[:size]
        self._rest = self._rest[size:]
        return size


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])
