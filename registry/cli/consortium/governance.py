"""Commands of the consortium's ceremony: check, sign and publish a proposal. The acts are in `acts.py`."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from registry.ceremony import ceremony
from registry.ceremony.act_words import signatures_needed
from registry.ceremony.ceremony import AlreadyPublished, CeremonyRefused, GovernanceOnLog, Proposal
from registry.ceremony.proposal_file import read_proposal, write_proposal
from registry.cli.consortium.node_options import check_consortium
from registry.cli.opening import node_of
from registry.cli.output import errors, say
from registry.keys import key_proof
from registry.keys.key_proof import OfferedKey
from registry.keys.keystore import Keystore
from registry.node.ceremony import add_signatures, check_proposal, publish_proposal
from registry.node.node import Node
from registry.node.passphrases import ask_new_passphrase, ask_passphrase, read_passphrase
from registry.values.plural import plural

governance_app = typer.Typer(help="Decisions of the consortium, signed with its root keys.", no_args_is_help=True)

File = Annotated[Path, typer.Argument(help="The proposal's file.")]
PassphraseFile = Annotated[
    Path | None, typer.Option(help="A file with the key's passphrase (else REGISTRY_PASSPHRASE, else you are asked).")
]
WithoutProof = Annotated[
    bool,
    typer.Option("--without-proof", help="Accept a key although nobody has proved that they have its private half."),
]


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(governance_app, name="governance")


def read_keys(texts: Sequence[str], *, without_proof: bool, option: str = "--key") -> list[OfferedKey]:
    """Read the public keys that somebody offers. Raises `CeremonyRefused` for a key without proof, or a weak one."""
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


def show_proposal(node: Node, proposal: Proposal) -> GovernanceOnLog:
    """Compare a proposal with the log, and print its acts in plain words; return governance as the log has it."""
    governance, sentences = check_proposal(node, proposal)
    say(f"{proposal.consortium}, proposed {proposal.proposed}, to follow {plural(governance.tree.size, 'event')}:")
    for number, sentence in enumerate(sentences, 1):
        say(f"  {number}. {sentence}")
    for key in ceremony.find_unproven(proposal, governance):
        say(f"  Warning: nobody has proved that they have the private half of {key.label}.", "yellow")
    roots, signed = governance.roots, ceremony.signed_by(proposal, governance)
    if roots is not None:
        say(signatures_needed(len(signed), roots.threshold))
    return governance


@governance_app.command("sign")
def sign(
    context: typer.Context,
    file: File,
    *,
    key: Annotated[
        Path | None, typer.Option(help="A root key's .pem (else all in this node's folder of keys).")
    ] = None,
    again: Annotated[bool, typer.Option(help="Sign although the key signed another proposal for this place.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    without_proof: WithoutProof = False,
    passphrase_file: PassphraseFile = None,
) -> None:
    """Verify a proposal against the log, show what it says, and add a signature to it.

    Example: registry governance sign proposal.json --key root-2.pem
    """
    node = node_of(context)
    proposal = read_proposal(file)
    governance = show_proposal(node, proposal)
    if not without_proof and (unproven := ceremony.find_unproven(proposal, governance)):
        raise CeremonyRefused(
            f"{', '.join(key.label for key in unproven)}: not signed, because nobody has proved that they have the"
            " private half. Ask for the key with its proof (`registry key show`), or say --without-proof."
        )
    if not yes and not typer.confirm("Sign this?"):
        raise typer.Exit(1)
    keys = node.keystore
    if key is not None:
        keys = _SingleKey(key, read_passphrase(passphrase_file))
    signed, names = add_signatures(node, proposal, governance, keys, file, again=again)
    write_proposal(file, signed)
    if signed.signatures == proposal.signatures:
        say(f"Nothing was added: {' and '.join(names)} had signed it already.")
    elif len(names) > 1:
        say(f"Signed with {len(names)} root keys, which are all in one folder: {', '.join(names)}.")
    roots = governance.roots
    count = len(ceremony.signed_by(signed, governance))
    say(f"{file} has {signatures_needed(count, roots.threshold if roots is not None else 1)}.")
    if roots is not None and count >= roots.threshold:
        say(f"Next: registry governance publish {file}")


class _SingleKey(Keystore):
    """The file of a single key, used as a folder of keys."""

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
        show_proposal(node, proposal)
    except AlreadyPublished as already:
        say(f"{file} was {already}. There is nothing left to do.")
        return
    say(f"published: governance has {plural(publish_proposal(node, proposal), 'event')}")


@governance_app.command("check")
def check(context: typer.Context, file: File) -> None:
    """Show in plain words what a proposal says, and check it against the log.

    Example: registry governance check proposal.json
    """
    try:
        show_proposal(node_of(context), read_proposal(file))
    except AlreadyPublished as already:
        say(f"{file} was {already}. There is nothing left to do.")


@governance_app.command("key")
def key_command(
    file: Annotated[Path, typer.Argument(help="The key's file, .pem.")],
    *,
    consortium: Annotated[str, typer.Option(help="The consortium of the root key.")],
    passphrase_file: PassphraseFile = None,
) -> None:
    """Make a root key on its holder's own machine, and print its public half with a proof (docs/keys.md).

    It is encrypted with the passphrase from --passphrase-file or REGISTRY_PASSPHRASE, or that you are asked for.

    Example: registry governance key root-2.pem --consortium eciu.example
    """
    check_consortium(consortium)
    passphrase = read_passphrase(passphrase_file) or ask_new_passphrase()
    signer = Keystore(file.parent, passphrase).create_signer(file.stem, consortium)
    say_protection(passphrase, file)
    say(str(key_proof.prove(signer)))


def say_protection(passphrase: bytes | None, place: Path) -> None:
    """Say whether new private keys are encrypted, and what to do if they are not."""
    if passphrase is not None:
        errors.print(f"The private keys at {place} are encrypted with your passphrase.", highlight=False)
        return
    errors.print(
        f"Warning: the private keys at {place} are NOT encrypted: anybody who can read the files can sign. For"
        " encrypted keys run this at a terminal, or with the passphrase in REGISTRY_PASSPHRASE.",
        style="yellow",
        highlight=False,
    )
