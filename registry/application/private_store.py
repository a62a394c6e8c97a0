"""The private side of one node: its database, its vault, and the transactions that write to both.

A use case asks the domain, which asks the rules. What it leads to is stored in one transaction, personal data included,
and published by the publisher. Before anything is stored it is read as a verifier will read it, so that nothing is
published which the consortium would refuse for its form.
"""

import copy
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Self
from uuid import UUID

import psycopg
from eventsourcing.application import AggregateNotFoundError
from eventsourcing.persistence import IntegrityError, OperationalError
from psycopg import Connection, Cursor
from psycopg.errors import SerializationFailure
from psycopg.rows import DictRow, dict_row
from psycopg_pool import ConnectionPool

from registry.application import log_size
from registry.application.acceptance import Acceptance
from registry.application.acting import list_journal_rows
from registry.application.event_checks import EventChecker
from registry.application.refusals import FindRefusals
from registry.application.transaction import Transaction, TransactionOpen
from registry.domain.aggregate import MemberAggregate, uuid_of
from registry.domain.learner import Erasure
from registry.observability import log_failures
from registry.store.recorder import KeysReplaced, PrivateRecorder, StoredEvent, TransactionalRows, open_store
from registry.vault.key_replacement import KeyReplacement, settle
from registry.vault.vault import Vault

_OF_ITS_OWN_ID = (Erasure.Erased.TOPIC, Erasure.ErasedAgain.TOPIC)
"""Events of aggregates whose id is not that of their subject, which the transaction names."""


