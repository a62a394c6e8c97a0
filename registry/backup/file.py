"""A backup's file: entries with a name and bytes, compressed, encrypted with a passphrase, streamed.

    registry backup 1
    {"scrypt": {"n": …, "r": …, "p": …, "salt": …}, "chunk": …, "prefix": …}
    an encrypted stream (registry/vault/encrypted_stream.py)

scrypt makes the key from the passphrase. The stream's nonces begin with the file's random prefix (7 bytes), and the two
first lines are authenticated with every chunk, so that no chunk of another file decrypts here.

The stream is a zstd frame of blocks: a letter (N: an entry begins, D: its data, Z: the backup is complete), 4 bytes of
length, that many bytes.
"""

import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final, Self

import msgspec
import zstandard
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from registry.log.durable_files import create_private_file, sync_file
from registry.vault.encrypted_stream import (
    CHUNK_BYTES,
    AlteredChunk,
    ChunkWriter,
    DamagedStream,
    StreamCipher,
    read_chunks,
)

_MAGIC: Final = b"registry backup 1\n"
_MAX_BYTES: Final = 16 * 1024 * 1024
"""Bytes of a block, and of a chunk, that a reader accepts."""
_PREFIX_BYTES: Final = 7
_MAX_HEAD_BYTES: Final = 1024
_BLOCK: Final = struct.Struct(">cI")


class BackupError(Exception):
    """A backup that cannot be made, read or restored. The message says why and what to do."""


class WrongPassphrase(BackupError):
    """The passphrase does not decrypt the backup."""


class DamagedBackup(BackupError):
    """The file is cut short, was altered, or is not a backup."""


