"""Receipts and seals: small files that prove what was recorded, and their check."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final

import msgspec
import typer

from consumers.proofs import consistency, receipts
from consumers.proofs.receipts import NoReceipt
from consumers.proofs.tiles import Tiles
from projections.core import positions
from projections.core.identifiers import find_leaf
from projections.fold import seals
from registry.cli import ids
from registry.cli.evidence.beside import Beside, write_file
from registry.cli.evidence.verifying import DISCLOSURES_SUFFIX, SEAL_SUFFIX, verify_receipt
from registry.cli.opening import node_of
from registry.cli.output import counted, say
from registry.cli.publishing import publish_now
from registry.learners.missing_claims import explain_missing_claims
from registry.log import origin_of
from registry.node.node import Node
from registry.node.proofs import cosigned_head, create_proof
from registry.node.sealing import make_seal
from registry.publishing.errors import AnotherPublisher
from registry.wire.checkpoint import SignedNote

receipt_app = typer.Typer(help="Files that prove what was recorded, for whoever they concern.", no_args_is_help=True)
create_app = typer.Typer(help="Write a file that proves something.", no_args_is_help=True)

_WAIT_SECONDS: Final = 15

Out = Annotated[Path | None, typer.Option("--out", "-o", help="The file (else the thing's id .tlog-proof).")]
Force = Annotated[
    bool,
    typer.Option("--force", help="Replace files that exist, with the seal and the disclosures of the receipt before."),
]
Whose = Annotated[str | None, typer.Option(help="Whose it is (else this node's).")]


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(receipt_app, name="receipt")
    receipt_app.add_typer(create_app, name="create")
    receipt_app.command("verify")(verify_receipt)
    app.command("seal")(seal)


@create_app.command("credential")
def credential(
    context: typer.Context,
    identifier: Annotated[str, typer.Argument(metavar="ID", help="The credential's id.")],
    *,
    member: Whose = None,
    out: Out = None,
    with_seal: Annotated[
        bool, typer.Option("--seal", help="Add what the member's newest status seal says of it.")
    ] = False,
    disclosures: Annotated[
        bool,
        typer.Option("--disclosures", help="Add what it says of the person, from the vault: for the learner alone."),
    ] = False,
    force: Force = False,
) -> None:
    """Write the receipt of a credential; governance's log goes beside it, for checking offline.

    Refuses to replace files that exist, unless --force is given: then nothing of the receipt before stays beside it.
    With --disclosures the learner can show what the credential says of them: the file holds personal data in the clear.

    Example: registry receipt create credential e7c1ab39-… --seal
    """
    node = node_of(context)
    stream, identifier = ids.find(node, identifier, "credential", member)
    leaf = find_leaf(node.views(), "credential", stream, identifier)
    claims = _disclosures(node, stream, identifier) if disclosures else None
    _write(node, stream, identifier, leaf, out, with_seal=with_seal, disclosures=claims, force=force)


def _disclosures(node: Node, stream: str, credential: str) -> bytes:
    """A credential's disclosures, a line each, as its learner may have them. Raises `NoReceipt`."""
    if stream != node.settings.member:
        raise NoReceipt(f"the disclosures are in the vault of {stream}; only {stream} can hand them out")
    found = node.registry.vault.read_disclosures(node.registry.cursor(), credential)
    if not found:
        raise NoReceipt(f"No disclosures of {credential}. {explain_missing_claims(node.registry, credential)}")
    return "".join(f"{line}\n" for line in found).encode()


@create_app.command("decision")
def decision(
    context: typer.Context,
    identifier: Annotated[str, typer.Argument(metavar="ID", help="The decision's id.")],
    *,
    member: Whose = None,
    out: Out = None,
    force: Force = False,
) -> None:
    """Write the receipt of a recognition decision; governance's log goes beside it.

    Example: registry receipt create decision 432236b7-… --member linkoping
    """
    node = node_of(context)
    stream, identifier = ids.find(node, identifier, "decision", member)
    leaf = find_leaf(node.views(), "decision", stream, identifier)
    _write(node, stream, identifier, leaf, out, with_seal=False, force=force)


@create_app.command("consistency")
def consistency_command(
    context: typer.Context,
    stream: Annotated[str, typer.Argument(help="A member, or governance.")],
    old: Annotated[int, typer.Argument(min=1, help="The size of the older head.")],
    new: Annotated[
        int | None,
        typer.Argument(min=1, help="The size of the newer head (else the newest cosigned, else the newest)."),
    ] = None,
    *,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="The file (else STREAM-OLD-NEW.consistency).")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it exists.")] = False,
) -> None:
    """Write the proof that one head of a log begins with another: that nothing before was changed.

    `registry log list STREAM` lists the sizes at which there are heads.

    Example: registry receipt create consistency twente 1005 1508
    """
    node = node_of(context)
    tiles = node.tiles(stream, node.governance())
    kept, origin = node.cosignatures(), origin_of(node.settings.consortium, stream)
    if new is None and (newest := kept.newest(origin, tiles.size)) is not None and newest.checkpoint.size >= old:
        new = newest.checkpoint.size

    def cosigned(note: SignedNote) -> SignedNote:
        found = kept.at(origin, note.checkpoint.size)
        return found if found is not None and found.text == note.text else note

    made = consistency.make(node.log(), stream, tiles, old, new)
    proof = msgspec.structs.replace(made, old=cosigned(made.old), new=cosigned(made.new))
    file = out or Path(f"{stream}-{old}-{proof.new.checkpoint.size}.consistency")
    _refuse_existing([file], force=force)
    governance = Beside.of(node, file.parent)
    write_file(file, str(proof).encode())
    say(f"{file}: the head of {stream} at {proof.new.checkpoint.size} begins with the one at {old}")
    governance.write()


