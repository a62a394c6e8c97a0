"""Import of a file of rows: the good ones are issued, the others reported."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Final, NamedTuple, Protocol

from psycopg import Cursor
from psycopg.rows import DictRow

from registry.application.issuing import Issuer
from registry.application.requests import Issued, IssueRequest, NotIssued, Outcome
from registry.application.transaction import Transaction
from registry.intake.import_report import ImportReport
from registry.intake.rows.earlier_rows import EarlierRows
from registry.intake.rows.read_row import ReadRow
from registry.intake.rows.replacements import Replacements
from registry.intake.rows.report import Problem, no_rows

OnIssued = Callable[[IssueRequest, Issued], None]
_MAX_VALUE: Final = 80


class Rows(Protocol):
    """Rows of credentials."""

    @property
    def notes(self) -> list[str]:
        """Notes about the file."""
        ...

    @property
    def count(self) -> int:
        """Number of rows read."""
        ...

    @property
    def description(self) -> str:
        """Description of what was read, for a file without a row."""
        ...

    def __iter__(self) -> Iterator[ReadRow]:
        """Yield each row."""
        ...


class _PendingRow(NamedTuple):
    """A row that was passed to the issuer and has no outcome yet."""

    line: int
    where: str
    request: IssueRequest
    is_scheduled: bool


class RowImport:
    """The import of one file. Outcomes come in the order of their rows."""

    def __init__(
        self,
        issuer: Issuer,
        file: Path,
        rows: Rows,
        *,
        dry_run: bool = False,
        on_issued: OnIssued = lambda *_: None,
    ) -> None:
        """`on_issued` is called for each row that is issued, or in a dry run would be; not for an unchanged one."""
        self._issuer = issuer
        self._file = file
        self._rows = rows
        self._on_issued = on_issued
        self._report = ImportReport(str(file), dry_run=dry_run, notes=rows.notes)
        self._pending: deque[_PendingRow] = deque()
        self._earlier = EarlierRows()
        self._replacements = Replacements()
        self._stored_batches: dict[int, int] = {}
        self.problems: dict[int, list[Problem]] = {}
        """The problems of each row that was not taken in, by the line at which it ends."""

    @property
    def stored(self) -> int:
        """Number of rows that this import has stored as credentials, also where it was interrupted."""
        return sum(self._stored_batches.values())

    def run(self, advance: Callable[[], None] = lambda: None) -> ImportReport:
        """Issue the good rows, or check them in a dry run. Call `advance` after each row."""
        requests = self._read_requests(advance)
        if self._report.dry_run:
            outcomes = self._issuer.check_all(requests)
        else:
            outcomes = self._issuer.issue_all(requests, add_rows=self._count_stored)
        with closing(outcomes):  # waits for the rows that are just being stored
            for outcome in outcomes:
                advance()
                self._add_outcome(outcome)
        return self._complete_report()

    def _read_requests(self, advance: Callable[[], None]) -> Iterator[IssueRequest]:
        """Yield the rows to issue; keep the problems of the others."""
        for row in self._rows:
            if isinstance(row.result, tuple):
                self.problems[row.line] = list(row.result)
                advance()
            else:
                where = row.where
                self._earlier.add(where, row.result)
                self._pending.append(_PendingRow(row.line, where, row.result, row.day is not None))
                yield row.result

    def _add_outcome(self, outcome: Outcome) -> None:
        """Count the outcome of the next row."""
        row = self._pending.popleft()
        outcome = self._earlier.explain(row.where, row.request, outcome)
        if isinstance(outcome, NotIssued):
            value = outcome.record[:_MAX_VALUE] if outcome.field == "record" else ""
            detail = f"{outcome.code}: {outcome.explanation}"
            self.problems[row.line] = [Problem(row.where, outcome.field, value, detail)]
        elif row.is_scheduled:
            self._report.held += 1
        elif outcome.unchanged:
            self._report.unchanged += 1
        else:
            self._report.issued += 1
            self._replacements.add(row.where, outcome)
            self._on_issued(row.request, outcome)

    def _complete_report(self) -> ImportReport:
        report = self._report
        report.notes += self._earlier.notes() + self._replacements.notes()
        report.refused = len(self.problems)
        report.problems = [problem for line in sorted(self.problems) for problem in self.problems[line]]
        if not self._rows.count:
            report.notes.append(no_rows(self._file, self._rows.description))
        return report

    def _count_stored(self, transaction: Transaction, first: int, outcomes: Sequence[Outcome]) -> None:
        """Count the batch that begins with request number `first` when its transaction is stored."""
        issued = sum(isinstance(outcome, Issued) and not outcome.unchanged for outcome in outcomes)
        transaction.add(_StoredBatch(self._stored_batches, first, issued))


class _StoredBatch(NamedTuple):
    """The number of rows of a batch that are stored. A batch that is stored again replaces its number."""

    batches: dict[int, int]
    first: int
    issued: int

    def write(self, cursor: Cursor[DictRow]) -> None:
        """Note the number; nothing is written to the database."""
        del cursor
        self.batches[self.first] = self.issued
