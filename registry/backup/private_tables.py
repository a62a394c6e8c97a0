"""The tables and the files of keys of a node's private side, as backups read and write them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final, LiteralString

import psycopg
from psycopg import Connection, sql

from registry.backup.file import BackupError
from registry.log.durable_files import create_private_file, sync_file

SCHEMAS: Final = (
    "access",
    "accounts",
    "feed",
    "intake",
    "node",
    "office",
    "privacy",
    "publisher",
    "status",
    "vault",
    "webhooks",
)
"""Schemas of the private side. The feed is one of them: the cursors of webhooks are its numbers."""


def begin_snapshot(connection: Connection, dsn: str, folder: Path) -> dict[str, bytes]:
    """Begin the snapshot that is backed up, and return the key files of the same moment.

    Erasing a learner replaces keys in the files and in the database, and waits while this reads both.
    """
    with psycopg.connect(dsn) as holder:
        if ("vault", "keys") in list(list_tables(holder)):
            holder.execute("LOCK TABLE vault.keys IN SHARE MODE")
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        connection.execute("SELECT 1")  # the snapshot is taken by the first query
        files = sorted(p for p in folder.iterdir() if p.is_file()) if folder.is_dir() else []
        return {file.name: read_file(file) for file in files if not file.name.startswith(".")}


def list_tables(connection: Connection) -> Iterator[tuple[str, str]]:
    """Yield the private tables by schema and name: those of the private schemas, and the stored events.

    The table of migrations is left out: it describes the tables of its own database, not their rows.
    """
    yield from connection.execute(
        "SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE c.relkind = 'r' AND (n.nspname, c.relname) <> ('node', 'migrations')"
        " AND (n.nspname = ANY(%s) OR (n.nspname = 'public' AND c.relname LIKE 'registry\\_%%'))"
        " ORDER BY n.nspname, c.relname",
        (list(SCHEMAS),),
    ).fetchall()


def list_columns(connection: Connection, schema: str, table: str) -> list[str]:
    """Return the columns of a table that are not generated."""
    return [
        row[0]
        for row in connection.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_schema = %s AND table_name = %s"
            " AND is_generated = 'NEVER' ORDER BY ordinal_position",
            (schema, table),
        )
    ]


def copy_table(schema: str, table: str, columns: list[str], how: LiteralString) -> sql.Composed:
    """Return the statement that copies a table out or in."""
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    return sql.SQL("COPY {}.{} ({}) ").format(sql.Identifier(schema), sql.Identifier(table), names) + sql.SQL(how)


def count_rows(connection: Connection, schema: str, table: str) -> int:
    """Return the number of rows of a table."""
    query = sql.SQL("SELECT count(*) FROM {}.{}").format(sql.Identifier(schema), sql.Identifier(table))
    row = connection.execute(query).fetchone()
    return int(row[0]) if row is not None else 0


def read_file(path: Path) -> bytes:
    """Return the bytes of a file. Raises `BackupError`."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise BackupError(f"cannot read {path}: {error.strerror}") from error


def write_private_file(path: Path, data: bytes) -> None:
    """Write a file that its owner alone may read, durably."""
    with create_private_file(path) as file:
        file.write(data)
        sync_file(file)
