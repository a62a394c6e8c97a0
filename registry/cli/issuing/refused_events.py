"""Commands about this node's own events that have no effect on the log, and their repair."""

from typing import Annotated

import typer

from registry.cli.opening import node_of
from registry.cli.output import AsJson, errors, print_json, say, table
from registry.cli.publishing import publish_now
from registry.log import GOVERNANCE
from registry.node.node import Node
from registry.publishing import republishing
from registry.publishing.republishing import Repair
from registry.settings.settings import SettingsError
from registry.values.plural import plural

refused_app = typer.Typer(
    help="This node's own events that the log refused: other members ignore them.", no_args_is_help=True
)
_SHOWN = 25


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(refused_app, name="refused")


def _plan(node: Node) -> list[Repair]:
    """Return the repairs that are possible, as of the log's present end."""
    if node.settings.member == GOVERNANCE:
        raise SettingsError("the consortium's own node publishes no events of a member; run this on a member's node")
    node.projector().step()
    return republishing.plan(node.registry, node.own_refusals.list_events())


@refused_app.command("list")
def list_refused(context: typer.Context, *, as_json: AsJson = False) -> None:
    """List the events of this member that are on its log without effect, and the repair of each.

    Exits 1 if there are any.

    Example: registry refused list
    """
    repairs = _plan(node_of(context))
    if as_json:
        print_json(repairs)
    elif repairs:
        _show(repairs, whole=True)
    else:
        say("No event of this node without effect is left to repair.")
    if repairs:
        raise typer.Exit(1)


@refused_app.command("publish-again")
def publish_again(
    context: typer.Context,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be done, and do nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Publish events again that were refused for this member's standing or role, once that no longer stops them.

    Each event gets a new id; its credential or achievement keeps its own, so that rows, course codes and letters still
    lead to it. Exits 1 if some events are left to repair by hand.

    Examples: registry refused publish-again --dry-run; registry refused publish-again --yes
    """
    node = node_of(context)
    repairs = _plan(node)
    if not repairs:
        say("No event of this node without effect is left to repair.")
        return
    _show(repairs, whole=False)
    again = sum(repair.how == "publish-again" for repair in repairs)
    left = sum(repair.how == "by-hand" for repair in repairs)
    node.registry.checker.check_accepted({repair.refused.type for repair in repairs if repair.how == "publish-again"})
    say(f"This publishes {plural(again, 'event')} again, under new ids. It cannot be taken back from the log.")
    if dry_run:
        say("Nothing was done.")
    elif left < len(repairs):
        if not yes and not typer.confirm("Publish?"):
            errors.print("Nothing was done.")
            raise typer.Exit(1)
        say(f"{plural(republishing.publish_again(node.registry, repairs), 'event')} stored again")
        publish_now(node)
    if left:
        errors.print(
            f"{plural(left, 'event')} left: enter their content again by hand, then `registry refused close ENTRY`",
            markup=False,
        )
        raise typer.Exit(1)


@refused_app.command("close")
def close(
    context: typer.Context,
    entry: Annotated[list[int], typer.Argument(min=1, help="Entries of the own log, as `refused list` shows them.")],
) -> None:
    """Note that refused events were repaired by hand: `status` no longer names them.

    Example: registry refused close 15 16
    """
    node = node_of(context)
    by_entry = {repair.refused.leaf + 1: repair.refused for repair in _plan(node)}
    if unknown := [str(each) for each in entry if each not in by_entry]:
        errors.print(f"No refused event is open at entry {', '.join(unknown)}; nothing was closed.", markup=False)
        raise typer.Exit(1)
    republishing.close(node.registry, [by_entry[each] for each in entry])
    say(f"{plural(len(entry), 'event')} closed")


_HOW = {"publish-again": "is published again", "close": "is closed", "by-hand": "by hand"}


def _show(repairs: list[Repair], *, whole: bool) -> None:
    shown = repairs if whole else repairs[:_SHOWN]
    table(
        ("entry", "event", "about", "refused as", "what is done", "why"),
        [(r.refused.leaf + 1, r.refused.type, r.refused.subject, r.refused.code, _HOW[r.how], r.why) for r in shown],
    )
    if len(shown) < len(repairs):
        say(f"and {len(repairs) - len(shown):,} more; `registry refused list` shows all")
