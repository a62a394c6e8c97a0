"""The chain of hashes of a journal: each row's hash is over its content and the hash of the row before."""

import hashlib
from collections.abc import Iterable
from typing import Any, Final, NamedTuple

import msgspec

START: Final = bytes(32)
"""Stands for the hash before the first row."""


class ChainCheck(NamedTuple):
    """The result of reading a whole chain."""

    entries: int
    """The entries whose hashes are right, from the first one on."""
    hash: str
    """The hash of the last of these, in hexadecimal digits."""
    fault: int | None = None
    """The number of the first row that was changed, or whose predecessor is missing."""


def hash_after(before: bytes, content: list[Any]) -> bytes:
    """Return the hash of a row with this content after the row with the hash `before`."""
    return hashlib.sha256(before + msgspec.json.encode(content)).digest()


def check_rows(rows: Iterable[tuple[int, list[Any], bytes]], before: bytes = START, number: int = 0) -> ChainCheck:
    """Return how far the hashes of these rows are right: number, content and stored hash, in their order.

    `before` and `number` are those of the last row that was deleted after its retention period.
    """
    entries = 0
    for own_number, content, stored in rows:
        if own_number != number + 1 or hash_after(before, content) != stored:
            return ChainCheck(entries, before.hex(), number + 1)
        before, number, entries = stored, own_number, entries + 1
    return ChainCheck(entries, before.hex())
