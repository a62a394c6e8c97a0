"""Works through batches, one after another: rows in, outcomes counted with what they issued in one transaction."""

import threading
import traceback
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Final, Literal

import msgspec
import psycopg
import structlog

from registry.application.issuing import Issuer, Trial
from registry.application.registry import Registry
from registry.application.requests import IssueRequest, Outcome
from registry.application.status_changes import Judgement
from registry.batches.batch import DOCUMENTS, TABLES, Batch, UnknownBatch
from registry.batches.batch_file import DamagedBatchFile
from registry.batches.progress import Progress, ScheduledRow
from registry.batches.row_changer import RowChanger, problem_of
from registry.batches.row_outcomes import RowOutcomes, ScheduledRows
from registry.batches.row_problem import RowProblem, lost_row_problem
from registry.batches.status_rows import StatusRow, StatusRows
from registry.batches.store import BatchStore
from registry.domain.errors import InvalidEvent, Refusal
from registry.intake.formats.document import Award
from registry.intake.formats.documents import MAX_BYTES, read_document
from registry.intake.formats.other_issuer import oddity_notes, other_issuer_notes
from registry.intake.importing import Importer, Taken
from registry.intake.reconciling import COLUMNS, NEEDED, OnLog, Reconciling
from registry.intake.rows.ndjson_rows import NdjsonRows
from registry.intake.rows.plain_rows import PlainRows
from registry.intake.rows.report import FAULTS, Catalogue, IntakeError, no_rows
from registry.intake.rows.table_rows import TableRows
from registry.vault.vault import Vault
from registry.wire.governance import MemberRevised

_log = structlog.get_logger(__name__)
_CHECKED: Final = 1000
_UNMAPPED_NAMED: Final = 100
"""Fields of a document without a place here that notes name; the others are counted."""
CheckAll = Callable[[Iterable[IssueRequest]], Iterator[Outcome]]
"""What would become of requests, one after another."""


