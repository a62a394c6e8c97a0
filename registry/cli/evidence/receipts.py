"""Commands that create receipts and consistency proofs, and publish a status seal."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final, NamedTuple

import msgspec
import typer

from consumers.proofs import consistency, receipts
from consumers.proofs.receipts import NoReceipt
from consumers.proofs.tiles import Tiles
from projections.core import positions
from projections.core.identifiers import find_leaf
from projections.credentials import credentials
from projections.fold import seals
from registry.application.restricted import refuse_restricted_credential
from registry.cli import ids
from registry.cli.evidence.beside import GovernanceFiles
from registry.cli.evidence.verifying import DISCLOSURES_SUFFIX, SEAL_SUFFIX, verify_receipt
from registry.cli.files import write_file
from registry.cli.issuing.own_events import say_views_behind
from registry.cli.opening import node_of
from registry.cli.output import AsJson, print_json, say
from registry.cli.publishing import publish_now
from registry.learners.missing_claims import explain_missing_claims
from registry.log import origin_of
from registry.node.node import Node
from registry.node.proofs import cosigned_head, create_proof
from registry.node.sealing import make_seal
from registry.publishing.errors import AnotherPublisher
from registry.values.plural import plural
from registry.wire.checkpoint import SignedNote
from registry.wire.seals import key_of

receipt_app = typer.Typer(help="Files that prove what is on the log.", no_args_is_help=True)
create_app = typer.Typer(help="Write a receipt or a consistency proof.", no_args_is_help=True)

_WAIT_SECONDS: Final = 15

Out = Annotated[Path | None, typer.Option("--out", "-o", help="The file (else ID.tlog-proof).")]
Force = Annotated[
    bool,
    typer.Option("--force", help="Replace existing files, and remove the seal and disclosures of an earlier receipt."),
]


class WrittenSeal(msgspec.Struct, frozen=True):
    """The proof of a credential's status that was written with its receipt."""

    file: str
    size: int
    """The size of the issuer's stream that the seal is about."""
    status: str
    """The status by the seal."""


class WrittenReceipt(msgspec.Struct, frozen=True):
    """A receipt that was written."""

    file: str
    leaf: int
    size: int
    """The size of the head in the receipt."""
    seal: WrittenSeal | None
    status: str | None
    """The credential's status now, by this node's views; None for a decision."""


Member = Annotated[str | None, typer.Option(help="The member that published it (else this node's).")]


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
    member: Member = None,
    out: Out = None,
    with_seal: Annotated[
        bool, typer.Option("--seal", help="Add its status by the member's newest status seal.")
    ] = False,
    disclosures: Annotated[
        bool,
        typer.Option("--disclosures", help="Add what it says of the person, from the vault, for the learner alone."),
    ] = False,
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Write the receipt of a credential, and governance's log next to it, for checking offline.

    Does not replace existing files without --force; with it, nothing of an earlier receipt stays. With --disclosures
    the learner can show what the credential says of them: that file has personal data that is not encrypted.

    A seal shows the status at its time. If the status is another one now, the command says so: publish a newer seal
    (`registry seal`), and write the receipt again.

    Example: registry receipt create credential e7c1ab39-… --seal
    """
    node = node_of(context)
    stream, identifier = ids.find(node, identifier, "credential", member)
    leaf = find_leaf(node.views(), "credential", stream, identifier)
    claims = _disclosures(node, stream, identifier) if disclosures else None
    facts = next(iter(credentials.read(node.views(), [(stream, identifier)])), None)
    status = None if facts is None else facts.status
    receipt, sentences = _write(
        node, stream, identifier, leaf, out, with_seal=with_seal, disclosures=claims, force=force, status=status
    )
    if with_seal:
        say_views_behind(node)
    if as_json:
        print_json(receipt)
        return
    for sentence in sentences:
        say(sentence)
    if receipt.seal is not None and receipt.seal.status != status:
        say(
            f"Since that seal the status has changed: it is {status} now. The receipt with this seal still shows"
            f" {receipt.seal.status}, to everybody who checks it offline.",
            style="red",
        )


def _disclosures(node: Node, stream: str, credential: str) -> bytes:
    """Return a credential's disclosures, a line each, for its learner. Raises `NoReceipt`, `Restricted`."""
    if stream != node.settings.member:
        raise NoReceipt(f"the disclosures are in the vault of {stream}; only {stream} can hand them out")
    refuse_restricted_credential(node.registry.cursor(), credential)
    disclosures = node.registry.vault.read_disclosures(node.registry.cursor(), credential)
    if not disclosures:
        raise NoReceipt(f"No disclosures of {credential}. {explain_missing_claims(node.registry, credential)}")
    return "".join(f"{line}\n" for line in disclosures).encode()


