"""Outcomes of a batch's rows by their lines: issued, refused, or scheduled for a day."""

import sys
import threading
from array import array
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Final, TypeVar

from registry.application.requests import FINAL_REFUSALS, Issued, IssueRequest, Outcome
from registry.application.transaction import Transaction
from registry.batches.batch import Batch
from registry.batches.progress import Progress, ScheduledRow
from registry.batches.rare_awards import RareAwards
from registry.batches.row_effects import RowEffect
from registry.batches.row_problem import RowProblem, lost_row_problem
from registry.intake.rows.earlier_rows import EarlierRows
from registry.intake.rows.ndjson_rows import NdjsonRows
from registry.intake.rows.read_row import ReadRow
from registry.intake.rows.replacements import Replacements
from registry.intake.rows.report import Problems
from registry.intake.rows.table_rows import TableRows
from registry.vault.vault import Vault

MAX_NAMED_SCHEDULED: Final = 100
"""Scheduled rows that would be refused now and that notes name; the others are counted."""


class RowOutcomes:
    """Counts the outcomes of a batch's rows: of those that were not worked through, and of those whose day has come.

    Rows are read in one thread while the progress of those before is built in another; a lock keeps them apart.
    """

    def __init__(self, vault: Vault, batch: Batch, rows: TableRows | NdjsonRows, due: Iterator[int]) -> None:
        """`due` are the lines of scheduled rows whose day has come, in their order."""
        self._vault = vault
        self._batch = batch
        self._rows = rows
        self._due = due
        self._lines = array("Q")
        self._problems: list[RowProblem] = []
        self._scheduled: list[ScheduledRow] = []
        self._would_schedule = array("Q")
        self._unscheduled: list[int] = []
        self._last = 0
        self._earlier = EarlierRows()
        self._replacements = Replacements()
        self._rare_awards = RareAwards()
        self._requests: deque[tuple[str, IssueRequest]] = deque()
        """Rows that may not be stored yet, each with its place in words."""
        self._stored = 0
        """Number of rows before these."""
        self._lock = threading.Lock()

    @property
    def has_due_rows(self) -> bool:
        """True if there were scheduled rows whose day has come."""
        return bool(self._unscheduled)

    @property
    def would_schedule(self) -> Iterator[int]:
        """The lines of the rows that would be scheduled, of a dry run: it schedules none."""
        return iter(self._would_schedule)

    def read_requests(self) -> Iterator[IssueRequest]:
        """Yield the rows to issue. A row that cannot be read becomes a problem, one for a later day a scheduled row."""
        due = next(self._due, None)
        for row in self._rows:
            with self._lock:
                request, due = self._take_row(row, due)
            if request is not None:
                yield request
        with self._lock:
            self._report_lost(due, sys.maxsize)

    def _take_row(self, row: ReadRow, due: int | None) -> tuple[IssueRequest | None, int | None]:
        """Note a row; return its request if it is to be issued, and the next due row."""
        line, result = row.line, row.result
        due = self._report_lost(due, line)
        is_due = line == due
        if is_due:
            self._unscheduled.append(line)
            due = next(self._due, None)
        elif line <= self._batch.done_lines:
            return None, due
        self._last = line
        if isinstance(result, tuple):
            self._problems += _convert_problems(line, result)
        elif row.day is not None and not is_due:
            self._scheduled.append(ScheduledRow(line, row.day))
            if self._batch.dry_run:
                self._would_schedule.append(line)
        else:
            self._earlier.add(row.where, result)
            self._requests.append((row.where, result))
            self._lines.append(line)
            return result, due
        return None, due

    def _report_lost(self, due: int | None, line: int) -> int | None:
        """Return the next due row that is not before this line.

        Due rows before it become problems: the program reads the file differently now and does not find them.
        """
        while due is not None and due < line:
            self._last = max(self._last, due)
            self._unscheduled.append(due)
            self._problems.append(lost_row_problem(due, f"line {due}"))
            due = next(self._due, None)
        return due

    def add_progress(self, transaction: Transaction, first: int, outcomes: Sequence[Outcome]) -> None:
        """Add the progress that a batch of outcomes makes to the batch's transaction."""
        transaction.add(self.build_progress(first, outcomes))

    def build_progress(self, first: int, outcomes: Sequence[Outcome]) -> Progress:
        """Return the progress that a batch of outcomes makes; called again, it returns the same."""
        with self._lock:
            return self._build_progress(first, outcomes)

    def _build_progress(self, first: int, outcomes: Sequence[Outcome]) -> Progress:
        lines = list(self._lines[first : first + len(outcomes)])
        while self._stored < first:
            self._requests.popleft()
            self._stored += 1
        requests = islice(self._requests, len(outcomes))
        explained = []
        for (where, request), outcome in zip(requests, outcomes, strict=True):
            explained.append(self._earlier.explain(where, request, outcome))
            self._replacements.add(where, outcome)
            if self._batch.dry_run:
                self._rare_awards.add(request, outcome)
        return self._build_step(
            lines[-1],
            _list_refused(lines, explained),
            issued=sum(isinstance(outcome, Issued) and not outcome.unchanged for outcome in outcomes),
            unchanged=sum(isinstance(outcome, Issued) and outcome.unchanged for outcome in outcomes),
            effects=[
                RowEffect(line, outcome.credential, not outcome.unchanged)
                for line, outcome in zip(lines, outcomes, strict=True)
                if isinstance(outcome, Issued)
            ],
            before=self._lines[first - 1] if first else 0,
        )

    def list_notes(self) -> list[str]:
        """Return notes on rows that the content has twice, and on rows that replace another credential.

        Those of a dry run also warn of awards that so few share that their entries on the log could lead to a person.
        """
        return self._earlier.list_notes() + self._replacements.list_notes() + self._rare_awards.list_notes()

    def build_last_progress(self) -> Progress:
        """Return the progress that the rows after the last issued one make."""
        before = self._lines[-1] if self._lines else 0
        return self._build_step(max(self._last, before), [], issued=0, unchanged=0, before=before)

    def _build_step(
        self,
        line: int,
        refused: list[RowProblem],
        *,
        issued: int,
        unchanged: int,
        before: int,
        effects: Sequence[RowEffect] = (),
    ) -> Progress:
        problems = _select_between(self._problems, before, line, _line_of)
        return Progress(
            self._vault,
            self._batch.batch,
            line,
            issued=issued,
            unchanged=unchanged,
            problems=sorted([*problems, *refused], key=_line_of),
            scheduled=_select_between(self._scheduled, before, line, _line_of),
            unscheduled=_select_between(self._unscheduled, before, line, int),
            effects=effects,
            dry_run=self._batch.dry_run,
        )


