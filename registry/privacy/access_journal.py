"""The access journal: who read the data of which learners.

A read is a request or a command in which the vault opened a learner's data. A page with a list is one read of all the
learners in it. Comparing is none: a search that opens names to find one counts for those that it shows. Neither is the
work of the node itself, such as issuing the rows of a batch; who sent these is in the journal of acts.

Rows have ids alone, never a name. Each row's hash is over its content and the hash of the row before, so that nobody
changes or removes a row without breaking the chain. Who may write to the database could still make a new chain: note
the newest hash elsewhere from time to time.
"""

from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
from psycopg import Connection, Cursor
from psycopg.rows import DictRow

from registry.accounts.database import AccountDatabase
from registry.accounts.hash_chain import START, ChainCheck, check_rows, hash_after

MAX_LEARNERS: Final = 500
"""Learners of one row; a read of more has several."""
MAX_LISTED: Final = 10_000
"""Reads of one learner that are listed, the newest."""
_LOCK: Final = "SELECT pg_advisory_xact_lock(hashtext('registry.access_journal'))"
_CHUNK: Final = 1000


class LearnerRead(msgspec.Struct, frozen=True):
    """One read of one learner's data."""

    number: int
    at: datetime
    actor: str
    """`person:<id>`, `key:<id>`, or the account of the command line."""
    act: str
    """The method and route of a request, or the words of a command."""


def append_read(cursor: Cursor[DictRow], at: datetime, actor: str, act: str, learners: Collection[str]) -> None:
    """Add a read in the caller's transaction, which holds the journal's lock until its end."""
    cursor.execute(_LOCK)
    number, before = _last(cursor)
    ordered = sorted(learners)
    for start in range(0, len(ordered), MAX_LEARNERS):
        some = ordered[start : start + MAX_LEARNERS]
        number += 1
        before = hash_after(before, _content(number, at, actor, act, some))
        cursor.execute(
            "INSERT INTO privacy.reads (number, at, actor, act, learners, hash)"
            " VALUES (%s, %s, %s, %s, %s::uuid[], %s)",
            (number, at, actor, act, some, before),
        )


def _last(cursor: Cursor[DictRow]) -> tuple[int, bytes]:
    """Return the number and the hash of the newest row, or of the last one that was deleted."""
    row = cursor.execute("SELECT number, hash FROM privacy.reads ORDER BY number DESC LIMIT 1").fetchone()
    if row is None:
        row = cursor.execute("SELECT number, hash FROM privacy.reads_start").fetchone()
    return (0, START) if row is None else (row["number"], bytes(row["hash"]))


def _content(number: int, at: datetime, actor: str, act: str, learners: list[str]) -> list[Any]:
    return [number, at.astimezone(UTC).isoformat(timespec="microseconds"), actor, act, learners]


def list_reads(cursor: Cursor[DictRow], learner: str, limit: int = MAX_LISTED) -> list[LearnerRead]:
    """Return the newest reads of a learner's data, the newest first."""
    rows = cursor.execute(
        "SELECT number, at, actor, act FROM privacy.reads WHERE learners @> ARRAY[%s::uuid]"
        " ORDER BY number DESC LIMIT %s",
        (learner, limit),
    ).fetchall()
    return [LearnerRead(**row) for row in rows]


_OLD: Final = (
    # By number up to the first that stays, so that no gap remains where a clock was set back.
    "FROM privacy.reads WHERE number < coalesce((SELECT min(number) FROM privacy.reads WHERE at >= %s),"
    " (SELECT max(number) + 1 FROM privacy.reads))"
)


def count_old_reads(cursor: Cursor[DictRow], before: datetime) -> int:
    """Return the number of rows from before a moment."""
    row = cursor.execute(f"SELECT count(*) AS n {_OLD}", (before,)).fetchone()
    return 0 if row is None else int(row["n"])


def delete_reads(cursor: Cursor[DictRow], before: datetime) -> int:
    """Delete the rows from before a moment; return their number. The chain goes on from the last of them."""
    cursor.execute(_LOCK)
    last = cursor.execute(
        f"SELECT number, hash {_OLD} ORDER BY number DESC LIMIT 1",
        (before,),
    ).fetchone()
    if last is None:
        return 0
    cursor.execute(
        "INSERT INTO privacy.reads_start (number, hash) VALUES (%s, %s)"
        " ON CONFLICT (is_set) DO UPDATE SET number = excluded.number, hash = excluded.hash",
        (last["number"], last["hash"]),
    )
    cursor.execute("SET LOCAL privacy.retention = 'on'")  # else the table refuses every change
    return cursor.execute("DELETE FROM privacy.reads WHERE number <= %s", (last["number"],)).rowcount


class AccessJournal:
    """The access journal of one node."""

    def __init__(self, database: AccountDatabase) -> None:
        self._database = database

    def add(self, actor: str, act: str, learners: Collection[str]) -> None:
        """Add a read of these learners' data. Raises what the database raises: then nothing may be shown."""
        with self._database.transaction() as connection:
            append_read(connection.cursor(), self._database.clock(), actor, act, learners)

    def list_reads(self, learner: str, limit: int = MAX_LISTED) -> list[LearnerRead]:
        """Return the newest reads of a learner's data, the newest first."""
        with self._database.transaction() as connection:
            return list_reads(connection.cursor(), learner, limit)

    def check(self) -> ChainCheck:
        """Read the whole chain, and say whether it is complete."""
        with self._database.transaction() as connection:
            start = connection.execute("SELECT number, hash FROM privacy.reads_start").fetchone()
            number, before = (0, START) if start is None else (start["number"], bytes(start["hash"]))
            return check_rows(_read_rows(connection), before, number)


def _read_rows(connection: Connection[Any]) -> Iterator[tuple[int, list[Any], bytes]]:
    with connection.cursor(name="access_journal") as cursor:
        cursor.itersize = _CHUNK
        cursor.execute(
            "SELECT number, at, actor, act, learners::text[] AS learners, hash FROM privacy.reads ORDER BY number"
        )
        for row in cursor:
            content = _content(row["number"], row["at"], row["actor"], row["act"], row["learners"])
            yield row["number"], content, bytes(row["hash"])
