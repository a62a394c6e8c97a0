"""Commands for the status lists of documents that left this node."""

from pathlib import Path
from typing import Annotated

import typer

from registry.cli.opening import node_of
from registry.cli.output import say
from registry.node.adapters.status_lists import open_status_lists
from registry.status.static_files import write_lists

status_list_app = typer.Typer(
    help="Status lists: what says of wallets' copies of credentials whether they are valid.", no_args_is_help=True
)


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(status_list_app, name="status-list")


@status_list_app.command("write")
def write_status_lists(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(help="The folder to write to. Serve it at the node's public address.")],
) -> None:
    """Write the signed status lists as files, for a web server that answers while this node is away.

    The lists are brought up to date first. They hold for seven days: write them at least once a day.

    Example: registry status-list write /srv/www/twente
    """
    lists = open_status_lists(node_of(context))
    lists.update()
    count = write_lists(lists.read_all(), folder)
    say(f"{folder}: {count:,} files")
