"""The consortium's ceremony: proposals, signatures, publishing. What each act is stands in `acts.py`."""

import contextlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from consumers.governance.governance import GovernanceFold
from consumers.proofs.receipts import commits_from
from registry.ceremony import ceremony
from registry.ceremony.act_words import plural, signatures_needed
from registry.ceremony.ceremony import AlreadyPublished, CeremonyRefused, GovernanceOnLog, NoRootKey, Proposal
from registry.ceremony.signed_heads import SignedHead, SignedHeads
from registry.cli.consortium.node_folder import check_consortium
from registry.cli.opening import node_of
from registry.cli.output import errors, say
from registry.keys import key_proof
from registry.keys.key_proof import OfferedKey
from registry.keys.keystore import Keystore
from registry.log import GOVERNANCE, LogUnavailable
from registry.node.node import Node
from registry.node.passphrases import ask_new_passphrase, ask_passphrase, read_passphrase
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
WithoutProof = Annotated[
    bool,
    typer.Option("--without-proof", help="Let in a key although nobody has proved that they have its private half."),
]


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(governance_app, name="governance")


def governance_of(node: Node) -> GovernanceFold:
    """Return governance as the log has it. Raises `LogUnavailable` where the log holds none."""
    fold = node.governance()
    if fold.size == 0:
        raise LogUnavailable(
            f"there is no governance log of {node.settings.consortium} at {node.settings.log_url}; is the share"
            " mounted? (Only the consortium's founder founds.)"
        )
    return fold


def known(node: Node, proposal: Proposal | None = None) -> tuple[GovernanceOnLog, GovernanceFold]:
    """Governance as the log has it; for the founding itself, by the keys that it names if it is the trusted one.

    This node remembers what it goes by here: it signs and proposes nothing under a shorter governance later.
    """
    founding = None
    founds = proposal is not None and _begins(proposal)
    fold = node.governance() if founds else governance_of(node)
    if fold.size:
        node.remember_governance()
    if fold.size == 0 and proposal is not None:
        line = proposal.events[0].encode()
        if leaf_hash(line) != node.settings.founded_hash:
            raise CeremonyRefused("governance is empty, and this is not the founding that this node trusts")
        event = Reader(node.settings.consortium).decode_one(line)
        if isinstance(event, Event) and isinstance(event.data, wire.ConsortiumFounded):
            founding = RootKeys(0, tuple(map(VerifierKey.parse, event.data.root_keys)), event.data.threshold)
    return GovernanceOnLog(fold.state, fold.tree, founding, fold.leaves), fold


def _begins(proposal: Proposal) -> bool:
    """Whether a proposal founds the consortium: it is to be the log's beginning."""
    return bool(proposal.events) and len(proposal.events) == ceremony.size_after(proposal)


def verify_head(node: Node, fold: GovernanceFold) -> ceremony.VerifyHead:
    """Return a function that looks for a head in the member's own stream, verifying every commit on the way."""

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
    """Return a head of a member's log, else its newest, from this node's verified copy."""
    fold = governance_of(node)
    if member not in fold.state.members:
        raise CeremonyRefused(f"{member} is no member; `registry member list` shows who is")
    node.log().create(member)
    tiles = node.tiles(member, fold)
    if size is not None and size > tiles.size:
        raise CeremonyRefused(
            f"--head {size}: only {plural(tiles.size, 'event')} of the log of {member} can be verified, so that an"
            f" anchor lies at {tiles.size} or before. Commits after that do not count: `registry log quarantine list`."
        )
    at = tiles.size if size is None else size
    return wire.head(at, tiles.root(at))


def read_proposal(file: Path) -> Proposal:
    """Read a proposal's file. Raises `CeremonyRefused` where it is missing, or no proposal."""
    try:
        data = file.read_bytes()
    except OSError as error:
        raise CeremonyRefused(
            f"cannot read the proposal {file}: {error.strerror}; `registry governance propose --help` says how one is"
            " written"
        ) from error
    try:
        return Proposal.read(data)
    except CeremonyRefused as error:
        raise CeremonyRefused(f"{file}: {error}") from error


def write_proposal(file: Path, proposal: Proposal) -> None:
    """Write a proposal's file whole. Raises `CeremonyRefused` where the disk refuses."""
    beside = file.with_name(f".{file.name}.new")
    try:
        beside.write_bytes(bytes(proposal))
        beside.replace(file)
    except OSError as error:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)
        raise CeremonyRefused(f"cannot write the proposal {file}: {error.strerror}") from error


