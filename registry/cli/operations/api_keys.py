"""API keys for a university's systems."""

from datetime import timedelta
from typing import Annotated

import typer

from registry.access import ApiKeys
from registry.cli.listing import Column, print_list
from registry.cli.opening import node_of
from registry.cli.output import AsCsv, AsJson, Wide, errors, say
from registry.http.access import SCOPES
from registry.node.node import Node

api_key_app = typer.Typer(help="API keys for the university's systems.", no_args_is_help=True)

Days = Annotated[int, typer.Option(min=1, max=3650, help="How long it is good for.")]
Key = Annotated[str, typer.Argument(help="The key's id, as `registry api-key list` shows it.")]


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(api_key_app, name="api-key")


def keys_of(node: Node) -> ApiKeys:
    """The node's API keys."""
    return ApiKeys(node.registry.dsn, node.settings.member)


@api_key_app.command("add")
def add(
    context: typer.Context,
    name: Annotated[
        str,
        typer.Argument(
            help="Which system it is for. Of a key for one of the office's people: that person's account name, as"
            " --actor has it, so that one person never passes for two."
        ),
    ],
    *,
    scope: Annotated[list[str], typer.Option(help=f"Several times; of {', '.join(SCOPES)}.")],
    days: Days = 365,
) -> None:
    """Make a key and print it, this once.

    Example: registry api-key add student-information-system --scope credentials:write --scope batches:read
    """
    if not name.strip():
        raise typer.BadParameter("a key without a name is nobody's; name the system that it is for", param_hint="NAME")
    made = keys_of(node_of(context)).add(name, scope, days)
    errors.print("Keep this key where only that system can read it; it is not shown again:", markup=False)
    say(made)


@api_key_app.command("list")
def list_keys(context: typer.Context, *, as_json: AsJson = False, as_csv: AsCsv = False, wide: Wide = False) -> None:
    """List the keys, without their secrets.

    Example: registry api-key list
    """
    found = keys_of(node_of(context)).all()
    columns = [
        Column("key", lambda key: key.key),
        Column("system", lambda key: key.name),
        Column("scopes", lambda key: " ".join(key.scopes)),
        Column("expires", lambda key: key.expires.date()),
        Column("revoked", lambda key: key.revoked and key.revoked.date()),
    ]
    print_list(found, columns, as_json=as_json, as_csv=as_csv, wide=wide)


@api_key_app.command("revoke")
def revoke(context: typer.Context, key: Key) -> None:
    """End a key: within seconds nothing is answered to it any more.

    Example: registry api-key revoke 4f1d2c3b5a697887
    """
    ended = keys_of(node_of(context)).revoke(key)
    say(f"the key of {ended.name} has ended")


@api_key_app.command("rotate")
def rotate(
    context: typer.Context,
    key: Key,
    *,
    days: Days = 365,
    grace_hours: Annotated[int, typer.Option(min=0, help="How long the old one goes on.")] = 24,
) -> None:
    """Make a new key for the same system, and let the old one end after a while. A key that has ended is refused.

    Example: registry api-key rotate 4f1d2c3b5a697887 --grace-hours 48
    """
    made = keys_of(node_of(context)).rotate(key, days, timedelta(hours=grace_hours))
    errors.print(f"The old key ends in {grace_hours} hours at the latest. The new one, not shown again:", markup=False)
    say(made)
