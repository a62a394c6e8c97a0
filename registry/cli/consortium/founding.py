"""Founds a consortium."""

import contextlib
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import psycopg
import typer

from registry.application.owner import Owner, withdraw
from registry.ceremony import ceremony
from registry.ceremony.act_words import plural
from registry.ceremony.ceremony import GovernanceOnLog, Proposal
from registry.cli.consortium.founding_check import first_founding
from registry.cli.consortium.governance import (
    WithoutProof,
    add_signatures,
    known,
    publish_proposal,
    read_keys,
    say_protection,
    write_proposal,
)
from registry.cli.consortium.node_folder import (
    NewFolder,
    check_addresses,
    check_consortium,
    check_free,
    log_url,
)
from registry.cli.consortium.nodes import Consortium, Database, Log
from registry.cli.output import errors, say
from registry.keys import key_proof
from registry.keys.key_proof import OfferedKey
from registry.keys.keystore import Keystore
from registry.log import GOVERNANCE, LogError, NoSuchStream
from registry.node.node import Node, open_node
from registry.node.passphrases import ask_new_passphrase, ask_passphrase, read_passphrase
from registry.postgres.embedded import DatabaseUnavailable
from registry.rules.governance import Governance
from registry.settings.settings import SettingsError
from registry.wire.governance import ConsortiumFounded
from registry.wire.merkle import Tree, leaf_hash

consortium_app = typer.Typer(help="A new consortium.", no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    """Add this command."""
    app.add_typer(consortium_app, name="consortium")


@consortium_app.command("create")
def create_consortium(
    folder: Annotated[Path, typer.Argument(help="The folder to make the consortium's own node in.")],
    *,
    consortium: Consortium,
    keys: Annotated[int | None, typer.Option(min=1, max=20, help="How many root keys to make here (else 3).")] = None,
    key: Annotated[
        list[str] | None,
        typer.Option(help="A root key that somebody made elsewhere, as `registry governance key` printed it, instead."),
    ] = None,
    threshold: Annotated[int, typer.Option(min=1, help="How many of them must sign.")] = 2,
    log: Log = "file:../log",
    database: Database = "embedded:postgres#registry",
    without_proof: WithoutProof = False,
) -> None:
    """Found a consortium: root keys, and the first event of its log; all of it, or nothing.

    Prints the founding's hash. Whoever joins hears it from somebody they trust: all verification rests on it.
    With --key the founding is a proposal, to be signed by those who hold the keys. Keys that are made here are
    encrypted with the passphrase that you are asked for, or that is in REGISTRY_PASSPHRASE.

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
    if (there := first_founding(url, consortium)) is not None:
        raise SettingsError(
            f"the log at {url} holds governance of {there.consortium or 'a consortium'} already, and a log is founded"
            " once. To join that consortium, use `registry node init`; to found another, name another log."
        )
    passphrase = None if key else read_passphrase() or ask_new_passphrase()
    values = {"consortium": consortium, "member": GOVERNANCE, "log": log, "database": database}
    founded = make_consortium(folder, values, threshold, offered or count, passphrase)
    if not offered:
        say_protection(passphrase, folder / "keys")
        if count > 1:
            errors.print(
                f"Warning: all {count} root keys lie in {folder / 'keys'}: whoever has that folder decides alone."
                " Let each holder make a key on a machine of their own (`registry governance key`), or move the files"
                " there.",
                style="yellow",
                markup=False,
                highlight=False,
            )
        say(f"{consortium} is founded, with {plural(count, 'root key')}; {threshold} must sign.")
        say("Next: give every university the consortium's name and this hash, for `registry node init`;")
        say("then admit it with the key that it prints: `registry member admit`. The founding's hash:")
    else:
        file = folder / "founding.json"
        say(f"{file} is to be signed by {threshold} of {len(offered)}: `registry governance sign {file}`,")
        say(f"then `registry governance publish {file}`. The founding's hash:")
    say(founded)


def make_consortium(
    folder: Path,
    values: dict[str, Any],
    threshold: int,
    keys: int | Sequence[OfferedKey],
    passphrase: bytes | None,
) -> str:
    """Make the consortium's own node; returns the founding's hash.

    `keys` are the root keys, or how many to make here. Where they are made here, the founding is signed and
    published; else it is left in the folder as a proposal, `founding.json`.
    """
    consortium = values["consortium"]
    with NewFolder(folder) as new:
        if isinstance(keys, int):
            made = Keystore(new.path / "keys", passphrase)
            offered = [key_proof.prove(made.create_signer(f"root-{n + 1}", consortium)) for n in range(keys)]
        else:
            offered = list(keys)
        act = ConsortiumFounded(consortium, [str(key.vkey) for key in offered], threshold)
        proposal = ceremony.propose(GovernanceOnLog(Governance(consortium), Tree()), [act], datetime.now(UTC), offered)
        founded = leaf_hash(proposal.lines[0]).hex()
        write_proposal(new.path / "founding.json", proposal)
        new.place({**values, "founded": founded})
        with open_node(folder) as node:
            appending = False
            try:
                node.views()
                if isinstance(keys, int):
                    keystore = Keystore(folder / "keys", passphrase, ask_passphrase)
                    signed = _signed_founding(node, proposal, keystore)
                    appending = True
                    publish_proposal(node, signed)
            except BaseException:  # Ctrl-C too: all of it, or nothing
                if appending and _may_be_founded(node):
                    new.keep()  # what may stand on the log cannot be signed again by other keys
                    errors.print(
                        f"{folder} is kept, because the founding may stand on the log. Look and go on with:"
                        f" registry --home {folder} governance publish {folder / 'founding.json'}",
                        markup=False,
                        highlight=False,
                    )
                else:
                    with contextlib.suppress(psycopg.Error, DatabaseUnavailable, SettingsError):
                        withdraw(node.dsn(), Owner(GOVERNANCE, consortium, founded))
                raise
    return founded


def _signed_founding(node: Node, proposal: Proposal, keystore: Keystore) -> Proposal:
    have, _ = known(node, proposal)
    file = node.settings.home / "founding.json"
    signed, _ = add_signatures(node, proposal, have, keystore, file, again=False)
    write_proposal(file, signed)
    return signed


def _may_be_founded(node: Node) -> bool:
    """Whether the log holds a founding, or cannot tell."""
    try:
        return next(iter(node.log().records(GOVERNANCE)), None) is not None
    except NoSuchStream:
        return False
    except LogError:
        return True
