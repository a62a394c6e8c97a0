"""The command that creates a member's node."""

from pathlib import Path
from typing import Annotated

import typer

from registry.cli.consortium.governance import say_protection
from registry.cli.consortium.node_options import check_addresses, check_consortium, check_member, parse_founded
from registry.cli.output import errors, say
from registry.node.creation import create_member_node
from registry.node.founding_check import check_new_log
from registry.node.new_folder import check_free, log_url
from registry.node.passphrases import ask_new_passphrase, read_passphrase

node_app = typer.Typer(help="This node: create it, back it up, restore it.", no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    """Add this command."""
    app.add_typer(node_app, name="node")


Consortium = Annotated[str, typer.Option(help="The consortium's name, a domain name that it holds.")]
Log = Annotated[str, typer.Option(help="The shared log: file:PATH (relative to the folder) or kafka://HOST:PORT.")]
Database = Annotated[str, typer.Option(help="postgresql://… or embedded:PATH#NAME, relative to the folder.")]


@node_app.command("init")
def init(
    folder: Annotated[Path, typer.Argument(help="The folder for the node.")],
    *,
    member: Annotated[str, typer.Option(help="The member's short name, as the consortium will admit it.")],
    consortium: Consortium,
    founded: Annotated[str, typer.Option(help="The founding's hash, as `registry consortium create` printed it.")],
    log: Log = "file:../log",
    database: Database = "embedded:postgres#registry",
) -> None:
    """Create a member's node: settings, a signing key and the vault's master key, all of it or nothing.

    Prints the public key with which the consortium admits the member, and the proof that this node has the private
    half. The private keys are encrypted with the passphrase that you are asked for, or that is in
    REGISTRY_PASSPHRASE.

    Example: registry node init twente --member twente --consortium eciu.example --founded 9f2c…
    """
    check_member(member)
    check_consortium(consortium)
    parse_founded(founded)
    check_addresses(log, database)
    check_free(folder)
    url = log_url(folder, log)
    governance = check_new_log(url, consortium, founded)
    passphrase = read_passphrase() or ask_new_passphrase()
    values = {"consortium": consortium, "member": member, "founded": founded, "log": log, "database": database}
    key = create_member_node(folder, values, passphrase)
    say(f"{folder} is the node of {member}.")
    say_protection(passphrase, folder / "keys")
    if governance is None:
        errors.print(
            f"Warning: there is no governance log at {url} yet, so the consortium and the founding's hash could"
            f" not be checked. {_why_hidden(url)} (Only the consortium's founder founds.)",
            style="yellow",
            markup=False,
            highlight=False,
        )
    elif member in governance.state.members:
        errors.print(
            f"Warning: {member} is a member already, and governance does not know this new key, so this node can"
            f" publish nothing yet. If this node replaces an older one, restore its backup instead. Otherwise have"
            f" the key added: registry --home {folder} key rotate",
            style="yellow",
            markup=False,
            highlight=False,
        )
    say("Its public key with the proof that this node has the private half, for `registry member admit --key`:")
    say(str(key))


def _why_hidden(url: str) -> str:
    """Return what may be the reason where a log shows no governance."""
    if url.startswith("kafka:"):
        return (
            "Kafka hides topics from those who may not read them: has this node's principal the right to read"
            " (`registry topics plan`, by the administrator)?"
        )
    return "Is the share mounted?"
