"""Commands for the consortium's members: admit one, list them, and show who relied on one."""

from typing import Annotated, get_args

import typer

from projections.credentials.reliance import on_voided
from registry.cli.choices import choice_option, parse_country
from registry.cli.consortium.governance import WithoutProof, read_keys
from registry.cli.consortium.governance_show import list_members
from registry.cli.consortium.member_content import convert
from registry.cli.consortium.node_options import check_member
from registry.cli.listing import Column, print_list
from registry.cli.opening import node_of
from registry.cli.output import AsCsv, AsJson, Wide, say
from registry.log import GOVERNANCE
from registry.node.ceremony import act_now
from registry.settings.settings import SettingsError
from registry.values.plural import plural
from registry.wire.governance import MemberAdmitted, Role

member_app = typer.Typer(help="The consortium's members (on the consortium's own node).", no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(member_app, name="member")
    member_app.command("list")(list_members)


@member_app.command("admit")
def admit(
    context: typer.Context,
    member: Annotated[str, typer.Argument(help="The member's short name: 2 to 40 of a-z, 0-9 and -.")],
    *,
    key: Annotated[
        list[str], typer.Option(help="The member's public key with its proof, as `registry node init` printed it.")
    ],
    legal_name: Annotated[str, typer.Option(help="The institution's legal name.")],
    country: Annotated[
        str, typer.Option(parser=parse_country, metavar="CC", help="Two capital letters (ISO 3166-1), for example NL.")
    ],
    role: Annotated[
        list[str] | None, choice_option(values=get_args(Role), help="What it may publish (else both).")
    ] = None,
    schac: Annotated[str | None, typer.Option(help="The institution's SCHAC home organisation.")] = None,
    homepage: Annotated[str | None, typer.Option(help="Its homepage.")] = None,
    appeal_body: Annotated[
        str | None, typer.Option(help="The body that hears appeals against its decisions: 'NAME URL'.")
    ] = None,
    without_proof: WithoutProof = False,
) -> None:
    """Admit a member with the root keys of this node, and publish it; or leave a proposal for others to sign.

    Exits 1 if it leaves a proposal: the member is not admitted until that is signed and published.

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
        raise typer.BadParameter("a name and an address, separated by a space: 'NAME URL'", param_hint="--appeal-body")
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
    say(f"governance has {plural(act_now(node, [data], offered), 'event')}")
    say(f"{member} is admitted")


_OPTIONS = {
    "legalName": "--legal-name",
    "identifiers": "--schac",
    "keys": "--key",
    "homepage": "--homepage",
    "appealBody": "--appeal-body",
}


@member_app.command("reliance")
def show_reliance(
    context: typer.Context,
    member: Annotated[str, typer.Argument(help="The member whose credentials were voided.")],
    *,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
    wide: Wide = False,
) -> None:
    """Show who relied on credentials of a member whose issuing was voided: decisions, and larger credentials.

    Example: registry member reliance twente
    """
    reliances = on_voided(node_of(context).views(), member)
    if not reliances and not (as_json or as_csv):
        say(f"nobody relied on voided credentials of {member}")
        return
    columns = [
        Column("voided credential", lambda reliance: reliance.credential),
        Column("kind", lambda reliance: reliance.kind),
        Column("relied on by", lambda reliance: reliance.by),
    ]
    print_list(reliances, columns, as_json=as_json, as_csv=as_csv, wide=wide)
