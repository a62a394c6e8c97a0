"""Making nodes, founding a consortium, admitting members."""

from pathlib import Path
from typing import Annotated

import typer

from registry.cli.context import Node, node_of, opened
from registry.cli.output import errors, say
from registry.config import SettingsError, write
from registry.keystore import SIGNING, Keystore
from registry.log import GOVERNANCE
from registry.wire.governance import AppealBody, ConsortiumFounded, Identifier, MemberAdmitted
from registry.wire.merkle import leaf_hash

member_app = typer.Typer(help="The consortium's members (on the consortium's own node).", no_args_is_help=True)

_UNFOUNDED = "0" * 64


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.command("init")(init)
    app.command("found")(found)
    app.add_typer(member_app, name="member")


Consortium = Annotated[str, typer.Option(help="The consortium's origin, a domain name that it holds.")]
Log = Annotated[str, typer.Option(help="The shared log: file:PATH (relative to the folder) or kafka://HOST:PORT.")]
Database = Annotated[str, typer.Option(help="postgresql://… or embedded:PATH#NAME, relative to the folder.")]


def init(
    folder: Annotated[Path, typer.Argument(help="The folder to make the node in.")],
    *,
    member: Annotated[str, typer.Option(help="The member's short name, as the consortium will admit it.")],
    consortium: Consortium,
    founded: Annotated[str, typer.Option(help="The founding's hash, as `registry found` printed it.")],
    log: Log = "file:../log",
    database: Database = "embedded:postgres#registry",
) -> None:
    """Make a member's node: settings, a signing key, the vault's master key.

    Prints the public key that the consortium admits the member with.

    Example: registry init twente --member twente --consortium eciu.example --founded 9f2c…
    """
    folder.mkdir(parents=True, exist_ok=True)
    values = {"consortium": consortium, "member": member, "founded": founded, "log": log, "database": database}
    write(folder, values)
    with opened(folder) as node:
        signer = node.keystore.create_signer(SIGNING, node.settings.origin)
        node.keystore.create_master()
        node.views()
        say(f"{folder} is the node of {member}. Its public key, for the consortium:")
        say(str(signer.vkey))


def found(
    folder: Annotated[Path, typer.Argument(help="The folder to make the consortium's own node in.")],
    *,
    consortium: Consortium,
    keys: Annotated[int, typer.Option(min=1, max=20, help="How many root keys.")] = 3,
    threshold: Annotated[int, typer.Option(min=1, help="How many of them must sign.")] = 2,
    log: Log = "file:../log",
    database: Database = "embedded:postgres#registry",
) -> None:
    """Found a consortium: root keys, and the first event of its log.

    Prints the founding's hash. Whoever joins is told it by somebody they trust: all verification rests on it.

    Example: registry found consortium --consortium eciu.example --keys 3 --threshold 2
    """
    if threshold > keys:
        raise typer.BadParameter(f"{keys} keys cannot reach a threshold of {threshold}", param_hint="--threshold")
    folder.mkdir(parents=True, exist_ok=True)
    keystore = Keystore(folder / "keys")
    signers = [keystore.create_signer(f"root-{number + 1}", consortium) for number in range(keys)]
    keystore.create_master()
    values = {"consortium": consortium, "member": GOVERNANCE, "founded": _UNFOUNDED, "log": log, "database": database}
    file = write(folder, values)
    data = ConsortiumFounded(consortium, [str(signer.vkey) for signer in signers], threshold)
    with opened(folder) as node:
        node.registry.found(data)
        node.publisher().publish_pending()
        line = next(iter(node.log().records(GOVERNANCE))).data.split(b"\n\n")[2].split(b"\n")[0]
    founding = leaf_hash(line).hex()
    file.write_text(file.read_text().replace(_UNFOUNDED, founding))
    say(f"{consortium} is founded, with {keys} root keys of which {threshold} sign. Its founding's hash:")
    say(founding)


@member_app.command("admit")
def admit(
    context: typer.Context,
    member: Annotated[str, typer.Argument(help="The member's short name: a-z, 0-9 and -.")],
    *,
    key: Annotated[list[str], typer.Option(help="The member's public key, as `registry init` printed it.")],
    legal_name: Annotated[str, typer.Option(help="The institution's legal name.")],
    country: Annotated[str, typer.Option(help="ISO 3166-1 alpha-2, e.g. NL.")],
    role: Annotated[list[str] | None, typer.Option(help="issuer, recogniser, or both (else both).")] = None,
    schac: Annotated[str | None, typer.Option(help="The institution's SCHAC home organisation.")] = None,
    homepage: Annotated[str | None, typer.Option(help="Its homepage.")] = None,
    appeal_body: Annotated[str | None, typer.Option(help="Where its decisions are appealed: 'NAME URL'.")] = None,
) -> None:
    """Admit a member, with the keys that it signs with, and publish it.

    Example: registry member admit twente --key eciu.example/twente+… --legal-name "University of Twente" --country NL
    """
    node = node_of(context)
    if node.settings.member != GOVERNANCE:
        raise SettingsError("members are admitted on the consortium's own node (the one that `registry found` made)")
    name, _, url = (appeal_body or "").rpartition(" ")
    data = MemberAdmitted(
        member,
        legal_name=legal_name,
        country=country,
        identifiers=[Identifier("schac", schac)] if schac else [],
        accreditations=[],
        keys=key,
        roles=role or ["issuer", "recogniser"],  # type: ignore[arg-type] # read as a verifier will, before it is stored
        homepage=homepage,
        appeal_body=AppealBody(name, url) if name else None,
    )
    node.registry.admit(data)
    publish_now(node)
    errors.print(f"{member} is admitted.", markup=False)


def publish_now(node: Node) -> None:
    """Publish what a command has stored."""
    published = node.publisher().publish_pending()
    say(f"published {published.events} events; the log of {node.settings.member} has {published.size}")
