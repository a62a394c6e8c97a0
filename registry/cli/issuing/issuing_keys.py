"""Commands for the keys with which a university signs documents for wallets and files."""

from pathlib import Path
from typing import Annotated, Final

import typer

from registry.cli.confirming import confirm
from registry.cli.files import read_bytes, write_file
from registry.cli.listing import Column, print_list
from registry.cli.opening import node_of
from registry.cli.output import AsCsv, AsJson, Wide, errors, say
from registry.cli.publishing import publish_now
from registry.node.issuing_keys import OwnIssuingKeys
from registry.wire.issuing_keys import KeyEndReason, Profile

issuing_key_app = typer.Typer(
    help="The keys with which the university signs documents for wallets and files. (The key that signs the log:"
    " `registry key`.)",
    no_args_is_help=True,
)

_CONSEQUENCES: Final[dict[KeyEndReason, str]] = {
    "rotated": "What it signed before still counts; nothing that is signed with it from now on does.",
    "lost": "What it signed before still counts; nothing that is signed with it from now on does.",
    "compromised": "What it signed, before and after, counts only with a receipt that shows that the credential was on"
    " the log before. Documents without a receipt must be made again.",
}


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(issuing_key_app, name="issuing-key")


@issuing_key_app.command("create")
def create(
    context: typer.Context,
    *,
    profile: Annotated[
        Profile,
        typer.Option(help="open: Ed25519, found by did:web. eudi: P-256, for the wallets of the European Union."),
    ],
    chain: Annotated[
        Path | None,
        typer.Option(
            help="A file with the chain of certificates (PEM, the key's own first) that came back for `registry"
            " issuing-key request`. For the profile eudi."
        ),
    ] = None,
) -> None:
    """Make a key that signs documents, and announce it on the log.

    The node signs with the newest key of a profile. An older one remains in force until you end it.

    Examples: registry issuing-key create --profile open
    registry issuing-key create --profile eudi --chain chain.pem
    """
    node = node_of(context)
    if chain is not None and profile != "eudi":
        raise typer.BadParameter("A chain of certificates is for the profile eudi.", param_hint="--chain")
    key = OwnIssuingKeys(node).create(profile, None if chain is None else read_bytes(chain))
    say(key)
    if profile == "eudi" and chain is None:
        errors.print(
            "This key has no chain of certificates, which wallets of the European Union ask for. To have one, begin"
            " with `registry issuing-key request`.",
            markup=False,
        )
    if not node.keystore.is_encrypted(f"issuing-{key}"):
        errors.print("Its file is NOT encrypted: this node has no passphrase for its keys.", markup=False)
    publish_now(node)


@issuing_key_app.command("request")
def request(
    context: typer.Context,
    *,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="The file to write; else standard output.")] = None,
) -> None:
    """Write a request for a certificate (PKCS #10) for a key of the profile eudi, which is made if there is none.

    Send it to your certificate authority. With the chain that comes back: `registry issuing-key create --profile eudi
    --chain FILE`. Until then the same key is requested again.

    Example: registry issuing-key request --out request.pem
    """
    key, pem = OwnIssuingKeys(node_of(context)).request()
    if out is None:
        say(pem.decode().rstrip())
    else:
        write_file(out, pem)
    errors.print(f"for the key {key}", markup=False, highlight=False)


@issuing_key_app.command("list")
def list_keys(context: typer.Context, *, as_json: AsJson = False, as_csv: AsCsv = False, wide: Wide = False) -> None:
    """List the keys with which this university signs documents.

    Example: registry issuing-key list
    """
    columns = [
        Column("key", lambda key: key.key),
        Column("profiles", lambda key: " ".join(key.profiles)),
        Column("state", lambda key: key.state),
        Column("signs", lambda key: "yes" if key.signs else ""),
        Column("private half", lambda key: "" if key.is_here else "not here"),
        Column("announced", lambda key: key.announced, wide=True),
        Column("ended", lambda key: key.ended, wide=True),
        Column("certificate until", lambda key: key.certificate_until, wide=True),
    ]
    print_list(OwnIssuingKeys(node_of(context)).list_all(), columns, as_json=as_json, as_csv=as_csv, wide=wide)


@issuing_key_app.command("end")
def end(
    context: typer.Context,
    key: Annotated[str, typer.Argument(help="The key, or its first characters, as `registry issuing-key list` shows.")],
    *,
    reason: Annotated[
        KeyEndReason,
        typer.Option(
            help="rotated: another one takes its place. lost: nobody has it any more. compromised: others may have it."
        ),
    ],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """End a key for good, and announce that on the log. A key is never announced again.

    Examples: registry issuing-key end NzbLsXh8 --reason rotated
    registry issuing-key end NzbLsXh8 --reason compromised --yes
    """
    node = node_of(context)
    keys = OwnIssuingKeys(node)
    whole = keys.find(key)
    confirm(f"This ends the key {whole} for good. {_CONSEQUENCES[reason]}", "End it?", yes=yes)
    keys.end(whole, reason)
    say(f"the key {whole} has ended ({reason})")
    publish_now(node)