def read_keys(texts: Sequence[str], *, without_proof: bool, option: str = "--key") -> list[OfferedKey]:
    """Read the public keys that somebody offers. Raises `CeremonyRefused` for one without proof, or too weak."""
    offered = []
    for text in texts:
        key = key_proof.parse(text)
        ceremony.check_key(key.vkey)
        if key.proof is None and not without_proof:
            raise CeremonyRefused(
                f"{option}: {key.vkey.label} comes without a proof that its holder has the private half. Ask for"
                " the key as `registry node init` or `registry key show` prints it, or say --without-proof."
            )
        offered.append(key)
    return offered


def checked(node: Node, proposal: Proposal) -> GovernanceOnLog:
    """Compare a proposal with the log, and say in plain words what it is."""
    have, fold = known(node, proposal)
    sentences = ceremony.check(proposal, have, verify_head(node, fold), datetime.now(UTC))
    say(f"{proposal.consortium}, proposed {proposal.proposed}, to follow {plural(have.tree.size, 'event')}:")
    for number, sentence in enumerate(sentences, 1):
        say(f"  {number}. {sentence}")
    for key in ceremony.find_unproven(proposal, have):
        say(f"  Warning: nobody has proved that they have the private half of {key.label}.", "yellow")
    roots, signed = have.roots, ceremony.signed_by(proposal, have)
    if roots is not None:
        say(signatures_needed(len(signed), roots.threshold))
    return have


class SignedOther(CeremonyRefused):
    """A key has signed another proposal for the same place in governance."""


def add_signatures(
    node: Node, proposal: Proposal, have: GovernanceOnLog, keys: Keystore, file: Path, *, again: bool
) -> tuple[Proposal, list[str]]:
    """Sign with all root keys of a folder that are in force; returns their files' names, too.

    A key signs each place of governance once. Raises `SignedOther` where it signed another proposal for one of these
    places, and `NoRootKey` where none of them is a root key in force. `file` is the proposal's.
    """
    signers: list[Signer] = []
    names: list[str] = []
    head = _head(proposal)
    for name in keys.names():
        signer = keys.signer(name, node.settings.consortium)
        if have.roots is None or signer.vkey not in have.roots.keys:
            continue
        signed = SignedHeads(keys.signed_file(name))
        before = next((each for each in signed.read() if head.contradicts(each)), None)
        if before is not None and not again:
            raise SignedOther(
                f"the key {name} has signed another proposal for the same place: that one leads to"
                f" {plural(before.size, 'entry')}, and this one follows {plural(head.after, 'entry')} and leads to"
                f" {head.size:,}. Should both be published, it is a fork. If that one was given up, sign this one:"
                f" registry governance sign {file} --again"
            )
        signed.add(head)
        signers.append(signer)
        names.append(name)
    return ceremony.sign(proposal, signers, have), names


def _head(proposal: Proposal) -> SignedHead:
    lines = proposal.checkpoint.split("\n")
    return SignedHead(int(lines[1]) - len(proposal.events), int(lines[1]), lines[2])


def publish_proposal(node: Node, proposal: Proposal) -> int:
    """Append a proposal that has its signatures, and remember it; return governance's new size."""
    log = node.log()
    log.create(GOVERNANCE)
    with log.writer(GOVERNANCE):
        have, fold = known(node, proposal)
        ceremony.check(proposal, have, verify_head(node, fold), datetime.now(UTC))
        log.append(GOVERNANCE, [ceremony.ready(proposal, have)])
        node.remember_governance()
    return node.governance().size


def act_now(node: Node, acts: Sequence[Any], offered: Sequence[OfferedKey]) -> None:
    """Propose, sign with the root keys that are here, and publish.

    Raises `CeremonyRefused` where these do not suffice; the message names the proposal's file that was left for those
    who must sign.
    """
    have, _ = known(node)
    proposal = ceremony.propose(have, acts, datetime.now(UTC), offered)
    file = _free_file(node, have.tree.size)
    try:
        proposal, _ = add_signatures(node, proposal, have, node.keystore, file, again=False)
    except NoRootKey:
        pass  # they are where their holders are
    except SignedOther:
        write_proposal(file, proposal)
        raise
    if missing := ceremony.missing_signatures(proposal, have):
        write_proposal(file, proposal)
        raise CeremonyRefused(
            f"nothing is published yet. The proposal is in {file}. It has {missing}. Pass the file on to who holds"
            f" them: `registry governance sign {file.name} --key THEIR-KEY.pem` (docs/keys.md); then, here: `registry"
            f" governance publish {file}`. A proposal is good for a day."
        )
    say(f"governance has {plural(publish_proposal(node, proposal), 'event')}")


