"""Batches that were asked for in the form that replaces one credential."""

from typing import NamedTuple

from psycopg import Connection, Cursor
from psycopg.rows import DictRow


class Replacement(NamedTuple):
    """The credential that a batch replaces."""

    credential: str
    version: int
    """The number of events that this node had stored of it when it was asked for."""


def write_replacement(connection: Connection[DictRow], batch: str, replacement: Replacement) -> None:
    """Store what a batch replaces, in the transaction in which it begins to wait."""
    connection.execute("INSERT INTO intake.replacements VALUES (%s, %s, %s)", (batch, *replacement))


def find_replacement(cursor: Cursor[DictRow], batch: str) -> Replacement | None:
    """Return what a batch replaces; None where it was not asked for in that form."""
    row = cursor.execute(
        "SELECT credential::text, version FROM intake.replacements WHERE batch = %s", (batch,)
    ).fetchone()
    return None if row is None else Replacement(**row)
