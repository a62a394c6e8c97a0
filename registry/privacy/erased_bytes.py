"""Bytes of erased rows in the database's files: rewriting the tables, so that the old bytes go.

A deleted row stays on its page until PostgreSQL reuses the space, and in the write-ahead log until its segment is
removed. What is left is ciphertext whose key is destroyed. It goes all the same: `VACUUM FULL` writes each table to a
new file without deleted rows and removes the old file; after two checkpoints with a switch of the log's segment
between, no segment with the old rows is needed any more (PostgreSQL 16, "VACUUM" and "WAL Configuration").

What this node cannot reach (`find_copies`): segments that are kept for reuse, an archive, replicas.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final

import msgspec
import psycopg
from psycopg import Connection, Cursor, errors
from psycopg.rows import DictRow, dict_row
from psycopg.sql import SQL, Identifier

from registry.privacy.personal_columns import TABLES

ACTOR: Final = "retention"
RETRY_HOURS: Final = 1
"""Hours from one rewrite that was hindered to the next."""
LOCK_SECONDS: Final = 5
"""Time for which a rewrite waits for a table, while who uses it next waits behind."""
REWRITTEN: Final = (
    *(table for table, entry in TABLES.items() if "sealed" in entry.columns.values()),
    "vault.further_numbers",
)
"""Tables with encrypted values, and with hashes of numbers that an erasure deletes."""
_STATISTICS: Final = "pg_catalog.pg_statistic"
"""The planner's statistics, which quote values of the tables."""
_OWN_LOG: Final = (
    "The write-ahead log, until its segments pass in their own time: the node's database role may not end them. Let the"
    " administrator run: GRANT pg_checkpoint TO role; GRANT EXECUTE ON FUNCTION pg_switch_wal() TO role."
)


class RewriteHindered(Exception):
    """The tables could not be rewritten now. The message says why."""


class Rewrite(msgspec.Struct, frozen=True):
    """A rewrite of the tables."""

    deletions: int
    """Erasures and runs of retention whose bytes are gone from this server's files; 0 where it was hindered."""
    tables: list[str]
    """The tables that were rewritten."""
    hindrance: str | None
    """Why it is not complete; the node tries again an hour later."""
    copies: list[str]
    """Other places of such bytes, which this node cannot reach."""


class Deadline(msgspec.Struct, frozen=True, rename="camel"):
    """When the bytes of erased rows are gone, and from where they are not."""

    gone_by: date | None
    """The day (UTC) by whose end they are gone from this server's files; null where the rule is off."""
    copies: list[str]
    """Other places of such bytes, which this node cannot reach."""


def note_deletion(cursor: Cursor[DictRow]) -> None:
    """Note in the transaction of a deletion that its bytes are to go."""
    cursor.execute("INSERT INTO privacy.erased_bytes DEFAULT VALUES")


def find_deadline(connection: Connection[DictRow], days: int | None, today: date) -> Deadline:
    """Return when the bytes of a row that is erased today are gone. `days` are those of the rule; None: it is off."""
    gone_by = None if days is None else today + timedelta(days=days)
    return Deadline(gone_by, find_copies(connection))


def is_rewrite_due(connection: Connection[DictRow], days: int | None, now: datetime) -> bool:
    """Return whether an erasure is as old as the rule says, and no rewrite was hindered within the last hour."""
    if days is None:
        return False
    row = connection.execute(
        "SELECT EXISTS (SELECT FROM privacy.erased_bytes WHERE (erased AT TIME ZONE 'UTC')::date <= %s)"
        " AND NOT EXISTS (SELECT FROM privacy.rewrites WHERE hindrance IS NOT NULL AND begun > %s) AS due",
        (now.astimezone(UTC).date() - timedelta(days=days), now - timedelta(hours=RETRY_HOURS)),
    ).fetchone()
    return row is not None and bool(row["due"])


def rewrite_tables(dsn: str, now: datetime) -> Rewrite:
    """Rewrite the tables with encrypted values, on a connection of its own; return what is gone, and what is not.

    Each table is locked while it is rewritten. Raises what the database raises but a lock that others hold.
    """
    from registry.accounts.journal import append  # noqa: PLC0415 - accounts load libraries that help texts do not need

    with psycopg.connect(dsn, autocommit=True, row_factory=dict_row) as connection:
        erased = connection.execute("SELECT ctid::text AS place FROM privacy.erased_bytes").fetchall()
        done: list[str] = []
        skipped: list[str] = []
        connection.add_notice_handler(lambda notice: skipped.append(notice.message_primary or ""))
        hindrance = _find_older_transaction(connection) or _rewrite_each(connection, done)
        places = [] if hindrance else [row["place"] for row in erased]
        copies = [*find_copies(connection), *_pass_log(connection), *(f"{message}." for message in skipped)]
        with connection.transaction(), connection.cursor() as cursor:
            cursor.execute("DELETE FROM privacy.erased_bytes WHERE ctid = ANY(%s::tid[])", (places,))
            cursor.execute(
                "INSERT INTO privacy.rewrites (begun, hindrance) VALUES (%s, %s)"
                " ON CONFLICT (is_newest) DO UPDATE SET begun = excluded.begun, hindrance = excluded.hindrance",
                (now, hindrance),
            )
            if places:
                append(cursor, now, ACTOR, "retention.erased_bytes", str(len(places)))
        return Rewrite(len(places), done, hindrance, copies)


