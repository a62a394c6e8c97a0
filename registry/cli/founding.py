"""Making nodes, founding a consortium, admitting members."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from projections.reliance import on_voided
from registry import ceremony
from registry.acceptance import NotAccepted
from registry.ceremony import Known
from registry.cli.context import Node, given_passphrase, node_of, opened
from registry.cli.governance import act_now, add_signatures, known, publish_proposal
from registry.cli.output import AsJson, counted, errors, print_json, say, table
from registry.config import SettingsError, write
from registry.keystore import SIGNING, Keystore
from registry.log import GOVERNANCE, LogError
from registry.publisher import AnotherPublisher
from registry.rules.governance import Governance
from registry.wire.governance import AppealBody, ConsortiumFounded, Identifier, MemberAdmitted
from registry.wire.merkle import Tree, leaf_hash

member_app = typer.Typer(help="The consortium's members (on the consortium's own node).", no_args_is_help=True)


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
    keys: Annotated[int, typer.Option(min=1, max=20, help="How many root keys to make here.")] = 3,
    key: Annotated[
        list[str] | None,
        typer.Option(help="A public root key that somebody made elsewhere (`registry governance key`), instead."),
    ] = None,
    threshold: Annotated[int, typer.Option(min=1, help="How many of them must sign.")] = 2,
    log: Log = "file:../log",
    database: Database = "embedded:postgres#registry",
) -> None:
    """Found a consortium: root keys, and the first event of its log.

    Prints the founding's hash. Whoever joins is told it by somebody they trust: all verification rests on it.
    With --key the founding is a proposal, to be signed by those who hold the keys.

    Examples: registry found consortium --consortium eciu.example --keys 3 --threshold 2
    registry found consortium --consortium eciu.example --key eciu.example+… --key eciu.example+… --threshold 2
    """
    if threshold > len(key or range(keys)):
        raise typer.BadParameter(f"{len(key or range(keys))} keys cannot reach {threshold}", param_hint="--threshold")
    folder.mkdir(parents=True, exist_ok=True)
    if key is None:
        keystore = Keystore(folder / "keys", given_passphrase())
        key = [str(keystore.create_signer(f"root-{number + 1}", consortium).vkey) for number in range(keys)]
        here = True
    else:
        here = False
    start = Known(Governance(consortium), Tree())
    proposal = ceremony.propose(start, [ConsortiumFounded(consortium, key, threshold)], datetime.now(UTC))
    founding = leaf_hash(proposal.lines[0]).hex()
    values = {"consortium": consortium, "member": GOVERNANCE, "founded": founding, "log": log, "database": database}
    write(folder, values)
    with opened(folder) as node:
        if here:
            have, _ = known(node, proposal)
            publish_proposal(node, add_signatures(node, proposal, have, node.keystore, again=False))
            say(f"{consortium} is founded, with {len(key)} root keys of which {threshold} sign. Its founding's hash:")
        else:
            file = folder / "founding.json"
            file.write_bytes(bytes(proposal))
            say(f"{file} is to be signed by {threshold} of {len(key)}: `registry governance sign`. Its hash:")
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
    """Admit a member with the root keys that are here, and publish it; or leave a proposal for others to sign.

    Example: registry member admit twente --key eciu.example/twente+… --legal-name "University of Twente" --country NL
    """
    node = node_of(context)
    if node.settings.member != GOVERNANCE:
        raise SettingsError(
            "members are admitted on the consortium's own node; elsewhere, write a proposal: `registry governance"
            " propose admit`"
        )
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
    act_now(node, data)
    say(f"{member} is admitted")


def publish_now(node: Node) -> None:
    """Publish what a command has stored; where another process of this node does that, it is left to it."""
    try:
        published = node.publisher().publish_pending()
    except AnotherPublisher:
        errors.print("stored; the process that publishes this node's events (`registry run`) publishes it")
        return
    except (LogError, NotAccepted):
        errors.print("stored, and not published; `registry publish` does it when this is mended:", markup=False)
        raise
    if not published.events:
        errors.print(f"nothing waits; the log of {node.settings.member} has {published.size}", markup=False)
        return
    errors.print(
        f"published {counted(published.events, 'event')}; the log of {node.settings.member} has {published.size}",
        markup=False,
        highlight=False,
    )


@member_app.command("relied")
def relied(
    context: typer.Context,
    member: Annotated[str, typer.Argument(help="Whose voided credentials.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Show who relied on credentials of a member whose issuing was voided: decisions, and larger credentials.

    Example: registry member relied twente
    """
    found = on_voided(node_of(context).views(), member)
    if as_json:
        print_json(found)
    elif found:
        table(("voided credential", "kind", "relied on by"), [(one.credential, one.kind, one.by) for one in found])
    else:
        say(f"nobody relied on anything voided of {member}")
