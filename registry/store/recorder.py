"""The private store of domain events, on `eventsourcing`'s PostgreSQL recorder.

Two things differ from the library's own: an event's state is JSON with the data as it will be published, and
an insert can carry further private rows that are written in the same transaction.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Generic, Protocol, TypeVar
from uuid import UUID

import msgspec
from eventsourcing.application import Application
from eventsourcing.persistence import IntegrityError, JSONTranscoder, Mapper, OperationalError, StoredEvent
from eventsourcing.postgres import PostgresApplicationRecorder
from psycopg import Connection, Cursor
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import DictRow
from psycopg.sql import SQL, Identifier

from registry.domain.aggregate import Changed, Created
from registry.store.migrations import hold_migration_lock, migrate
from registry.store.translation import AGGREGATES, EVENTS

D = TypeVar("D")
EVENTS_TABLE: Final = "registry_events"


class _State(msgspec.Struct, Generic[D]):
    timestamp: datetime
    data: D


_OWNERS: Final[dict[type[Any], str]] = {
    event: vars(aggregate)["TOPIC"]
    for aggregate in AGGREGATES
    for event in vars(aggregate).values()
    if isinstance(event, type)
}
_DECODERS = {
    topic: msgspec.json.Decoder(_State[event.DATA])  # type: ignore[name-defined] # a generic struct made at run time
    for topic, event in EVENTS.items()
}
_encode = msgspec.json.Encoder().encode


class EventMapper(Mapper[UUID]):
    """Maps domain events to stored events and back."""

    def __init__(self) -> None:
        super().__init__(JSONTranscoder())

    def to_stored_event(self, domain_event: Any) -> StoredEvent:  # noqa: ANN401 - any of EVENTS
        """Return the stored event of a domain event."""
        return StoredEvent(
            originator_id=domain_event.originator_id,
            originator_version=domain_event.originator_version,
            topic=type(domain_event).TOPIC,
            state=_encode(_State(domain_event.timestamp, domain_event.data)),
        )

    def to_domain_event(self, stored_event: StoredEvent) -> Created | Changed:
        """Return the domain event of a stored event."""
        kind = EVENTS[stored_event.topic]
        state = _DECODERS[stored_event.topic].decode(stored_event.state)
        values: dict[str, Any] = {
            "originator_id": stored_event.originator_id,
            "originator_version": stored_event.originator_version,
            "timestamp": state.timestamp,
            "data": state.data,
        }
        if issubclass(kind, Created):
            values["originator_topic"] = _OWNERS[kind]
        event = object.__new__(kind)
        object.__setattr__(event, "__dict__", values)
        return event


class TransactionalRows(Protocol):
    """Rows that are written in one database transaction with events, or with other rows."""

    def write(self, cursor: Cursor[DictRow]) -> None:
        """Write them in the caller's transaction. An error that this raises rolls the transaction back."""
        ...


class StaleState(Exception):
    """The state on which a change was decided has changed meanwhile: decide again."""


class KeysReplaced(StaleState, OperationalError):
    """A value was sealed with a key of the vault that is not in use any more: seal it again, or send it again."""


