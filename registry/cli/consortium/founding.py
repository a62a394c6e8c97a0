"""Making nodes, founding a consortium, admitting members."""

import contextlib
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import psycopg
import typer

from projections.credentials.reliance import on_voided
from registry.application.owner import Owner, withdraw
from registry.ceremony import ceremony
from registry.ceremony.act_words import plural
from registry.ceremony.ceremony import GovernanceOnLog, Proposal
from registry.cli.consortium.founding_check import check_new_log, first_founding
from registry.cli.consortium.governance import (
    WithoutProof,
    act_now,
    add_signatures,
    known,
    publish_proposal,
    read_keys,
    say_protection,
    write_proposal,
)
from registry.cli.consortium.governance_show import list_members
from registry.cli.consortium.member_content import convert
from registry.cli.consortium.node_folder import (
    NewFolder,
    check_addresses,
    check_consortium,
    check_founded,
    check_free,
    check_member,
)
from registry.cli.listing import Column, print_list
from registry.cli.opening import node_of
from registry.cli.output import AsCsv, AsJson, Wide, counted, errors, say
from registry.keys import key_proof
from registry.keys.key_proof import OfferedKey
from registry.keys.keystore import SIGNING, Keystore
from registry.log import GOVERNANCE, LogError, NoSuchStream
from registry.node.health import last_error
from registry.node.node import Node, open_node
from registry.node.passphrases import ask_new_passphrase, ask_passphrase, read_passphrase
from registry.postgres.embedded import DatabaseUnavailable
from registry.publishing.publisher import AnotherPublisher
from registry.rules.governance import Governance
from registry.settings.settings import SettingsError
from registry.wire.governance import ConsortiumFounded, MemberAdmitted
from registry.wire.merkle import Tree, leaf_hash

