"""Traces of this node's rows, if OpenTelemetry is installed and its variables name an address."""

import os
import re
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import structlog

from consumers.streams.progress import Progress
from registry.node.services.observers import Observer
from registry.node.services.unseen import Unseen
from registry.publishing.commit_store import UnsignedCommit
from registry.store.recorder import StoredEvent
from registry.store.translation import PUBLISHED, read_stored_time

if TYPE_CHECKING:
    from registry.tracing.row_traces import RowTraces

_log = structlog.get_logger(__name__)
_VARIABLES: Final = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
_EVENT: Final = re.compile(rb'"id":"([^"\\]+)"')


def create_traces(member: str) -> "RowTraces | None":
    """Return the traces of this process; None if no variable names an address for them.

    Without OpenTelemetry nothing is traced either, and the node's log says so.
    """
    if not any(os.environ.get(name) for name in _VARIABLES) or os.environ.get("OTEL_SDK_DISABLED") == "true":
        return None
    try:
        from registry.tracing.row_traces import RowTraces  # noqa: PLC0415 - an extra, which may be missing
    except ModuleNotFoundError as error:
        _log.warning("tracing.not_installed", missing=error.name, advice="install credential-registry[otel]")
        return None
    return RowTraces(member)


def trace_stored(traces: "RowTraces", events: Sequence[StoredEvent]) -> None:
    """Trace events that were just stored, each from the time when it was made."""
    now = time.time()
    for event in events:
        if event.topic in PUBLISHED:
            name = f"{event.originator_id}-{event.originator_version}"
            traces.intake(name, read_stored_time(event.state).timestamp(), now)


def create_tracing_observer(traces: "RowTraces", member: str) -> Observer:
    """Return an observer that traces this node's events through the publisher and the projector."""
    unseen = Unseen[tuple[str, float]](member)

    def project(events: Sequence[tuple[str, float]]) -> None:
        now = time.time()
        for event, published in events:
            traces.project(event, published, now)

    def on_committed(commits: Sequence[UnsignedCommit]) -> None:
        now = time.time()
        waiting: list[tuple[int, tuple[str, float]]] = []
        for commit in commits:
            for line in commit.lines:
                if (match := _EVENT.search(line)) is not None:
                    event = match[1].decode()
                    traces.publish(event, now if commit.stored is None else commit.stored, now)
                    waiting.append((commit.after.size, (event, now)))
        project(unseen.add(waiting))

    def on_batch(member: str, size: int, position: int) -> None:
        del position
        unseen.reach(member, size)

    def on_step(progress: Progress, seconds: float, whole: bool) -> None:  # noqa: FBT001 - the projector's own
        del progress, seconds, whole
        project(unseen.step())

    return Observer(on_committed, on_batch, on_step)
