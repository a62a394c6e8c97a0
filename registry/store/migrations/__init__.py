"""The versions of the private schema: numbered files, each applied once, in one transaction, under one lock.

`0001` also converts a database of a version without numbers, so it creates only what is missing. A file that was
released is never changed; a further change is a file with the next number.
"""

import contextlib
import re
from collections.abc import Iterator
from functools import cache
from importlib import resources
from typing import Any, Final, NamedTuple

from psycopg import Connection
from psycopg.rows import tuple_row

_FILE: Final = re.compile(r"(\d{4})_([a-z0-9_]+)\.sql")
_LOCK: Final = "SELECT pg_advisory_lock(hashtext('registry.private'))"
_UNLOCK: Final = "SELECT pg_advisory_unlock(hashtext('registry.private'))"
_TABLE: Final = """
CREATE SCHEMA IF NOT EXISTS node;
CREATE TABLE IF NOT EXISTS node.migrations (
    number  integer PRIMARY KEY,
    name    text NOT NULL,
    applied timestamptz NOT NULL DEFAULT now()
)
"""


class DatabaseTooNew(Exception):
    """A newer version of the program has changed this database."""


class Migration(NamedTuple):
    """One step from a version of the private schema to the next."""

    number: int
    name: str
    statements: str


@cache
def list_migrations() -> tuple[Migration, ...]:
    """Return all migrations that this program knows, in their order."""
    return tuple(
        sorted(
            Migration(int(match[1]), match[2], file.read_text())
            for file in resources.files("registry.store.migrations").iterdir()
            if (match := _FILE.fullmatch(file.name)) is not None
        )
    )


def migrate(connection: Connection[Any]) -> list[Migration]:
    """Bring a database to the newest version that this program knows; return the migrations that were applied.

    A database of the newest version is only read, so that no process waits for another one's writes. Two processes that
    find an older version change it one after the other. Raises `DatabaseTooNew`.
    """
    if not find_missing(connection):
        return []
    with hold_migration_lock(connection):
        missing = find_missing(connection)
        if missing:
            connection.execute(_TABLE)
        for migration in missing:
            with connection.transaction():
                connection.execute(migration.statements.encode())
                connection.execute(
                    "INSERT INTO node.migrations (number, name) VALUES (%s, %s)", (migration.number, migration.name)
                )
        return missing


@contextlib.contextmanager
def hold_migration_lock(connection: Connection[Any]) -> Iterator[None]:
    """Let one process at a time change the tables of a database."""
    connection.execute(_LOCK)
    try:
        yield
    finally:
        connection.execute(_UNLOCK)


def refuse_newer(connection: Connection[Any]) -> None:
    """Raise `DatabaseTooNew` where a newer version of the program has changed a database."""
    find_missing(connection)


def find_missing(connection: Connection[Any]) -> list[Migration]:
    """Return the migrations that a database lacks. Raises `DatabaseTooNew`."""
    applied: dict[int, str] = {}
    with connection.cursor(row_factory=tuple_row) as cursor:
        if cursor.execute("SELECT to_regclass('node.migrations')").fetchone() != (None,):
            applied = dict(cursor.execute("SELECT number, name FROM node.migrations ORDER BY number"))
    numbers = {migration.number for migration in list_migrations()}
    if unknown := [f"{number:04} ({name})" for number, name in applied.items() if number not in numbers]:
        raise DatabaseTooNew(
            f"a newer version of this program has changed the node's database: migration {', '.join(unknown)} is not"
            f" known here, which knows up to {max(numbers):04}. Nothing was changed. Run that version or a later one"
        )
    return [migration for migration in list_migrations() if migration.number not in applied]
