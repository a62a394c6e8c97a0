"""Publishing of the events that a command has stored."""

from collections.abc import Sequence

import typer

from registry.cli.output import errors
from registry.node.health import last_error
from registry.node.node import Node
from registry.publishing.errors import AnotherPublisher
from registry.values.plural import plural


def publish_now(node: Node) -> None:
    """Publish the events that a command has stored, unless another process of this node does so.

    Exits with 1 if an event that was stored since the last pass has no effect. Events of earlier commands that are
    still held back are a warning only: an exit code would make the user repeat a command that has succeeded.
    """
    try:
        published = node.publisher().publish_pending()
    except AnotherPublisher:
        errors.print("stored; the process that publishes this node's events (`registry run`) will publish it")
        if (last := last_error.read(node.settings.home)) is not None and last.work == last_error.PUBLISHING:
            errors.print(f"its last error, {last.time}: {last.error}", markup=False, highlight=False)
        return
    except Exception:  # whatever it was: the user must know that the events are stored
        errors.print("stored, but not published; run `registry publish` when this is repaired:", markup=False)
        raise
    has = f"the log of {node.settings.member} has {published.size:,}"
    done = f"published {plural(published.events, 'event')}" if published.events else "nothing to publish"
    errors.print(f"{done}; {has}", markup=False, highlight=False)
    if published.new:
        refuse_faults(published.new)
    for fault in published.faults:
        errors.print(f"Warning, about events of earlier commands: {fault}", markup=False, style="yellow")


def refuse_faults(faults: Sequence[str]) -> None:
    """End with exit code 1 if stored events are held back, or published ones have no effect."""
    for fault in faults:
        errors.print(fault, markup=False, style="red")
    if faults:
        raise typer.Exit(1)
