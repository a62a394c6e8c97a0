"""Issuing credentials, one or a year of them: in batches (batch_builder.py), each stored in one transaction.

A row of a batch is stored wholly or not at all, wherever the process is killed. The same file imported again issues
what is missing and nothing else.
"""

import gc
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from functools import partial
from itertools import islice
from typing import Final, TypeVar

import structlog

from registry.application.batch_builder import BatchBuilder
from registry.application.carried_rows import CarriedRows
from registry.application.prepared_batch import PreparedBatch
from registry.application.records import find_credentials
from registry.application.registry import Registry
from registry.application.requests import IssueRequest, Outcome
from registry.application.transaction import Transaction
from registry.domain.errors import Duplicate, Refusal
from registry.domain.parts import PartChecker
from registry.rules.achievements import publish
from registry.store.recorder import StaleState
from registry.values.persons import normalise_identifier, number_fault
from registry.vault.vault import LearnerGone
from registry.vault.vault_rows import VaultRows
from registry.wire.achievements import AchievementContent

_log = structlog.get_logger(__name__)
BATCH: Final = 1000
_TRIES: Final = 5
_CHANGED: Final = (StaleState, LearnerGone)

T = TypeVar("T")
AddBatchRows = Callable[[Transaction, int, Sequence[Outcome]], None]
"""Adds rows to the transaction of a batch, from the number of its first request (from 0) and the batch's outcomes."""
AddRows = Callable[[Transaction, Sequence[Outcome]], None]
"""Adds rows to the transaction of requests, from their outcomes. Called again where the transaction is repeated."""


class InvalidIdentifier(Refusal):
    """A text is not an identifier of a person."""

    code = "invalid"


