"""Publishing, projecting, and both together."""

import contextlib
from typing import Annotated

import typer

from consumers.projecting.rebuild import rebuild
from projections.core.positions import DamagedPosition
from projections.core.views import OutdatedViews
from registry.cli.consortium.founding import refuse_faults
from registry.cli.opening import node_of
from registry.cli.output import counted, errors, progress, say, warn
from registry.log import GOVERNANCE
from registry.node.node import Node
from registry.node.services.health_watch import HealthWatch
from registry.node.services.metrics_server import create_observer, serve_metrics
from registry.node.services.observers import Observer
from registry.node.services.running import run_node, run_projector
from registry.node.services.signals import ignore_hangup, stop_on_signals


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
    # Views that are damaged or of another version cannot say what they have read; --rebuild makes them again.
    with contextlib.suppress(*([DamagedPosition, OutdatedViews] if fresh else [])):
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
        with stop_on_signals() as stop:
            run_projector(node, stop, Observer())


def run(context: typer.Context) -> None:
    """Publish, project and post webhooks until stopped: what a node does all day. Ctrl-C or SIGTERM ends it cleanly.

    Example: registry run
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
            node.log()  # another consortium's log ends this, as it ends a member's node
            errors.print("governance is followed; Ctrl-C ends it", markup=False)
            watch.follow(stop)
            run_projector(node, stop, observer)
        else:
            run_node(node, watch, stop, observer, on_started=lambda: say_running(node), on_warning=warn)


def say_running(node: Node) -> None:
    """Print that a node is at work."""
    errors.print(f"{node.settings.member} is running; Ctrl-C ends it", markup=False)
