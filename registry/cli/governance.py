"""The consortium's ceremony: proposals, signatures, publishing. What each act is stands in `acts.py`."""

import contextlib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from consumers.governance import GovernanceFold
from consumers.receipts import commits_from
from registry import ceremony
from registry.ceremony import CeremonyRefused, Known, Proposal
from registry.cli.context import Node, ask_passphrase, given_passphrase, new_passphrase, node_of
from registry.cli.output import AsJson, counted, print_json, say, table
from registry.keystore import Keystore
from registry.log import GOVERNANCE
from registry.rules.governance import RootKeys
from registry.wire import governance as wire
from registry.wire.events import Event, Reader
from registry.wire.keys import Signer, VerifierKey
from registry.wire.merkle import leaf_hash

governance_app = typer.Typer(
    help="What the consortium decides together, signed by its root keys.", no_args_is_help=True
)

File = Annotated[Path, typer.Argument(help="The proposal's file.")]
PassphraseFile = Annotated[
    Path | None, typer.Option(help="A file with the key's passphrase (else REGISTRY_PASSPHRASE, else you are asked).")
]


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(governance_app, name="governance")


def known(node: Node, proposal: Proposal | None = None) -> tuple[Known, GovernanceFold]:
    """Governance as the log has it; for the founding itself, by the keys that it names if it is the trusted one."""
    fold = node.governance()
    founding = None
    if fold.size == 0 and proposal is not None and proposal.events:
        line = proposal.events[0].encode()
        event = Reader(node.settings.consortium).decode_one(line)
        if leaf_hash(line) != node.settings.founded_hash:
            raise CeremonyRefused("governance is empty, and this is not the founding that this node was told of")
        if isinstance(event, Event) and isinstance(event.data, wire.ConsortiumFounded):
            founding = RootKeys(0, tuple(map(VerifierKey.parse, event.data.root_keys)), event.data.threshold)
    return Known(fold.state, fold.tree, founding), fold


def verify_head(node: Node, fold: GovernanceFold) -> ceremony.VerifyHead:
    """Looks for a head in the member's own stream, every commit of which is verified on the way."""

    def verify(member: str, head: wire.Head) -> None:
        tiles = node.tiles(member, fold)
        if head.size > tiles.size or tiles.root(head.size) != head.root_bytes:
            raise CeremonyRefused(
                f"the log of {member} has no head of {head.size} events with that root, as this node has verified it"
            )
        if head.size == tiles.size:
            return
        reader = Reader(f"{node.settings.consortium}/{member}")
        for parsed in commits_from(node.log(), member, head.size):
            if parsed.base == head.size:
                event = reader.decode_one(parsed.lines[0])
                yesterday = (datetime.now(UTC) - timedelta(days=1)).date().isoformat()
                if isinstance(event, Event) and event.time[:10] < yesterday:
                    raise CeremonyRefused(f"the log of {member} went on from {head.size} events more than a day ago")
                return
            if parsed.base < head.size < parsed.checkpoint.size:
                break
        raise CeremonyRefused(f"{head.size} is within a commit of {member}, and no head of it")

    return verify


def newest_head(node: Node, member: str, size: int | None) -> wire.Head:
    """A head of a member's log, else its newest, from this node's verified copy."""
    fold = node.governance()
    if member not in fold.state.members:
        raise CeremonyRefused(f"{member} is no member")
    node.log().create(member)
    tiles = node.tiles(member, fold)
    at = tiles.size if size is None else size
    return wire.head(at, tiles.root(at))


def checked(node: Node, proposal: Proposal) -> Known:
    """Hold a proposal against the log, and say in plain words what it is."""
    have, fold = known(node, proposal)
    words = ceremony.check(proposal, have, verify_head(node, fold), datetime.now(UTC))
    say(f"{proposal.consortium}, proposed {proposal.proposed}, to follow {have.tree.size} events of governance:")
    for number, sentence in enumerate(words, 1):
        say(f"  {number}. {sentence}")
    roots, signed = have.roots, ceremony.signed_by(proposal, have)
    if roots is not None:
        say(f"{len(signed)} of the {roots.threshold} signatures that are needed")
    return have


def add_signatures(node: Node, proposal: Proposal, have: Known, keys: Keystore, *, again: bool) -> Proposal:
    """Sign with all root keys of a folder that are in force; each size is signed once."""
    signers: list[Signer] = []
    size, root = _head(proposal)
    for name in keys.names():
        signer = keys.signer(name, node.settings.consortium)
        if have.roots is None or signer.vkey not in have.roots.keys:
            continue
        before = keys.signed(name).get(size)
        if before not in (None, root) and not again:
            raise CeremonyRefused(
                f"the key {name} has signed another head of {size} events; if that proposal was given up, sign this"
                " one with --again: should both be published, it is a fork"
            )
        keys.note_signed(name, size, root)
        signers.append(signer)
    return ceremony.sign(proposal, signers, have)


def _head(proposal: Proposal) -> tuple[int, str]:
    lines = proposal.checkpoint.split("\n")
    return int(lines[1]), lines[2]


