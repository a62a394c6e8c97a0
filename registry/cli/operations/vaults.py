"""Commands for the vault: its master key, and learners whom a restored backup brought back."""

import typer

from registry.cli.opening import node_of
from registry.cli.output import say
from registry.node.vault import erase_again, rotate_master_key
from registry.values.plural import plural

vault_app = typer.Typer(help="The vault, which holds personal data: its keys.", no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(vault_app, name="vault")


@vault_app.command("rotate")
def rotate(context: typer.Context) -> None:
    """Replace the vault's master key by a new one, and destroy the old one. The node may go on running.

    The new one is encrypted with the passphrase that the settings or REGISTRY_PASSPHRASE name. If this is interrupted,
    the vault opens with the old key or the new one: run it again. Earlier backups hold the old key and still open.

    Example: registry vault rotate
    """
    rotate_master_key(node_of(context))
    say("The vault has a new master key. Make a backup: registry node backup FILE")


@vault_app.command("forget-erased")
def forget_erased(context: typer.Context) -> None:
    """Delete again the data of learners whom this university erased after a backup that was restored here.

    The views say who was erased on the log: run `registry views update` first. Nothing is published.

    Example: registry vault forget-erased
    """
    say(f"{plural(erase_again(node_of(context)), 'learner')} erased again")
