"""The journal: what people did, when, and with which case, batch, credential or account. Rows are only added.

Each row's hash is over its content and the hash of the row before, so that nobody changes or removes a row within the
journal without breaking the chain. Who may write to the database could still make a new chain: note the newest hash
elsewhere from time to time.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final, Self

import msgspec
from psycopg import Connection, Cursor
from psycopg.rows import DictRow

from registry.accounts.database import AccountDatabase
from registry.accounts.hash_chain import START, ChainCheck, check_rows, hash_after

_LOCK: Final = "SELECT pg_advisory_xact_lock(hashtext('registry.journal'))"
_CHUNK: Final = 1000


class JournalEntry(msgspec.Struct, frozen=True):
    """One act."""

    number: int
    at: datetime
    actor: str
    """`person:<id>`, `key:<id>`, or the account of the command line."""
    act: str
    subject: str
    """The id of the case, batch, credential or account; never a name of a learner."""


class JournalRow:
    """An act as a row that a transaction of the private side writes with its events."""

    def __init__(self, at: datetime, actor: str, act: str, subject: str) -> None:
        self._values = at, actor, act, subject

    @classmethod
    def now(cls, actor: str, act: str, subject: str) -> Self:
        """Return a row of an act that happens now."""
        return cls(datetime.now(UTC), actor, act, subject)

    def write(self, cursor: Cursor[DictRow]) -> None:
        """Write it in the caller's transaction, which holds the journal's lock until its end."""
        append(cursor, *self._values)

    def write_with(self, connection: Connection[DictRow]) -> None:
        """Write it in the transaction of this connection."""
        self.write(connection.cursor())


def append(cursor: Cursor[DictRow], at: datetime, actor: str, act: str, subject: str) -> None:
    """Add an act in the caller's transaction, which holds the journal's lock until its end."""
    cursor.execute(_LOCK)
    last = cursor.execute("SELECT number, hash FROM accounts.journal ORDER BY number DESC LIMIT 1").fetchone()
    number, before = (1, START) if last is None else (last["number"] + 1, last["hash"])
    entry = JournalEntry(number, at, actor, act, subject)
    cursor.execute(
        "INSERT INTO accounts.journal (number, at, actor, act, subject, hash) VALUES (%s, %s, %s, %s, %s, %s)",
        (number, at, actor, act, subject, chain(before, entry)),
    )


def find_actor(cursor: Cursor[DictRow], subject: str, begin: datetime, end: datetime) -> str | None:
    """Return who acted last on a subject between two moments; None where the journal has nobody."""
    row = cursor.execute(
        "SELECT actor FROM accounts.journal WHERE subject = %s AND at BETWEEN %s AND %s ORDER BY number DESC LIMIT 1",
        (subject, begin, end),
    ).fetchone()
    return None if row is None else row["actor"]


def chain(before: bytes, entry: JournalEntry) -> bytes:
    """Return the hash of an entry after the entry with the hash `before`."""
    return hash_after(before, _content(entry))


def _content(entry: JournalEntry) -> list[Any]:
    at = entry.at.astimezone(UTC).isoformat(timespec="microseconds")
    return [entry.number, at, entry.actor, entry.act, entry.subject]


class Journal:
    """The journal of one node, to be read."""

    def __init__(self, database: AccountDatabase) -> None:
        self._database = database

    def add(self, actor: str, act: str, subject: str) -> None:
        """Add an act whose own transaction is over."""
        with self._database.transaction() as connection:
            append(connection.cursor(), self._database.clock(), actor, act, subject)

    def newest(self, count: int, before: int | None = None) -> list[JournalEntry]:
        """Return the newest entries, the newest first; with `before` those with smaller numbers."""
        with self._database.transaction() as connection:
            rows = connection.execute(
                "SELECT number, at, actor, act, subject FROM accounts.journal WHERE number < coalesce(%s, number + 1)"
                " ORDER BY number DESC LIMIT %s",
                (before, count),
            ).fetchall()
        return [JournalEntry(**row) for row in rows]

    def check(self) -> ChainCheck:
        """Read the whole chain, and say whether it is complete."""
        with self._database.transaction() as connection:
            return check_chain(_read(connection))


def check_chain(rows: Iterator[tuple[JournalEntry, bytes]]) -> ChainCheck:
    """Return how far the hashes of these entries are right. The entries are in the order of their numbers."""
    return check_rows((entry.number, _content(entry), stored) for entry, stored in rows)


def _read(connection: Connection[Any]) -> Iterator[tuple[JournalEntry, bytes]]:
    with connection.cursor(name="journal") as cursor:
        cursor.itersize = _CHUNK
        cursor.execute("SELECT number, at, actor, act, subject, hash FROM accounts.journal ORDER BY number")
        for row in cursor:
            stored = bytes(row.pop("hash"))
            yield JournalEntry(**row), stored