def publish_proposal(node: Node, proposal: Proposal) -> int:
    """Append a proposal that has its signatures; gives governance's new size."""
    log = node.log()
    log.create(GOVERNANCE)
    with log.writer(GOVERNANCE):
        have, fold = known(node, proposal)
        ceremony.check(proposal, have, verify_head(node, fold), datetime.now(UTC))
        log.append(GOVERNANCE, [ceremony.ready(proposal, have)])
    return node.governance().size


def act_now(node: Node, *acts: Any) -> None:  # noqa: ANN401 - any acts of governance
    """Propose, sign with the keys that are here, and publish; where they do not suffice, leave a file to pass on."""
    have, _ = known(node)
    proposal = ceremony.propose(have, acts, datetime.now(UTC))
    proposal = add_signatures(node, proposal, have, node.keystore, again=False)
    try:
        ceremony.ready(proposal, have)
    except CeremonyRefused as missing:
        file = node.settings.home / f"proposal-{have.tree.size}.json"
        file.write_bytes(bytes(proposal))
        raise CeremonyRefused(f"{missing}; pass {file} on: `registry governance sign`") from missing
    say(f"governance has {counted(publish_proposal(node, proposal), 'event')}")


@governance_app.command("sign")
def sign(
    context: typer.Context,
    file: File,
    *,
    key: Annotated[
        Path | None, typer.Option(help="A root key's .pem (else all in this node's folder of keys).")
    ] = None,
    again: Annotated[bool, typer.Option(help="Though the key signed another proposal for this place.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    passphrase_file: PassphraseFile = None,
) -> None:
    """Verify a proposal against the log, show what it says, and add a signature to it.

    Example: registry governance sign proposal.json --key root-2.pem
    """
    node = node_of(context)
    proposal = Proposal.read(file.read_bytes())
    have = checked(node, proposal)
    if not yes and not typer.confirm("Sign this?"):
        raise typer.Exit(1)
    keys = node.keystore
    if key is not None:
        keys = _One(key, given_passphrase(passphrase_file))
    signed = add_signatures(node, proposal, have, keys, again=again)
    file.write_bytes(bytes(signed))
    say(f"{len(ceremony.signed_by(signed, have))} signatures now; {file}")


class _One(Keystore):
    """A single key's file as a folder of keys."""

    def __init__(self, file: Path, passphrase: bytes | None) -> None:
        super().__init__(file.parent, passphrase, ask_passphrase)
        self._name = file.stem

    def names(self) -> list[str]:
        return [self._name]


@governance_app.command("publish")
def publish(context: typer.Context, file: File) -> None:
    """Publish a proposal that a threshold of root keys has signed.

    Example: registry governance publish proposal.json
    """
    node = node_of(context)
    proposal = Proposal.read(file.read_bytes())
    checked(node, proposal)
    say(f"published: governance has {counted(publish_proposal(node, proposal), 'event')}")


@governance_app.command("check")
def check(context: typer.Context, file: File) -> None:
    """Show in plain words what a proposal says, and whether it holds against the log.

    Example: registry governance check proposal.json
    """
    checked(node_of(context), Proposal.read(file.read_bytes()))


@governance_app.command("key")
def key_command(
    file: Annotated[Path, typer.Argument(help="Where to put the key, a .pem file.")],
    *,
    consortium: Annotated[str, typer.Option(help="The consortium whose root key it is to be.")],
    passphrase_file: PassphraseFile = None,
) -> None:
    """Make a root key at the machine of who will hold it, and print its public half.

    It is encrypted with the passphrase of --passphrase-file, of REGISTRY_PASSPHRASE, or that you are asked for.

    Example: registry governance key root-2.pem --consortium eciu.example
    """
    with contextlib.suppress(FileExistsError):
        file.parent.mkdir(parents=True)
    keys = Keystore(file.parent, given_passphrase(passphrase_file) or new_passphrase())
    say(str(keys.create_signer(file.stem, consortium).vkey))


@governance_app.command("show")
def show(context: typer.Context, *, as_json: AsJson = False) -> None:
    """Show the members with their standing, roles and keys, and the root keys.

    Example: registry governance show
    """
    node = node_of(context)
    state = node.governance().state
    rows: list[dict[str, Any]] = [
        {
            "member": record.name,
            "legalName": record.content.legal_name,
            "standing": record.standing,
            "roles": list(record.current_roles),
            "keys": [f"{w.key.key_id.hex()} {w.start}-{'' if w.end is None else w.end}" for w in record.keys],
            "anchors": [anchor.size for anchor in record.anchors],
            "voided": [f"{begin}-{end - 1}" for begin, end in record.voided],
        }
        for record in state.members.values()
    ]
    roots = state.roots[-1] if state.roots else None
    if as_json:
        keys = [str(key) for key in roots.keys] if roots is not None else []
        print_json({"rootKeys": keys, "threshold": roots and roots.threshold, "members": rows})
        return
    if roots is not None:
        say(f"{roots.threshold} of {len(roots.keys)} root keys sign: {', '.join(k.key_id.hex() for k in roots.keys)}")
    columns = ("member", "legalName", "standing", "roles", "keys", "anchors", "voided")
    table(columns, [tuple(row[name] for name in columns) for row in rows])