@create_app.command("decision")
def decision(
    context: typer.Context,
    identifier: Annotated[str, typer.Argument(metavar="ID", help="The decision's id.")],
    *,
    member: Member = None,
    out: Out = None,
    force: Force = False,
) -> None:
    """Write the receipt of a recognition decision, and governance's log next to it.

    Example: registry receipt create decision 432236b7-… --member linkoping
    """
    node = node_of(context)
    stream, identifier = ids.find(node, identifier, "decision", member)
    leaf = find_leaf(node.views(), "decision", stream, identifier)
    _, sentences = _write(node, stream, identifier, leaf, out, with_seal=False, force=force)
    for sentence in sentences:
        say(sentence)


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
    """Write the proof that a head of a log extends an earlier one: that nothing before was changed.

    `registry log list STREAM` lists the sizes of its heads.

    Example: registry receipt create consistency twente 1005 1508
    """
    node = node_of(context)
    tiles = node.tiles(stream, node.governance())
    store, origin = node.cosignatures(), origin_of(node.settings.consortium, stream)
    if new is None and (newest := store.newest(origin, tiles.size)) is not None and newest.checkpoint.size >= old:
        new = newest.checkpoint.size

    def add_cosignatures(note: SignedNote) -> SignedNote:
        cosigned = store.at(origin, note.checkpoint.size)
        return cosigned if cosigned is not None and cosigned.text == note.text else note

    proof = consistency.make(node.log(), stream, tiles, old, new)
    proof = msgspec.structs.replace(proof, old=add_cosignatures(proof.old), new=add_cosignatures(proof.new))
    file = out or Path(f"{stream}-{old}-{proof.new.checkpoint.size}.consistency")
    _refuse_existing([file], force=force)
    governance = GovernanceFiles.of(node, file.parent)
    write_file(file, str(proof).encode())
    say(f"{file}: the head of {stream} at {proof.new.checkpoint.size} extends the one at {old}")
    for sentence in governance.write():
        say(sentence)


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
    status: str | None = None,
) -> tuple[WrittenReceipt, list[str]]:
    """Write a receipt and the files next to it; return it, and what was written, a sentence for each file."""
    file = out or Path(f"{identifier}.tlog-proof")
    seal_file, personal = (file.with_name(file.name + suffix) for suffix in (SEAL_SUFFIX, DISCLOSURES_SUFFIX))
    _refuse_existing([file, seal_file, personal], force=force)
    if leaf is None:
        raise NoReceipt(f"{identifier} of {stream} is not in the views; run `registry views update` and try again")
    fold = node.governance()
    tiles = node.tiles(stream, fold)
    proof = create_proof(node, stream, tiles, leaf)
    governance = GovernanceFiles.of(node, file.parent)
    sealed = _prove_status(node, stream, tiles, identifier) if with_seal else None
    sentences = []
    # Everything is created and checked before anything is written. Files of an earlier receipt go first.
    for other, content in ((seal_file, sealed), (personal, disclosures)):
        if content is None and other.exists():
            other.unlink()
            sentences.append(f"{other}: removed; it belonged to an earlier receipt")
    write_file(file, str(proof).encode())
    size = proof.note.checkpoint.size
    sentences.append(f"{file}: leaf {leaf} of {stream}, under its head at {size}")
    sentences += governance.write()
    seal = None
    if sealed is not None:
        seal = WrittenSeal(str(seal_file), sealed.size, sealed.status)
        write_file(seal_file, sealed.content)
        sentences.append(f"{seal_file}: its status by the seal of {seal.size} leaves, {seal.status}")
    if disclosures is not None:
        write_file(personal, disclosures, mode=0o600)
        sentences.append(f"{personal}: personal data, not encrypted; give it to the learner, and delete it here")
    return WrittenReceipt(str(file), leaf, size, seal, status), sentences


def _refuse_existing(files: Sequence[Path], *, force: bool) -> None:
    """Raise `typer.BadParameter` if one of these is a folder, or exists and must not be replaced."""
    if folders := [str(file) for file in files if file.is_dir()]:
        raise typer.BadParameter(f"{folders[0]} is a folder; name a file.", param_hint="--out")
    existing = [str(file) for file in files if file.exists()]
    if existing and not force:
        raise typer.BadParameter(
            f"Refusing to replace {', '.join(existing)}. Nothing was written. Name another file, or pass --force.",
            param_hint="--force",
        )


class _SealedStatus(NamedTuple):
    """A credential's status by a seal of the stream at `size`, and the file that proves it."""

    size: int
    status: str
    content: bytes


def _prove_status(node: Node, stream: str, tiles: Tiles, identifier: str) -> _SealedStatus:
    """Return a credential's status by the newest seal. Raises `NoReceipt`."""
    newest = seals.newest(node.views(), stream)
    if newest is None:
        raise NoReceipt(
            f"{stream} has no status seal in the views: `registry seal` makes one, and `registry views update` reads"
            " it. Nothing was written."
        )
    leaves = list(seals.sealed_leaves(node.views(), stream, newest.size))
    cosigned = cosigned_head(node, stream, tiles, newest.leaf)
    proof = receipts.prove_status(identifier, receipts.make(node.log(), stream, tiles, newest.leaf, cosigned), leaves)
    key = key_of(identifier)
    status = next((leaf.removeprefix(key).decode() for leaf in leaves if leaf.startswith(key)), "active")
    return _SealedStatus(newest.size, status, msgspec.json.format(msgspec.json.encode(proof)) + b"\n")


def seal(context: typer.Context) -> None:
    """Publish a status seal: the root over all credentials of this member that are suspended, revoked or replaced.

    A running node (`registry run`, `registry serve`) publishes one each day.

    Example: registry seal
    """
    node = node_of(context)
    try:
        node.publisher().publish_pending()
    except AnotherPublisher:
        _wait_until_read(node)  # the running node publishes and reads the stored events, and then the seal
    else:
        node.projector().step()
    status_seal = make_seal(node)
    say(f"sealed {status_seal.size} leaves: {plural(status_seal.count, 'credential')} suspended, revoked or replaced")
    publish_now(node)


def _wait_until_read(node: Node) -> None:
    """Wait until the running node's views have all events that are stored here. Raises `AnotherPublisher`."""
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
