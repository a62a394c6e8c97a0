"""The vault: its master key, and whom a restored backup brought back."""

import typer

from registry.cli.opening import node_of
from registry.cli.output import counted, say
from registry.learners import erasure as erasing
from registry.node.node import Node
from registry.node.services.batches import open_batch_store
from registry.vault.key_replacement import locked_keys

vault_app = typer.Typer(help="The vault, which holds personal data: its keys.", no_args_is_help=True)
_ERASED = "SELECT learner::text FROM erasures WHERE member = %s"


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(vault_app, name="vault")


@vault_app.command("rotate")
def rotate(context: typer.Context) -> None:
    """Put a new master key in the place of the vault's, which is destroyed. The node may go on running.

    The new one is encrypted with the passphrase that the settings or REGISTRY_PASSPHRASE name. Where this is broken
    off, the keys open as before or as after: run it again. Backups made before hold the old master key and still open.

    Example: registry vault rotate
    """
    node = node_of(context)
    registry = node.registry
    with registry.connection.transaction(), registry.connection.cursor() as cursor, locked_keys(cursor):
        node.keystore.rotate_master()
    say("The vault has a new master key. Make a backup: registry node backup FILE")


@vault_app.command("forget-erased")
def forget_erased(context: typer.Context) -> None:
    """Delete again what a restored backup brought back of learners whom this university has erased since.

    Reads from the views whom the log says were erased: run `registry views update` first. Nothing is said on the log.

    Example: registry vault forget-erased
    """
    say(f"{counted(erase_again(node_of(context)), 'learner')} erased again")


def erase_again(node: Node) -> int:
    """Delete what the vault has of learners who are erased on the log; returns how many there were."""
    erased = {learner for (learner,) in node.views().execute(_ERASED, (node.settings.member,)).fetchall()}
    return erasing.forget_erased(node.registry, open_batch_store(node), erased)
