"""Commands for the API keys of a university's systems."""

from datetime import timedelta
from typing import Annotated

import typer

from registry.access.keys import ApiKeys
from registry.cli.choices import choice_option
from registry.cli.listing import Column, print_list
from registry.cli.opening import node_of
from registry.cli.output import AsCsv, AsJson, Wide, errors, say
from registry.http.access import SCOPES
from registry.node.node import Node

api_key_app = typer.Typer(help="API keys for the university's systems.", no_args_is_help=True)

Days = Annotated[int, typer.Option(min=1, max=3650, help="The number of days for which it is valid.")]
Key = Annotated[str, typer.Argument(help="The key's id, as `registry api-key list` shows it.")]


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(api_key_app, name="api-key")


def keys_of(node: Node) -> ApiKeys:
    """Return the node's API keys."""
    return ApiKeys(node.registry.dsn, node.settings.member)


@api_key_app.command("add")
def add(
    context: typer.Context,
    name: Annotated[
        str,
        typer.Argument(
            help="The system that it is for. For a key of a person of the office: the account name as in --actor, so"
            " that one person never passes for two."
        ),
    ],
    *,
    scope: Annotated[
        list[str],
        choice_option(values=SCOPES, metavar="SCOPE", help=f"One of {', '.join(SCOPES)} (several times)."),
    ],
    days: Days = 365,
) -> None:
    """Make a key and print it. It is not shown again.

    Example: registry api-key add student-information-system --scope credentials:write --scope batches:read
    """
    if not name.strip():
        raise typer.BadParameter("name the system that the key is for", param_hint="NAME")
    key = keys_of(node_of(context)).add(name, scope, days)
    errors.print("Keep this key where only that system can read it; it is not shown again:", markup=False)
    say(key)


@api_key_app.command("list")
def list_keys(context: typer.Context, *, as_json: AsJson = False, as_csv: AsCsv = False, wide: Wide = False) -> None:
    """List the keys, without their secrets.

    Example: registry api-key list
    """
    keys = keys_of(node_of(context)).all()
    columns = [
        Column("key", lambda key: key.key),
        Column("system", lambda key: key.name),
        Column("scopes", lambda key: " ".join(key.scopes)),
        Column("expires", lambda key: key.expires.date()),
        Column("revoked", lambda key: key.revoked and key.revoked.date()),
    ]
    print_list(keys, columns, as_json=as_json, as_csv=as_csv, wide=wide)


@api_key_app.command("revoke")
def revoke(context: typer.Context, key: Key) -> None:
    """End a key: within seconds requests with it are refused.

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
    grace_hours: Annotated[int, typer.Option(min=0, help="The hours for which the old key remains valid.")] = 24,
) -> None:
    """Make a new key for the same system, and let the old one end later. A key that has ended cannot be rotated.

    Example: registry api-key rotate 4f1d2c3b5a697887 --grace-hours 48
    """
    new_key = keys_of(node_of(context)).rotate(key, days, timedelta(hours=grace_hours))
    errors.print(
        f"The old key ends in {grace_hours} hours at the latest. The new one is not shown again:", markup=False
    )
    say(new_key)
