"""Commands that show governance: the root keys, the members, and one member."""

import sys
from operator import itemgetter
from typing import Annotated, Any

import msgspec
import typer

from consumers.governance.governance import GovernanceFold
from registry.ceremony.act_words import content_of
from registry.ceremony.members import describe_window, find_member
from registry.cli.consortium.governance import governance_app
from registry.cli.listing import Column, print_list
from registry.cli.opening import node_of
from registry.cli.output import AsCsv, AsJson, Wide, print_json, say
from registry.node.ceremony import read_governance
from registry.values.plural import plural


def add_to(app: typer.Typer) -> None:  # noqa: ARG001 - one shape for all; this is under `governance`
    """Add this command."""
    governance_app.command("show")(show)


def show(
    context: typer.Context,
    member: Annotated[str | None, typer.Argument(help="Show this member alone.")] = None,
    *,
    content: Annotated[
        bool, typer.Option("--content", help="Print the member's content as JSON, to edit and propose again.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show the root keys and the members, with their standing, roles and whole keys.

    Examples: registry governance show
    registry governance show delft --content > delft.json
    """
    fold = read_governance(node_of(context))
    if content:
        if member is None:
            raise typer.BadParameter("name the member whose content to print", param_hint="MEMBER")
        text = msgspec.json.encode({"member": member, **content_of(find_member(fold.state.members, member).content)})
        sys.stdout.write(msgspec.json.format(text, indent=2).decode() + "\n")
        return
    if member is not None:
        find_member(fold.state.members, member)
    names = list(fold.state.members) if member is None else [member]
    if as_json:
        print_json(_as_json(fold, names))
        return
    roots = fold.state.roots[-1]
    say(f"{fold.state.consortium}: {plural(len(roots.keys), 'root key')}, {roots.threshold} must sign.")
    for key in roots.keys:
        say(f"  {key}")
    for name in names:
        say("")
        _say_member(fold, name)


def list_members(context: typer.Context, *, as_json: AsJson = False, as_csv: AsCsv = False, wide: Wide = False) -> None:
    """List the members, with their country, standing and roles.

    Example: registry member list
    """
    fold = read_governance(node_of(context))
    rows = [_summary(fold, name) for name in fold.state.members]
    names = ("member", "legal_name", "country", "standing", "roles", "homepage")
    columns = [Column(name.replace("_", " "), itemgetter(name), wide=name == "homepage") for name in names]
    print_list(rows, columns, as_json=as_json, as_csv=as_csv, wide=wide)


def _say_member(fold: GovernanceFold, member: str) -> None:
    record, summary = fold.state.members[member], _summary(fold, member)
    roles = " and ".join(summary["roles"]) or "without a role"
    say(f"{record.name}: {summary['legal_name']} ({summary['country']}), {record.standing}, {roles}")
    if record.content.homepage:
        say(f"  {record.content.homepage}")
    for window in record.keys:
        say(f"  key {window.key}")
        say(f"      {describe_window(window)}")
    if record.anchors:
        say(f"  anchored at {', '.join(str(anchor.size) for anchor in record.anchors)}")
    for begin, end in record.voided:
        say(f"  entries {begin + 1} to {end} are voided")


def _summary(fold: GovernanceFold, member: str) -> dict[str, Any]:
    record = fold.state.members[member]
    content = record.content
    return {
        "member": record.name,
        "legal_name": content.legal_name,
        "country": content.country,
        "homepage": content.homepage,
        "standing": record.standing,
        "roles": list(record.current_roles),
    }


def _as_json(fold: GovernanceFold, names: list[str]) -> dict[str, Any]:
    roots = fold.state.roots[-1]
    members = [
        {
            **_summary(fold, record.name),
            "keys": [
                {
                    "vkey": str(window.key),
                    "key_id": window.key.key_id.hex(),
                    "start": window.start,
                    "end": window.end,
                    "counts": window.end is None,
                }
                for window in record.keys
            ],
            "anchors": [anchor.size for anchor in record.anchors],
            "voided": [f"{begin}-{end - 1}" for begin, end in record.voided],
        }
        for record in (fold.state.members[name] for name in names)
    ]
    return {
        "consortium": fold.state.consortium,
        "size": fold.size,
        "root_keys": [str(key) for key in roots.keys],
        "threshold": roots.threshold,
        "members": members,
    }
