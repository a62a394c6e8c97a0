"""How far a batch has come by one step: what is counted, told and held, written with what the step issued."""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

import msgspec
from psycopg import Cursor
from psycopg.rows import DictRow


class RowProblem(msgspec.Struct, frozen=True, rename="camel"):
    """A row that was not taken in."""

    line: int
    where: str
    field: str
    value: str
    """As it was sent; masked where it is about the person."""
    code: str
    """The rule that refused it; empty where it could not be read."""
    detail: str
    """What is wrong, and what would be right."""


def not_found_again(line: int, where: str) -> RowProblem:
    """What is told of a row that was held, where the content is read otherwise on its day."""
    return RowProblem(line, where, "", "", "", "is not found again; send the row anew")


class Held(NamedTuple):
    """A row that is not taken in before its day."""

    line: int
    day: date


class Progress:
    """Where a batch has come to, as rows that are written with what it issued."""

    def __init__(
        self,
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
    ) -> None:
        """The counts are of this step alone; `line` is the last one that it covers.

        `refused` are the rows that the problems are of, where that is not one each; `first` is the first problem's
        number, where several steps may have problems of one line. `held` are rows that wait from now on, `let_go`
        the lines of those that wait no more.
        """
        self._held = held
        self._let_go = let_go
        self._refused = len(problems) if refused is None else refused
        self._first = first
        self._batch = batch
        self._line = line
        self._issued = issued
        self._unchanged = unchanged
        self._problems = problems

    def write(self, cursor: Cursor[DictRow]) -> None:
        """Write them."""
        cursor.execute(
            "UPDATE intake.batches SET done_lines = greatest(done_lines, %s), issued = issued + %s,"
            " unchanged = unchanged + %s, refused = refused + %s, held = held + %s WHERE batch = %s",
            (
                self._line,
                self._issued,
                self._unchanged,
                self._refused,
                len(self._held) - len(self._let_go),
                self._batch,
            ),
        )
        if self._held:
            with cursor.copy("COPY intake.held_rows (batch, line, day) FROM STDIN") as waiting:
                for row in self._held:
                    waiting.write_row((self._batch, *row))
        if self._let_go:
            cursor.execute(
                "DELETE FROM intake.held_rows WHERE batch = %s AND line = ANY(%s)", (self._batch, list(self._let_go))
            )
        if self._problems:
            with cursor.copy(
                'COPY intake.problems (batch, line, number, "where", field, value, code, detail) FROM STDIN'
            ) as rows:
                for number, one in enumerate(self._problems, self._first):
                    rows.write_row(
                        (self._batch, one.line, number, one.where, one.field, one.value, one.code, one.detail)
                    )