class PrivateStore:
    """Aggregates, personal data and other private rows of one node. Transactions are for one thread each."""

    def __init__(
        self,
        dsn: str,
        origin: str,
        vault: Vault,
        acceptance: Acceptance | None = None,
        find_refusals: FindRefusals = dict,
        on_stored: Callable[[Sequence[StoredEvent]], None] = lambda _: None,
    ) -> None:
        """`dsn` is the node's database; missing tables are created.

        `acceptance` and `find_refusals` are as `EventChecker` has them. `on_stored` receives the events of each
        transaction after its commit.
        """
        self.dsn = dsn
        self.origin = origin
        self.vault = vault
        self.checker = EventChecker(origin, acceptance, find_refusals)
        self._on_stored = log_failures(on_stored)
        self._owns_connection = True
        self._connecting = threading.Lock()
        self._open = threading.local()
        self.connection = self._connect()
        self.store = open_store(self.connection, dsn)
        try:
            settle(self.connection, vault)
        except BaseException:  # whatever it was, the connections are closed
            self.close()
            raise
        recorder = self.store.recorder
        if not isinstance(recorder, PrivateRecorder):
            raise TypeError(f"the store's recorder is {type(recorder).__name__}, not PrivateRecorder")
        self.recorder = recorder
        self.mapper = self.store.mapper

    @property
    def member(self) -> str:
        """The member whose node it is."""
        return self.origin.partition("/")[2]

    # Connections

    def _connect(self) -> Connection[DictRow]:
        return psycopg.connect(self.dsn, autocommit=True, row_factory=dict_row)

    def cursor(self) -> Cursor[DictRow]:
        """Return a cursor to read with. A connection that was lost, for example by a restart, is made again."""
        if self._owns_connection:
            with self._connecting:
                try:
                    ConnectionPool.check_connection(self.connection)
                except psycopg.OperationalError:
                    self.connection.close()
                    self.connection = self._connect()
        return self.connection.cursor()

    def on_connection(self, connection: Connection[DictRow]) -> Self:
        """Return this store for one read, on a connection of the caller's. It shares everything else."""
        reader = copy.copy(self)
        reader.connection = connection
        reader._owns_connection = False  # noqa: SLF001 - of its own class
        return reader

    def close(self) -> None:
        """Close all connections."""
        self.store.close()
        self.connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # Aggregates

    def get(self, kind: type[Any], identifier: str, unknown: type[Exception]) -> Any:  # noqa: ANN401 - of that kind
        """Return the aggregate of that kind and id. Raises `unknown`."""
        try:
            aggregate: Any = self.store.repository.get(uuid_of(identifier))
        except (AggregateNotFoundError, ValueError) as error:
            raise unknown(f"there is no {kind.__name__.lower()} {identifier} here") from error
        if not isinstance(aggregate, kind):
            raise unknown(f"{identifier} is no {kind.__name__.lower()}")
        return aggregate

    def exists(self, identifier: UUID) -> bool:
        """Return whether an aggregate with this id is stored."""
        with self.recorder.datastore.get_connection() as connection, connection.cursor() as cursor:
            return bool(self.recorder.read_versions(cursor, [identifier]))

    def collect_events(self, aggregates: Sequence[MemberAggregate]) -> list[StoredEvent]:
        """Take the new events of aggregates, in the form in which they are stored. Each is taken once."""
        return [self.mapper.to_stored_event(event) for aggregate in aggregates for event in aggregate.collect_events()]

    def check(self, *aggregates: MemberAggregate) -> None:
        """Check the new events of aggregates as a commit would; nothing is stored. Raises what a commit raises."""
        self.checker.check(self.collect_events(aggregates))

    # Transactions

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Begin a transaction, which the caller commits.

        Raises `TransactionOpen` where this thread has one open: add to that one.
        """
        if getattr(self._open, "transaction", None) is not None:
            raise TransactionOpen("this thread has a transaction open; pass it on, and add to it")
        begun = self._open.transaction = Transaction(self.collect_events, self.checker.check, self._store)
        try:
            yield begun
        finally:
            begun.end()
            self._open.transaction = None

    @contextmanager
    def join(self, transaction: Transaction | None) -> Iterator[Transaction]:
        """Yield the caller's transaction. Without one, begin a transaction and commit it at the end."""
        if transaction is not None:
            yield transaction
            return
        with self.transaction() as own:
            yield own
            own.commit()

    def save(self, *aggregates: MemberAggregate, transaction: Transaction | None = None) -> None:
        """Save aggregates in the caller's transaction, or in one of their own."""
        with self.join(transaction) as joined:
            joined.save(*aggregates)

    def store_rows(self, *rows: TransactionalRows) -> None:
        """Store rows in a transaction of their own."""
        with self.transaction() as transaction:
            transaction.add(*rows)
            transaction.commit()

    def _store(self, transaction: Transaction) -> None:
        """Write a transaction. Raises `KeysReplaced` where somebody else replaced keys of the vault at that moment."""
        subjects = {str(event.originator_id) for event in transaction.events if event.topic not in _OF_ITS_OWN_ID}
        rows: Sequence[TransactionalRows] = [*transaction.rows, *list_journal_rows(subjects | transaction.subjects)]
        if transaction.erased is not None:
            rows = [KeyReplacement(self.vault, transaction.erased, rows)]
        try:
            self.recorder.insert_events(transaction.events, rows=rows, expected=transaction.expected)
        except IntegrityError as error:
            raise transaction.conflict from error
        except OperationalError as error:
            if not isinstance(error.__cause__, SerializationFailure):
                raise
            self.settle_keys()
            raise KeysReplaced("a learner was erased just now, and keys were replaced; send it again") from error
        finally:
            if transaction.erased is not None:
                self.settle_keys()
        self._on_stored(transaction.events)

    def settle_keys(self) -> None:
        """Complete or undo a replacement of the vault's keys that was interrupted."""
        self.cursor()  # makes a lost connection again
        settle(self.connection, self.vault)

    # The log

    def published_size(self) -> int:
        """Return the size of this member's log up to the newest commit that this node has recorded for signing."""
        return log_size.published_size(self.cursor())

    def size_when_published(self) -> int:
        """Return the size that this member's log will have when everything that can be published now is on it."""
        return log_size.size_when_published(self.cursor(), self.checker.is_refused_at)
