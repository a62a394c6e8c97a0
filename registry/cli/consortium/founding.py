"""The command that founds a consortium."""

from pathlib import Path
from typing import Annotated

import typer

from registry.cli.consortium.governance import WithoutProof, read_keys, say_protection
from registry.cli.consortium.node_options import check_addresses, check_consortium
from registry.cli.consortium.nodes import Consortium, Database, Log
from registry.cli.output import errors, say
from registry.log import GOVERNANCE
from registry.node.creation import FOUNDING_FILE, create_consortium_node
from registry.node.founding_check import first_founding
from registry.node.new_folder import check_free, log_url
from registry.node.passphrases import ask_new_passphrase, read_passphrase
from registry.settings.settings import SettingsError
from registry.values.plural import plural

consortium_app = typer.Typer(help="A new consortium.", no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    """Add this command."""
    app.add_typer(consortium_app, name="consortium")


@consortium_app.command("create")
def create_consortium(
    folder: Annotated[Path, typer.Argument(help="The folder for the consortium's own node.")],
    *,
    consortium: Consortium,
    keys: Annotated[
        int | None, typer.Option(min=1, max=20, help="The number of root keys to make here (else 3).")
    ] = None,
    key: Annotated[
        list[str] | None,
        typer.Option(help="Instead: a root key that was made elsewhere, as `registry governance key` printed it."),
    ] = None,
    threshold: Annotated[int, typer.Option(min=1, help="The number of root keys that must sign.")] = 2,
    log: Log = "file:../log",
    database: Database = "embedded:postgres#registry",
    without_proof: WithoutProof = False,
) -> None:
    """Found a consortium: its root keys and the first event of its log, all of it or nothing.

    Prints the founding's hash. Give it to members and auditors in a way that they trust: all verification rests on it.
    With --key the founding is a proposal, which the holders of the keys sign. Keys that are made here are encrypted
    with the passphrase that you are asked for, or that is in REGISTRY_PASSPHRASE.

    Examples: registry consortium create consortium --consortium eciu.example --keys 3 --threshold 2
    registry consortium create consortium --consortium eciu.example --key eciu.example+… --key … --threshold 2
    """
    if key and keys is not None:
        raise typer.BadParameter("either make root keys here, or give those made elsewhere", param_hint="--keys, --key")
    count = len(key) if key else keys or 3
    if threshold > count:
        raise typer.BadParameter(f"{plural(count, 'key')} cannot reach {threshold}", param_hint="--threshold")
    check_consortium(consortium)
    check_addresses(log, database)
    check_free(folder)
    offered = read_keys(key or [], without_proof=without_proof)
    url = log_url(folder, log)
    if (existing := first_founding(url, consortium)) is not None:
        raise SettingsError(
            f"the log at {url} holds governance of {existing.consortium or 'a consortium'} already, and a log is"
            " founded once. To join that consortium, use `registry node init`; to found another, name another log."
        )
    passphrase = None if key else read_passphrase() or ask_new_passphrase()
    values = {"consortium": consortium, "member": GOVERNANCE, "log": log, "database": database}
    founded = create_consortium_node(
        folder, values, threshold, offered or count, passphrase, on_kept=lambda: _say_kept(folder)
    )
    if offered:
        file = folder / FOUNDING_FILE
        say(f"{file} is to be signed by {threshold} of {len(offered)}: `registry governance sign {file}`,")
        say(f"then `registry governance publish {file}`. The founding's hash:")
    else:
        _say_founded(folder, consortium, count, threshold, passphrase)
    say(founded)


def _say_founded(folder: Path, consortium: str, count: int, threshold: int, passphrase: bytes | None) -> None:
    say_protection(passphrase, folder / "keys")
    if count > 1:
        errors.print(
            f"Warning: all {count} root keys are in {folder / 'keys'}: anybody who has that folder decides alone."
            " Let each holder make a key on a machine of their own (`registry governance key`), or move the files"
            " there.",
            style="yellow",
            markup=False,
            highlight=False,
        )
    say(f"{consortium} is founded, with {plural(count, 'root key')}; {threshold} must sign.")
    say("Next: give every university the consortium's name and this hash, for `registry node init`;")
    say("then admit it with the key that it prints: `registry member admit`. The founding's hash:")


def _say_kept(folder: Path) -> None:
    errors.print(
        f"{folder} is kept, because the founding may be on the log. Look, and continue with:"
        f" registry --home {folder} governance publish {folder / FOUNDING_FILE}",
        markup=False,
        highlight=False,
    )
