"""The preparers of a batch that was made from an import: the person who uploaded the file, and who corrected rows."""

from psycopg import Cursor
from psycopg.rows import DictRow


def list_preparers(cursor: Cursor[DictRow], batch: str) -> list[str]:
    """Return who uploaded and corrected the rows of a batch; empty for a batch that was not made from an import."""
    rows = cursor.execute(
        "SELECT by FROM intake.hand_overs h JOIN intake.batches b ON b.batch = h.import WHERE h.batch = %(batch)s"
        " UNION SELECT by FROM intake.row_corrections WHERE batch = %(batch)s",
        {"batch": batch},
    ).fetchall()
    return [row["by"] for row in rows]
