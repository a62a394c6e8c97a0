"""The counters of one process, in files that the process with the metrics' page reads.

prometheus-client's multiprocess mode: each process has its own files in one folder, and the page shows their sums. A
process that replaces another of the same name continues its files, so that no counter goes back.
"""

import os
from collections.abc import Iterable
from http import HTTPStatus
from pathlib import Path
from typing import Final

import prometheus_client
from prometheus_client import CollectorRegistry, values

from registry.metrics import definitions
from registry.metrics.definitions import Definition

_FOLDER_VARIABLE: Final = "PROMETHEUS_MULTIPROC_DIR"
_KIB: Final = 1024
_FILES: Final = {"counter": 2048 * _KIB, "histogram": 4096 * _KIB, "gauge_sum": 64 * _KIB}
"""Each process's files with their sizes, which suffice for all series that it can have."""
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Instruments:
    """The counters of this process. Create one for each process; threads may share it."""

    def __init__(self, folder: Path, process: str) -> None:
        """`process` is a name without `_` that no other running process of this folder has.

        Raises `OSError` if the files cannot be created.
        """
        _make_files(folder, process)
        os.environ[_FOLDER_VARIABLE] = str(folder)
        # As prometheus-client's manual says, but with `process` instead of the process's id.
        values.ValueClass = values.MultiProcessValue(lambda: process)  # type: ignore[no-untyped-call] # theirs
        registry = CollectorRegistry()
        self._requests = _counter(definitions.REQUESTS, registry)
        self._request_seconds = _histogram(definitions.REQUEST_SECONDS, registry)
        self._pool = _gauge(definitions.POOL_CONNECTIONS, registry)
        self._pool_waiting = _gauge(definitions.POOL_WAITING, registry)
        self._published_events = _counter(definitions.PUBLISHED_EVENTS, registry)
        self._published_commits = _counter(definitions.PUBLISHED_COMMITS, registry)
        self._publish_seconds = _histogram(definitions.PUBLISH_SECONDS, registry)
        self._projected_events = _counter(definitions.PROJECTED_EVENTS, registry)
        self._projected_commits = _counter(definitions.PROJECTED_COMMITS, registry)
        self._projection_seconds = _histogram(definitions.PROJECTION_SECONDS, registry)
        self._visible_seconds = _histogram(definitions.VISIBLE_SECONDS, registry)

    def count_request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count an answered request; `route` is its template. A method that the route lacks is counted as `other`."""
        method = method if method in _METHODS and status != HTTPStatus.METHOD_NOT_ALLOWED else "other"
        self._requests.labels(method, route, str(status)).inc()
        self._request_seconds.labels(method, route).observe(seconds)

    def note_pool(self, busy: int, idle: int, waiting: int) -> None:
        """Record the use of this process's connections to the views."""
        self._pool.labels("busy").set(busy)
        self._pool.labels("idle").set(idle)
        self._pool_waiting.set(waiting)

    def count_published(self, commits: int, events: int, seconds: Iterable[float]) -> None:
        """Count commits that were appended to the log; `seconds` are the known times since storing."""
        self._published_commits.inc(commits)
        self._published_events.inc(events)
        for each in seconds:
            self._publish_seconds.observe(each)

    def count_projected(self, commits: int, events: int, seconds: float) -> None:
        """Count a step of the projector that read commits."""
        self._projected_commits.inc(commits)
        self._projected_events.inc(events)
        self._projection_seconds.observe(seconds)

    def count_visible(self, seconds: float) -> None:
        """Count a commit of this node that is in the views now, with the time since its oldest event was stored."""
        self._visible_seconds.observe(seconds)


def _make_files(folder: Path, process: str) -> None:
    """Create the files with all their blocks: a mapped page for which a full disk has no room ends the process."""
    for kind, size in _FILES.items():
        file = folder / f"{kind}_{process}.db"
        if not file.exists():
            try:
                file.write_bytes(bytes(size))
            except OSError:
                file.unlink(missing_ok=True)
                raise


def _counter(metric: Definition, registry: CollectorRegistry) -> prometheus_client.Counter:
    return prometheus_client.Counter(metric.name, metric.meaning, metric.labels, registry=registry)


def _gauge(metric: Definition, registry: CollectorRegistry) -> prometheus_client.Gauge:
    return prometheus_client.Gauge(
        metric.name, metric.meaning, metric.labels, registry=registry, multiprocess_mode="sum"
    )


def _histogram(metric: Definition, registry: CollectorRegistry) -> prometheus_client.Histogram:
    return prometheus_client.Histogram(
        metric.name, metric.meaning, metric.labels, registry=registry, buckets=metric.buckets
    )