class _Scrypt(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    n: int
    r: int
    p: int
    salt: str

    def derive_key(self, passphrase: bytes) -> bytes:
        return Scrypt(bytes.fromhex(self.salt), 32, self.n, self.r, self.p).derive(passphrase)

    @property
    def is_affordable(self) -> bool:
        """True if a stranger's file asks for no more than 1 GiB and some seconds."""
        return self.n in {1 << k for k in range(10, 21)} and 1 <= self.r <= 8 and 1 <= self.p <= 4


class _Head(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    scrypt: _Scrypt
    chunk: int
    """Bytes of a chunk at most, before it is encrypted."""
    prefix: str


class BackupWriter:
    """Writes entries one after another; use as a context manager. An exception within it removes the file."""

    def __init__(self, path: Path, passphrase: bytes) -> None:
        """Raises `BackupError` where the file exists or the passphrase is empty."""
        if not passphrase:
            raise BackupError("the passphrase is empty")
        salt, prefix = os.urandom(16), os.urandom(_PREFIX_BYTES)
        head = _Head(_Scrypt(1 << 17, 8, 1, salt.hex()), CHUNK_BYTES, prefix.hex())
        self._head = _MAGIC + msgspec.json.encode(head) + b"\n"
        cipher = StreamCipher(head.scrypt.derive_key(passphrase), prefix, self._head)
        self._chunks = ChunkWriter(cipher, self._write)
        self._path = path
        self._compressor = zstandard.ZstdCompressor(level=9).compressobj()
        try:
            self._file = create_private_file(path)
        except FileExistsError as error:
            raise BackupError(f"{path} exists; a backup is never overwritten") from error
        except OSError as error:
            raise BackupError(f"cannot write {path}: {error.strerror}") from error

    def __enter__(self) -> Self:
        self._write(self._head)
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        is_complete = False
        try:
            if kind is None:
                self._write_block(b"Z", b"")
                self._chunks.write(self._compressor.flush())
                self._chunks.close()
                self._sync()
                is_complete = True
        finally:
            self._file.close()
            if not is_complete:
                self._path.unlink(missing_ok=True)

    def begin_entry(self, name: str) -> None:
        """Begin an entry with this name."""
        self._write_block(b"N", name.encode())

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Add bytes to the entry that was begun last."""
        whole = bytes(data)
        for start in range(0, len(whole), CHUNK_BYTES):
            self._write_block(b"D", whole[start : start + CHUNK_BYTES])

    def _write_block(self, kind: bytes, data: bytes) -> None:
        self._chunks.write(self._compressor.compress(_BLOCK.pack(kind, len(data)) + data))

    def _sync(self) -> None:
        try:
            sync_file(self._file)
        except OSError as error:
            raise BackupError(f"cannot write {self._path}: {error.strerror}") from error

    def _write(self, data: bytes) -> None:
        try:
            self._file.write(data)
        except OSError as error:
            raise BackupError(f"cannot write {self._path}: {error.strerror}") from error


def read_backup(path: Path, passphrase: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield a backup's entries in pieces: each name once with no bytes, then again with each piece of its data.

    Each piece is authentic; that nothing is missing is certain only when the iteration ends without an error.
    Raises `WrongPassphrase`, `DamagedBackup`.
    """
    try:
        file = path.open("rb")
    except OSError as error:
        raise BackupError(f"cannot read {path}: {error.strerror}") from error
    with file:
        yield from _read_entries(path, _decompress(path, _decrypt(path, file, passphrase)))


def _read_entries(path: Path, stream: Iterator[bytes]) -> Iterator[tuple[str, bytes]]:
    unread = bytearray()
    name = ""
    is_complete = False
    for piece in stream:
        unread += piece
        start = 0
        while len(unread) - start >= _BLOCK.size:
            kind, length = _BLOCK.unpack_from(unread, start)
            if is_complete or length > _MAX_BYTES or kind not in (b"N", b"D", b"Z"):
                raise DamagedBackup(f"{path}: its content does not have the form of a backup")
            if len(unread) - start - _BLOCK.size < length:
                break
            data = bytes(unread[start + _BLOCK.size : start + _BLOCK.size + length])
            start += _BLOCK.size + length
            if kind == b"Z":
                is_complete = True
            elif kind == b"N":
                name = data.decode()
                yield name, b""
            else:
                yield name, data
        del unread[:start]
    if not is_complete or unread:
        raise DamagedBackup(f"{path}: its content ends early")


def _decompress(path: Path, stream: Iterator[bytes]) -> Iterator[bytes]:
    decompressor = zstandard.ZstdDecompressor().decompressobj()
    for data in stream:
        try:
            yield decompressor.decompress(data)
        except zstandard.ZstdError as error:
            raise DamagedBackup(f"{path}: it cannot be decompressed: {error}") from error


def _decrypt(path: Path, file: BinaryIO, passphrase: bytes) -> Iterator[bytes]:
    magic = file.readline(len(_MAGIC))
    if magic != _MAGIC:
        raise DamagedBackup(f"{path} is not a backup of a registry node")
    line = file.readline(_MAX_HEAD_BYTES)
    head = _read_head(path, line)
    cipher = StreamCipher(head.scrypt.derive_key(passphrase), bytes.fromhex(head.prefix), magic + line)
    try:
        yield from read_chunks(file, cipher, head.chunk)
    except AlteredChunk as error:
        if error.number == 0:
            raise WrongPassphrase(
                f"{path} cannot be decrypted: the passphrase is wrong, or its beginning was altered"
            ) from error
        raise DamagedBackup(f"{path} {error}") from error
    except DamagedStream as error:
        raise DamagedBackup(f"{path} {error}") from error


def _read_head(path: Path, line: bytes) -> _Head:
    try:
        head = msgspec.json.decode(line, type=_Head)
        is_usable = (
            line.endswith(b"\n")
            and len(bytes.fromhex(head.prefix)) == _PREFIX_BYTES
            and len(bytes.fromhex(head.scrypt.salt)) > 0
            and head.scrypt.is_affordable
            and 1 <= head.chunk <= _MAX_BYTES
        )
    except (msgspec.MsgspecError, ValueError) as error:
        raise DamagedBackup(f"{path}: its head cannot be read: {error}") from error
    if not is_usable:
        raise DamagedBackup(f"{path}: its head has values that no backup of this program has")
    return head
