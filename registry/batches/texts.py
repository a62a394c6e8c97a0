"""The texts of a batch that quote its rows, encrypted under the batch's own key.

Names, notes, errors and problems repeat what a system sent, and also what a file has in the wrong column. So the
database has no text of a batch in plain form. When rows of a batch are erased, the batch gets a new key, and the texts
that stay are encrypted again.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Final, Self

import msgspec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from psycopg import Cursor
from psycopg.rows import DictRow

from registry.batches.row_problem import RowProblem
from registry.values.lone_surrogates import LONE_SURROGATE
from registry.vault.ciphers import derive_key, open_bytes, seal_bytes
from registry.vault.vault import Vault

_PROBLEM: Final = "problem"


def _replace_lone_surrogates(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    if isinstance(value, str):
        return value if value.isascii() else LONE_SURROGATE.sub("\ufffd", value)
    return [_replace_lone_surrogates(item) for item in value] if isinstance(value, list | tuple) else value


class BatchTexts:
    """Encrypts and decrypts the texts of one batch."""

    def __init__(self, batch: str, key: bytes) -> None:
        """`key` is the batch's key (32 bytes), which also encrypts its content."""
        self._batch = batch
        self._cipher = AESGCM(derive_key(key, b"texts of a batch"))

    @classmethod
    def of(cls, vault: Vault, batch: str, encrypted_key: bytes) -> Self:
        """Return the texts of a batch by the key in its row. Raises `VaultError`."""
        return cls(batch, decrypt_key(vault, batch, encrypted_key))

    def encrypt(self, purpose: str, value: Any) -> bytes:  # noqa: ANN401 - any JSON value
        """Encrypt a value for one purpose: the name of its column.

        Bytes that are not UTF-8 in the batch's file, which problems quote, become U+FFFD.
        """
        return seal_bytes(self._cipher, msgspec.json.encode(_replace_lone_surrogates(value)), self._batch, purpose)

    def decrypt(self, purpose: str, encrypted: bytes | None) -> Any:  # noqa: ANN401 - as it was encrypted
        """Decrypt; None for None. Raises `VaultError`."""
        if encrypted is None:
            return None
        return msgspec.json.decode(open_bytes(self._cipher, encrypted, self._batch, purpose))

    def encrypt_problem(self, problem: RowProblem) -> bytes:
        """Encrypt all of a problem but its line and its code."""
        return self.encrypt(_PROBLEM, [problem.where, problem.field, problem.value, problem.detail])

    def decrypt_problem(self, line: int, code: str, encrypted: bytes) -> RowProblem:
        """Decrypt a problem. Raises `VaultError`."""
        where, field, value, detail = self.decrypt(_PROBLEM, encrypted)
        return RowProblem(line, where, field, value, code, detail)

    def write_problems(self, cursor: Cursor[Any], problems: Sequence[RowProblem], first: int = 0) -> None:
        """Write problems, numbered from `first`."""
        self.write_numbered(cursor, enumerate(problems, first))

    def write_numbered(self, cursor: Cursor[Any], problems: Iterable[tuple[int, RowProblem]]) -> None:
        """Write problems with their numbers."""
        with cursor.copy("COPY intake.problems (batch, line, number, code, sealed) FROM STDIN") as rows:
            for number, problem in problems:
                rows.write_row((self._batch, problem.line, number, problem.code, self.encrypt_problem(problem)))


def encrypt_key(vault: Vault, batch: str, key: bytes) -> bytes:
    """Return a batch's key as its row has it, encrypted by the vault."""
    return vault.seal_own(f"batch {batch}", key.hex())


def decrypt_key(vault: Vault, batch: str, encrypted_key: bytes) -> bytes:
    """Decrypt a batch's key. Raises `VaultError`."""
    return bytes.fromhex(vault.open_own(f"batch {batch}", encrypted_key))


def lock_texts(cursor: Cursor[DictRow], vault: Vault, batch: str) -> BatchTexts | None:
    """Lock a batch's row until the transaction ends and return its texts; None where the batch is unknown."""
    row = cursor.execute("SELECT key FROM intake.batches WHERE batch = %s FOR UPDATE", (batch,)).fetchone()
    return None if row is None else BatchTexts.of(vault, batch, row["key"])
