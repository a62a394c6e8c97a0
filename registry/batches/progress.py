"""One step of a batch: its counts, problems and scheduled rows, stored in the transaction of what the step issued."""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from psycopg import Cursor
from psycopg.rows import DictRow

from registry.batches.row_effects import RowEffect, write_effects
from registry.batches.row_problem import RowProblem
from registry.batches.texts import BatchTexts
from registry.vault.vault import Vault


class ScheduledRow(NamedTuple):
    """A row that is not taken in before its day."""

    line: int
    day: date


class Progress:
    """The progress of a batch by one step, as rows of a transaction."""

    def __init__(
        self,
        vault: Vault,
        batch: str,
        line: int,
        *,
        issued: int = 0,
        unchanged: int = 0,
        problems: Sequence[RowProblem] = (),
        refused: int | None = None,
        first: int = 0,
        scheduled: Sequence[ScheduledRow] = (),
        unscheduled: Sequence[int] = (),
        effects: Sequence[RowEffect] = (),
        dry_run: bool = False,
    ) -> None:
        """Count this step alone; `line` is the last line that it covers.

        `refused` is the number of rows that the problems are of; None: the number of lines among the problems. `first`
        is the first problem's number, where several steps may have problems of one line. `scheduled` are rows that
        wait from now on, `unscheduled` the lines of those that no longer wait; a dry run only counts them. `effects`
        are rows that took effect.
        """
        self._vault = vault
        self._scheduled = scheduled
        self._dry_run = dry_run
        self._unscheduled = unscheduled
        self._effects = [] if dry_run else effects
        self._refused = len({problem.line for problem in problems}) if refused is None else refused
        self._first = first
        self._batch = batch
        self._line = line
        self._issued = issued
        self._unchanged = unchanged
        self._problems = problems

    def write(self, cursor: Cursor[DictRow]) -> None:
        """Write the step."""
        row = cursor.execute(
            "UPDATE intake.batches SET done_lines = greatest(done_lines, %s), issued = issued + %s,"
            " unchanged = unchanged + %s, refused = refused + %s, held = held + %s WHERE batch = %s"
            " RETURNING key",
            (
                self._line,
                self._issued,
                self._unchanged,
                self._refused,
                len(self._scheduled) - len(self._unscheduled),
                self._batch,
            ),
        ).fetchone()
        if self._scheduled and not self._dry_run:
            with cursor.copy("COPY intake.held_rows (batch, line, day) FROM STDIN") as rows:
                for scheduled in self._scheduled:
                    rows.write_row((self._batch, *scheduled))
        if self._unscheduled:
            cursor.execute(
                "DELETE FROM intake.held_rows WHERE batch = %s AND line = ANY(%s)",
                (self._batch, list(self._unscheduled)),
            )
        write_effects(cursor, self._batch, self._effects)
        if self._problems and row is not None:
            BatchTexts.of(self._vault, self._batch, row["key"]).write_problems(cursor, self._problems, self._first)
