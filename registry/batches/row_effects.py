"""Rows of a batch that took effect, each with its credential, for the batch's page."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from psycopg import Cursor
from psycopg.rows import DictRow

MAX_EFFECT_LINE: Final = 10_000
"""The last line of a batch whose effect is stored by itself; later ones are only counted."""


class RowEffect(NamedTuple):
    """A row that took effect, or had before."""

    line: int
    credential: str
    is_new: bool
    """False where the row changed nothing, because it was so before."""


def write_effects(cursor: Cursor[DictRow], batch: str, effects: Sequence[RowEffect]) -> None:
    """Store effects of a batch's first 10,000 lines."""
    stored = [effect for effect in effects if effect.line <= MAX_EFFECT_LINE]
    if stored:
        cursor.execute(
            "INSERT INTO intake.row_effects SELECT %s, * FROM unnest(%s::bigint[], %s::uuid[], %s::boolean[])"
            " ON CONFLICT DO NOTHING",
            (batch, *map(list, zip(*stored, strict=True))),
        )


def count_effects(cursor: Cursor[DictRow], batch: str) -> int:
    """Return the number of effects that are stored of a batch."""
    row = cursor.execute("SELECT count(*) AS rows FROM intake.row_effects WHERE batch = %s", (batch,)).fetchone()
    return 0 if row is None else row["rows"]


def list_effects(cursor: Cursor[DictRow], batch: str, limit: int, offset: int = 0) -> list[RowEffect]:
    """Return effects of a batch in the order of its lines, `limit` at most after the first `offset`."""
    rows = cursor.execute(
        "SELECT line, credential::text, is_new FROM intake.row_effects WHERE batch = %s"
        " ORDER BY line LIMIT %s OFFSET %s",
        (batch, limit, offset),
    )
    return [RowEffect(**row) for row in rows]
