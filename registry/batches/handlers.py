"""The handlers of batches, one for each kind of content. A step and the batch's progress are one transaction."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from itertools import islice
from typing import Final, Literal

import msgspec

from registry.application.issuing import Issuer, Trial
from registry.application.registry import Registry
from registry.application.requests import IssueRequest, Outcome
from registry.batches.award_outcomes import award_progress
from registry.batches.batch import DOCUMENTS, TABLES, Batch
from registry.batches.progress import Progress
from registry.batches.row_changer import RowChanger, problem_of
from registry.batches.row_outcomes import RowOutcomes, ScheduledRows
from registry.batches.row_problem import RowProblem, lost_row_problem
from registry.batches.status_rows import StatusRow, StatusRows
from registry.batches.store import BatchStore
from registry.domain.errors import InvalidEvent, Refusal
from registry.intake.formats.documents import MAX_BYTES, read_document
from registry.intake.formats.other_issuer import oddity_notes, other_issuer_notes
from registry.intake.importing import Importer
from registry.intake.reconciliation import COLUMNS, NEEDED, AwardLookup, Difference, Reconciliation
from registry.intake.rows.ndjson_rows import NdjsonRows
from registry.intake.rows.plain_rows import PlainRows
from registry.intake.rows.report import Catalogue, IntakeError, no_rows
from registry.intake.rows.table_rows import TableRows
from registry.wire.governance import MemberRevised

_STEP_ROWS: Final = 1000
"""Rows that are checked, or compared, between two writes of a batch's progress."""
_MAX_NAMED_UNMAPPED: Final = 100
"""Unmapped fields of a document that notes name; the others are counted."""
CheckAll = Callable[[Iterable[IssueRequest]], Iterator[Outcome]]
"""Yields the outcome that each request would have."""