class ScheduledRows:
    """Looks ahead at a batch's scheduled rows: would they be refused now?"""

    def __init__(self, vault: Vault, batch: Batch, rows: TableRows | NdjsonRows, lines: Iterator[int]) -> None:
        """`lines` are those of the scheduled rows, in their order."""
        self._vault = vault
        self._batch = batch
        self._rows = rows
        self._scheduled = lines
        self._lines: list[int] = []
        self._notes: list[str] = []
        self._more = 0

    def list_notes(self) -> list[str]:
        """Return a note on each row that may be refused on its day, and the number of those beyond the limit."""
        if not self._more:
            return self._notes
        return [*self._notes, f"{self._more:,} more rows wait, and would be refused as things stand"]

    def read_requests(self) -> Iterator[IssueRequest]:
        """Yield the scheduled rows as requests."""
        if (scheduled := next(self._scheduled, None)) is None:
            return
        for row in self._rows:
            if row.line == scheduled:
                if not isinstance(row.result, tuple):  # else it becomes a problem on its day
                    self._lines.append(scheduled)
                    yield row.result
                if (scheduled := next(self._scheduled, None)) is None:
                    return

    def refuse(self, outcomes: Sequence[Outcome]) -> Progress | None:
        """Return the progress that refuses those of the next rows whose refusal is final; None where there are none.

        Other refusals may be resolved by the day, for example by a part that is issued or a suspension that ends: they
        become notes.
        """
        lines, self._lines = self._lines[: len(outcomes)], self._lines[len(outcomes) :]
        refused = _list_refused(lines, outcomes)
        waiting = [problem for problem in refused if problem.code not in FINAL_REFUSALS]
        named = waiting[: MAX_NAMED_SCHEDULED - len(self._notes)]
        self._notes += [
            f"{problem.where} waits, and would be refused as things stand: {problem.code}: {problem.detail}"
            for problem in named
        ]
        self._more += len(waiting) - len(named)
        final = [problem for problem in refused if problem.code in FINAL_REFUSALS]
        if not final:
            return None
        unscheduled = [problem.line for problem in final]
        dry_run = self._batch.dry_run
        return Progress(self._vault, self._batch.batch, 0, problems=final, unscheduled=unscheduled, dry_run=dry_run)


Ordered = TypeVar("Ordered")


def _select_between(
    ordered: Sequence[Ordered], before: int, line: int, line_of: Callable[[Ordered], int]
) -> Sequence[Ordered]:
    """Return the items after one line, up to another, of items in the order of their lines."""
    return ordered[bisect_right(ordered, before, key=line_of) : bisect_right(ordered, line, key=line_of)]


def _convert_problems(line: int, problems: Problems) -> list[RowProblem]:
    return [RowProblem(line, problem.where, problem.field, problem.value, "", problem.detail) for problem in problems]


def _line_of(row: RowProblem | ScheduledRow) -> int:
    return row.line


def _list_refused(lines: Sequence[int], outcomes: Sequence[Outcome]) -> list[RowProblem]:
    return [
        RowProblem(line, f"line {line}", outcome.field, "", outcome.code, outcome.detail)
        for line, outcome in zip(lines, outcomes, strict=True)
        if not isinstance(outcome, Issued)
    ]
