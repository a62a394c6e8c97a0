"""Commands that publish once, and run the services of a node."""

import contextlib
import threading
from collections.abc import Collection, Iterator
from typing import Annotated

import typer

from registry.cli.opening import node_of, open_service
from registry.cli.output import errors, say, warn
from registry.cli.publishing import refuse_faults
from registry.log import GOVERNANCE
from registry.node.node import Node
from registry.node.services.health_watch import HealthWatch
from registry.node.services.metrics_server import create_observer, serve_metrics
from registry.node.services.names import WITHOUT_HTTP, Service, choose_services, watches_health
from registry.node.services.running import run_node, run_projector
from registry.node.services.signals import ignore_hangup, stop_on_signals
from registry.server.processes import keep_processes
from registry.values.plural import plural


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.command("publish")(publish)
    app.command("run")(run)


def publish(context: typer.Context) -> None:
    """Publish the events that are stored and not on the log yet.

    Example: registry publish
    """
    node = node_of(context)
    published = node.publisher().publish_pending()
    done = f"{plural(published.events, 'event')} in {plural(published.commits, 'commit')}"
    say(f"{done}; the log has {published.size:,}")
    refuse_faults(published.faults)


Only = Annotated[
    list[Service] | None,
    typer.Option("--only", help="Run this service; give it again for each further one."),
]
Standby = Annotated[
    bool,
    typer.Option("--standby", help="Wait while another process publishes; take over when it ends or hangs."),
]


def run(context: typer.Context, *, only: Only = None, standby: Standby = False) -> None:
    """Publish, project and post webhooks until stopped. Ctrl-C or SIGTERM ends it cleanly.

    Without --only it runs all services but batches: they arrive over HTTP, so `registry serve` works through them.
    Several processes, also on several machines, may run services of one node. One of them publishes: where another
    process does, the command exits with 4; with --standby it waits, and takes over within seconds.

    Examples: registry run --only publisher --only projector; registry run --standby
    """
    ignore_hangup()
    node = open_service(context)
    services = choose_services(node.settings, only or (), WITHOUT_HTTP)
    if standby and Service.PUBLISHER not in services:
        raise typer.BadParameter("the publisher is not among the services, and only it waits", param_hint="--standby")
    node.views()
    watch = HealthWatch(node, says=watches_health(node.settings, services))
    with stop_on_signals() as stop, serve_metrics(node, watch, projects=Service.PROJECTOR in services) as measures:
        observer = create_observer(node, measures)
        if measures is not None:
            errors.print(f"metrics are at {measures.address}", markup=False)
        if node.settings.member == GOVERNANCE:  # the consortium's own node publishes by ceremony
            node.log()  # another consortium's log ends this here, as it ends a member's node
            errors.print("governance is followed; Ctrl-C ends it", markup=False)
            watch.follow(stop)
            run_projector(node, stop, observer)
            return
        with _batches_process(node, services, stop):
            run_node(
                node, watch, stop, observer, services,
                on_started=lambda: say_running(node, services), on_warning=warn,
                on_standby=say_waiting if standby else None,
            )  # fmt: skip


@contextlib.contextmanager
def _batches_process(node: Node, services: Collection[Service], stop: threading.Event) -> Iterator[None]:
    """Keep a process that works through batches while inside, if that is among the services."""
    if Service.BATCHES not in services:
        yield
        return
    _ = node.registry  # its tables are created before several processes need them
    settings = node.settings
    working = threading.Thread(
        target=keep_processes, args=(settings.home, settings.log_level, (), stop, None), name="batches"
    )
    working.start()
    try:
        yield
    finally:
        stop.set()
        working.join()


def say_running(node: Node, services: Collection[Service]) -> None:
    """Print which services of a node are running."""
    errors.print(
        f"{node.settings.member} is running ({', '.join(services) or 'no services'}); Ctrl-C ends it", markup=False
    )


def say_waiting() -> None:
    """Print that another process publishes this node's events, and that this one takes over."""
    errors.print("another process publishes this node's events; waiting to take over. Ctrl-C ends it", markup=False)
