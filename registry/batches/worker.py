"""The worker of a node: works through its batches one after another."""

import threading
import traceback
from collections.abc import Callable
from functools import partial
from pathlib import Path

import psycopg
import structlog
from structlog.contextvars import bound_contextvars

from registry.application.issuing import Issuer
from registry.application.registry import Registry
from registry.batches.batch import UnknownBatch
from registry.batches.batch_file import DamagedBatchFile
from registry.batches.handlers import Handler, handler_of
from registry.batches.store import BatchStore
from registry.intake.reconciliation import AwardLookup
from registry.intake.rows.report import FAULTS, Catalogue, IntakeError
from registry.wire.governance import MemberRevised

_log = structlog.get_logger(__name__)


class Worker:
    """Works through a node's batches. One at a time for a node: any other waits."""

    def __init__(
        self,
        registry: Registry,
        issuer: Issuer,
        batch_store: BatchStore,
        catalogue: Catalogue,
        on_log: AwardLookup | None = None,
        own: Callable[[], MemberRevised | None] = lambda: None,
    ) -> None:
        """`on_log` looks up published awards; without it nothing can be reconciled.

        `own` returns governance's data about this university, for each document again; None where it is not known.
        """
        self._registry = registry
        self._batch_store = batch_store
        self._handler = Handler(registry, issuer, batch_store, catalogue, on_log, own)

    def run(self, stop: threading.Event, poll: float = 1.0) -> None:
        """Work until `stop` is set. Ends between two batches, or where its process is killed."""
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
        """Count the lines of a spreadsheet and work through the next due batch. Return whether there was either."""
        queue = self._batch_store.queue
        uncounted = queue.find_uncounted()
        if uncounted is not None:
            self._attempt(uncounted, partial(self._count_lines, uncounted))
        batch = queue.take_up()
        if batch is None:
            return uncounted is not None
        with bound_contextvars(batch=batch.batch):  # in each line that this batch causes
            _log.info("batches.begun", line=batch.done_lines)
            if self._attempt(batch.batch, partial(handler_of(batch), self._handler, batch)):
                state = queue.finish(batch.batch)
                _log.info("batches.done", state=state)
        return True

    def _count_lines(self, batch: str) -> None:
        self._batch_store.queue.count_lines(batch, self._batch_store.get_content(batch))

    def _attempt(self, batch: str, act: Callable[[], None]) -> bool:
        """Act on a batch, and return whether that succeeded; an error in its content fails this batch alone."""
        try:
            act()
        except UnknownBatch:
            _log.warning("batches.deleted_meanwhile", batch=batch)
        except (IntakeError, DamagedBatchFile) as error:
            self._batch_store.queue.finish(batch, str(error))
            _log.warning("batches.failed", batch=batch)
        except FAULTS as error:
            self._batch_store.queue.finish(batch, f"internal error ({type(error).__name__}); see the node's log")
            # Not the error's text, which may quote a row.
            frames = traceback.extract_tb(error.__traceback__)
            at = [f"{Path(frame.filename).name}:{frame.lineno}" for frame in frames]
            _log.error("batches.met_a_fault", batch=batch, fault=type(error).__name__, at=at)
        else:
            return True
        return False