member_app = typer.Typer(help="The consortium's members (on the consortium's own node).", no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.command("init")(init)
    app.command("found")(found)
    app.add_typer(member_app, name="member")
    member_app.command("list")(list_members)


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
    """Make a member's node: settings, a signing key, the vault's master key; all of it, or nothing.

    Prints the public key that the consortium admits the member with, and the proof that this node has the private
    half. The private keys are encrypted with the passphrase that you are asked for, or that is in
    REGISTRY_PASSPHRASE.

    Example: registry init twente --member twente --consortium eciu.example --founded 9f2c…
    """
    check_member(member)
    check_consortium(consortium)
    check_founded(founded)
    check_addresses(log, database)
    check_free(folder)
    url = log_url(folder, log)
    governance = check_new_log(url, consortium, founded)
    passphrase = read_passphrase() or ask_new_passphrase()
    values = {"consortium": consortium, "member": member, "founded": founded, "log": log, "database": database}
    key = make_node(folder, values, passphrase)
    say(f"{folder} is the node of {member}.")
    say_protection(passphrase, folder / "keys")
    if governance is None:
        errors.print(
            f"Warning: there is no governance log at {url} yet, so that the consortium and the founding's hash could"
            " not be checked. Is the share mounted? (Only the consortium's founder founds.)",
            style="yellow",
            markup=False,
            highlight=False,
        )
    elif member in governance.members:
        errors.print(
            f"Warning: {member} is a member already, and governance does not know this new key, so that this node can"
            f" publish nothing yet. If this node takes the place of an older one, restore its backup instead. Else have"
            f" the key added: registry --home {folder} key rotate",
            style="yellow",
            markup=False,
            highlight=False,
        )
    say("Its public key with the proof that this node has the private half, for `registry member admit --key`:")
    say(str(key))


def make_node(folder: Path, values: dict[str, Any], passphrase: bytes | None) -> OfferedKey:
    """Make a member's node with these settings; returns its public key with the proof."""
    with NewFolder(folder) as new:
        keys = Keystore(new.path / "keys", passphrase)
        signer = keys.create_signer(SIGNING, f"{values['consortium']}/{values['member']}")
        keys.create_master()
        new.place(values)
        with open_node(folder) as node:
            node.views()
    return key_proof.prove(signer)


def found(
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

    Examples: registry found consortium --consortium eciu.example --keys 3 --threshold 2
    registry found consortium --consortium eciu.example --key eciu.example+… --key eciu.example+… --threshold 2
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
            " once. To join that consortium, use `registry init`; to found another, name another log."
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
        say("Next: give every university the consortium's name and this hash, for `registry init`;")
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


def log_url(folder: Path, log: str) -> str:
    """The address of a log as a node in that folder understands it: a relative path is relative to the folder."""
    scheme, _, path = log.partition(":")
    return f"{scheme}:{(folder.absolute() / path).resolve()}" if scheme in ("file", "archive") else log


@member_app.command("admit")
def admit(
    context: typer.Context,
    member: Annotated[str, typer.Argument(help="The member's short name: 2 to 40 of a-z, 0-9 and -.")],
    *,
    key: Annotated[
        list[str], typer.Option(help="The member's public key with its proof, as `registry init` printed it.")
    ],
    legal_name: Annotated[str, typer.Option(help="The institution's legal name.")],
    country: Annotated[str, typer.Option(help="Two capital letters (ISO 3166-1), for example NL.")],
    role: Annotated[list[str] | None, typer.Option(help="issuer, recogniser, or both (else both).")] = None,
    schac: Annotated[str | None, typer.Option(help="The institution's SCHAC home organisation.")] = None,
    homepage: Annotated[str | None, typer.Option(help="Its homepage.")] = None,
    appeal_body: Annotated[str | None, typer.Option(help="Where its decisions are appealed: 'NAME URL'.")] = None,
    without_proof: WithoutProof = False,
) -> None:
    """Admit a member with the root keys that are here, and publish it; or leave a proposal for others to sign.

    Exits 1 where it leaves a proposal: the member is not admitted until that is signed and published.

    Example: registry member admit twente --key eciu.example/twente+… --legal-name "University of Twente" --country NL
    """
    node = node_of(context)
    if node.settings.member != GOVERNANCE:
        raise SettingsError(
            "members are admitted on the consortium's own node; elsewhere, write a proposal: `registry governance"
            " propose admit`"
        )
    check_member(member, "MEMBER")
    offered = read_keys(key, without_proof=without_proof)
    name, _, url = (appeal_body or "").rpartition(" ")
    if appeal_body and not name:
        raise typer.BadParameter("a name and an address, parted by a space: 'NAME URL'", param_hint="--appeal-body")
    values = {
        "member": member,
        "legalName": legal_name,
        "country": country,
        "identifiers": [{"scheme": "schac", "value": schac}] if schac else [],
        "accreditations": [],
        "keys": [str(offer.vkey) for offer in offered],
        "roles": role or ["issuer", "recogniser"],
        "homepage": homepage,
        "appealBody": {"name": name, "url": url} if name else None,
    }
    data = convert(values, MemberAdmitted, _OPTIONS)
    act_now(node, [data], offered)
    say(f"{member} is admitted")


_OPTIONS = {
    "legalName": "--legal-name",
    "country": "--country (ISO 3166-1)",
    "identifiers": "--schac",
    "keys": "--key",
    "roles": "--role",
    "homepage": "--homepage",
    "appealBody": "--appeal-body",
}


def publish_now(node: Node) -> None:
    """Publish what a command has stored; where another process of this node does that, it is left to it.

    Ends with exit code 1 where some of what was stored since the last pass had no effect. What earlier commands stored
    and what is held back still is a warning: whoever does this again for its sake would do it twice.
    """
    try:
        published = node.publisher().publish_pending()
    except AnotherPublisher:
        errors.print("stored; the process that publishes this node's events (`registry run`) publishes it")
        if (last := last_error.read(node.settings.home)) is not None and last.work == "publishing":
            errors.print(f"the last that it said, {last.time}: {last.error}", markup=False, highlight=False)
        return
    except Exception:  # whatever it was: what is stored waits, and that is said
        errors.print("stored, and not published; `registry publish` does it when this is mended:", markup=False)
        raise
    has = f"the log of {node.settings.member} has {published.size:,}"
    done = f"published {counted(published.events, 'event')}" if published.events else "nothing to publish"
    errors.print(f"{done}; {has}", markup=False, highlight=False)
    if published.new:
        refuse_faults(published.new)
    for fault in published.faults:
        errors.print(f"Warning, about events of earlier commands: {fault}", markup=False, style="yellow")


def refuse_faults(faults: Sequence[str]) -> None:
    """End with exit code 1 where stored events are held back, or published ones have no effect."""
    for fault in faults:
        errors.print(fault, markup=False, style="red")
    if faults:
        raise typer.Exit(1)


@member_app.command("relied")
def relied(
    context: typer.Context,
    member: Annotated[str, typer.Argument(help="Whose voided credentials.")],
    *,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
    wide: Wide = False,
) -> None:
    """Show who relied on credentials of a member whose issuing was voided: decisions, and larger credentials.

    Example: registry member relied twente
    """
    found = on_voided(node_of(context).views(), member)
    if not found and not (as_json or as_csv):
        say(f"nobody relied on anything voided of {member}")
        return
    columns = [
        Column("voided credential", lambda one: one.credential),
        Column("kind", lambda one: one.kind),
        Column("relied on by", lambda one: one.by),
    ]
    print_list(found, columns, as_json=as_json, as_csv=as_csv, wide=wide)
