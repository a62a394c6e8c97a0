"""Publishing, projecting, and both together."""

import contextlib
import threading
from collections.abc import Callable
from typing import Annotated

import structlog
import typer

from consumers.projecting.rebuild import rebuild
from projections.core import views
from projections.core.positions import DamagedPosition
from registry.cli.consortium.founding import refuse_faults
from registry.cli.issuing.intake import take_in_beside
from registry.cli.opening import node_of
from registry.cli.output import counted, errors, progress, say
from registry.log import GOVERNANCE, LogError, open_log
from registry.node.adapters.webhooks import dispatch, dispatcher
from registry.node.health import last_error
from registry.node.node import Node
from registry.node.services.housekeeping import keep_house
from registry.node.services.measuring import measuring, observing
from registry.node.services.observing import Observer
from registry.node.services.stopping import DATABASE_AWAY, keep_on_hangup, stopping
from registry.node.services.watching import HealthWatch
from registry.publishing.publisher import AnotherPublisher, Published

_log = structlog.get_logger(__name__)
_AGAIN = 1.0


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.command("publish")(publish)
    app.command("project")(project)
    app.command("run")(run)


def publish(context: typer.Context) -> None:
    """Publish the events that are stored and not on the log yet.

    Example: registry publish
    """
    node = node_of(context)
    published = node.publisher().publish_pending()
    done = f"{counted(published.events, 'event')} in {counted(published.commits, 'commit')}"
    say(f"{done}; the log has {published.size:,}")
    refuse_faults(published.faults)


def project(
    context: typer.Context,
    *,
    follow: Annotated[bool, typer.Option("--follow", help="Go on until stopped.")] = False,
    fresh: Annotated[
        bool, typer.Option("--rebuild", help="Fill fresh views from the beginning and swap them in.")
    ] = False,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes for --rebuild (else one a core).")] = None,
) -> None:
    """Bring the views up with the log.

    Examples: registry project; registry project --follow; registry project --rebuild
    """
    node = node_of(context)
    # Views that are damaged cannot say what they have read; to make them again is what --rebuild is for.
    with contextlib.suppress(*([DamagedPosition] if fresh else [])):
        node.refuse_gone_log()
    with progress("projecting") as counter:
        sizes: dict[str, int] = {}

        def on_batch(member: str, size: int, position: int) -> None:
            del position
            sizes[member] = size
            counter.reach(sum(sizes.values()))

        if fresh:
            done = rebuild(node.dsn(), node.source(), workers=workers, on_batch=on_batch)
            node.projector().step()  # what came meanwhile, and the feed of what the fresh views were first to see
        else:
            projector = node.projector(on_batch=on_batch)
            done = projector.step()
            projector.settle_all()
    refused = counted(done.quarantined, "record")
    say(f"{counted(done.events, 'event')} in {counted(done.commits, 'commit')}, {refused} quarantined")
    if follow:
        with stopping() as stop:
            follow_log(node, stop, Observer())


def run(context: typer.Context) -> None:
    """Publish, project and post webhooks until stopped: what a node does all day. Ctrl-C or SIGTERM ends it cleanly.

    Example: registry run
    """
    keep_on_hangup()
    node = node_of(context)
    node.views()
    watch = HealthWatch(node, says=True)
    with stopping() as stop, measuring(node, watch) as measures:
        observer = observing(node, measures)
        if measures is not None:
            errors.print(f"metrics are at {measures.address}", markup=False)
        if node.settings.member == GOVERNANCE:  # the consortium's own node publishes by ceremony
            node.log()  # another consortium's log ends this, as it ends a member's node
            errors.print("governance is followed; Ctrl-C ends it", markup=False)
            watch.follow(stop)
            follow_log(node, stop, observer)
        else:
            run_node(node, watch, stop, observer)


def run_node(
    node: Node,
    watch: HealthWatch,
    stop: threading.Event,
    observer: Observer,
    on_started: Callable[[], None] = lambda: None,
) -> None:
    """Publish, project, post webhooks and keep house until told to stop; `watch` looks at the node meanwhile.

    `on_started` is called once, when no other process publishes for this node. Raises `AnotherPublisher` before.
    """
    beside = _Beside(stop)
    watch.follow(stop)

    def noted(error: Exception) -> None:
        last_error.note(node.settings.home, "publishing", error)

    try:
        while not stop.is_set():
            try:
                with node.publisher(observer.on_committed).session() as session:
                    if not beside.started:
                        _start_all(node, beside, observer)
                        on_started()
                    session.run(stop, on_published=_say, on_error=noted)
            except (LogError, AnotherPublisher, *DATABASE_AWAY) as error:
                # The server may hold the lock of a connection that was lost for a while: then we are that other.
                if not beside.started:
                    raise
                _log.error("run.publishing_again", error=str(error).strip(), again_in=_AGAIN)
                noted(error)
                stop.wait(_AGAIN)
    finally:
        stop.set()
        beside.join()
    beside.raise_error()


def _start_all(node: Node, beside: "_Beside", observer: Observer) -> None:
    home = node.settings.home
    posts = dispatcher(node)
    beside.start("projecting", lambda stop: follow_log(node, stop, observer))
    beside.start("posting", lambda stop: dispatch(posts, home, stop))
    if node.settings.intake_kafka is not None:
        beside.start("taking in", lambda stop: take_in_beside(home, stop))
    keeping = threading.Thread(target=keep_house, args=(home, beside.stop), name="housekeeping", daemon=True)
    keeping.start()
    errors.print(f"{node.settings.member} is running; Ctrl-C ends it", markup=False)


class _Beside:
    """What goes on in threads beside the publisher. What one of them raises ends all, and is raised again."""

    def __init__(self, stop: threading.Event) -> None:
        self.stop = stop
        self._threads: list[threading.Thread] = []
        self._failed: list[BaseException] = []

    @property
    def started(self) -> bool:
        """Whether anything was started."""
        return bool(self._threads)

    def start(self, name: str, work: Callable[[threading.Event], None]) -> None:
        """Start one."""

        def do() -> None:
            try:
                work(self.stop)
            except BaseException as error:  # noqa: BLE001 - raised again in the main thread
                self._failed.append(error)
                self.stop.set()

        thread = threading.Thread(target=do, name=name)
        thread.start()
        self._threads.append(thread)

    def join(self) -> None:
        """Wait until they have ended."""
        for thread in self._threads:
            thread.join()

    def raise_error(self) -> None:
        """Raise what one of them raised first."""
        if self._failed:
            raise self._failed[0]


def _say(published: Published) -> None:
    _log.info("run.published", events=published.events, size=published.size)


def follow_log(node: Node, stop: threading.Event, observer: Observer) -> None:
    """Project until told to stop; a log or a database that is away is tried again."""

    def noted(error: Exception) -> None:
        last_error.note(node.settings.home, "projecting", error)

    while not stop.is_set():
        try:
            # A log of its own: the one that the publisher appends to would make it wait.
            with contextlib.closing(open_log(node.settings.log_url, node.settings.consortium, read_only=True)) as log:
                node.check_founding(log)
                with views.connect(node.dsn()) as connection:
                    projector = node.projector(connection, observer.on_batch, log, on_fault=noted)
                    projector.run(stop, on_step=observer.on_step)
        except (LogError, *DATABASE_AWAY) as error:
            _log.error("run.projecting_again", error=str(error).strip(), again_in=_AGAIN)
            noted(error)
            stop.wait(_AGAIN)
