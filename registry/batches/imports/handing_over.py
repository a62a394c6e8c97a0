"""Making the batch of an import's rows that are right. A second person releases it, whatever its size."""

from collections.abc import Callable, Iterator
from datetime import date, datetime
from time import monotonic, sleep
from typing import Final, NamedTuple

from psycopg import Connection
from psycopg.rows import DictRow

from registry.application.records import find_credentials
from registry.application.registry import Registry
from registry.application.requests import IssueRequest
from registry.batches.batch import DOCUMENTS, Batch, Media, ReadingOptions, UnknownBatch, WrongState
from registry.batches.imports.content import ChangedMeanwhile, ReadyRows
from registry.batches.imports.import_store import ChangedImport, ImportStore
from registry.batches.imports.import_view import Correction, HandOver, ImportView
from registry.batches.imports.rows import CellChecker, open_rows
from registry.intake.rows.report import Catalogue
from registry.vault.encrypted_stream import CHUNK_BYTES

NDJSON: Media = "application/x-ndjson"
_PAUSE_SECONDS: Final = 0.2
"""Between two looks at whether a form that was sent twice has made its batch."""


class HandOverForm(NamedTuple):
    """The wishes of the clerk who hands an import over."""

    version: int
    """The version of the import that the clerk saw."""
    publish_at: datetime | None
    """Not before this moment; None for as soon as it is released."""
    leave_rest: bool
    """True if the rows that are not right are left out for good."""


class HandingOver:
    """Hands over imports of one node."""

    def __init__(self, imports: ImportStore, catalogue: Catalogue, registry: Registry) -> None:
        self._imports = imports
        self._catalogue = catalogue
        self._registry = registry

    def hand_over(
        self,
        identifier: str,
        form: HandOverForm,
        by: str,
        key: str,
        also: Callable[[Connection[DictRow]], None] = lambda _: None,
    ) -> HandOver:
        """Make the batch, and return how it was made. `key` lets one form act once.

        `also` writes more in the transaction in which the batch begins to wait.

        Raises `UnknownBatch`; `WrongState` where nothing is ready; `ChangedImport`, `ChangedMeanwhile` where what the
        clerk saw is no longer so; `IntakeError`, `DamagedBatchFile` where the content cannot be read.
        """
        request = f"hand-over {identifier} {key}"
        if (before := self._imports.find_made_by(by, request)) is not None:
            return before
        view = self._imports.get(identifier)
        if view.version != form.version:
            raise ChangedImport("The import was changed since this page was made.")
        if not view.is_checked or view.is_closed or not view.ready:
            raise WrongState("No row of this import is ready to be handed over.")
        corrections = self._choose_corrections(view)
        write: Callable[[], Iterator[bytes]]
        rows: ReadyRows | None = None
        if is_in_rows(view.batch):
            rows = self._open_ready_rows(view, corrections)
            write = rows.__iter__
        else:
            write = self._copy_content(view.batch).__iter__

        def describe(batch: Batch) -> HandOver:
            return HandOver(
                batch, identifier, not view.has_first, view.ready if rows is None else rows.count,
                0 if rows is None else rows.learners, [] if rows is None else rows.awards, None, None,
            )  # fmt: skip

        def store(connection: Connection[DictRow], batch: Batch) -> None:
            lines = sorted(corrections)
            self._imports.add_hand_over(connection, describe(batch), form.version, lines, closes=form.leave_rest)
            also(connection)

        batch = self._make_batch(view.batch, write, form.publish_at, by, request, store)
        if batch is None:
            return self._find_made(by, request)
        return describe(batch)

    def wait_for_twin(self, identifier: str, by: str, key: str, seconds: float) -> bool:
        """Return True once the same form, which was sent twice at once, has made its batch; False if it does not."""
        request, end = f"hand-over {identifier} {key}", monotonic() + seconds
        while self._imports.find_made_by(by, request) is None:
            try:
                twin = self._imports.batch_store.find_of_request(by, request)
            except UnknownBatch:
                return False
            if twin.state == "incomplete" or monotonic() > end:
                return False
            sleep(_PAUSE_SECONDS)
        return True

    def _find_made(self, by: str, request: str) -> HandOver:
        """Return what the same form made, which was sent twice at once. Raises `WrongState`."""
        if (earlier := self._imports.find_made_by(by, request)) is None:
            raise WrongState("A batch was made from this form, but not for this import. Open the page again.")
        return earlier

    def _choose_corrections(self, view: ImportView) -> dict[int, Correction]:
        """Return the corrected rows that are ready and wait for no release yet."""
        in_force = {each.batch.batch for each in view.hand_overs if each.is_in_force}
        corrections = self._imports.list_corrections(view.batch.batch)
        return {
            line: each for line, each in corrections.items() if each.state == "ready" and each.batch not in in_force
        }

    def _open_ready_rows(self, view: ImportView, corrections: dict[int, Correction]) -> ReadyRows:
        content = self._imports.batch_store.get_content(view.batch.batch)
        checker = CellChecker(content, view.batch, self._catalogue)
        corrected = {line: _check(checker, each) for line, each in corrections.items()}
        return ReadyRows(
            open_rows(content, view.batch, self._catalogue),
            corrected,
            self._imports.list_faulty_lines(view.batch.batch),
            lambda records: find_credentials(self._registry, records),
            is_first=not view.has_first,
        )

    def _copy_content(self, batch: Batch) -> Iterator[bytes]:
        with self._imports.batch_store.get_content(batch.batch).open("rb") as file:
            yield from iter(lambda: file.read(CHUNK_BYTES), b"")

    def _make_batch(
        self,
        batch: Batch,
        write: Callable[[], Iterator[bytes]],
        publish_at: datetime | None,
        by: str,
        request: str,
        store: Callable[[Connection[DictRow], Batch], None],
    ) -> Batch | None:
        """Write a batch that waits for a second person; None where the same request has made it meanwhile.

        `store` is called in the transaction in which it begins to wait: it waits with its hand-over, or not at all.
        What is read is checked already, so its texts are right.
        """
        batch_store = self._imports.batch_store
        in_rows = is_in_rows(batch)
        media = NDJSON if in_rows else batch.media
        reading = ReadingOptions(None, keep_text=True) if in_rows else ReadingOptions(batch.dates, batch.keep_text)
        incoming = batch_store.begin(batch.name, batch.kind, media, by, request, False, None, reading)  # noqa: FBT003 - as there
        if incoming.file is None:
            return None
        try:
            for piece in write():
                incoming.file.write(piece)
            _check_size(incoming.file.size)
            received = batch_store.get(incoming.batch)
            return batch_store.complete(
                incoming.batch, incoming.file, publish_at, awaits_release=True,
                also=lambda connection: store(connection, received),
            )  # fmt: skip
        except BaseException:  # it is raised again
            batch_store.break_off(incoming.batch, incoming.file)
            raise


def _check(checker: CellChecker, correction: Correction) -> tuple[IssueRequest, date | None]:
    checked = checker.check(correction.line, correction.cells, keep_text=correction.keep_text)
    if isinstance(checked.result, tuple):
        raise ChangedMeanwhile(correction.line, "; ".join(problem.detail for problem in checked.result))
    return checked.result, checked.day


def is_in_rows(batch: Batch) -> bool:
    """Return True if an import's rows can be corrected one by one."""
    return batch.kind == "credentials" and batch.media not in DOCUMENTS


def _check_size(size: int) -> None:
    if not size:
        raise WrongState("No row of this import is ready: all of them were issued meanwhile.")