def _find_older_transaction(connection: Connection[DictRow]) -> str | None:
    """Return why deleted rows would survive a rewrite: somebody may still see them. None where nobody may."""
    row = connection.execute(
        "SELECT (SELECT count(*) FROM pg_stat_activity a WHERE a.pid <> pg_backend_pid()"
        " AND (age(a.backend_xmin) >= e.age OR a.datname = current_database() AND age(a.backend_xid) >= e.age))"
        " + (SELECT count(*) FROM pg_replication_slots s"
        " WHERE s.xmin IS NOT NULL AND age(s.xmin) >= e.age) + (SELECT count(*) FROM pg_prepared_xacts p"
        " WHERE p.database = current_database() AND age(p.transaction) >= e.age) AS open"
        " FROM (SELECT min(age(xid::xid)) AS age FROM privacy.erased_bytes) e"
    ).fetchone()
    if row is None or not row["open"]:
        return None
    return (
        "a transaction (also a prepared one), or a replica, that began before the erasure still sees the rows; end it,"
        " and try again"
    )


def _rewrite_each(connection: Connection[DictRow], done: list[str]) -> str | None:
    """Rewrite each table, and add its name to `done`; return why one could not be.

    A table that the role may not rewrite is no error to PostgreSQL, only a notice: a table was rewritten where its
    file is another one. The planner's statistics belong to the administrator: their notice is among the copies.
    """
    refused: list[str] = []
    connection.execute(SQL("SET lock_timeout = {}").format(f"{LOCK_SECONDS}s"))
    for table in (*REWRITTEN, _STATISTICS):
        try:
            before = _find_file(connection, table)
            options = SQL("FULL") if table == _STATISTICS else SQL("FULL, ANALYZE")
            connection.execute(SQL("VACUUM ({}) {}").format(options, Identifier(*table.split("."))))
        except errors.LockNotAvailable:
            return f"the table {table} was in use for {LOCK_SECONDS} seconds"
        if _find_file(connection, table) != before:
            done.append(table)
        elif table != _STATISTICS:
            refused.append(table)
    if not refused:
        return None
    return (
        f"the node's database role may not rewrite {', '.join(refused)}; let the administrator make it the owner:"
        " ALTER TABLE name OWNER TO role"
    )


def _find_file(connection: Connection[DictRow], table: str) -> int | None:
    """Return the number of the file that a table is in."""
    row = connection.execute("SELECT pg_relation_filenode(%s::regclass) AS file", (table,)).fetchone()
    return None if row is None else row["file"]


def _pass_log(connection: Connection[DictRow]) -> list[str]:
    """Let no segment of the write-ahead log with the old rows be needed any more; return where that is not allowed."""
    try:
        for statement in ("CHECKPOINT", "SELECT pg_switch_wal()", "CHECKPOINT"):
            connection.execute(statement.encode())
    except errors.InsufficientPrivilege:
        return [_OWN_LOG]
    return []


def find_copies(connection: Connection[DictRow]) -> list[str]:
    """Return where bytes of erased rows may be that no rewrite reaches, in sentences."""
    row = connection.execute(
        "SELECT current_setting('wal_recycle')::bool AS recycles, current_setting('archive_mode') <> 'off' AS archives,"
        " current_setting('wal_keep_size') <> '0' AS keeps,"
        " (SELECT count(*) FROM pg_replication_slots) + (SELECT count(*) FROM pg_stat_replication) > 0 AS replicates"
    ).fetchone()
    assert row is not None  # noqa: S101 - a query without a table returns a row
    texts: Sequence[tuple[str, str]] = (
        ("recycles", "Segments of the write-ahead log that PostgreSQL keeps for reuse (wal_recycle is on)."),
        ("keeps", "Segments of the write-ahead log that are kept for replicas (wal_keep_size)."),
        ("archives", "The archive of the write-ahead log, and base backups: until you let them expire."),
        ("replicates", "Replicas: their tables follow; their write-ahead logs are theirs."),
    )
    return [text for name, text in texts if row[name]]