class Handler:
    """Takes in the content of batches. A handler may be called again with a batch that was interrupted."""

    def __init__(
        self,
        registry: Registry,
        issuer: Issuer,
        batch_store: BatchStore,
        catalogue: Catalogue,
        on_log: AwardLookup | None,
        own: Callable[[], MemberRevised | None],
    ) -> None:
        """`on_log` looks up published awards; `own` returns governance's data about this university."""
        self._registry = registry
        self._issuer = issuer
        self._batch_store = batch_store
        self._queue = batch_store.queue
        self._catalogue = catalogue
        self._on_log = on_log
        self._own = own

    # Credentials in rows

    def issue_rows(self, batch: Batch) -> None:
        """Issue the rows of a batch, or check them in a dry run; look ahead at its scheduled rows."""
        rows = self._open_rows(batch)
        self._queue.replace_notes(batch.batch, rows.notes)
        stored_notes = len(rows.notes)
        due = self._queue.list_scheduled_lines(batch.batch, due=True)
        outcomes = RowOutcomes(self._registry.vault, batch, rows, due)
        if batch.dry_run:
            trial = self._issuer.trial()
            self._check_rows(outcomes, trial)
            rows.notes += self._look_ahead(batch, outcomes.would_schedule, trial.check_all)
        else:
            for _ in self._issuer.issue_all(outcomes.read_requests(), add_rows=outcomes.add_progress):
                pass
            self._registry.store_rows(outcomes.build_last_progress())
            if not outcomes.has_due_rows:
                scheduled = self._queue.list_scheduled_lines(batch.batch, due=False)
                rows.notes += self._look_ahead(batch, scheduled, self._issuer.check_all)
        rows.notes += outcomes.list_notes()
        if len(rows.notes) > stored_notes:
            self._queue.replace_notes(batch.batch, rows.notes)
        if not rows.count:
            raise IntakeError(no_rows(self._batch_store.get_content(batch.batch), rows.description))

    def _open_rows(self, batch: Batch) -> TableRows | NdjsonRows:
        content = self._batch_store.get_content(batch.batch)
        if batch.media in TABLES:
            return TableRows(content, self._catalogue, schedules=True, dates=batch.dates, keep_text=batch.keep_text)
        is_mapped = batch.dry_run and self._queue.is_mapped(batch.batch)
        return NdjsonRows(
            content, self._catalogue, schedules=True, dates=batch.dates, keep_text=batch.keep_text, is_mapped=is_mapped
        )

    def _check_rows(self, outcomes: RowOutcomes, trial: Trial) -> None:
        """Count what would be issued. Only the counts and the problems are stored."""
        first = 0
        checked = trial.check_all(outcomes.read_requests())
        while some := list(islice(checked, _STEP_ROWS)):
            self._registry.store_rows(outcomes.build_progress(first, some))
            first += len(some)
        self._registry.store_rows(outcomes.build_last_progress())

    def _look_ahead(self, batch: Batch, lines: Iterator[int], check_all: CheckAll) -> list[str]:
        """Refuse the scheduled rows whose refusal is final now, before their day; return notes on other refusals.

        `lines` are those of the scheduled rows.
        """
        scheduled = ScheduledRows(self._registry.vault, batch, self._open_rows(batch), lines)
        outcomes = check_all(scheduled.read_requests())
        while some := list(islice(outcomes, _STEP_ROWS)):
            if (refused := scheduled.refuse(some)) is not None:
                self._registry.store_rows(refused)
        return scheduled.list_notes()

    # Status changes

    def change_statuses(self, batch: Batch) -> None:
        """Make the status changes of a batch."""
        rows = StatusRows(self._batch_store.get_content(batch.batch), batch.media)
        with RowChanger(self._registry, self._issuer) as changer:
            for row in rows:
                line = row.line if isinstance(row, StatusRow) else row[0].line
                if line <= batch.done_lines:
                    if isinstance(row, StatusRow):
                        changer.skip(row)
                elif isinstance(row, StatusRow):
                    self._change_row(changer, batch, row)
                else:
                    self._registry.store_rows(
                        Progress(self._registry.vault, batch.batch, line, problems=row, refused=1)
                    )
        self._queue.replace_notes(batch.batch, rows.notes)

    def _change_row(self, changer: RowChanger, batch: Batch, row: StatusRow) -> None:
        """Make a row's change, or check it, and store the progress."""
        step = partial(Progress, self._registry.vault, batch.batch, row.line)

        try:
            if batch.dry_run:
                is_new = changer.check(row) == "changes"
                self._registry.store_rows(step(issued=1) if is_new else step(unchanged=1))
            else:
                with self._registry.transaction() as transaction:
                    effect = changer.make(row, transaction)
                    transaction.add(step(issued=int(effect.is_new), unchanged=int(not effect.is_new), effects=[effect]))
                    transaction.commit()
        except (Refusal, InvalidEvent) as refusal:
            self._registry.store_rows(step(problems=[problem_of(row, refusal)]))

    # Credentials in documents

    def import_document(self, batch: Batch) -> None:
        """Import a document award by award."""
        with self._batch_store.get_content(batch.batch).open("rb") as file:
            document = read_document(file.read(MAX_BYTES + 1), batch.name or "The body")
        issuers = other_issuer_notes(document, self._registry.member, self._own())
        unmapped = document.list_unmapped().up_to(_MAX_NAMED_UNMAPPED).notes
        notes = [*issuers, *document.notes, *oddity_notes(document), *unmapped]
        self._queue.replace_notes(batch.batch, notes)
        doubts: list[str] = []
        importer = Importer(self._registry, self._issuer, self._catalogue, schedules=True)
        due = set(self._queue.list_scheduled_lines(batch.batch, due=True))
        for award in document.awards:
            if award.number > batch.done_lines or award.number in due:
                on_its_day = award.number in due
                rows_of = partial(award_progress, self._registry.vault, batch, award, on_its_day=on_its_day)
                result = importer.take_award(
                    document, award, {}, dry_run=batch.dry_run, rows_of=rows_of, on_its_day=on_its_day
                )
                doubts += [f"{award.path}: {note}" for note in result.notes]
        if doubts:
            self._queue.replace_notes(batch.batch, [*doubts, *notes])
        if lost := sorted(number for number in due if number > len(document.awards)):
            problems = [lost_row_problem(number, f"award {number}") for number in lost]
            self._registry.store_rows(
                Progress(self._registry.vault, batch.batch, 0, problems=problems, unscheduled=lost)
            )

    # Reconciliation

    def reconcile(self, batch: Batch) -> None:
        """List as problems where rows and log disagree. A batch that was interrupted begins again."""
        if self._on_log is None or batch.awarded_from is None or batch.awarded_until is None:
            raise IntakeError("this node has no views to reconcile with, or the batch no term")
        form: Literal["table", "ndjson"] = "table" if batch.media in TABLES else "ndjson"
        rows = PlainRows(self._batch_store.get_content(batch.batch), form, COLUMNS, NEEDED)
        self._queue.restart(batch.batch)
        self._queue.replace_notes(batch.batch, [])
        with Reconciliation(
            self._registry, self._on_log, self._catalogue, batch.awarded_from, batch.awarded_until
        ) as reconciliation:
            line, agreeing, differing, first, problems = 0, 0, 0, 1, list[RowProblem]()

            def store_step() -> None:
                self._registry.store_rows(
                    Progress(
                        self._registry.vault,
                        batch.batch,
                        line,
                        unchanged=agreeing,
                        problems=problems,
                        refused=differing,
                        first=first,
                    ),
                )

            for judged in reconciliation.run(rows, dates=batch.dates):
                line = judged.line or line
                problems += map(_difference_problem, judged.differences)
                agreeing += not judged.differences
                differing += bool(judged.differences)
                if agreeing + differing >= _STEP_ROWS:
                    store_step()
                    agreeing, differing, first, problems = 0, 0, first + len(problems), []
            store_step()
            counts = reconciliation.counts
        note = ", ".join(f"{name} {count}" for name, count in msgspec.to_builtins(counts).items())
        self._queue.replace_notes(batch.batch, [*rows.notes, note])


def _difference_problem(difference: Difference) -> RowProblem:
    where = f"line {difference.line}" if difference.line else f"credential {difference.credential}"
    detail = f"{difference.detail} (here {difference.here})" if difference.here else difference.detail
    return RowProblem(difference.line, where, difference.field, difference.there, difference.kind, detail)


Handle = Callable[[Handler, Batch], None]
_HANDLERS: Final[Mapping[str, Handle]] = {
    "rows": Handler.issue_rows,
    "document": Handler.import_document,
    "statusChanges": Handler.change_statuses,
    "reconciliation": Handler.reconcile,
}


def handler_of(batch: Batch) -> Handle:
    """Return the handler of a batch's kind; of credentials, of the form in which they come."""
    if batch.kind != "credentials":
        return _HANDLERS[batch.kind]
    return _HANDLERS["document" if batch.media in DOCUMENTS else "rows"]
