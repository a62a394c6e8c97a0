"""Replacing the vault's keys at each erasure, and once for a database of an older version.

The table `vault.keys` says which generation of each bucket's key is in use; the keys themselves are in files.

1. A replacement takes an exclusive lock on that table until its transaction ends.
2. Inside the transaction it writes old and new keys together to the files.
3. Once the transaction is committed, `settle` writes the new keys alone. If the process died before, the next one that
   opens the database calls `settle`, which completes or undoes the replacement.

A trigger of the private schema refuses a value under a key that is just being destroyed. Its writer tries again.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final, NamedTuple, Protocol

from psycopg import Connection, Cursor
from psycopg.rows import DictRow
from psycopg.sql import SQL, Identifier

from registry.store.recorder import TransactionalRows
from registry.vault.ciphers import OpenRing
from registry.vault.keys import SHARED, KeyRing, VaultError
from registry.vault.vault import Vault

_AT_ONCE: Final = 5_000
"""The most rows that one statement seals again."""


class SealedColumn(NamedTuple):
    """A column of values under keys of the vault."""

    schema: str
    table: str
    column: str
    purpose: str
    """The purpose to which each value is bound, in SQL."""
    where: str = "true"
    learner: str = "'-'"
    """The learner to whom each value is bound, in SQL."""
    is_by_learner: bool = False
    """True if a value's bucket is that of its row's learner, so that the index of learners finds it."""


COLUMNS: Final = (
    SealedColumn("vault", "learners", "key", "'key'", "true", "learner::text", is_by_learner=True),
    SealedColumn("vault", "decisions", "sealed", "decision::text", "learner IS NULL"),
    SealedColumn("intake", "waiting", "sealed", "'waiting ' || draft"),
    SealedColumn("intake", "drafts", "sealed", "'draft ' || draft"),
    SealedColumn("intake", "batches", "key", "'batch ' || batch"),
    SealedColumn("webhooks", "endpoints", "secret", "'webhook ' || endpoint"),
    SealedColumn("webhooks", "endpoints", "previous", "'webhook ' || endpoint"),
    SealedColumn("access", "requests", "body", "'answer ' || encode(key, 'hex')"),
)
"""All columns that `Vault.wrap` and `Vault.seal_own` write.

A column that is missing here loses its values at the next erasure, so a trigger of the private schema is on each, and a
test compares the two.
"""


@contextmanager
def locked_keys(cursor: Cursor[DictRow]) -> Iterator[None]:
    """Lock the vault's keys in the caller's transaction, so that nobody else uses or replaces them."""
    cursor.execute("LOCK TABLE vault.keys IN EXCLUSIVE MODE")
    yield


class ErasedRows(Protocol):
    """Rows of a learner, to be deleted for good."""

    def delete(self, cursor: Cursor[DictRow]) -> set[int]:
        """Delete them; return the buckets whose keys protected them."""
        ...


class KeyReplacement:
    """Deletes a learner's rows, and replaces the keys that protected them, in one transaction."""

    def __init__(self, vault: Vault, erased: ErasedRows, others: Sequence[TransactionalRows]) -> None:
        """`others` are written before. Call `settle` when the transaction has ended, however it did."""
        self._vault = vault
        self._erased = erased
        self._others = others

    def write(self, cursor: Cursor[DictRow]) -> None:
        """Delete the learner's rows, and seal again what else was under the same keys."""
        # The store's connections end a transaction that pauses for some seconds; sealing much again takes longer.
        cursor.execute("SET LOCAL idle_in_transaction_session_timeout = '15min'")
        with locked_keys(cursor):
            _settle_locked(cursor, self._vault)
            for rows in self._others:
                rows.write(cursor)
            buckets = self._erased.delete(cursor) | {SHARED}  # first, so that these rows are not sealed again
            before = self._vault.ring
            both = before.with_replacements(buckets, os.urandom)
            self._vault.keys.write_ring(both)
            after = KeyRing(both.lookup, before.generation + 1, both.buckets)
            cursor.execute(
                "UPDATE vault.keys SET generation = %s WHERE bucket = ANY(%s)", (after.generation, list(buckets))
            )
            cursor.execute("SET LOCAL vault.replacing = 'on'")  # the following values are sealed with the new keys
            old, new = OpenRing(before), OpenRing(after)
            for column in COLUMNS:
                _seal_again(cursor, column, buckets, old, new)


