"""The preparers of a batch that was made from an import: the people who uploaded its file, and who corrected rows."""

from psycopg import Cursor
from psycopg.rows import DictRow


def list_preparers(cursor: Cursor[DictRow], batch: str) -> list[str]:
    """Return who uploaded and corrected the rows of a batch; empty for a batch that was not made from an import.

    An import may have been made from another one, whose columns somebody named or whose file they corrected: the person
    who uploaded that one prepared it, too.
    """
    rows = cursor.execute(
        "WITH RECURSIVE files (import) AS ("
        " SELECT import FROM intake.hand_overs WHERE batch = %(batch)s"
        " UNION SELECT previous FROM intake.imports JOIN files USING (import) WHERE previous IS NOT NULL)"
        " SELECT by FROM intake.batches JOIN files ON batch = import"
        " UNION SELECT by FROM intake.row_corrections WHERE batch = %(batch)s",
        {"batch": batch},
    ).fetchall()
    return [row["by"] for row in rows]
