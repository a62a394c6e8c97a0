"""The numbers of batches that wait, run or had problems lately."""

from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from psycopg import Cursor
from psycopg.rows import DictRow

LATELY: Final = timedelta(days=30)


WITH_PROBLEMS: Final = (
    "NOT dry_run AND finished >= %(since)s AND (state = 'failed' OR state = 'done' AND refused > 0"
    " AND kind <> 'reconciliation')"
)
"""Condition on batches that ended lately and were refused in whole or in part; reconciliations are not counted."""


class BatchCounts(NamedTuple):
    """Numbers of batches, without those that are only checked."""

    to_release: int
    """Batches of rows or documents that wait for a second person."""
    changes_to_release: int
    """Batches of status changes that wait for a second person."""
    newest_changes: tuple[str, ...]
    """The ids of the newest ten of them."""
    under_way: int
    """Batches that wait for their turn or their day, or are worked through."""
    with_problems: int
    """Batches of `WITH_PROBLEMS`."""
    sent_back: int
    """Imports that wait for their clerk again: a colleague sent back what was handed over last."""


def count_batches(cursor: Cursor[DictRow], now: datetime | None = None) -> BatchCounts:
    """Return the numbers of batches as they are now."""
    row = cursor.execute(
        "SELECT count(*) FILTER (WHERE state = 'awaitingRelease' AND kind <> 'statusChanges') AS to_release,"  # noqa: S608 - a constant
        " count(*) FILTER (WHERE state = 'awaitingRelease' AND kind = 'statusChanges') AS changes_to_release,"
        " count(*) FILTER (WHERE state IN ('scheduled', 'waiting', 'working')) AS under_way,"
        f" count(*) FILTER (WHERE {WITH_PROBLEMS}) AS with_problems"
        " FROM intake.batches WHERE NOT dry_run AND (state NOT IN ('done', 'failed', 'cancelled', 'incomplete')"
        " OR finished >= %(since)s)",
        {"since": (now or datetime.now(UTC)) - LATELY},
    ).fetchone()
    assert row is not None  # noqa: S101 - an aggregate function returns a row
    changes = cursor.execute(
        "SELECT batch::text FROM intake.batches WHERE state = 'awaitingRelease' AND kind = 'statusChanges'"
        " AND NOT dry_run ORDER BY created DESC LIMIT 10"
    ).fetchall()
    sent_back = cursor.execute(
        "SELECT count(*) AS sent_back FROM intake.imports i WHERE NOT i.closed AND"
        " (SELECT h.returned_by IS NOT NULL FROM intake.hand_overs h JOIN intake.batches b ON b.batch = h.batch"
        " WHERE h.import = i.import ORDER BY b.created DESC LIMIT 1)"
    ).fetchone()
    assert sent_back is not None  # noqa: S101 - likewise
    return BatchCounts(sent_back=sent_back["sent_back"], newest_changes=tuple(each["batch"] for each in changes), **row)


def count_open_batches(cursor: Cursor[DictRow]) -> int:
    """Return the number of batches of credentials that wait or are worked through; those only checked do not count."""
    row = cursor.execute(
        "SELECT count(*) AS n FROM intake.batches WHERE kind = 'credentials' AND NOT dry_run"
        " AND state IN ('awaitingRelease', 'scheduled', 'waiting', 'working')"
    ).fetchone()
    assert row is not None  # noqa: S101 - an aggregate function returns a row
    return int(row["n"])
