"""The samples of a page of metrics: from the database, the log, and the node's own health."""

import math
import shutil
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Final

from projections.core.stream_counts import ReadUpTo
from registry.log import GOVERNANCE, open_log
from registry.metrics import definitions
from registry.metrics.definitions import Definition
from registry.metrics.latest import Latest
from registry.metrics.page import Sample, render_page
from registry.node.cosigning import explain_unmet_policy
from registry.node.health import last_runs
from registry.node.health.certificates import find_kafka_end
from registry.node.health.health import COMPONENTS
from registry.node.metrics.database_reading import DatabaseFacts, DatabaseReading
from registry.node.metrics.log_reading import LogReading
from registry.node.services.health_watch import READINESS, HealthWatch

if TYPE_CHECKING:
    from registry.node.node import Node

_DATABASE_SECONDS: Final = 0.6
_LOG_SECONDS: Final = 0.3
"""Time for which a page waits for each of them."""
_COSIGNED_SECONDS: Final = 60.0
"""A file of cosigned heads is read whole, so not for each page."""
_CERTIFICATES_SECONDS: Final = 60.0


class MetricsCollector:
    """Makes the pages of one node. Used by one thread at a time."""

    def __init__(self, node: "Node", watch: HealthWatch, folder: Path, age: Callable[[], float | None]) -> None:
        """`folder` has the processes' counters; `age` returns the seconds since the projector's last good step.

        `age` returns None if this process does not project.
        """
        settings = node.settings
        self._node = node
        self._policy = node.policy()
        self._cosigned_at = -math.inf
        self._last_cosigned: list[Sample] = []
        self._certificates_at = -math.inf
        self._kafka_ends: datetime | None = None
        self._watch = watch
        self._folder = folder
        self._age = age
        reading = DatabaseReading(node.dsn, settings.member)
        self._log_reading = LogReading(lambda: open_log(settings.log_url, settings.consortium, read_only=True))
        self._database = Latest("metrics-database", reading.read, reading.close)
        self._log = Latest("metrics-log", self._log_reading.read, self._log_reading.close)

    def render_page(self) -> bytes:
        """Return the page. It lacks values that cannot be read in time, and says so."""
        return render_page(self._samples(), self._folder)

    def close(self) -> None:
        """Close the connections, once all readings have ended."""
        self._database.stop()
        self._log.stop()

    def _samples(self) -> Iterator[Sample]:
        began = time.monotonic()
        version = f"{sys.version_info.major}.{sys.version_info.minor}.{sys.version_info.micro}"
        yield Sample(definitions.BUILD, 1, (metadata.version("credential-registry"), version))
        facts: DatabaseFacts | None = self._database.get(_DATABASE_SECONDS)
        yield Sample(definitions.DATABASE_UP, float(facts is not None))
        if facts is not None:
            yield from facts.samples
        self._log_reading.streams = facts.streams if facts is not None else ()
        log = self._log.get(_LOG_SECONDS)
        yield Sample(definitions.LOG_UP, float(log is not None))
        yield from log or ()
        yield from self._read_cosigned(() if facts is None else facts.streams)
        disk = shutil.disk_usage(self._node.settings.home)
        yield Sample(definitions.DISK_BYTES, disk.total)
        yield Sample(definitions.DISK_FREE, disk.free)
        yield from self._read_ages()
        yield from self._read_kafka_certificates()
        yield from self._health()
        if (age := self._age()) is not None:
            yield Sample(definitions.PROJECTION_AGE, age)
        yield Sample(definitions.SCRAPE_SECONDS, time.monotonic() - began)

    def _read_ages(self) -> Iterator[Sample]:
        now = datetime.now(UTC)
        runs: tuple[tuple[last_runs.Run, Definition], ...] = (
            ("backup", definitions.BACKUP_AGE),
            ("archive", definitions.ARCHIVE_AGE),
        )
        for run, metric in runs:
            if (last := last_runs.read(self._node.settings.home, run)) is not None:
                yield Sample(metric, max(0.0, (now - last).total_seconds()))

    def _read_kafka_certificates(self) -> Iterator[Sample]:
        """Yield the time until the first certificate of connections to Kafka ends; its files are read now and then."""
        if time.monotonic() - self._certificates_at > _CERTIFICATES_SECONDS:
            self._kafka_ends = find_kafka_end(self._node.settings)
            self._certificates_at = time.monotonic()
        if self._kafka_ends is not None:
            left = (self._kafka_ends - datetime.now(UTC)).total_seconds()
            yield Sample(definitions.CERTIFICATE_ENDS, left, ("kafka",))

    def _read_cosigned(self, streams: Iterable[ReadUpTo]) -> list[Sample]:
        """Return whether the heads of governance and of this member are cosigned as the settings ask."""
        if time.monotonic() - self._cosigned_at > _COSIGNED_SECONDS:
            own = [s for s in streams if s.member in (GOVERNANCE, self._node.settings.member) and s.size]
            if not own or not self._policy.needed:
                return []
            unmet = {stream.member: explain_unmet_policy(self._node, stream.member, stream.size) for stream in own}
            self._last_cosigned = [
                Sample(definitions.COSIGNED, float(reason is None), (member,)) for member, reason in unmet.items()
            ]
            self._cosigned_at = time.monotonic()
        return self._last_cosigned

    def _health(self) -> Iterator[Sample]:
        """Yield the results of the node's last check of itself, some seconds ago."""
        faults, health = self._watch.faults, self._watch.health
        yield Sample(definitions.READY, float(not any(component in faults for component in READINESS)))
        for component in COMPONENTS:
            yield Sample(definitions.FAULTS, len(faults.get(component, ())), (component,))
        if health is None or self._watch.is_stale:
            return
        since = None if health.waiting_since is None else datetime.fromisoformat(health.waiting_since)
        age = 0.0 if since is None else max(0.0, (datetime.now(UTC) - since).total_seconds())
        yield Sample(definitions.UNPUBLISHED, health.waiting - health.held)
        yield Sample(definitions.UNPUBLISHED_AGE, age)
        yield Sample(definitions.HELD_BACK, health.held)
