"""The database's part of a page of metrics: one statement for each part, each with its own time limit."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Final, NamedTuple, get_args

import psycopg
import structlog
from psycopg import Connection

from projections.core import building, stream_counts
from projections.core.stream_counts import Count, ReadUpTo
from projections.feed import feed
from registry.batches.batch import State
from registry.log import GOVERNANCE
from registry.metrics import definitions
from registry.metrics.definitions import Definition
from registry.metrics.page import Sample
from registry.node.health.certificates import find_chain_end, list_keys_in_force
from registry.store import private_counts

_log = structlog.get_logger(__name__)
_SKIPPED: Final = (psycopg.errors.QueryCanceled, psycopg.errors.LockNotAvailable, psycopg.errors.UndefinedTable)
"""Raised where a part takes too long, or is missing, for example while another version rebuilds the views."""
_NEEDS: Final[Mapping[str, tuple[str, ...]]] = {
    "batches": ("intake.batches",),
    "webhooks": ("webhooks.endpoints", "webhooks.deliveries"),
    "feed": ("feed.notices",),
    "intake": ("intake.lost",),
}
"""The private tables that a part needs. Without them, as on the consortium's own node, the part is left out."""


class DatabaseFacts(NamedTuple):
    """The result of one reading."""

    samples: list[Sample]
    streams: list[ReadUpTo]
    """The position of the views; empty if that could not be read."""


class DatabaseReading:
    """Reads on one connection, which is replaced when it is lost. Used by one thread at a time."""

    def __init__(self, dsn: Callable[[], str], member: str) -> None:
        self._dsn = dsn
        self._member = member
        self._connection: Connection | None = None
        self._logged: dict[str, str] = {}
        """The error that was logged for each part that could not be read."""

    def read(self) -> DatabaseFacts:
        """Read all parts. Leaves out and reports a part that takes too long. Raises `psycopg.OperationalError`."""
        if self._connection is None or self._connection.closed:
            self._connection = stream_counts.connect(self._dsn())
        try:
            return self._read(self._connection)
        except psycopg.OperationalError:
            self.close()
            raise

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _read(self, connection: Connection) -> DatabaseFacts:
        missing = private_counts.find_missing_tables(connection)
        samples: list[Sample] = []
        streams: list[ReadUpTo] = []

        def positions(connection: Connection) -> Iterator[Sample]:
            streams.extend(stream_counts.read_up_to(connection))
            return (Sample(definitions.VIEWS_SIZE, stream.size, (stream.member,)) for stream in streams)

        for part, read in (("positions", positions), *self._parts()):
            if missing.isdisjoint(_NEEDS.get(part, ())):
                samples += self._part(part, read, connection)
        return DatabaseFacts(samples, streams)

    def _part(self, part: str, read: Callable[[Connection], Iterator[Sample]], connection: Connection) -> list[Sample]:
        try:
            samples = [*read(connection), Sample(definitions.PART_READ, 1, (part,))]
        except _SKIPPED as error:
            if self._logged.get(part) != (kind := type(error).__name__):
                _log.warning("metrics.part_not_read", part=part, error=kind)
                self._logged[part] = kind
            return [Sample(definitions.PART_READ, 0, (part,))]
        self._logged.pop(part, None)
        return samples

    def _parts(self) -> Iterator[tuple[str, Callable[[Connection], Iterator[Sample]]]]:
        yield "refused", lambda c: _counts(definitions.REFUSED, stream_counts.refused_events(c))
        yield "quarantined", lambda c: _counts(definitions.QUARANTINED, stream_counts.quarantined_records(c))
        yield "disputed", lambda c: _counts(definitions.DISPUTED, stream_counts.disputed_heads(c))
        yield "replicas", _replicas
        yield "build", _build
        if self._member == GOVERNANCE:
            return
        yield "issuing-keys", lambda c: _issuing_keys(c, self._member)
        yield "batches", _batches
        yield "webhooks", _webhooks
        yield "feed", lambda c: iter([Sample(definitions.FEED_NEWEST, feed.newest(c, self._member))])
        yield "intake", _intake


def _counts(metric: Definition, counts: list[Count]) -> Iterator[Sample]:
    return (Sample(metric, count.number, (count.member, count.of)) for count in counts)


def _replicas(connection: Connection) -> Iterator[Sample]:
    connected, lag = stream_counts.replicas(connection)
    yield Sample(definitions.REPLICAS, connected)
    if lag is not None:
        yield Sample(definitions.REPLICA_LAG, lag)


def _build(connection: Connection) -> Iterator[Sample]:
    progress = building.read_progress(connection)
    if progress is not None:
        # The log grows meanwhile, so that a build reads more than it had when it began.
        yield Sample(definitions.VIEWS_BUILD, min(1.0, progress.events / progress.total) if progress.total else 1.0)


def _issuing_keys(connection: Connection, member: str) -> Iterator[Sample]:
    now = datetime.now(UTC)
    ends = [find_chain_end(key) or now for key in list_keys_in_force(connection, member) if key.x5c]
    if ends:
        yield Sample(definitions.CERTIFICATE_ENDS, (min(ends) - now).total_seconds(), ("issuing-key",))


def _batches(connection: Connection) -> Iterator[Sample]:
    states = private_counts.count_batches(connection)
    for state in get_args(State):
        yield Sample(definitions.BATCHES, states.get(state, 0), (state,))
    for outcome, rows in private_counts.count_rows(connection).items():
        yield Sample(definitions.BATCH_ROWS, rows, (outcome,))


def _webhooks(connection: Connection) -> Iterator[Sample]:
    for state, count in private_counts.count_webhooks(connection).items():
        yield Sample(definitions.WEBHOOKS, count, (state,))
    for state, count in private_counts.count_deliveries(connection).items():
        yield Sample(definitions.WEBHOOK_DELIVERIES, count, (state,))


def _intake(connection: Connection) -> Iterator[Sample]:
    ranges, events = private_counts.count_lost(connection)
    yield Sample(definitions.INTAKE_GAPS, ranges)
    yield Sample(definitions.INTAKE_LOST, events)
