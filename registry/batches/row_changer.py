"""Status changes of a file: previewed together, and made row by row, for a batch and for a command.

A file changes each credential once. So a second run of the file changes nothing, unless the credentials were changed
meanwhile.
"""

from collections.abc import Iterable
from typing import Final, Self

import msgspec
import psycopg

from registry.application.issuing import Issuer
from registry.application.registry import Registry
from registry.application.status_changes import Judgement, StatusChanger
from registry.application.transaction import Transaction
from registry.batches.row_effects import RowEffect
from registry.batches.row_problem import RowProblem
from registry.batches.status_rows import StatusRow
from registry.domain.errors import InvalidEvent, Refusal

_MAX_LISTED: Final = 10_000
"""Problems that a preview lists: memory does not grow with the file."""


class NamedBefore(Refusal):
    """A row that names the credential of an earlier row of its file."""

    code = "named-before"


class ChangeCount(msgspec.Struct, frozen=True):
    """Number of credentials with one kind of change, for one reason."""

    change: str
    reason: str
    """Empty where they are reinstated."""
    credentials: int


class ChangePreview(msgspec.Struct):
    """Preview of a file of status changes."""

    changes: list[ChangeCount] = []
    unchanged: int = 0
    """Rows whose change was made before."""
    refused: int = 0
    """Rows that would change nothing."""
    problems: list[RowProblem] = []
    """The first 10,000 problems of these rows."""
    unlisted: int = 0
    """Number of further problems."""

    @property
    def total(self) -> int:
        """Number of changes that would be made."""
        return sum(change.credentials for change in self.changes)

    def refuse(self, problems: list[RowProblem]) -> None:
        """Count a row that would change nothing, with all that is wrong with it."""
        self.refused += 1
        listed = problems[: max(0, _MAX_LISTED - len(self.problems))]
        self.problems += listed
        self.unlisted += len(problems) - len(listed)


class RowChanger:
    """Judges and makes the changes of one file. For one thread. A context: it holds a connection.

    Which credentials the file names is kept in a temporary table, so that memory does not grow with the file.
    """

    def __init__(self, registry: Registry, issuer: Issuer) -> None:
        self._registry = registry
        self._changer = StatusChanger(registry, issuer)

    def __enter__(self) -> Self:
        self._connection = psycopg.connect(self._registry.dsn, autocommit=True)
        self._connection.execute("CREATE TEMPORARY TABLE named (credential uuid PRIMARY KEY, line bigint NOT NULL)")
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def preview(self, rows: Iterable[StatusRow | list[RowProblem]]) -> ChangePreview:
        """Judge all rows of the file. Nothing is stored."""
        preview = ChangePreview()
        counts: dict[tuple[str, str], int] = {}
        for row in rows:
            if isinstance(row, list):
                preview.refuse(row)
                continue
            try:
                if self.check(row) == "unchanged":
                    preview.unchanged += 1
                else:
                    kind = (row.change.change, row.change.reason)
                    counts[kind] = counts.get(kind, 0) + 1
            except (Refusal, InvalidEvent) as refusal:
                preview.refuse([problem_of(row, refusal)])
        preview.changes = [ChangeCount(*kind, count) for kind, count in sorted(counts.items())]
        return preview

    def check(self, row: StatusRow) -> Judgement:
        """Return what the next row would change; store nothing. Raises `Refusal`, `InvalidEvent`."""
        return self._changer.check(self._find(row), row.change)

    def make(self, row: StatusRow, transaction: Transaction | None = None) -> RowEffect:
        """Make the change of the next row. Nothing is added to the transaction where it was made before.

        Raises `Refusal`, `InvalidEvent`; then nothing is stored.
        """
        credential = self._find(row)
        judgement = self._changer.make(credential, row.change, transaction)
        return RowEffect(row.line, credential, judgement == "changes")

    def attempt(self, row: StatusRow) -> Judgement | RowProblem:
        """Make the change of the next row, or return why it is refused."""
        try:
            return "changes" if self.make(row).is_new else "unchanged"
        except (Refusal, InvalidEvent) as refusal:
            return problem_of(row, refusal)

    def skip(self, row: StatusRow) -> None:
        """Pass over a row that was worked through before: later rows must not name its credential."""
        try:
            self._find(row)
        except Refusal:  # it was reported then
            return

    def _find(self, row: StatusRow) -> str:
        """Return the id of the credential that a row names. Raises `Refusal`, also where an earlier row names it."""
        credential = self._changer.find(row.change)
        earliest = self._connection.execute(
            "INSERT INTO named VALUES (%s, %s) ON CONFLICT (credential) DO UPDATE SET line = named.line RETURNING line",
            (credential, row.line),
        ).fetchone()
        if earliest is not None and earliest[0] < row.line:
            raise NamedBefore(
                f"line {earliest[0]} of this file names credential {credential} already; a file changes each credential"
                " once. Put one of the two changes into a file of its own",
                "record" if row.change.record else "credential",
            )
        return credential


def problem_of(row: StatusRow, refusal: Refusal | InvalidEvent) -> RowProblem:
    """Return a refusal as the problem of a row."""
    detail = refusal.explanation if isinstance(refusal, Refusal) else refusal.detail
    field = refusal.path.rpartition(".")[2]
    return RowProblem(row.line, f"line {row.line}", field, row.change.name, refusal.code, detail)
