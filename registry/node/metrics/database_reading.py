"""What the database says for the page of metrics: one statement for each part, each with a time limit of its own."""

from collections.abc import Callable, Iterator, Mapping
from typing import Final, NamedTuple, get_args

import psycopg
import structlog
from psycopg import Connection

from projections.core import stream_counts
from projections.core.stream_counts import Count, ReadUpTo
from projections.feed import feed
from registry.batches.batch import State
from registry.log import GOVERNANCE
from registry.metrics import definitions
from registry.metrics.definitions import Definition
from registry.metrics.page import Sample
from registry.store import private_counts

_log = structlog.get_logger(__name__)
_GIVEN_UP: Final = (psycopg.errors.QueryCanceled, psycopg.errors.LockNotAvailable, psycopg.errors.UndefinedTable)
"""What takes too long now, or is not there: views that are being made by another version, say."""
_NEEDS: Final[Mapping[str, tuple[str, ...]]] = {
    "batches": ("intake.batches",),
    "webhooks": ("webhooks.endpoints", "webhooks.deliveries"),
    "feed": ("feed.notices",),
    "intake": ("intake.lost",),
}
"""The private tables that a part is about: without them, as on the consortium's own node, there is no such part."""


class DatabaseFacts(NamedTuple):
    """What was read."""

    samples: list[Sample]
    streams: list[ReadUpTo]
    """How far the views are; nothing where that could not be read."""


class DatabaseReading:
    """Reads on one connection, which is made again when it was lost. One thread uses it at a time."""

    def __init__(self, dsn: Callable[[], str], member: str) -> None:
        self._dsn = dsn
        self._member = member
        self._connection: Connection | None = None
        self._said: dict[str, str] = {}
        """What was logged of each part that could not be read."""

    def read(self) -> DatabaseFacts:
        """Read all parts. A part that takes too long is left out, and said. Raises `psycopg.OperationalError`."""
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
        missing = private_counts.missing_tables(connection)
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
            found = [*read(connection), Sample(definitions.PART_READ, 1, (part,))]
        except _GIVEN_UP as error:
            if self._said.get(part) != (said := type(error).__name__):
                _log.warning("metrics.part_not_read", part=part, error=said)
                self._said[part] = said
            return [Sample(definitions.PART_READ, 0, (part,))]
        self._said.pop(part, None)
        return found

    def _parts(self) -> Iterator[tuple[str, Callable[[Connection], Iterator[Sample]]]]:
        yield "refused", lambda c: _counts(definitions.REFUSED, stream_counts.refused_events(c))
        yield "quarantined", lambda c: _counts(definitions.QUARANTINED, stream_counts.quarantined_records(c))
        yield "disputed", lambda c: _counts(definitions.DISPUTED, stream_counts.disputed_heads(c))
        if self._member == GOVERNANCE:
            return
        yield "batches", _batches
        yield "webhooks", _webhooks
        yield "feed", lambda c: iter([Sample(definitions.FEED_NEWEST, feed.newest(c, self._member))])
        yield "intake", _intake


def _counts(metric: Definition, counts: list[Count]) -> Iterator[Sample]:
    return (Sample(metric, count.number, (count.member, count.of)) for count in counts)


def _batches(connection: Connection) -> Iterator[Sample]:
    states = private_counts.batches_by_state(connection)
    for state in get_args(State):
        yield Sample(definitions.BATCHES, states.get(state, 0), (state,))
    for outcome, rows in private_counts.rows_by_outcome(connection).items():
        yield Sample(definitions.BATCH_ROWS, rows, (outcome,))


def _webhooks(connection: Connection) -> Iterator[Sample]:
    for state, count in private_counts.webhooks_by_state(connection).items():
        yield Sample(definitions.WEBHOOKS, count, (state,))
    for state, count in private_counts.deliveries_by_state(connection).items():
        yield Sample(definitions.WEBHOOK_DELIVERIES, count, (state,))


def _intake(connection: Connection) -> Iterator[Sample]:
    ranges, events = private_counts.lost_ranges(connection)
    yield Sample(definitions.INTAKE_GAPS, ranges)
    yield Sample(definitions.INTAKE_LOST, events)
