"""What governance says: the root keys, the members, and all that it says of one member."""

import sys
from operator import itemgetter
from typing import Annotated, Any

import msgspec
import typer

from consumers.governance.governance import GovernanceFold
from registry.ceremony.act_words import content_of, plural
from registry.ceremony.ceremony import CeremonyRefused
from registry.cli.consortium.governance import governance_app, governance_of
from registry.cli.listing import Column, print_list
from registry.cli.opening import node_of
from registry.cli.output import AsCsv, AsJson, Wide, print_json, say
from registry.rules.governance import KeyWindow, MemberRecord


def add_to(app: typer.Typer) -> None:  # noqa: ARG001 - one shape for all; this stands under `governance`
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
    fold = governance_of(node_of(context))
    if content:
        if member is None:
            raise typer.BadParameter("name the member whose content to print", param_hint="MEMBER")
        text = msgspec.json.encode({"member": member, **content_of(member_of(fold, member).content)})
        sys.stdout.write(msgspec.json.format(text, indent=2).decode() + "\n")
        return
    records = list(fold.state.members.values()) if member is None else [member_of(fold, member)]
    if as_json:
        print_json(_as_json(fold, records))
        return
    roots = fold.state.roots[-1]
    say(f"{fold.state.consortium}: {plural(len(roots.keys), 'root key')}, {roots.threshold} must sign.")
    for key in roots.keys:
        say(f"  {key}")
    for record in records:
        say("")
        _say_member(record)


def member_of(fold: GovernanceFold, member: str) -> MemberRecord:
    """Return what governance says of a member. Raises `CeremonyRefused` where it was not admitted."""
    record = fold.state.members.get(member)
    if record is None:
        raise CeremonyRefused(f"{member} is no member; `registry member list` shows who is")
    return record


def list_members(context: typer.Context, *, as_json: AsJson = False, as_csv: AsCsv = False, wide: Wide = False) -> None:
    """List the members, with their country, standing and roles.

    Example: registry member list
    """
    fold = governance_of(node_of(context))
    rows = [_summary(record) for record in fold.state.members.values()]
    names = ("member", "legal_name", "country", "standing", "roles", "homepage")
    columns = [Column(name.replace("_", " "), itemgetter(name), wide=name == "homepage") for name in names]
    print_list(rows, columns, as_json=as_json, as_csv=as_csv, wide=wide)


def window_words(window: KeyWindow) -> str:
    """Say from which tree size to which a key signs."""
    if window.end is None:
        return f"counts from {window.start} on"
    return f"counts from {window.start} to {window.end}; retired"


def _say_member(record: MemberRecord) -> None:
    summary = _summary(record)
    roles = " and ".join(summary["roles"]) or "without a role"
    say(f"{record.name}: {summary['legal_name']} ({summary['country']}), {record.standing}, {roles}")
    if record.content.homepage:
        say(f"  {record.content.homepage}")
    for window in record.keys:
        say(f"  key {window.key}")
        say(f"      {window_words(window)}")
    if record.anchors:
        say(f"  anchored at {', '.join(str(anchor.size) for anchor in record.anchors)}")
    for begin, end in record.voided:
        say(f"  entries {begin + 1} to {end} are voided")


def _summary(record: MemberRecord) -> dict[str, Any]:
    content = record.content
    return {
        "member": record.name,
        "legal_name": content.legal_name,
        "country": content.country,
        "homepage": content.homepage,
        "standing": record.standing,
        "roles": list(record.current_roles),
    }


def _as_json(fold: GovernanceFold, records: list[MemberRecord]) -> dict[str, Any]:
    roots = fold.state.roots[-1]
    members = [
        {
            **_summary(record),
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
        for record in records
    ]
    return {
        "consortium": fold.state.consortium,
        "size": fold.size,
        "root_keys": [str(key) for key in roots.keys],
        "threshold": roots.threshold,
        "members": members,
    }
