"""Commands that publish once, and run the whole node."""

from typing import Annotated

import typer

from registry.cli.opening import node_of
from registry.cli.output import errors, say, warn
from registry.cli.publishing import refuse_faults
from registry.log import GOVERNANCE
from registry.node.node import Node
from registry.node.services.health_watch import HealthWatch
from registry.node.services.metrics_server import create_observer, serve_metrics
from registry.node.services.running import run_node, run_projector
from registry.node.services.signals import ignore_hangup, stop_on_signals
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


def run(
    context: typer.Context,
    *,
    standby: Annotated[
        bool,
        typer.Option("--standby", help="Wait while another process publishes; take over when it ends or hangs."),
    ] = False,
) -> None:
    """Publish, project and post webhooks until stopped. Ctrl-C or SIGTERM ends it cleanly.

    Where another process already runs this node, it exits with 4; with --standby it waits, and takes over within
    seconds.

    Examples: registry run; registry run --standby
    """
    ignore_hangup()
    node = node_of(context)
    node.views()
    watch = HealthWatch(node, says=True)
    with stop_on_signals() as stop, serve_metrics(node, watch) as measures:
        observer = create_observer(node, measures)
        if measures is not None:
            errors.print(f"metrics are at {measures.address}", markup=False)
        if node.settings.member == GOVERNANCE:  # the consortium's own node publishes by ceremony
            node.log()  # another consortium's log ends this here, as it ends a member's node
            errors.print("governance is followed; Ctrl-C ends it", markup=False)
            watch.follow(stop)
            run_projector(node, stop, observer)
        else:
            run_node(
                node, watch, stop, observer, on_started=lambda: say_running(node), on_warning=warn,
                on_standby=say_waiting if standby else None,
            )  # fmt: skip


def say_running(node: Node) -> None:
    """Print that a node is running."""
    errors.print(f"{node.settings.member} is running; Ctrl-C ends it", markup=False)


def say_waiting() -> None:
    """Print that another process publishes this node's events, and that this one takes over."""
    errors.print("another process publishes this node's events; waiting to take over. Ctrl-C ends it", markup=False)
