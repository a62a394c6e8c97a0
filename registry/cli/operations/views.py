"""Commands for the views: update or rebuild them, and show or sign their digest."""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated

import typer

from consumers.projecting.build_plan import BuildPlan, plan_build
from consumers.projecting.rebuild import count_events
from consumers.projecting.rebuild import rebuild as rebuild_views
from consumers.streams.progress import Progress
from projections.core.digest import digest
from projections.core.positions import DamagedPosition
from projections.core.views import OutdatedViews, connect, drop_other_versions
from registry.cli.opening import node_of
from registry.cli.output import AsJson, print_json, progress, say, table
from registry.node.digests import sign_digest
from registry.node.services.observers import Observer
from registry.node.services.running import run_projector
from registry.node.services.signals import stop_on_signals
from registry.values.plural import plural

views_app = typer.Typer(help="The read views, which are made from the log alone.", no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(views_app, name="views")


@views_app.command("update")
def update(
    context: typer.Context, *, follow: Annotated[bool, typer.Option("--follow", help="Go on until stopped.")] = False
) -> None:
    """Read what is new on the log into the views.

    Examples: registry views update; registry views update --follow
    """
    node = node_of(context)
    node.refuse_gone_log()
    with _show_progress() as on_batch:
        projector = node.projector(on_batch=on_batch)
        outcome = projector.step()
        projector.settle_all()
    _report(outcome)
    if follow:
        with stop_on_signals() as stop:
            run_projector(node, stop, Observer())


@views_app.command("rebuild")
def rebuild(
    context: typer.Context,
    *,
    workers: Annotated[int | None, typer.Option(min=1, help="The processes (else one for each core).")] = None,
    plan: Annotated[
        bool, typer.Option("--plan", help="Only say how much disk and time it takes; build nothing.")
    ] = False,
    beside: Annotated[
        bool,
        typer.Option("--beside", help="Keep views of another version for a program that still reads them."),
    ] = False,
) -> None:
    """Fill new views from the beginning of the log, and replace the old ones by them. Readers never wait.

    With --beside, a program of another version goes on reading its own views until it is stopped; then
    `registry views drop-old` frees their disk. An interrupted build leaves the old views as they are: run it again.

    Examples: registry views rebuild --plan; registry views rebuild --beside
    """
    node = node_of(context)
    if plan:
        _show_plan(plan_build(node.dsn(), node.source()))
        return
    if not beside:
        # Views that are damaged or of another version do not say what they have read; they are rebuilt.
        with contextlib.suppress(DamagedPosition, OutdatedViews):
            node.refuse_gone_log()
    with _show_progress(count_events(node.source())) as on_batch:
        outcome = rebuild_views(node.dsn(), node.source(), workers=workers, on_batch=on_batch, beside=beside)
        node.projector().step()  # what arrived meanwhile, and the feed of what the old views had not read
    _report(outcome)


@views_app.command("drop-old")
def drop_old(context: typer.Context) -> None:
    """Drop views of other versions. A program of another version that still runs has no views afterwards.

    Example: registry views drop-old
    """
    with connect(node_of(context).dsn()) as connection:
        dropped = drop_other_versions(connection)
    say(f"dropped: {', '.join(dropped)}" if dropped else "there are no views of other versions")


def _show_plan(plan: BuildPlan) -> None:
    """Print what a build takes."""
    say(f"{plural(plan.events, 'event')} on the log")
    disk = f"{plan.disk_bytes / 1_000_000:,.0f} MB of disk beside the present views, while both are there"
    say(disk if plan.is_measured else f"{disk}, by the size of a usual credential: there are no views to measure")
    if plan.seconds is None:
        say("The time is not known: no rebuild was measured on this database. `registry status` shows how far one is.")
    else:
        say(f"{plan.seconds:,.0f} seconds, at the rate of the last build on this database")


@contextlib.contextmanager
def _show_progress(total: int | None = None) -> Iterator[Callable[[str, int, int], None]]:
    """Show the sum of all streams' sizes as progress, and the time left where there is a total."""
    sizes: dict[str, int] = {}
    with progress("projecting", total) as counter:

        def on_batch(member: str, size: int, position: int) -> None:
            del position
            sizes[member] = size
            counter.reach(sum(sizes.values()))

        yield on_batch


def _report(outcome: Progress) -> None:
    refused = plural(outcome.quarantined, "record")
    say(f"{plural(outcome.events, 'event')} in {plural(outcome.commits, 'commit')}, {refused} quarantined")


@views_app.command("digest")
def show_digest(
    context: typer.Context,
    *,
    sign: Annotated[Path | None, typer.Option(help="Write it signed with the node's key, for auditors.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show the digest of this node's views, by which members compare them.

    Example: registry views digest --sign views.note
    """
    node = node_of(context)
    views_digest = digest(node.views())
    if sign is not None:
        sign.write_text(sign_digest(node, views_digest))
    if as_json:
        print_json({"digest": views_digest.total, "members": views_digest.members})
        return
    table(("stream", "events", "root"), [(m.member, f"{m.size:,}", m.root) for m in views_digest.members])
    say(views_digest.total)
