"""Count of a spreadsheet's lines. The worker counts them, because reading a spreadsheet takes seconds.

A batch is not worked through before. If it then has more lines than were agreed, it waits for a second person.
"""

from typing import Final, NamedTuple

from psycopg import Connection
from psycopg.rows import DictRow

from registry.batches.batch_file import BatchFile, DamagedBatchFile
from registry.intake.rows.report import IntakeError
from registry.intake.rows.spreadsheet import is_spreadsheet, open_workbook

_READ_BYTES: Final = 1024 * 1024


class LineCount(NamedTuple):
    """The number of a content's lines; of a spreadsheet, of the rows of all its sheets."""

    lines: int
    is_certain: bool
    """True if all of the content could be read."""


def find_uncounted(connection: Connection[DictRow]) -> str | None:
    """Return the oldest batch whose lines were not counted, or None."""
    row = connection.execute(
        "SELECT batch::text FROM intake.batches"
        " WHERE release_above IS NOT NULL AND state IN ('waiting', 'scheduled') ORDER BY created LIMIT 1"
    ).fetchone()
    return None if row is None else row["batch"]


def count_lines(connection: Connection[DictRow], batch: str, content: BatchFile) -> None:
    """Count the lines of a batch.

    Where second persons release long batches, one whose lines could not all be counted waits for one, too.
    """
    lines, is_certain = _count_content(content)
    connection.execute(
        "UPDATE intake.batches SET lines = %(lines)s, release_above = NULL,"
        " state = CASE WHEN release_above > 0 AND (%(lines)s > release_above OR NOT %(is_certain)s)"
        " THEN 'awaitingRelease' ELSE state END"
        " WHERE batch = %(batch)s AND release_above IS NOT NULL AND state IN ('waiting', 'scheduled')",
        {"lines": lines, "is_certain": is_certain, "batch": batch},
    )


def _count_content(content: BatchFile) -> LineCount:
    try:
        if is_spreadsheet(content):
            return LineCount(*open_workbook(content).count_rows())
        with content.open("rb") as file:  # redacted meanwhile, and now a CSV
            lines = sum(piece.count(b"\n") for piece in iter(lambda: file.read(_READ_BYTES), b""))
            return LineCount(lines, is_certain=True)
    except (IntakeError, DamagedBatchFile):
        return LineCount(0, is_certain=True)  # it cannot be read, and will fail for that when its turn comes
