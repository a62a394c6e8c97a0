"""A backup's file: entries with a name and bytes, compressed, encrypted with a passphrase, streamed.

    registry backup 1
    {"scrypt": {"n": …, "r": …, "p": …, "salt": …}, "chunk": …, "prefix": …}
    chunks: 4 bytes of length (big-endian), then that many bytes of AES-256-GCM ciphertext with its tag

The key is scrypt's from the passphrase. A chunk's nonce is the file's random prefix (7 bytes), the chunk's number
(4 bytes) and whether it is the last (1 byte); the two first lines are authenticated with every chunk. So a chunk
that is altered, left out, moved, or from another file does not open, and a file that ends early is found to.

Inside is a zstd stream of blocks: a letter (N: an entry begins, D: its data, Z: all is said), 4 bytes of length,
that many bytes.
"""

import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final, Self

import msgspec
import zstandard
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

_MAGIC: Final = b"registry backup 1\n"
_CHUNK: Final = 1024 * 1024
_MOST: Final = 16 * 1024 * 1024
_LENGTH: Final = struct.Struct(">I")
_BLOCK: Final = struct.Struct(">cI")
_TAG: Final = 16


class BackupError(Exception):
    """A backup that cannot be made, read or restored. The message says why and what to do."""


class WrongPassphrase(BackupError):
    """The passphrase does not open the backup."""


class DamagedBackup(BackupError):
    """The backup is cut short, altered, or no backup."""


