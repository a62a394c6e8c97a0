"""Builds the views of a whole log: one process for each core, with the members spread over them."""

import os
import uuid
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from consumers.projecting.projector import OnBatch, Projector
from consumers.streams.processes import Report, run_in_processes
from consumers.streams.progress import Progress
from projections.core import views
from registry.log import open_log


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


def rebuild(dsn: str, source: Source, *, workers: int | None = None, on_batch: OnBatch | None = None) -> Progress:
    """Fill a fresh set of views from the log's beginning and serve it; readers see the old one until then."""
    with fresh_schema(dsn, views.SERVED) as schema:
        done = fill(dsn, schema, source, workers=workers, on_batch=on_batch)
        with views.connect(dsn) as connection:
            views.swap(connection, schema)
    return done


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
