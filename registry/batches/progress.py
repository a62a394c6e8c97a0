"""How far a batch has come by one step: what is counted, told and held, written with what the step issued."""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from psycopg import Cursor
from psycopg.rows import DictRow

from registry.batches.row_problem import RowProblem
from registry.batches.texts import BatchTexts
from registry.vault.vault import Vault


class Held(NamedTuple):
    """A row that is not taken in before its day."""

    line: int
    day: date


class Progress:
    """Where a batch has come to, as rows that are written with what it issued."""

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
        held: Sequence[Held] = (),
        let_go: Sequence[int] = (),
        dry_run: bool = False,
    ) -> None:
        """The counts are of this step alone; `line` is the last one that it covers.

        `refused` are the rows that the problems are of; None: as many as there are lines among the problems. `first` is
        the first problem's number, where several steps may have problems of one line. `held` are rows that wait from
        now on, `let_go` the lines of those that wait no more; of a dry run they are counted only.
        """
        self._vault = vault
        self._held = held
        self._dry_run = dry_run
        self._let_go = let_go
        self._refused = len({one.line for one in problems}) if refused is None else refused
        self._first = first
        self._batch = batch
        self._line = line
        self._issued = issued
        self._unchanged = unchanged
        self._problems = problems

    def write(self, cursor: Cursor[DictRow]) -> None:
        """Write them."""
        row = cursor.execute(
            "UPDATE intake.batches SET done_lines = greatest(done_lines, %s), issued = issued + %s,"
            " unchanged = unchanged + %s, refused = refused + %s, held = held + %s WHERE batch = %s"
            " RETURNING key",
            (
                self._line,
                self._issued,
                self._unchanged,
                self._refused,
                len(self._held) - len(self._let_go),
                self._batch,
            ),
        ).fetchone()
        if self._held and not self._dry_run:
            with cursor.copy("COPY intake.held_rows (batch, line, day) FROM STDIN") as waiting:
                for held in self._held:
                    waiting.write_row((self._batch, *held))
        if self._let_go:
            cursor.execute(
                "DELETE FROM intake.held_rows WHERE batch = %s AND line = ANY(%s)", (self._batch, list(self._let_go))
            )
        if self._problems and row is not None:
            BatchTexts.of(self._vault, self._batch, row["key"]).write_problems(cursor, self._problems, self._first)