class Issuer:
    """Issues on behalf of one node."""

    def __init__(self, registry: Registry, parts: PartChecker | None = None) -> None:
        """`parts` checks parts against the views. Without it only the university's own parts are checked."""
        self._registry = registry
        self._builder = BatchBuilder(registry, parts)

    def issue_all(
        self, requests: Iterable[IssueRequest], *, add_rows: AddBatchRows | None = None
    ) -> Generator[Outcome, None, None]:
        """Issue in batches, each a transaction; yield the outcome of every request, in their order.

        While one batch is being stored, the next one is built. `add_rows` adds rows to each batch's transaction. A
        generator that is closed before its end waits for the batch that is being stored.
        """
        first = 0
        with _rare_collections(), ThreadPoolExecutor(1, thread_name_prefix="issuing") as storing:
            before: tuple[list[IssueRequest], PreparedBatch, AddRows | None, Future[None]] | None = None
            for batch in _batches(requests, BATCH):
                ready = self._builder.prepare(batch, before[1] if before is not None else None)
                if before is not None:
                    outcomes, was_rebuilt = self._finish(*before)
                    if was_rebuilt:
                        ready = self._builder.prepare(batch, None)
                    yield from outcomes
                add = None if add_rows is None else partial(_add_batch_rows, add_rows, first)
                first += len(batch)
                before = batch, ready, add, storing.submit(copy_context().run, self._store, ready, add)
            if before is not None:
                outcomes, _ = self._finish(*before)
                yield from outcomes

    def _finish(
        self, batch: list[IssueRequest], ready: PreparedBatch, add_rows: AddRows | None, stored: "Future[None]"
    ) -> tuple[list[Outcome], bool]:
        """Wait until a batch is stored; return its outcomes, and whether it had to be built again."""
        try:
            stored.result()
        except _CHANGED:
            return self.issue(batch, add_rows=add_rows), True
        return ready.outcomes, False

    def find_credential(self, record: str) -> str | None:
        """Return the credential that a record became; None if it has become none yet."""
        return find_credentials(self._registry, [record]).get(record)

    def adopt(self, student: str, learner: str) -> None:
        """Use the id that a learner brings from another university for their own number here.

        The learner asks for it, and knows that members can then connect their records. Raises `Duplicate` where this
        number or this id has been used already, and `InvalidIdentifier` for a text that is not a number.
        """
        student = normalise_identifier(student)
        fault = number_fault(student) if student else "is empty"
        if fault is not None:
            raise InvalidIdentifier(f"the student number {fault}", "student")
        vault, registry = self._registry.vault, self._registry
        if registry.erasures.is_erased(learner):
            raise Duplicate(
                "this university erased the learner with that id; nothing can be published about them again"
            )
        adopted = vault.new_learner_with_id(learner)
        rows = VaultRows()
        number = vault.hash_for_lookup("student", student)
        person = vault.seal(adopted, "person", {"student": student})
        rows.add_learner(learner, number, vault.wrap(adopted), person)
        with registry.transaction() as transaction:
            transaction.add(rows)
            transaction.conflict = Duplicate("that number has a learner's id here already, or that id has a number")
            transaction.commit()

    def issue(
        self,
        requests: Sequence[IssueRequest],
        *,
        add_rows: AddRows | None = None,
        override: Collection[str] = (),
    ) -> list[Outcome]:
        """Issue these in one transaction; a request that is refused does not stop the others.

        `override` are codes of objections to parts that the caller overrides.
        """
        for _ in range(_TRIES):
            ready = self._builder.prepare(requests, None, override)
            try:
                self._store(ready, add_rows)
            except _CHANGED:
                # Another process issued one of these rows, changed a learner or revised an achievement just now.
                _log.info("issuing.again", requests=len(requests))
            else:
                return ready.outcomes
        raise StaleState("other processes keep changing what is to be issued; let one of them finish")

    def trial(self) -> "Trial":
        """Return a trial, which checks requests one after another; nothing is stored."""
        return Trial(self._builder)

    def check(self, request: IssueRequest, override: Collection[str] = ()) -> Outcome:
        """Return the outcome that a request would have; nothing is stored. `override` as for `issue`."""
        return self.trial().check([request], override)[0]

    def check_all(self, requests: Iterable[IssueRequest]) -> Generator[Outcome, None, None]:
        """Yield the outcomes that these would have if they were issued one after another; nothing is stored."""
        return self.trial().check_all(requests)

    def _store(self, ready: PreparedBatch, add_rows: AddRows | None) -> None:
        if not ready.stored and not ready.rows and add_rows is None:
            return
        with self._registry.transaction() as transaction:
            transaction.conflict = StaleState("somebody else issued one of these, or changed it, just now")
            transaction.add(ready.rows)
            transaction.save_checked(ready.stored)
            transaction.expect(ready.expected)
            if add_rows is not None:
                add_rows(transaction, ready.outcomes)
            transaction.commit()


def _add_batch_rows(add_rows: AddBatchRows, first: int, transaction: Transaction, outcomes: Sequence[Outcome]) -> None:
    add_rows(transaction, first, outcomes)


class Trial:
    """Requests that are checked one after another, as if those before had been issued. Nothing is stored.

    A trial remembers a hash of each request, so that a row that comes twice is unchanged or refused, and the person of
    each learner, so that a number that comes again with another person is held.
    """

    def __init__(self, builder: BatchBuilder) -> None:
        self._builder = builder
        self._carried = CarriedRows()

    def offer(self, content: AchievementContent) -> None:
        """Check later requests as if this achievement had been published."""
        self._carried.offered[content.achievement] = publish(None, content)

    def check(self, requests: Sequence[IssueRequest], override: Collection[str] = ()) -> list[Outcome]:
        """Return the outcomes that these would have as one batch; `override` as for `issue`."""
        ready = self._builder.prepare(requests, self._carried, override)
        self._carried.add(ready)
        return ready.outcomes

    def check_all(self, requests: Iterable[IssueRequest]) -> Generator[Outcome, None, None]:
        """Yield the outcome that each of these would have."""
        with _rare_collections():
            for batch in _batches(requests, BATCH):
                yield from self.check(batch)


@contextmanager
def _rare_collections() -> Iterator[None]:
    """Let Python look for cycles about once a batch: a batch has tens of thousands of objects, and none in a cycle."""
    before = gc.get_threshold()
    gc.set_threshold(max(before[0], 50 * BATCH), *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


def _batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch
