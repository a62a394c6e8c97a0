"""Values that one run needs again, kept in a temporary file so that memory does not grow with them.

They may be personal data. Keys are hashed and values encrypted with secrets that are in this process's memory alone,
so the file says nothing to anybody else, and nothing after the run. SQLite removes the name of the file when it opens
it (https://www.sqlite.org/inmemorydb.html, "Temporary Databases"); a few values never leave memory.
"""

import contextlib
import errno
import os
import sqlite3
import weakref
from collections.abc import Iterable, Iterator
from hashlib import blake2b
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_CACHE_KIBIBYTES: Final = 512
_KEY_BYTES: Final = 16
_NONCE_BYTES: Final = 12
_ADVICE: Final = "the environment variable SQLITE_TMPDIR names another folder"
_SCHEMA: Final = f"""
PRAGMA cache_size = -{_CACHE_KIBIBYTES};
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
CREATE TABLE value (key BLOB PRIMARY KEY, sealed BLOB NOT NULL);
BEGIN;
"""


class Scratch:
    """Values by their keys. For one thread at a time; opened by the first value, and gone with the object.

    Every method raises `OSError` with the temporary folder where its disk is full or broken.
    """

    def __init__(self) -> None:
        self._opened: sqlite3.Connection | None = None
        self._secret = os.urandom(32)
        self._cipher = AESGCM(AESGCM.generate_key(256))
        self._nonce = 0

    def _connection(self) -> sqlite3.Connection:
        if self._opened is None:
            # The rows of a batch are read in one thread and stored in another, never at the same time.
            self._opened = sqlite3.connect("", isolation_level=None, check_same_thread=False)
            weakref.finalize(self, self._opened.close)
            self._opened.executescript(_SCHEMA)
        return self._opened

    def _hash(self, key: bytes) -> bytes:
        return blake2b(key, key=self._secret, digest_size=_KEY_BYTES).digest()

    def add(self, key: bytes, value: bytes) -> None:
        """Keep a value, unless the key has one."""
        self._write("INSERT OR IGNORE INTO value VALUES (?, ?)", key, value)

    def replace(self, key: bytes, value: bytes) -> None:
        """Keep a value in place of the one that the key may have."""
        self._write("INSERT OR REPLACE INTO value VALUES (?, ?)", key, value)

    def _write(self, statement: str, key: bytes, value: bytes) -> None:
        self._nonce += 1  # under a cipher of this object's own, a counter never repeats
        nonce, hashed = self._nonce.to_bytes(_NONCE_BYTES, "big"), self._hash(key)
        with _translate_errors():
            self._connection().execute(statement, (hashed, nonce + self._cipher.encrypt(nonce, value, hashed)))

    def find(self, key: bytes) -> bytes | None:
        """Return the value of a key; None if it has none."""
        if self._opened is None:
            return None
        hashed = self._hash(key)
        with _translate_errors():
            row = self._opened.execute("SELECT sealed FROM value WHERE key = ?", (hashed,)).fetchone()
        return None if row is None else self._cipher.decrypt(row[0][:_NONCE_BYTES], row[0][_NONCE_BYTES:], hashed)

    def find_all(self, keys: Iterable[bytes]) -> dict[bytes, bytes]:
        """Return the values of those of these keys that have one."""
        return {key: value for key in keys if (value := self.find(key)) is not None}


@contextlib.contextmanager
def _translate_errors() -> Iterator[None]:
    """Raise `OSError` for what SQLite says of the disk. It keeps no number of the system for a file too large."""
    try:
        yield
    except sqlite3.OperationalError as error:
        folder = find_temporary_folder()
        if error.sqlite_errorcode == sqlite3.SQLITE_FULL:
            reason = f"the temporary folder is full ({_ADVICE})"
            raise OSError(errno.ENOSPC, reason, folder) from error
        reason = f"temporary values cannot be kept there: {error}, {error.sqlite_errorname} ({_ADVICE})"
        raise OSError(errno.EIO, reason, folder) from error


def find_temporary_folder() -> str:
    """Return the folder that SQLite takes (https://www.sqlite.org/tempfiles.html, section 5)."""
    named = (os.environ.get("SQLITE_TMPDIR"), os.environ.get("TMPDIR"))
    folders = (*named, "/var/tmp", "/usr/tmp", "/tmp")  # noqa: S108 - as SQLite has them; no file is made here
    return next((each for each in folders if each and Path(each).is_dir() and os.access(each, os.W_OK | os.X_OK)), ".")