class _Scrypt(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    n: int
    r: int
    p: int
    salt: str

    def key(self, passphrase: bytes) -> AESGCM:
        return AESGCM(Scrypt(bytes.fromhex(self.salt), 32, self.n, self.r, self.p).derive(passphrase))

    @property
    def bearable(self) -> bool:
        """Whether a stranger's file asks for no more than 1 GiB and some seconds."""
        return self.n in {1 << k for k in range(10, 21)} and 1 <= self.r <= 8 and 1 <= self.p <= 4


class _Head(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    scrypt: _Scrypt
    chunk: int
    prefix: str


class BackupWriter:
    """Writes entries one after another; use as a context manager. Left by an exception, no file is left."""

    def __init__(self, path: Path, passphrase: bytes) -> None:
        """Raises `BackupError` where the file exists or the passphrase is empty."""
        if not passphrase:
            raise BackupError("the passphrase is empty")
        salt, prefix = os.urandom(16), os.urandom(7)
        head = _Head(_Scrypt(1 << 17, 8, 1, salt.hex()), _CHUNK, prefix.hex())
        self._head = _MAGIC + msgspec.json.encode(head) + b"\n"
        self._cipher = head.scrypt.key(passphrase)
        self._prefix = prefix
        self._path = path
        self._packer = zstandard.ZstdCompressor(level=9).compressobj()
        self._pending = bytearray()
        self._number = 0
        try:
            file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError as error:
            raise BackupError(f"{path} exists; a backup is never overwritten") from error
        except OSError as error:
            raise BackupError(f"cannot write {path}: {error.strerror}") from error
        self._file = os.fdopen(file, "wb")

    def __enter__(self) -> Self:
        self._put(self._head)
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        whole = False
        try:
            if kind is None:
                self._block(b"Z", b"")
                self._pending += self._packer.flush()
                self._chunks(last=True)
                self._sync()
                whole = True
        finally:
            self._file.close()
            if not whole:
                self._path.unlink(missing_ok=True)

    def entry(self, name: str) -> None:
        """Begin an entry."""
        self._block(b"N", name.encode())

    def data(self, data: bytes | bytearray | memoryview) -> None:
        """Bytes of the entry that was begun last."""
        whole = bytes(data)
        for at in range(0, len(whole), _CHUNK):
            self._block(b"D", whole[at : at + _CHUNK])

    @property
    def written(self) -> int:
        """Bytes in the file so far."""
        return self._file.tell()

    def _block(self, kind: bytes, data: bytes) -> None:
        self._pending += self._packer.compress(_BLOCK.pack(kind, len(data)) + data)
        self._chunks()

    def _chunks(self, *, last: bool = False) -> None:
        while len(self._pending) > _CHUNK:
            self._seal(bytes(self._pending[:_CHUNK]), last=False)
            del self._pending[:_CHUNK]
        if last:
            self._seal(bytes(self._pending), last=True)

    def _seal(self, data: bytes, *, last: bool) -> None:
        sealed = self._cipher.encrypt(_nonce(self._prefix, self._number, last=last), data, self._head)
        self._number += 1
        self._put(_LENGTH.pack(len(sealed)) + sealed)

    def _sync(self) -> None:
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            raise BackupError(f"cannot write {self._path}: {error.strerror}") from error

    def _put(self, data: bytes) -> None:
        try:
            self._file.write(data)
        except OSError as error:
            raise BackupError(f"cannot write {self._path}: {error.strerror}") from error


def read(path: Path, passphrase: bytes) -> Iterator[tuple[str, bytes]]:
    """A backup's entries in pieces: each name once with no bytes, then again with each piece of its data.

    What was given is sound; that nothing is missing is known only when the iteration ends without an error.
    Raises `WrongPassphrase`, `DamagedBackup`.
    """
    try:
        file = path.open("rb")
    except OSError as error:
        raise BackupError(f"cannot read {path}: {error.strerror}") from error
    with file:
        yield from _entries(path, _unpacked(path, _opened(path, file, passphrase)))


def _entries(path: Path, stream: Iterator[bytes]) -> Iterator[tuple[str, bytes]]:
    held = bytearray()
    name = ""
    ended = False
    for piece in stream:
        held += piece
        at = 0
        while len(held) - at >= _BLOCK.size:
            kind, length = _BLOCK.unpack_from(held, at)
            if ended or length > _MOST or kind not in (b"N", b"D", b"Z"):
                raise DamagedBackup(f"{path}: what is in it has not the form of a backup")
            if len(held) - at - _BLOCK.size < length:
                break
            data = bytes(held[at + _BLOCK.size : at + _BLOCK.size + length])
            at += _BLOCK.size + length
            if kind == b"Z":
                ended = True
            elif kind == b"N":
                name = data.decode()
                yield name, b""
            else:
                yield name, data
        del held[:at]
    if not ended or held:
        raise DamagedBackup(f"{path}: what is in it ends early")


def _unpacked(path: Path, stream: Iterator[bytes]) -> Iterator[bytes]:
    unpacker = zstandard.ZstdDecompressor().decompressobj()
    for data in stream:
        try:
            yield unpacker.decompress(data)
        except zstandard.ZstdError as error:
            raise DamagedBackup(f"{path}: it does not unpack: {error}") from error


def _opened(path: Path, file: BinaryIO, passphrase: bytes) -> Iterator[bytes]:
    head = file.readline(len(_MAGIC))
    if head != _MAGIC:
        raise DamagedBackup(f"{path} is no backup of a registry node")
    line = file.readline(1024)
    try:
        told = msgspec.json.decode(line, type=_Head)
        prefix = bytes.fromhex(told.prefix)
        if not line.endswith(b"\n") or len(prefix) != 7 or not told.scrypt.bearable or not 1 <= told.chunk <= _MOST:
            raise DamagedBackup(f"{path}: its head is not one of ours")
        cipher = told.scrypt.key(passphrase)
    except (msgspec.MsgspecError, ValueError) as error:
        raise DamagedBackup(f"{path}: its head cannot be read: {error}") from error
    head += line
    number, last = 0, False
    while not last:
        size = file.read(_LENGTH.size)
        if len(size) < _LENGTH.size:
            raise DamagedBackup(f"{path} is cut short: it ends after {number} chunks, and the last one is missing")
        (length,) = _LENGTH.unpack(size)
        if not _TAG <= length <= told.chunk + _TAG:
            raise DamagedBackup(f"{path}: its chunk {number} has an impossible length")
        sealed = file.read(length)
        if len(sealed) < length:
            raise DamagedBackup(f"{path} is cut short, in its chunk {number}")
        opened = None
        for last in (False, True):
            try:
                opened = cipher.decrypt(_nonce(prefix, number, last=last), sealed, head)
                break
            except InvalidTag:
                continue
        if opened is None and number == 0:
            raise WrongPassphrase(f"{path} does not open: the passphrase is wrong, or its beginning was altered")
        if opened is None:
            raise DamagedBackup(f"{path}: its chunk {number} was altered, or moved there from elsewhere")
        number += 1
        yield opened
    if file.read(1):
        raise DamagedBackup(f"{path}: bytes follow its last chunk")


def _nonce(prefix: bytes, number: int, *, last: bool) -> bytes:
    return prefix + number.to_bytes(4, "big") + bytes([last])
