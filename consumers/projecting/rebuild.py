"""Builds the views of a whole log: one process for each core, with the members spread over them."""

import contextlib
import os
import time
import uuid
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Final, NamedTuple

import structlog
from psycopg import Connection

from consumers.projecting.projector import OnBatch, Projector
from consumers.streams.processes import Report, run_in_processes
from consumers.streams.progress import Progress
from consumers.streams.stream import claimed_size
from projections.core import building, views
from registry.log import open_log

_log = structlog.get_logger(__name__)
_NOTE_SECONDS: Final = 2.0
_LOG_SECONDS: Final = 30.0


class Source(NamedTuple):
    """A log and its founding: all that a process needs to read it."""

    url: str
    consortium: str
    founded: bytes
    """Hash of governance's leaf 0, 32 bytes."""


@contextmanager
def fresh_schema(dsn: str, prefix: str) -> Iterator[str]:
    """Create an empty set of views; it is dropped at the end unless it was renamed meanwhile."""
    schema = f"{prefix}_{uuid.uuid4().hex[:12]}"
    with views.connect(dsn, schema) as connection:
        views.create(connection, schema)
    try:
        yield schema
    finally:
        with views.connect(dsn, schema) as connection:
            views.drop(connection, schema)


def rebuild(
    dsn: str, source: Source, *, workers: int | None = None, on_batch: OnBatch | None = None, beside: bool = False
) -> Progress:
    """Fill a fresh set of views from the log's beginning and serve it; readers see the old one until then.

    With `beside`, views of another version stay for a program that still reads them. Killed at any moment, it leaves
    the served views as they are; the next build drops what is left. Raises `BuildingNow` while another process builds.
    """
    with views.connect(dsn) as connection, building.hold_build_lock(connection):
        served = views.find_served(connection)
        if beside and views.find_other_version(connection) is not None:
            served = views.BESIDE
        with fresh_schema(dsn, views.SERVED) as schema:
            noted = _ProgressNote(connection, schema, count_events(source), on_batch or _ignore)
            done = fill(dsn, schema, source, workers=workers, on_batch=noted.on_batch)
            noted.write()
            views.swap(connection, schema, served)
    return done


def count_events(source: Source) -> int:
    """Return the number of events on a log, as its newest records name them. Raises the log's errors."""
    with contextlib.closing(open_log(source.url, source.consortium, read_only=True)) as log:
        return sum(claimed_size(log, stream) for stream in log.streams())


class _ProgressNote:
    """Writes down, and logs, how far a build is, at most every two seconds."""

    def __init__(self, connection: Connection, schema: str, total: int, on_batch: OnBatch) -> None:
        self._connection = connection
        self._schema = schema
        self._total = total
        self._on_batch = on_batch
        self._sizes: dict[str, int] = {}
        self._began = time.time()
        self._noted = self._logged = self._began
        building.note_progress(connection, schema, 0, total, self._began)

    def on_batch(self, member: str, size: int, position: int) -> None:
        """Receive how far a stream is."""
        self._sizes[member] = size
        now = time.time()
        if now >= self._noted + _NOTE_SECONDS:
            self._noted = now
            self.write()
            if now >= self._logged + _LOG_SECONDS:
                self._logged = now
                _log.info("views.building", events=sum(self._sizes.values()), total=self._total,
                          seconds=round(now - self._began))  # fmt: skip
        self._on_batch(member, size, position)

    def write(self) -> None:
        """Write down how far the build is now."""
        building.note_progress(self._connection, self._schema, sum(self._sizes.values()), self._total, self._began)


def fill(
    dsn: str,
    schema: str,
    source: Source,
    *,
    only: Collection[str] = (),
    workers: int | None = None,
    on_batch: OnBatch | None = None,
) -> Progress:
    """Bring a set of views up to the log's present end, in as many processes as there are cores and members.

    `only` names the members whose streams are read, besides governance; empty for all.
    """
    log = open_log(source.url, source.consortium, read_only=True)
    try:
        with views.connect(dsn, schema) as connection:
            # Governance first and here: the workers find it done, and who is a member is known.
            projector = Projector(
                connection, log, source.consortium, source.founded, members=lambda _: False, on_batch=on_batch
            )
            done = projector.step()
            members = sorted(m for m in projector.governance.state.members if not only or m in only)
            count = min(workers or os.cpu_count() or 1, len(members)) or 1
            if count <= 1:
                alone = Projector(
                    connection, log, source.consortium, source.founded, members=members.__contains__, on_batch=on_batch
                )
                done += alone.step()
                alone.settle_all()
                return done
    finally:
        log.close()
    jobs = [(frozenset(members[number::count]), dsn, schema, source) for number in range(count)]
    for progress in run_in_processes(_fill_share, jobs, count, on_batch or _ignore):
        done += progress
    return done


def _ignore(member: str, size: int, position: int) -> None:
    """Ignore the progress of a batch."""


def _fill_share(report: Report, share: frozenset[str], dsn: str, schema: str, source: Source) -> Progress:
    log = open_log(source.url, source.consortium, read_only=True)
    try:
        with views.connect(dsn, schema) as connection:
            projector = Projector(
                connection, log, source.consortium, source.founded, members=share.__contains__, on_batch=report
            )
            done = projector.step()
            projector.settle_all()
            return done
    finally:
        log.close()
