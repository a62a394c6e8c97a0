"""One database transaction of the private side: the events of aggregates, and the rows that go with them.

    with registry.transaction() as transaction:
        transaction.save(case)
        transaction.add(CaseRow(case))
        transaction.commit()

A transaction collects; nothing reaches the database before `commit`, which stores all of it or nothing. One that is
left without a commit has stored nothing. A use case that takes a `transaction` adds to it and leaves the commit to its
caller; without one it commits a transaction of its own.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar
from uuid import UUID

import structlog

from registry.domain.aggregate import MemberAggregate
from registry.domain.errors import Duplicate
from registry.store.recorder import StoredEvent, TransactionalRows
from registry.vault.key_replacement import ErasedRows

_log = structlog.get_logger(__name__)
T = TypeVar("T")


class TransactionOpen(RuntimeError):
    """A thread began a transaction inside another one, which would have been committed without it."""


class TransactionEnded(RuntimeError):
    """A transaction was used after its commit, or after its `with` block."""


class Transaction:
    """Events and rows that are stored together. `Registry.transaction` begins one. For one thread."""

    def __init__(
        self,
        collect: Callable[[Sequence[MemberAggregate]], list[StoredEvent]],
        check: Callable[[Sequence[StoredEvent]], None],
        store: Callable[["Transaction"], None],
    ) -> None:
        """`collect` takes the new events of aggregates, `check` reads them as a verifier would, `store` writes all."""
        self._collect = collect
        self._check = check
        self._store = store
        self.events: list[StoredEvent] = []
        self.rows: list[TransactionalRows] = []
        """Rows in the order in which they are written, before the events."""
        self.expected: dict[UUID, int] = {}
        """Versions at which other aggregates were read."""
        self.subjects: set[str] = set()
        """Ids that the journal names where rows alone are stored, or the aggregate's id is not that of its subject."""
        self.erased: ErasedRows | None = None
        self.conflict: Exception = Duplicate(
            "this was recorded already, or changed by somebody else just now; look again"
        )
        """The error of `commit` where somebody else stored the same, or changed it, at the same time."""
        self.committed = False
        self._ended = False
        self._unchecked: list[StoredEvent] = []

    def save(self, *aggregates: MemberAggregate) -> None:
        """Add the new events of aggregates. `commit` checks them before it stores anything."""
        events = self._collect(self._open(aggregates))
        self.events += events
        self._unchecked += events

    def save_checked(self, events: Sequence[StoredEvent]) -> None:
        """Add events that the caller has checked."""
        self.events += self._open(events)

    def add(self, *rows: TransactionalRows) -> None:
        """Add rows."""
        self.rows += self._open(rows)

    def name_subjects(self, *subjects: str) -> None:
        """Add ids of what the rows are about, for the journal of a command's acts."""
        self.subjects |= set(self._open(subjects))

    def expect(self, versions: Mapping[UUID, int]) -> None:
        """Let `commit` raise `StaleState` where one of these aggregates has another version by then."""
        self.expected |= self._open(versions)

    def erase(self, rows: ErasedRows) -> None:
        """Delete a learner's rows, after the other rows were written, and replace the keys that protected them."""
        self.erased = self._open(rows)

    def commit(self) -> None:
        """Store all that was added, or nothing.

        Raises `NotAccepted` where consumers would refuse an event as things are now, `InvalidEvent` for its form, the
        error in `conflict`, `StaleState` where an expected version has changed, and what the rows raise.
        """
        self._open(None)
        self._ended = True
        self._check(self._unchecked)
        self._store(self)
        self.committed = True
        if self.events:
            _log.info("registry.stored", events=len(self.events), topics=sorted({event.topic for event in self.events}))

    def end(self) -> None:
        """Let nothing more be added."""
        self._ended = True

    def _open(self, value: T) -> T:
        """Return a value that is added, as long as the transaction has not ended."""
        if self._ended:
            raise TransactionEnded("this transaction has ended; begin another one")
        return value