def settle(connection: Connection[DictRow], vault: Vault) -> None:
    """Complete or undo a replacement of keys that was broken off; convert a database of an older version.

    Raises `VaultError` if database and keys are not of the same moment.
    """
    with connection.cursor() as cursor:
        generations = _generations(cursor)
        if (
            generations
            and vault.keys.read_ring_mark() is not None
            and vault.ring == vault.ring.with_generations(generations)
        ):
            return
        with connection.transaction(), locked_keys(cursor):
            converted = _settle_locked(cursor, vault)
    if converted:
        for table in converted:  # so that no page has values without encryption, or under the master key
            connection.execute(SQL("VACUUM FULL {}").format(Identifier(*table)))


def _settle_locked(cursor: Cursor[DictRow], vault: Vault) -> Sequence[tuple[str, str]]:
    """Settle under the lock; return the tables whose rows were of an older version."""
    generations = _generations(cursor)
    if not generations:
        return _begin(cursor, vault)
    if vault.keys.read_ring_mark() is None:
        raise VaultError(
            "the vault's keys are missing, and the database has values under them. Restore both from one backup:"
            " registry node restore FILE"
        )
    ring = vault.ring
    if (settled := ring.with_generations(generations)) != ring:
        vault.keys.write_ring(settled)
    return ()


def _generations(cursor: Cursor[DictRow]) -> list[int]:
    rows = cursor.execute("SELECT generation FROM vault.keys ORDER BY bucket").fetchall()
    return [row["generation"] for row in rows]


def _begin(cursor: Cursor[DictRow], vault: Vault) -> Sequence[tuple[str, str]]:
    """Store the first generations in a database. A database of an older version is converted before."""
    from registry.upgrades.conversion import convert  # noqa: PLC0415 - it is needed once in a database's life

    converted = convert(cursor, vault)
    ring = vault.ring
    cursor.execute(
        "INSERT INTO vault.keys (bucket, generation) SELECT * FROM unnest(%s::smallint[], %s::integer[])",
        (list(range(len(ring.buckets))), [ring.current(bucket)[0] for bucket in range(len(ring.buckets))]),
    )
    return converted


def _seal_again(cursor: Cursor[DictRow], column: SealedColumn, buckets: set[int], old: OpenRing, new: OpenRing) -> None:
    """Seal all values of a column again that are under keys of these buckets."""
    select = SQL(
        f"SELECT ctid::text AS place, {column.learner} AS learner, {column.purpose} AS purpose, {{column}} AS value"  # noqa: S608 - constants from above
        f" FROM {{table}} WHERE substr({{column}}, 1, 2) = ANY(%s::bytea[]) AND {column.where}"
    ).format(column=Identifier(column.column), table=Identifier(column.schema, column.table))
    prefixes = [bucket.to_bytes(2, "big") for bucket in buckets]
    if column.is_by_learner:
        # Of a million learners only those of the buckets are read.
        ranges = [_learner_range(bucket) for bucket in buckets if bucket != SHARED]
        select += SQL(" AND learner BETWEEN %s AND %s FOR UPDATE")
        rows = [row for each in ranges for row in cursor.execute(select, (prefixes, *each)).fetchall()]
    else:
        rows = cursor.execute(select + SQL(" FOR UPDATE"), (prefixes,)).fetchall()
    for start in range(0, len(rows), _AT_ONCE):
        some = rows[start : start + _AT_ONCE]
        sealed = [
            new.seal(
                int.from_bytes(row["value"][:2], "big"),
                old.open(row["value"], row["learner"], row["purpose"]),
                row["learner"],
                row["purpose"],
            )
            for row in some
        ]
        _write(cursor, column[:3], [row["place"] for row in some], sealed)


def _learner_range(bucket: int) -> tuple[str, str]:
    """Return the first and the last id that a learner of a bucket can have."""
    return f"{bucket:02x}000000-0000-0000-0000-000000000000", f"{bucket:02x}ffffff-ffff-ffff-ffff-ffffffffffff"


def _write(cursor: Cursor[DictRow], target: tuple[str, str, str], places: list[str], sealed: list[bytes]) -> None:
    """Write values to rows that are locked, by their places on the disk."""
    schema, table, column = target
    cursor.execute(
        SQL(
            "UPDATE {table} AS t SET {column} = v.sealed"
            " FROM unnest(%s::text[]::tid[], %s::bytea[]) AS v (place, sealed) WHERE t.ctid = v.place"
        ).format(table=Identifier(schema, table), column=Identifier(column)),
        (places, sealed),
    )
    if cursor.rowcount != len(places):
        raise VaultError(f"{schema}.{table}: {cursor.rowcount} of {len(places)} values were sealed again")
