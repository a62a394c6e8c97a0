"""What the rows of a batch come to, by the line that each came from: issued, refused, or held until its day."""

import sys
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Final, TypeVar

from registry.application.requests import LASTING, Issued, IssueRequest, Outcome
from registry.batches.batch import Batch
from registry.batches.progress import Held, Progress
from registry.batches.row_problem import RowProblem, not_found_again
from registry.intake import NdjsonRows, TableRows
from registry.intake.rows.columns import Problems
from registry.intake.rows.earlier_rows import EarlierRows
from registry.intake.rows.replacements import Replacements
from registry.vault.vault import Vault

MAX_WAITING_NAMED: Final = 100
"""Rows that wait and would be refused as things stand which notes name; the others are counted."""


class Tally:
    """Counts a batch's rows as they are issued: those that were not worked through, and those whose day has come."""

    def __init__(self, vault: Vault, batch: Batch, rows: TableRows | NdjsonRows, due: Iterator[int]) -> None:
        """`due` are the lines of rows that were held and are no more, in their order."""
        self._vault = vault
        self._batch = batch
        self._rows = rows
        self._due = due
        self._lines: list[int] = []
        self._problems: list[RowProblem] = []
        self._held: list[Held] = []
        self._would_wait: list[int] = []
        self._let_go: list[int] = []
        self._last = 0
        self._earlier = EarlierRows()
        self._replacements = Replacements()
        self._requests: deque[tuple[str, IssueRequest]] = deque()
        """The places of rows, and they themselves, that may not be stored yet."""
        self._stored = 0
        """Rows before these."""

    @property
    def on_their_day(self) -> bool:
        """Whether rows were among them that had been held."""
        return bool(self._let_go)

    @property
    def would_wait(self) -> Iterator[int]:
        """The lines of the rows that would be held, of a dry run: it holds none."""
        return iter(self._would_wait)

    def good(self) -> Iterator[IssueRequest]:
        """The rows to issue; those that cannot be read are kept as problems."""
        due = next(self._due, None)
        for row in self._rows:
            line = self._rows.line
            due = self._lose(due, line)
            again = line == due
            if again:
                self._let_go.append(line)
                due = next(self._due, None)
            elif line <= self._batch.done_lines:
                continue
            self._last = line
            if isinstance(row, tuple):
                self._problems += _unread(line, row)
            elif (day := self._rows.held_until) is not None and not again:
                self._held.append(Held(line, day))
                if self._batch.dry_run:
                    self._would_wait.append(line)
            else:
                self._earlier.add(self._rows.where, row)
                self._requests.append((self._rows.where, row))
                self._lines.append(line)
                yield row
        self._lose(due, sys.maxsize)

    def _lose(self, due: int | None, line: int) -> int | None:
        """The next due row that is not before this line; those before are lost: the file is read otherwise now."""
        while due is not None and due < line:
            self._last = max(self._last, due)
            self._let_go.append(due)
            self._problems.append(not_found_again(due, f"line {due}"))
            due = next(self._due, None)
        return due

    def beside(self, first: int, outcomes: Sequence[Outcome]) -> Progress:
        """The progress that a batch of outcomes comes to; asked again, it is the same."""
        lines = self._lines[first : first + len(outcomes)]
        while self._stored < first:
            self._requests.popleft()
            self._stored += 1
        asked = islice(self._requests, len(outcomes))
        explained = []
        for (where, request), outcome in zip(asked, outcomes, strict=True):
            explained.append(self._earlier.explain(where, request, outcome))
            self._replacements.add(where, outcome)
        return self._progress(
            lines[-1],
            _refused(lines, explained),
            issued=sum(isinstance(one, Issued) and not one.unchanged for one in outcomes),
            unchanged=sum(isinstance(one, Issued) and one.unchanged for one in outcomes),
            before=self._lines[first - 1] if first else 0,
        )

    def notes(self) -> list[str]:
        """Return what is to be said of rows that stand in the content twice, or replace something else."""
        return self._earlier.notes() + self._replacements.notes()

    def rest(self) -> Progress:
        """The progress of what follows the last good row."""
        before = self._lines[-1] if self._lines else 0
        return self._progress(max(self._last, before), [], issued=0, unchanged=0, before=before)

    def _progress(self, line: int, refused: list[RowProblem], *, issued: int, unchanged: int, before: int) -> Progress:
        read = _between(self._problems, before, line, _line)
        return Progress(
            self._vault,
            self._batch.batch,
            line,
            issued=issued,
            unchanged=unchanged,
            problems=sorted([*read, *refused], key=_line),
            held=_between(self._held, before, line, _line),
            let_go=_between(self._let_go, before, line, int),
            dry_run=self._batch.dry_run,
        )


class Waiting:
    """Rows of a batch that are held: what would become of them as things stand."""

    def __init__(self, vault: Vault, batch: Batch, rows: TableRows | NdjsonRows, held: Iterator[int]) -> None:
        """`held` are their lines, in their order."""
        self._vault = vault
        self._batch = batch
        self._rows = rows
        self._held = held
        self._lines: list[int] = []
        self._notes: list[str] = []
        self._more = 0

    def notes(self) -> list[str]:
        """Return what may be refused of them on their day; of more rows than are named, how many there are."""
        if not self._more:
            return self._notes
        return [*self._notes, f"{self._more:,} more rows wait, and would be refused as things stand"]

    def rows(self) -> Iterator[IssueRequest]:
        """They themselves."""
        if (held := next(self._held, None)) is None:
            return
        for row in self._rows:
            if self._rows.line == held:
                if not isinstance(row, tuple):  # else it is told on its day, as all that cannot be read is
                    self._lines.append(held)
                    yield row
                if (held := next(self._held, None)) is None:
                    return

    def refused(self, outcomes: Sequence[Outcome]) -> Progress | None:
        """That those of the next whose refusal is for good wait no more; None where there are none.

        What else would be refused may not be on its day: a part that comes, a suspension that ends. It is noted.
        """
        lines, self._lines = self._lines[: len(outcomes)], self._lines[len(outcomes) :]
        found = _refused(lines, outcomes)
        waiting = [one for one in found if one.code not in LASTING]
        named = waiting[: MAX_WAITING_NAMED - len(self._notes)]
        self._notes += [
            f"{one.where} waits, and would be refused as things stand: {one.code}: {one.detail}" for one in named
        ]
        self._more += len(waiting) - len(named)
        problems = [one for one in found if one.code in LASTING]
        if not problems:
            return None
        lines_refused = [one.line for one in problems]
        dry_run = self._batch.dry_run
        return Progress(self._vault, self._batch.batch, 0, problems=problems, let_go=lines_refused, dry_run=dry_run)


Thing = TypeVar("Thing")


def _between(ordered: Sequence[Thing], before: int, line: int, line_of: Callable[[Thing], int]) -> Sequence[Thing]:
    """Of things in the order of their lines those after one line, up to another."""
    return ordered[bisect_right(ordered, before, key=line_of) : bisect_right(ordered, line, key=line_of)]


def _unread(line: int, problems: Problems) -> list[RowProblem]:
    return [RowProblem(line, one.where, one.field, one.value, "", one.detail) for one in problems]


def _line(one: RowProblem | Held) -> int:
    return one.line


def _refused(lines: Sequence[int], outcomes: Sequence[Outcome]) -> list[RowProblem]:
    return [
        RowProblem(line, f"line {line}", one.field, "", one.code, one.detail)
        for line, one in zip(lines, outcomes, strict=True)
        if not isinstance(one, Issued)
    ]