class Worker:
    """One at a time for a node: others that are started by mistake wait."""

    def __init__(
        self,
        registry: Registry,
        issuer: Issuer,
        batch_store: BatchStore,
        catalogue: Catalogue,
        on_log: OnLog | None = None,
        own: Callable[[], MemberRevised | None] = lambda: None,
    ) -> None:
        """`on_log` is what the views know; without it nothing can be reconciled.

        `own` is what governance says of this university, asked anew for each document; None where it is not known.
        """
        self._own = own
        self._registry = registry
        self._issuer = issuer
        self._batch_store = batch_store
        self._catalogue = catalogue
        self._on_log = on_log

    def run(self, stop: threading.Event, poll: float = 1.0) -> None:
        """Work until told to stop. Ends between two batches, or where its process is killed."""
        with psycopg.connect(self._registry.dsn, autocommit=True) as connection:
            while not stop.is_set():
                if connection.execute("SELECT pg_try_advisory_lock(hashtext('registry.batches'))").fetchone() == (
                    True,
                ):
                    break
                stop.wait(poll)
            connection.execute("LISTEN intake_batches")
            while not stop.is_set():
                if not self.step():
                    for _ in connection.notifies(timeout=poll, stop_after=1):
                        pass

    def step(self) -> bool:
        """Count the lines of a spreadsheet and work through the next batch that is due; whether there was either."""
        uncounted = self._batch_store.queue.find_uncounted()
        if uncounted is not None:
            self._attempt(uncounted, partial(self._count_lines, uncounted))
        batch = self._batch_store.queue.take_up()
        if batch is None:
            return uncounted is not None
        _log.info("batches.begun", batch=batch.batch, line=batch.done_lines)
        if self._attempt(batch.batch, partial(self._work_through, batch)):
            state = self._batch_store.queue.finish(batch.batch)
            _log.info("batches.done", batch=batch.batch, state=state)
        return True

    def _attempt(self, batch: str, act: Callable[[], None]) -> bool:
        """Act on a batch, and return whether that went well; what its content comes to fails this batch alone."""
        try:
            act()
        except UnknownBatch:
            _log.warning("batches.deleted_meanwhile", batch=batch)
        except (IntakeError, DamagedBatchFile) as error:
            self._batch_store.queue.finish(batch, str(error))
            _log.warning("batches.failed", batch=batch)
        except FAULTS as error:
            self._batch_store.queue.finish(
                batch, f"a fault of this software met it ({type(error).__name__}); the node's log has it"
            )
            # What it says itself may quote a row.
            at = [f"{Path(one.filename).name}:{one.lineno}" for one in traceback.extract_tb(error.__traceback__)]
            _log.error("batches.met_a_fault", batch=batch, fault=type(error).__name__, at=at)
        else:
            return True
        return False

    def _count_lines(self, batch: str) -> None:
        self._batch_store.queue.count_lines(batch, self._batch_store.get_content(batch))

    def _work_through(self, batch: Batch) -> None:
        if batch.kind == "statusChanges":
            self._change(batch)
        elif batch.kind == "reconciliation":
            self._reconcile(batch)
        elif batch.media in DOCUMENTS:
            self._document(batch)
        else:
            self._issue(batch)

    def _rows(self, batch: Batch) -> TableRows | NdjsonRows:
        content = self._batch_store.get_content(batch.batch)
        kind = TableRows if batch.media in TABLES else NdjsonRows
        return kind(content, self._catalogue, schedules=True, dates=batch.dates, keep_text=batch.keep_text)

    def _issue(self, batch: Batch) -> None:
        rows = self._rows(batch)
        self._batch_store.queue.replace_notes(batch.batch, rows.notes)
        told = len(rows.notes)
        tally = RowOutcomes(
            self._registry.vault, batch, rows, self._batch_store.queue.list_scheduled_lines(batch.batch, due=True)
        )
        if batch.dry_run:
            trial = self._issuer.trial()
            self._check(tally, trial)
            rows.notes += self._look_ahead(batch, tally.would_schedule, trial.check_all)
        else:
            for _ in self._issuer.issue_all(tally.read_requests(), add_rows=tally.add_progress):
                pass
            self._registry.store_rows(tally.rest())
            if not tally.has_due_rows:
                held = self._batch_store.queue.list_scheduled_lines(batch.batch, due=False)
                rows.notes += self._look_ahead(batch, held, self._issuer.check_all)
        rows.notes += tally.notes()
        if len(rows.notes) > told:
            self._batch_store.queue.replace_notes(batch.batch, rows.notes)
        if not rows.count:
            raise IntakeError(no_rows(self._batch_store.get_content(batch.batch), rows.description))

    def _look_ahead(self, batch: Batch, held: Iterator[int], check_all: CheckAll) -> list[str]:
        """What would be refused for good of the rows that are held is told now; what may be on their day is noted.

        `held` are their lines.
        """
        waiting = ScheduledRows(self._registry.vault, batch, self._rows(batch), held)
        outcomes = check_all(waiting.read_requests())
        while some := list(islice(outcomes, _CHECKED)):
            if (refused := waiting.refuse(some)) is not None:
                self._registry.store_rows(refused)
        return waiting.notes()

    def _check(self, tally: RowOutcomes, trial: Trial) -> None:
        """Count what would be issued; nothing is stored but the counts, and what is wrong."""
        first = 0
        outcomes = trial.check_all(tally.read_requests())
        while some := list(islice(outcomes, _CHECKED)):
            self._registry.store_rows(tally.progress(first, some))
            first += len(some)
        self._registry.store_rows(tally.rest())

    def _change(self, batch: Batch) -> None:
        """Status changes, each in a transaction with the batch's progress."""
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
        self._batch_store.queue.replace_notes(batch.batch, rows.notes)

    def _change_row(self, changer: RowChanger, batch: Batch, row: StatusRow) -> None:
        """Make a row's change, or check it, and store the progress that it comes to."""
        step = partial(Progress, self._registry.vault, batch.batch, row.line)

        def counted(judgement: Judgement) -> Progress:
            return step(issued=1) if judgement == "changes" else step(unchanged=1)

        try:
            if batch.dry_run:
                self._registry.store_rows(counted(changer.check(row)))
            else:
                with self._registry.transaction() as transaction:
                    transaction.add(counted(changer.make(row, transaction)))
                    transaction.commit()
        except (Refusal, InvalidEvent) as refusal:
            self._registry.store_rows(step(problems=[problem_of(row, refusal)]))

    def _document(self, batch: Batch) -> None:
        """A document's awards, each in a transaction with the batch's progress."""
        with self._batch_store.get_content(batch.batch).open("rb") as file:
            document = read_document(file.read(MAX_BYTES + 1), batch.name or "The body")
        issuers = other_issuer_notes(document, self._registry.member, self._own())
        unused = document.unmapped().up_to(_UNMAPPED_NAMED).notes
        notes = [*issuers, *document.notes, *oddity_notes(document), *unused]
        self._batch_store.queue.replace_notes(batch.batch, notes)
        doubts: list[str] = []
        importer = Importer(self._registry, self._issuer, self._catalogue, schedules=True)
        due = set(self._batch_store.queue.list_scheduled_lines(batch.batch, due=True))
        for award in document.awards:
            if award.number > batch.done_lines or award.number in due:
                on_its_day = award.number in due
                rows_of = partial(_taken, self._registry.vault, batch, award, on_its_day=on_its_day)
                taken = importer.take_award(
                    document, award, {}, dry_run=batch.dry_run, rows_of=rows_of, on_its_day=on_its_day
                )
                doubts += [f"{award.path}: {note}" for note in taken.notes]
        if doubts:
            self._batch_store.queue.replace_notes(batch.batch, [*doubts, *notes])
        if lost := sorted(one for one in due if one > len(document.awards)):
            told = [lost_row_problem(one, f"award {one}") for one in lost]
            self._registry.store_rows(Progress(self._registry.vault, batch.batch, 0, problems=told, unscheduled=lost))

    def _reconcile(self, batch: Batch) -> None:
        """What rows and log do not agree in, as problems. A batch that was broken off begins anew."""
        if self._on_log is None or batch.awarded_from is None or batch.awarded_until is None:
            raise IntakeError("this node has no views to reconcile with, or the batch no term")
        form: Literal["table", "ndjson"] = "table" if batch.media in TABLES else "ndjson"
        rows = PlainRows(self._batch_store.get_content(batch.batch), form, COLUMNS, NEEDED)
        self._batch_store.queue.restart(batch.batch)
        self._batch_store.queue.replace_notes(batch.batch, [])
        with Reconciling(
            self._registry, self._on_log, self._catalogue, batch.awarded_from, batch.awarded_until
        ) as reconciling:
            line, agreeing, differing, first, problems = 0, 0, 0, 1, list[RowProblem]()

            def write() -> None:
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

            for judged in reconciling.run(rows, dates=batch.dates):
                line = judged.line or line
                problems += [
                    RowProblem(
                        one.line,
                        f"line {one.line}" if one.line else f"credential {one.credential}",
                        one.field,
                        one.there,
                        one.kind,
                        f"{one.detail} (here {one.here})" if one.here else one.detail,
                    )
                    for one in judged.differences
                ]
                agreeing += not judged.differences
                differing += bool(judged.differences)
                if agreeing + differing >= _CHECKED:
                    write()
                    agreeing, differing, first, problems = 0, 0, first + len(problems), []
            write()
            counts = reconciling.counts
        note = ", ".join(f"{name} {count}" for name, count in msgspec.to_builtins(counts).items())
        self._batch_store.queue.replace_notes(batch.batch, [*rows.notes, note])


