"""Receipts and seals: small files that prove what was recorded, and their check."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from consumers import receipts
from consumers.export import export
from consumers.governance import GovernanceFold
from consumers.policy import Policy, PolicyUnmet
from consumers.receipts import NoReceipt, VerifiedReceipt, VerifiedStatus
from consumers.tiles import Tiles
from projections import positions, seals
from registry.cli.context import Node, node_of
from registry.cli.founding import publish_now
from registry.cli.output import AsJson, errors, print_json, say
from registry.config import SettingsError
from registry.log import GOVERNANCE, NoSuchStream, open_log, origin_of
from registry.wire.checkpoint import SignedNote
from registry.wire.cosignature import CosignerKey
from registry.wire.credentials import StatusSealed
from registry.wire.errors import InvalidProof
from registry.wire.proof import TlogProof
from registry.wire.seals import SealProof

receipt_app = typer.Typer(help="Files that prove what was recorded, for whoever they concern.", no_args_is_help=True)
export_app = typer.Typer(help="The log in forms for others to serve.", no_args_is_help=True)

_SEAL_SUFFIX = ".seal.json"
Out = Annotated[Path | None, typer.Option("--out", "-o", help="The file (else the thing's id .tlog-proof).")]
Whose = Annotated[str | None, typer.Option(help="Whose it is (else this node's).")]


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(receipt_app, name="receipt")
    app.add_typer(export_app, name="export")
    app.command("verify-receipt")(verify_receipt)
    app.command("seal")(seal)
    app.command("tiles")(tiles_command)


@receipt_app.command("credential")
def credential(
    context: typer.Context,
    identifier: Annotated[str, typer.Argument(metavar="ID", help="The credential's id.")],
    *,
    member: Whose = None,
    out: Out = None,
    with_seal: Annotated[
        bool, typer.Option("--seal", help="Add what the member's newest status seal says of it.")
    ] = False,
) -> None:
    """Write the receipt of a credential; governance's log goes beside it, for checking offline.

    Example: registry receipt credential e7c1ab39-… --seal
    """
    node = node_of(context)
    identifier = node.uuid(identifier, "credential")
    stream = member or node.settings.member
    row = node.views().execute(
        "SELECT leaf FROM credentials WHERE member = %s AND credential = %s", (stream, identifier)
    )
    _write(node, stream, identifier, row.fetchone(), out, with_seal=with_seal)


@receipt_app.command("decision")
def decision(
    context: typer.Context,
    identifier: Annotated[str, typer.Argument(metavar="ID", help="The decision's id.")],
    *,
    member: Whose = None,
    out: Out = None,
) -> None:
    """Write the receipt of a recognition decision; governance's log goes beside it.

    Example: registry receipt decision 432236b7-… --member linkoping
    """
    node = node_of(context)
    identifier = node.uuid(identifier, "decision")
    stream = member or node.settings.member
    row = node.views().execute("SELECT leaf FROM decisions WHERE member = %s AND decision = %s", (stream, identifier))
    _write(node, stream, identifier, row.fetchone(), out, with_seal=False)


def _write(
    node: Node, stream: str, identifier: str, row: tuple[int] | None, out: Path | None, *, with_seal: bool
) -> None:
    if row is None:
        raise NoReceipt(f"{stream} has nothing {identifier} in the views; has it been projected (`registry project`)?")
    fold = node.governance()
    tiles = node.tiles(stream, fold)
    proof = proof_of(node, stream, tiles, row[0])
    file = out or Path(f"{identifier}.tlog-proof")
    file.write_text(str(proof))
    beside = file.parent / f"{GOVERNANCE}.log"
    beside.write_bytes(b"".join(record.data + b"\n" for record in node.log().records(GOVERNANCE)))
    say(f"{file}: leaf {row[0]} of {stream}, under its head at {tiles.size}")
    say(f"{beside}: governance, {fold.size} events; who checks it offline needs this too")
    if with_seal:
        found = seals.newest(node.views(), stream)
        if found is None:
            raise NoReceipt(f"{stream} has published no status seal yet; `registry seal` makes one")
        leaves = list(seals.sealed_leaves(node.views(), stream, found.size))
        told = receipts.prove_status(node.log(), stream, tiles, identifier, found.leaf, leaves)
        sealed = file.with_name(file.name + _SEAL_SUFFIX)
        sealed.write_bytes(msgspec.json.format(msgspec.json.encode(told)) + b"\n")
        say(f"{sealed}: what the seal of {found.size} leaves says of it")


def proof_of(node: Node, stream: str, tiles: Tiles, leaf: int) -> TlogProof:
    """The receipt of a leaf, under a cosigned head where there is one."""
    return receipts.make(node.log(), stream, tiles, leaf, _cosigned(node, stream, tiles, leaf))


def _cosigned(node: Node, stream: str, tiles: Tiles, leaf: int) -> SignedNote | None:
    """The newest cosigned head over a leaf; the policy's demands must be met where there are any."""
    policy = node.policy()
    note = node.cosignatures().newest(origin_of(node.settings.consortium, stream), tiles.size)
    usable = (
        note is not None and note.checkpoint.size > leaf and tiles.root(note.checkpoint.size) == note.checkpoint.root
    )
    if not usable or note is None:
        if policy.needed:
            raise PolicyUnmet(f"no cosigned head of {stream} covers leaf {leaf} yet; `registry cosign` asks for one")
        return None
    policy.check(note, datetime.now(UTC))
    return note


