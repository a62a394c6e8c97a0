"""The views of a whole log, made afresh: one process a core, members spread over them."""

import logging
import multiprocessing
import os
import queue
import uuid
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from multiprocessing.queues import Queue
from typing import Any, NamedTuple

import structlog

from consumers.progress import NOTHING, Progress
from consumers.projector import OnBatch, Projector
from projections import views
from registry.log import open_log


class Source(NamedTuple):
    """A log and whom to trust in it: all that a process needs to read it by itself."""

    url: str
    consortium: str
    founded: bytes
    """Hash of governance's leaf 0, 32 bytes."""


class WorkerLost(RuntimeError):
    """A process that was filling views died; what it had committed stays."""


@contextmanager
def fresh_schema(dsn: str, prefix: str) -> Iterator[str]:
    """A new empty set of views; dropped at the end unless it was renamed meanwhile."""
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

    `only`: these members' streams alone, besides governance; all where it is empty.
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
                return done + alone.step()
    finally:
        log.close()
    shares = [frozenset(members[number::count]) for number in range(count)]
    return done + _in_processes(shares, dsn, schema, source, on_batch)


def _in_processes(
    shares: list[frozenset[str]], dsn: str, schema: str, source: Source, on_batch: OnBatch | None
) -> Progress:
    context = multiprocessing.get_context("spawn")
    said: Queue[Any] = context.Queue()
    processes = [
        context.Process(target=_work, args=(said, share, dsn, schema, source), name=f"fill-{number}")
        for number, share in enumerate(shares)
    ]
    for process in processes:
        process.start()
    done, waiting = NOTHING, len(shares)
    try:
        while waiting:
            try:
                heard = said.get(timeout=1)
            except queue.Empty:
                # A worker that was killed says nothing any more.
                if any(process.exitcode for process in processes):
                    raise WorkerLost("a process that was filling the views has died") from None
                continue
            match heard:
                case ("batch", member, size, position):
                    if on_batch is not None:
                        on_batch(member, size, position)
                case ("done", progress):
                    done, waiting = done + progress, waiting - 1
                case ("failed", error):
                    raise error
    finally:
        for process in processes:
            if waiting:
                process.terminate()
            process.join()
    return done


def _quiet() -> None:
    """What a worker has to say, it says to the process that waits for it."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))


def _work(said: "Queue[Any]", share: frozenset[str], dsn: str, schema: str, source: Source) -> None:
    _quiet()
    try:
        log = open_log(source.url, source.consortium, read_only=True)
        with views.connect(dsn, schema) as connection:
            projector = Projector(
                connection,
                log,
                source.consortium,
                source.founded,
                members=share.__contains__,
                on_batch=lambda *batch: said.put(("batch", *batch)),
            )
            said.put(("done", projector.step()))
        log.close()
    except Exception as error:  # noqa: BLE001 - raised again in the process that waits
        said.put(("failed", error))
