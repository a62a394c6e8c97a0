"""What the rows of a batch come to, by the line that each came from: issued, refused, or held until its day."""

from collections.abc import Iterator, Sequence

from registry.batches.book import Batch
from registry.batches.progress import Held, Progress, RowProblem
from registry.intake import CsvRows, NdjsonRows, Problem
from registry.requests import Issued, IssueRequest, Outcome


class Tally:
    """Counts a batch's rows as they are issued: those that were not worked through, and those whose day has come."""

    def __init__(self, batch: Batch, rows: CsvRows | NdjsonRows, due: Iterator[int]) -> None:
        """`due` are the lines of rows that were held and are no more, in their order."""
        self._batch = batch
        self._rows = rows
        self._due = due
        self._lines: list[int] = []
        self._problems: list[RowProblem] = []
        self._held: list[Held] = []
        self._let_go: list[int] = []
        self._last = 0

    def good(self) -> Iterator[IssueRequest]:
        """The rows to issue; those that cannot be read are kept as problems."""
        due = next(self._due, None)
        for row in self._rows:
            line = self._rows.line
            again = line == due
            if again:
                self._let_go.append(line)
                due = next(self._due, None)
            elif line <= self._batch.done_lines:
                continue
            self._last = line
            if isinstance(row, Problem):
                self._problems.append(RowProblem(line, row.where, row.field, row.value, "", row.detail))
            elif (day := self._rows.held_until) is not None and not again and not self._batch.dry_run:
                self._held.append(Held(line, day))
            else:
                self._lines.append(line)
                yield row

    def beside(self, first: int, outcomes: Sequence[Outcome]) -> Progress:
        """The progress that a batch of outcomes comes to; asked again, it is the same."""
        lines = self._lines[first : first + len(outcomes)]
        return self._progress(
            lines[-1],
            _refused(lines, outcomes),
            issued=sum(isinstance(one, Issued) and not one.unchanged for one in outcomes),
            unchanged=sum(isinstance(one, Issued) and one.unchanged for one in outcomes),
            before=self._lines[first - 1] if first else 0,
        )

    def rest(self) -> Progress:
        """The progress of what follows the last good row."""
        before = self._lines[-1] if self._lines else 0
        return self._progress(max(self._last, before), [], issued=0, unchanged=0, before=before)

    def _progress(self, line: int, refused: list[RowProblem], *, issued: int, unchanged: int, before: int) -> Progress:
        read = [one for one in self._problems if before < one.line <= line]
        return Progress(
            self._batch.batch,
            line,
            issued=issued,
            unchanged=unchanged,
            problems=sorted([*read, *refused], key=lambda one: one.line),
            held=[one for one in self._held if before < one.line <= line],
            let_go=[one for one in self._let_go if before < one <= line],
        )


class Waiting:
    """Rows of a batch that are held: what would become of them as things stand."""

    def __init__(self, batch: Batch, rows: CsvRows | NdjsonRows, held: Iterator[int]) -> None:
        """`held` are their lines, in their order."""
        self._batch = batch
        self._rows = rows
        self._held = held
        self._lines: list[int] = []

    def rows(self) -> Iterator[IssueRequest]:
        """They themselves."""
        if (held := next(self._held, None)) is None:
            return
        for row in self._rows:
            if self._rows.line == held:
                if not isinstance(row, Problem):  # else it is told on its day, as all that cannot be read is
                    self._lines.append(held)
                    yield row
                if (held := next(self._held, None)) is None:
                    return

    def refused(self, outcomes: Sequence[Outcome]) -> Progress | None:
        """That the next of them, those that would be refused, wait no more; None where there are none."""
        lines, self._lines = self._lines[: len(outcomes)], self._lines[len(outcomes) :]
        problems = _refused(lines, outcomes)
        if not problems:
            return None
        return Progress(self._batch.batch, 0, problems=problems, let_go=[one.line for one in problems])


def _refused(lines: Sequence[int], outcomes: Sequence[Outcome]) -> list[RowProblem]:
    return [
        RowProblem(line, f"line {line}", one.field, "", one.code, one.detail)
        for line, one in zip(lines, outcomes, strict=True)
        if not isinstance(one, Issued)
    ]