def _free_file(node: Node, size: int) -> Path:
    """A name for a proposal's file that is not taken: another proposal may be waiting for signatures."""
    names = (f"proposal-{size}{more}.json" for more in ("", *(f"-{number}" for number in range(2, 1000))))
    return next(file for name in names if not (file := node.settings.home / name).exists())


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
    without_proof: WithoutProof = False,
    passphrase_file: PassphraseFile = None,
) -> None:
    """Verify a proposal against the log, show what it says, and add a signature to it.

    Example: registry governance sign proposal.json --key root-2.pem
    """
    node = node_of(context)
    proposal = read_proposal(file)
    have = checked(node, proposal)
    if not without_proof and (unproven := ceremony.find_unproven(proposal, have)):
        raise CeremonyRefused(
            f"{', '.join(key.label for key in unproven)}: not signed, because nobody has proved that they have the"
            " private half. Ask for the key with its proof (`registry key show`), or say --without-proof."
        )
    if not yes and not typer.confirm("Sign this?"):
        raise typer.Exit(1)
    keys = node.keystore
    if key is not None:
        keys = _One(key, read_passphrase(passphrase_file))
    signed, names = add_signatures(node, proposal, have, keys, file, again=again)
    write_proposal(file, signed)
    if signed.signatures == proposal.signatures:
        say(f"Nothing was added: {' and '.join(names)} had signed it already.")
    elif len(names) > 1:
        say(f"Signed with {len(names)} root keys, which all lie in one folder: {', '.join(names)}.")
    roots = have.roots
    count = len(ceremony.signed_by(signed, have))
    say(f"{file} has {signatures_needed(count, roots.threshold if roots is not None else 1)}.")
    if roots is not None and count >= roots.threshold:
        say(f"Next: registry governance publish {file}")


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
    proposal = read_proposal(file)
    try:
        checked(node, proposal)
    except AlreadyPublished as already:
        say(f"{file} was {already}. Nothing is left to do.")
        return
    say(f"published: governance has {plural(publish_proposal(node, proposal), 'event')}")


@governance_app.command("check")
def check(context: typer.Context, file: File) -> None:
    """Show in plain words what a proposal says, and whether it holds against the log.

    Example: registry governance check proposal.json
    """
    try:
        checked(node_of(context), read_proposal(file))
    except AlreadyPublished as already:
        say(f"{file} was {already}. Nothing is left to do.")


@governance_app.command("key")
def key_command(
    file: Annotated[Path, typer.Argument(help="Where to put the key, a .pem file.")],
    *,
    consortium: Annotated[str, typer.Option(help="The consortium whose root key it is to be.")],
    passphrase_file: PassphraseFile = None,
) -> None:
    """Make a root key at the machine of who will hold it, and print its public half with a proof (docs/keys.md).

    It is encrypted with the passphrase of --passphrase-file, of REGISTRY_PASSPHRASE, or that you are asked for.

    Example: registry governance key root-2.pem --consortium eciu.example
    """
    check_consortium(consortium)
    passphrase = read_passphrase(passphrase_file) or ask_new_passphrase()
    signer = Keystore(file.parent, passphrase).create_signer(file.stem, consortium)
    say_protection(passphrase, file)
    say(str(key_proof.prove(signer)))


def say_protection(passphrase: bytes | None, place: Path) -> None:
    """Say whether new private keys are encrypted, and what to do where they are not."""
    if passphrase is not None:
        errors.print(f"The private keys at {place} are encrypted with your passphrase.", highlight=False)
        return
    errors.print(
        f"Warning: the private keys at {place} are NOT encrypted: whoever can read the files can sign. For encrypted"
        " keys run this at a terminal, or with the passphrase in REGISTRY_PASSPHRASE.",
        style="yellow",
        highlight=False,
    )
