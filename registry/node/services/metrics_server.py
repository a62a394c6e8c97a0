"""The metrics of `registry run` and `registry serve`: counted by each process, served on their own port."""

import contextlib
import shutil
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import structlog

from consumers.streams.progress import NOTHING, Progress
from registry.node.services.health_watch import HealthWatch
from registry.node.services.observers import Observer, combine_observers
from registry.node.services.tracing import create_tracing_observer
from registry.node.services.unseen import Unseen
from registry.publishing.commit_store import UnsignedCommit
from registry.settings.settings import SettingsError

if TYPE_CHECKING:
    import uvicorn

    from registry.metrics.instruments import Instruments
    from registry.node.metrics.collector import MetricsCollector
    from registry.node.node import Node

_log = structlog.get_logger(__name__)
_MAIN: Final = "main"
"""The name of the process that serves the metrics."""
_FOLDER: Final = "metrics"
_MAX_CONNECTIONS: Final = 16
_TIMEOUT_SECONDS: Final = 5.0


class ServedMetrics(NamedTuple):
    """Metrics while they are served."""

    observer: Observer
    folder: Path
    """The folder of the processes' counters."""
    address: str
    """The address of the page."""


class _Work:
    """Measures the publisher and the projector of this process."""

    def __init__(self, member: str, instruments: "Instruments", *, projects: bool) -> None:
        self._instruments = instruments
        self._unseen = Unseen[float](member)
        """When the oldest event of each commit was stored."""
        self._stepped = time.monotonic() if projects else None

    def on_committed(self, commits: Sequence[UnsignedCommit]) -> None:
        """Count commits that were appended to the log."""
        now = time.time()
        stored = [(commit.after.size, commit.stored) for commit in commits if commit.stored is not None]
        events = sum(len(commit.lines) for commit in commits)
        self._instruments.count_published(len(commits), events, (max(0.0, now - at) for _, at in stored))
        self._count_seen(self._unseen.add(stored))  # the projector may have been faster

    def on_batch(self, member: str, size: int, position: int) -> None:
        """Note the size of this member's own stream in the views."""
        del position
        self._unseen.reach(member, size)

    def on_step(self, progress: Progress, seconds: float, whole: bool) -> None:  # noqa: FBT001 - the projector's own
        """Count the commits of a step of the projector, and this member's commits that became visible in the views."""
        if whole:
            self._stepped = time.monotonic()
        if progress != NOTHING:
            self._instruments.count_projected(progress.commits, progress.events, seconds)
        self._count_seen(self._unseen.step())

    def _count_seen(self, stored: Sequence[float]) -> None:
        now = time.time()
        for at in stored:
            self._instruments.count_visible(max(0.0, now - at))

    def age(self) -> float | None:
        """Return the seconds since the projector's last step without a fault, or else since the start.

        None in a process that does not project.
        """
        return None if self._stepped is None else time.monotonic() - self._stepped


@contextlib.contextmanager
def serve_metrics(node: "Node", watch: HealthWatch, *, projects: bool = True) -> Iterator[ServedMetrics | None]:
    """Serve the metrics of a node while inside; yield None if the settings name no port for them.

    The caller starts the thread of `watch`. `projects` says that this process projects. Raises `SettingsError` if the
    port is in use or the folder of counters cannot be created.
    """
    settings = node.settings
    if settings.metrics_port is None:
        yield None
        return
    from registry.metrics.instruments import Instruments  # noqa: PLC0415 - loads prometheus-client
    from registry.node.metrics.collector import MetricsCollector  # noqa: PLC0415 - likewise

    with _listening(settings.metrics_host, settings.metrics_port) as listening:
        host, port = listening.getsockname()[:2]
        with _counters(settings.home / _FOLDER / _folder_name(host, port)) as folder:
            try:
                work = _Work(settings.member, Instruments(folder, _MAIN), projects=projects)
            except OSError as error:
                raise SettingsError(f"metrics: cannot write to {folder}: {error.strerror}") from error
            collecting = MetricsCollector(node, watch, folder, work.age)
            server = _server(collecting)
            thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, name="metrics", daemon=True)
            thread.start()
            try:
                observer = Observer(work.on_committed, work.on_batch, work.on_step)
                shown = f"[{host}]" if ":" in host else host
                yield ServedMetrics(observer, folder, f"http://{shown}:{port}/metrics")
            finally:
                server.should_exit = True
                thread.join()
                collecting.close()


def create_observer(node: "Node", measures: ServedMetrics | None) -> Observer:
    """Return the observer of this node's services for its metrics and traces."""
    observers = [] if measures is None else [measures.observer]
    if node.traces is not None:
        observers.append(create_tracing_observer(node.traces, node.settings.member))
    return combine_observers(*observers)


def create_instruments(folder: Path | None, process: str) -> "Instruments | None":
    """Return the instruments of a process that answers; None if nothing is measured.

    A process that cannot create its files answers without counting, and the node's log says so.
    """
    if folder is None:
        return None
    from registry.metrics.instruments import Instruments  # noqa: PLC0415 - loads prometheus-client

    try:
        return Instruments(folder, process)
    except OSError as error:
        _log.error("metrics.not_counting", process=process, error=error.strerror)
        return None


def _listening(host: str, port: int) -> socket.socket:
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        raise SettingsError(f"metrics_port: cannot listen at {host} port {port}: {error.strerror}") from error


def _folder_name(host: str, port: int) -> str:
    """Return a name that no other process has: containers that share the node's folder may have the same address."""
    return f"{socket.gethostname()}-{host}-{port}".replace(":", "-").replace("/", "-")


@contextlib.contextmanager
def _counters(folder: Path) -> Iterator[Path]:
    """Create a folder, and remove it at the end. Files of a process that was killed are removed at the start.

    The folder's name contains this machine and the address of the page, at which no other process listens.
    """
    try:
        if folder.exists():
            shutil.rmtree(folder)
        folder.mkdir(parents=True, mode=0o700)
    except OSError as error:
        raise SettingsError(f"metrics: cannot make the folder {folder}: {error.strerror}") from error
    try:
        yield folder
    finally:
        # A process that is ending may still write there; the next start removes the rest.
        shutil.rmtree(folder, ignore_errors=True)


def _server(collecting: "MetricsCollector") -> "uvicorn.Server":
    from registry.http.server import server_for  # noqa: PLC0415 - loads an HTTP server
    from registry.metrics.metrics_app import MetricsApp  # noqa: PLC0415 - likewise

    return server_for(
        MetricsApp(collecting.render_page),
        patience_seconds=_TIMEOUT_SECONDS,
        max_connections=_MAX_CONNECTIONS,
        max_connections_per_address=_MAX_CONNECTIONS,
    )
