"""How many lines a spreadsheet has that was received: counted by the worker, since reading one takes seconds.

Until then a batch is not worked through. One of more lines than were agreed then waits for a second person.
"""

from typing import Final, NamedTuple

from psycopg import Connection
from psycopg.rows import DictRow

from registry.batches.spool import SpoolDamaged, Spooled
from registry.intake.rows.report import IntakeError
from registry.intake.rows.xlsx import Workbook, is_spreadsheet

_CHUNK: Final = 1024 * 1024


class LineCount(NamedTuple):
    """The lines of a content; of a spreadsheet the rows of all its sheets."""

    lines: int
    is_certain: bool
    """Whether all of it could be read."""


def find_uncounted(connection: Connection[DictRow]) -> str | None:
    """Return the oldest batch whose lines were not counted, or None."""
    row = connection.execute(
        "SELECT batch::text FROM intake.batches"
        " WHERE release_above IS NOT NULL AND state IN ('waiting', 'scheduled') ORDER BY created LIMIT 1"
    ).fetchone()
    return None if row is None else row["batch"]


def count_lines(connection: Connection[DictRow], batch: str, content: Spooled) -> None:
    """Count the lines of a batch.

    Where not all could be counted, and a second person releases long batches, it waits for one, too.
    """
    lines, is_certain = _count(content)
    connection.execute(
        "UPDATE intake.batches SET lines = %(lines)s, release_above = NULL,"
        " state = CASE WHEN release_above > 0 AND (%(lines)s > release_above OR NOT %(is_certain)s)"
        " THEN 'awaitingRelease' ELSE state END"
        " WHERE batch = %(batch)s AND release_above IS NOT NULL AND state IN ('waiting', 'scheduled')",
        {"lines": lines, "is_certain": is_certain, "batch": batch},
    )


def _count(content: Spooled) -> LineCount:
    try:
        if is_spreadsheet(content):
            return LineCount(*Workbook(content).count_rows())
        with content.open("rb") as file:  # rows were erased from it meanwhile, and it is a CSV now
            lines = sum(piece.count(b"\n") for piece in iter(lambda: file.read(_CHUNK), b""))
            return LineCount(lines, is_certain=True)
    except (IntakeError, SpoolDamaged):
        return LineCount(0, is_certain=True)  # nothing of it can be taken in: it fails for that when its turn comes