def verify_receipt(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="A .tlog-proof file.")],
    *,
    governance: Annotated[
        Path | None, typer.Option(help="The folder with governance.log (else the receipt's own).")
    ] = None,
    founded: Annotated[
        str | None, typer.Option(help="The founding's hash, from somebody you trust (else the node's setting).")
    ] = None,
    witness: Annotated[
        list[str] | None, typer.Option(help="The key of a witness that you rely on (else the node's settings).")
    ] = None,
    needed: Annotated[int | None, typer.Option(min=0, help="How many of them must have cosigned.")] = None,
    as_json: AsJson = False,
) -> None:
    """Check a receipt offline: needs the file, governance's log beside it, and the founding's hash.

    Example: registry verify-receipt e7c1ab39-….tlog-proof --founded 9f2c…
    """
    trusted = _founded(context, founded)
    try:
        proof = TlogProof.parse(file.read_text())
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidProof(f"cannot read {file}: {error}") from error
    consortium = proof.note.checkpoint.origin.partition("/")[0]
    fold = GovernanceFold(consortium, trusted)
    for record in open_log(f"file:{governance or file.parent}", consortium, read_only=True).records(GOVERNANCE):
        fold.take(record.data)
    if not fold.size:
        raise InvalidProof("the governance log is not of the consortium with that founding's hash")
    found = receipts.verify(proof, fold)
    policy = _policy(context, witness, needed)
    cosigned = msgspec.structs.replace(policy, max_age=None).check(proof.note, datetime.now(UTC))
    status = None
    sealed = file.with_name(file.name + _SEAL_SUFFIX)
    if sealed.exists():
        try:
            told = msgspec.json.decode(sealed.read_bytes(), type=SealProof)
        except msgspec.DecodeError as error:
            raise InvalidProof(f"{sealed} is no seal's proof: {error}") from error
        status = receipts.verify_status(told, found, fold)
    if as_json:
        print_json({"receipt": found, "status": status, "cosigned": cosigned})
    else:
        _show(found, status)
        for one in cosigned:
            say(f"cosigned by {one.witness}, {one.time}")
        if not cosigned:
            say("no witness that is relied on has cosigned the head", style="yellow")
    if found.refused is not None:
        raise typer.Exit(1)


def _policy(context: typer.Context, keys: list[str] | None, needed: int | None) -> Policy:
    if keys is None:
        try:
            policy = node_of(context).policy()
        except SettingsError:
            policy = Policy()
    else:
        policy = Policy(tuple(CosignerKey.parse(key) for key in keys), len(keys))
    return policy if needed is None else msgspec.structs.replace(policy, needed=needed)


def _founded(context: typer.Context, founded: str | None) -> bytes:
    text = founded
    if text is None:
        try:
            text = node_of(context).settings.founded
        except SettingsError as error:
            raise SettingsError(
                "whom to trust is not said: give --founded HASH, or run this in a node's folder"
            ) from error
    try:
        trusted = bytes.fromhex(text)
    except ValueError as error:
        raise typer.BadParameter("64 hexadecimal digits, as `registry found` printed them") from error
    return trusted


