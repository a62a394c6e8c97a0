"""Encrypted streams: bytes of any length as authenticated chunks. A batch's file and a backup are written this way.

A chunk is 4 bytes of length (big-endian), then that many bytes of AES-256-GCM ciphertext with its tag. Its nonce has
12 bytes: the stream's prefix, the chunk's number (big-endian, in the bytes that the prefix leaves), and one byte that
is 1 for the last chunk and 0 for any other. So a reader finds a chunk that was altered, left out, repeated or moved,
a stream that was cut short, and bytes that follow its end.

A key encrypts one stream only: two streams under one key and one prefix would share their nonces.
"""

import struct
from collections.abc import Callable, Iterator
from typing import BinaryIO, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

CHUNK_BYTES: Final = 1024 * 1024
"""Bytes of a chunk before it is encrypted; the last one of a stream may have fewer, or none."""
_LENGTH: Final = struct.Struct(">I")
_TAG_BYTES: Final = 16
_NUMBERED_BYTES: Final = 11
"""Bytes of a nonce that hold the prefix and the chunk's number."""


class DamagedStream(Exception):
    """An encrypted stream that was cut short or altered. The message follows the name of what was read."""


class AlteredChunk(DamagedStream):
    """A chunk that the key does not decrypt at its place. Where it is the first, the key may be wrong."""

    def __init__(self, number: int) -> None:
        super().__init__(f"was altered: its chunk {number} does not decrypt, or was moved there from elsewhere")
        self.number = number


class StreamCipher:
    """Encrypts and decrypts the chunks of one stream."""

    def __init__(self, key: bytes, prefix: bytes = b"", associated: bytes = b"") -> None:
        """Use 32 bytes of key. `associated` is authenticated with every chunk; the stream does not contain it."""
        self._cipher = AESGCM(key)
        self._prefix = prefix
        self._associated = associated

    def encrypt(self, number: int, data: bytes, *, is_last: bool) -> bytes:
        """Return a chunk with its length."""
        encrypted = self._cipher.encrypt(self._nonce(number, is_last=is_last), data, self._associated)
        return _LENGTH.pack(len(encrypted)) + encrypted

    def decrypt(self, number: int, encrypted: bytes) -> tuple[bytes, bool]:
        """Return a chunk's data, and whether it is the last chunk. Raises `AlteredChunk`."""
        for is_last in (False, True):
            try:
                return self._cipher.decrypt(self._nonce(number, is_last=is_last), encrypted, self._associated), is_last
            except InvalidTag:
                continue
        raise AlteredChunk(number)

    def _nonce(self, number: int, *, is_last: bool) -> bytes:
        return self._prefix + number.to_bytes(_NUMBERED_BYTES - len(self._prefix), "big") + bytes([is_last])


class ChunkWriter:
    """Cuts bytes into chunks and passes each, encrypted, to a function that writes it."""

    def __init__(self, cipher: StreamCipher, write: Callable[[bytes], None]) -> None:
        self._cipher = cipher
        self._write = write
        self._pending = bytearray()
        self._number = 0

    def write(self, data: bytes) -> None:
        """Add bytes; write the chunks that are full and certainly not the last."""
        self._pending += data
        while len(self._pending) > CHUNK_BYTES:
            self._write_chunk(bytes(self._pending[:CHUNK_BYTES]), is_last=False)
            del self._pending[:CHUNK_BYTES]

    def close(self) -> None:
        """Write the last chunk. A stream that was not closed is read as cut short."""
        self._write_chunk(bytes(self._pending), is_last=True)

    def _write_chunk(self, data: bytes, *, is_last: bool) -> None:
        self._write(self._cipher.encrypt(self._number, data, is_last=is_last))
        self._number += 1


def read_chunks(file: BinaryIO, cipher: StreamCipher, chunk_bytes: int = CHUNK_BYTES) -> Iterator[bytes]:
    """Yield the decrypted chunks of a stream, which ends where the file ends.

    Each chunk is authentic; that none is missing is certain only when the iteration ends without an error. Raises
    `DamagedStream`.
    """
    number, is_last = 0, False
    while not is_last:
        head = file.read(_LENGTH.size)
        if len(head) < _LENGTH.size:
            raise DamagedStream(f"is cut short: it ends after {number} chunks, and the last one is missing")
        (length,) = _LENGTH.unpack(head)
        if not _TAG_BYTES <= length <= chunk_bytes + _TAG_BYTES:
            raise DamagedStream(f"was altered: its chunk {number} has an impossible length")
        encrypted = file.read(length)
        if len(encrypted) < length:
            raise DamagedStream(f"is cut short in its chunk {number}")
        data, is_last = cipher.decrypt(number, encrypted)
        number += 1
        yield data
    if file.read(1):
        raise DamagedStream("was altered: bytes follow its last chunk")