def _taken(vault: Vault, batch: Batch, award: Award, taken: Taken, *, on_its_day: bool) -> Progress:
    """The progress that an award of a document comes to."""
    where = award.path
    if taken.held_until is not None and not on_its_day:
        scheduled = [ScheduledRow(award.number, taken.held_until)]
        return Progress(vault, batch.batch, award.number, scheduled=scheduled, dry_run=batch.dry_run)
    problems = [RowProblem(award.number, where, one.field, one.value, "", one.detail) for one in taken.problems]
    if taken.missing:
        how = taken.how
        if taken.waiting:  # a dry run makes no draft
            how = f"it is draft {taken.draft}, and its credential waits" if taken.draft else "its credential would wait"
        problems += [
            RowProblem(award.number, where, path, "", "missing", f"the document does not say; {how}")
            for path in taken.missing
        ]
    elif taken.waiting and not problems:
        how = f"{taken.how}; draft {taken.draft}" if taken.draft else f"{taken.how}; its credential would wait"
        problems.append(RowProblem(award.number, where, "", "", "draft", how))
    issued = not problems
    return Progress(
        vault,
        batch.batch,
        award.number,
        issued=int(issued and not taken.unchanged),
        unchanged=int(issued and taken.unchanged),
        problems=problems,
        refused=int(not issued),
        unscheduled=[award.number] if on_its_day else [],
    )