def _write(
    node: Node,
    stream: str,
    identifier: str,
    leaf: int | None,
    out: Path | None,
    *,
    with_seal: bool,
    disclosures: bytes | None = None,
    force: bool,
) -> None:
    file = out or Path(f"{identifier}.tlog-proof")
    seal_file, personal = (file.with_name(file.name + suffix) for suffix in (SEAL_SUFFIX, DISCLOSURES_SUFFIX))
    _refuse_existing([file, seal_file, personal], force=force)
    if leaf is None:
        raise NoReceipt(
            f"{stream} has nothing {identifier} in the views; has it been projected (`registry views update`)?"
        )
    fold = node.governance()
    tiles = node.tiles(stream, fold)
    proof = create_proof(node, stream, tiles, leaf)
    governance = Beside.of(node, file.parent)
    sealed = _seal_proof(node, stream, tiles, identifier) if with_seal else None
    # Everything was made and checked; only now is anything written. First goes what belongs to another receipt.
    for other, content in ((seal_file, sealed), (personal, disclosures)):
        if content is None and other.exists():
            other.unlink()
            say(f"{other}: removed; it belonged to the receipt before")
    write_file(file, str(proof).encode())
    say(f"{file}: leaf {leaf} of {stream}, under its head at {proof.note.checkpoint.size}")
    governance.write()
    if sealed is not None:
        size, seal_content = sealed
        write_file(seal_file, seal_content)
        say(f"{seal_file}: what the seal of {size} leaves says of it")
    if disclosures is not None:
        write_file(personal, disclosures, mode=0o600)
        say(f"{personal}: personal data in the clear; give it to the learner, and delete it here")


def _refuse_existing(files: Sequence[Path], *, force: bool) -> None:
    """Raise `typer.BadParameter` where one of these is a folder, or exists and is not to be replaced."""
    if folders := [str(file) for file in files if file.is_dir()]:
        raise typer.BadParameter(f"{folders[0]} is a folder; name a file.", param_hint="--out")
    there = [str(file) for file in files if file.exists()]
    if there and not force:
        raise typer.BadParameter(
            f"Refusing to replace what exists: {', '.join(there)}. Nothing was written. Name another file, or"
            " pass --force.",
            param_hint="--force",
        )


def _seal_proof(node: Node, stream: str, tiles: Tiles, identifier: str) -> tuple[int, bytes]:
    """What the newest seal says of a credential: the seal's size, and the file that proves it."""
    newest = seals.newest(node.views(), stream)
    if newest is None:
        raise NoReceipt(
            f"{stream} has no status seal in the views: `registry seal` makes one, and `registry views update` reads"
            " it. Nothing was written."
        )
    leaves = list(seals.sealed_leaves(node.views(), stream, newest.size))
    cosigned = cosigned_head(node, stream, tiles, newest.leaf)
    proof = receipts.prove_status(identifier, receipts.make(node.log(), stream, tiles, newest.leaf, cosigned), leaves)
    return newest.size, msgspec.json.format(msgspec.json.encode(proof)) + b"\n"


def seal(context: typer.Context) -> None:
    """Publish a status seal: the root over all own credentials that are suspended, revoked or replaced.

    A node that runs (`registry run`, `registry serve`) publishes one each day by itself.

    Example: registry seal
    """
    node = node_of(context)
    try:
        node.publisher().publish_pending()
    except AnotherPublisher:
        _wait_until_read(node)  # the running node publishes and reads what is stored, and then publishes the seal, too
    else:
        node.projector().step()
    made = make_seal(node)
    say(f"sealed {made.size} leaves: {counted(made.count, 'credential')} suspended, revoked or replaced")
    publish_now(node)


def _wait_until_read(node: Node) -> None:
    """Wait until the running node's views have everything that is stored here. Raises `AnotherPublisher`."""
    member, deadline = node.settings.member, time.monotonic() + _WAIT_SECONDS
    while True:
        size = node.registry.size_when_published()
        position = positions.all_positions(node.views()).get(member)
        if position is not None and position.tree.size >= size:
            return
        if time.monotonic() > deadline:
            raise AnotherPublisher(
                f"the process that runs this node has not read its own {size:,} entries within {_WAIT_SECONDS} seconds;"
                " nothing was sealed. Look at `registry status`, and try again."
            )
        time.sleep(0.1)
