"""What a batch quotes of its rows: sealed under a key that is the batch's own.

Names, notes, errors and problems repeat what a system sent, and whatever a file has in the wrong column is repeated
too: so no text of a batch stands in the database as it is. Where a batch's rows are erased, the batch gets another
key, and what stays is sealed again.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Any, Final, Self

import msgspec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from psycopg import Cursor
from psycopg.rows import DictRow

from registry.batches.row_problem import RowProblem
from registry.vault.vault import Vault, derived, open_bytes, seal_bytes

_PROBLEM: Final = "problem"
_LOST_BYTE: Final = re.compile("[\ud800-\udfff]")


def _without_lost_bytes(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Return a text, or a list of them, without the lone surrogates that stand for bytes that are no UTF-8."""
    if isinstance(value, str):
        return value if value.isascii() else _LOST_BYTE.sub("\ufffd", value)
    return [_without_lost_bytes(item) for item in value] if isinstance(value, list | tuple) else value


class BatchTexts:
    """Seals and opens the texts of one batch."""

    def __init__(self, batch: str, key: bytes) -> None:
        """`key` is the batch's (32 bytes), which also encrypts its content."""
        self._batch = batch
        self._cipher = AESGCM(derived(key, b"texts of a batch"))

    @classmethod
    def of(cls, vault: Vault, batch: str, sealed_key: bytes) -> Self:
        """Return those of a batch, by the key that stands in its row. Raises `VaultError`."""
        return cls(batch, key_of(vault, batch, sealed_key))

    def seal(self, purpose: str, value: Any) -> bytes:  # noqa: ANN401 - any JSON value
        """Encrypt a value for one purpose: the name of its column.

        Bytes that were no text in the batch's file are kept as U+FFFD: what is wrong with it quotes them.
        """
        return seal_bytes(self._cipher, msgspec.json.encode(_without_lost_bytes(value)), self._batch, purpose)

    def open(self, purpose: str, sealed: bytes | None) -> Any:  # noqa: ANN401 - as it was sealed
        """Decrypt; None for None. Raises `VaultError`."""
        if sealed is None:
            return None
        return msgspec.json.decode(open_bytes(self._cipher, sealed, self._batch, purpose))

    def seal_problem(self, problem: RowProblem) -> bytes:
        """Encrypt all of a problem but its line and its code."""
        return self.seal(_PROBLEM, [problem.where, problem.field, problem.value, problem.detail])

    def open_problem(self, line: int, code: str, sealed: bytes) -> RowProblem:
        """Decrypt a problem. Raises `VaultError`."""
        where, field, value, detail = self.open(_PROBLEM, sealed)
        return RowProblem(line, where, field, value, code, detail)

    def write_problems(self, cursor: Cursor[Any], problems: Sequence[RowProblem], first: int = 0) -> None:
        """Write problems; `first` is the number of the first of them."""
        self.write_numbered(cursor, enumerate(problems, first))

    def write_numbered(self, cursor: Cursor[Any], problems: Iterable[tuple[int, RowProblem]]) -> None:
        """Write problems with their numbers."""
        with cursor.copy("COPY intake.problems (batch, line, number, code, sealed) FROM STDIN") as rows:
            for number, one in problems:
                rows.write_row((self._batch, one.line, number, one.code, self.seal_problem(one)))


def seal_key(vault: Vault, batch: str, key: bytes) -> bytes:
    """Return a batch's key as it stands in its row."""
    return vault.seal_own(f"batch {batch}", key.hex())


def key_of(vault: Vault, batch: str, sealed_key: bytes) -> bytes:
    """Return a batch's key. Raises `VaultError`."""
    return bytes.fromhex(vault.open_own(f"batch {batch}", sealed_key))


def locked(cursor: Cursor[DictRow], vault: Vault, batch: str) -> BatchTexts | None:
    """Return the texts of a batch whose row is locked until the transaction ends; None where there is no such batch."""
    row = cursor.execute("SELECT key FROM intake.batches WHERE batch = %s FOR UPDATE", (batch,)).fetchone()
    return None if row is None else BatchTexts.of(vault, batch, row["key"])