def _show(found: VerifiedReceipt, status: VerifiedStatus | None) -> None:
    say("The receipt is good.", style="green" if found.refused is None else "yellow")
    say(f"{found.legal_name} ({found.member}) published {found.type} about {found.subject}")
    say(f"as leaf {found.leaf} of its log, under its head at {found.size}, root {found.root}")
    for key in found.keys:
        retired = f", retired at {key.end}" if key.end is not None else ""
        say(f"signed by {key.vkey.rsplit('+', 1)[0]}, which counts from {key.start} on{retired}")
    say(f"{found.member} was {found.standing_then} then, and is {found.standing_now} now")
    days = receipts.age(found.governance_time)
    say(f"checked under {found.governance} events of governance, the newest {days} days old by its own claim")
    if status is not None:
        what = status.status or "neither suspended, revoked nor replaced"
        say(f"seal of {status.size} leaves, {status.sealed[:10]}: the credential was {what}")
    for note in found.notes:
        say(f"note: {note}", style="yellow")
    if found.refused is not None:
        say(f"and yet the event has no effect: {found.refused}", style="red")
    say(found.event)


def seal(context: typer.Context) -> None:
    """Publish a status seal: the root over all own credentials that are suspended, revoked or replaced.

    Example: registry seal
    """
    node = node_of(context)
    node.publisher().publish_pending()
    node.projector().step()
    made = make_seal(node)
    say(f"sealed {made.size} leaves: {made.count} credentials are suspended, revoked or replaced")
    publish_now(node)


def make_seal(node: Node) -> StatusSealed:
    """Store a seal of all that the views have of this node's own log."""
    member = node.settings.member
    position = positions.all_positions(node.views()).get(member)
    size = position.tree.size if position is not None else 0
    made = StatusSealed(size, *seals.sealed_root(node.views(), member, size))
    node.registry.seal(made)
    return made


def seal_is_due(node: Node, hours: int = 24) -> bool:
    """Whether a day has passed since the newest seal, and something was published since."""
    member = node.settings.member
    position = positions.all_positions(node.views()).get(member)
    found = seals.newest(node.views(), member)
    if position is None or (found is not None and position.tree.size <= found.leaf + 1):
        return False
    row = (
        node.registry.cursor()
        .execute(
            "SELECT state FROM registry_events WHERE topic = 'registry.sealing.sealed'"
            " ORDER BY notification_id DESC LIMIT 1"
        )
        .fetchone()
    )
    if row is None:
        return True
    stamp = msgspec.json.decode(bytes(row["state"]))["timestamp"]
    return (datetime.now(UTC) - datetime.fromisoformat(stamp)).total_seconds() >= hours * 3600


def tiles_command(
    context: typer.Context,
    *,
    rebuild: Annotated[bool, typer.Option("--rebuild", help="Make them again from the log.")] = False,
) -> None:
    """Bring the hash tiles of all streams up with the log: the store that proofs are made from.

    Example: registry tiles
    """
    node = node_of(context)
    fold = node.governance()
    for stream in [GOVERNANCE, *sorted(fold.state.members)]:
        if rebuild:
            Tiles(node.settings.home / "tiles" / stream).clear()
        try:
            say(f"{stream}: {node.tiles(stream, fold).size:,} leaves")
        except NoSuchStream:
            errors.print(f"{stream} has no stream yet", markup=False)


@export_app.command("tiles")
def export_tiles(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(help="Where to write; a folder a stream.")],
    *,
    entries: Annotated[bool, typer.Option("--entries", help="The events too, for members and auditors only.")] = False,
) -> None:
    """Write every stream as a static log (C2SP tlog-tiles), or bring one up to date.

    Example: registry export tiles public; registry export tiles shared --entries
    """
    node = node_of(context)
    fold = node.governance()
    for stream in [GOVERNANCE, *sorted(fold.state.members)]:
        try:
            tiles = node.tiles(stream, fold)
        except NoSuchStream:
            continue
        if tiles.size:
            new = export(node.log(), stream, tiles, folder / stream, entries=entries)
            say(f"{folder / stream}: {new:,} new leaves of {tiles.size:,}")