class PrivateRecorder(PostgresApplicationRecorder):
    """Inserts events together with private rows, by COPY, in one transaction."""

    def insert_events(
        self,
        stored_events: Sequence[StoredEvent],
        *,
        rows: Sequence[TransactionalRows] = (),
        expected: Mapping[UUID, int] | None = None,
        **_: Any,  # noqa: ANN401 - the library's signature
    ) -> Sequence[int] | None:
        """Insert events and rows, all or nothing; return the notification ids of the events.

        `expected` are the versions at which other aggregates were read: raises `StaleState` where one has changed.
        Raises the library's `IntegrityError` where an event of that aggregate and version exists. Nothing is
        retried: after a lost connection only the caller can find out whether the transaction was committed.
        """
        with self.datastore.get_connection() as connection, connection.transaction(), connection.cursor() as cursor:
            if stored_events:
                # The table's lock makes the order of commit the order of ids (see the library). It is taken first, so
                # that two importers of the same rows wait here, and do not end in a deadlock over two keys.
                self._lock_table(cursor)
            for row in rows:
                row.write(cursor)
            if not stored_events:
                return []
            if expected:
                self._check_versions(cursor, expected)
            table = SQL("{}.{}").format(Identifier(self.datastore.schema), Identifier(self.events_table_name))
            statement = SQL("COPY {} (originator_id, originator_version, topic, state) FROM STDIN").format(table)
            with cursor.copy(statement) as copy:
                copy.write(
                    "".join(
                        f"{e.originator_id}\t{e.originator_version}\t{e.topic}\t\\\\x{e.state.hex()}\n"
                        for e in stored_events
                    )
                )
            self._notify_channel(cursor)
            last = cursor.execute("SELECT lastval() AS last").fetchone()
        assert last is not None  # noqa: S101 - something was inserted in this session
        return range(last["last"] - len(stored_events) + 1, last["last"] + 1)

    def _check_versions(self, cursor: Cursor[DictRow], expected: Mapping[UUID, int]) -> None:
        current = self.read_versions(cursor, list(expected))
        for originator, version in expected.items():
            if current.get(originator) != version:
                raise StaleState(f"{originator} has changed")

    def read_versions(self, cursor: Cursor[DictRow], originators: Sequence[UUID]) -> dict[UUID, int]:
        """Return the newest version of each of these aggregates that exists."""
        rows = cursor.execute(
            SQL(
                "SELECT originator_id, max(originator_version) AS version FROM {}.{}"
                " WHERE originator_id = ANY(%s) GROUP BY originator_id"
            ).format(Identifier(self.datastore.schema), Identifier(self.events_table_name)),
            (list(originators),),
        )
        return {row["originator_id"]: row["version"] for row in rows}


__all__ = [
    "EventMapper",
    "IntegrityError",
    "KeysReplaced",
    "PrivateRecorder",
    "StaleState",
    "StoredEvent",
    "TransactionalRows",
]


class Store(Application[UUID]):
    """`eventsourcing`'s application, which saves and returns aggregates."""

    name = "registry"
    env = {  # noqa: RUF012 - the library's own declaration
        "PERSISTENCE_MODULE": "eventsourcing.postgres",
        "APPLICATION_RECORDER_TOPIC": "registry.store.recorder:PrivateRecorder",
        "POSTGRES_POOL_SIZE": "1",
        "POSTGRES_MAX_OVERFLOW": "4",
        "POSTGRES_PRE_PING": "y",  # a server that was restarted costs no request
    }

    def construct_mapper(self) -> EventMapper:
        """Return the mapper of this project."""
        return EventMapper()


def open_store(connection: Connection[DictRow], dsn: str) -> Store:
    """Open the store of a node's database, and migrate its tables to this version. Raises `DatabaseTooNew`."""
    migrations = migrate(connection)
    row = connection.execute("SELECT to_regclass(%s) IS NULL AS is_missing", (f"public.{EVENTS_TABLE}",)).fetchone()
    if not migrations and row is not None and not row["is_missing"]:
        return _build_store(dsn, create=False)
    with hold_migration_lock(connection):
        # The services of a new node start at once, and the library would create the same tables twice.
        return _build_store(dsn, create=True)


def _build_store(dsn: str, *, create: bool) -> Store:
    parts = conninfo_to_dict(dsn)
    return Store(
        {
            "POSTGRES_DBNAME": str(parts.get("dbname", "")),
            "POSTGRES_HOST": str(parts.get("host", "")),
            "POSTGRES_PORT": str(parts.get("port", 5432)),
            "POSTGRES_USER": str(parts.get("user", "")),
            "POSTGRES_PASSWORD": str(parts.get("password", "")),
            "CREATE_TABLE": "yes" if create else "no",
        }
    )
