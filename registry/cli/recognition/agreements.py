"""Agreements of automatic recognition between members: declare, withdraw, list and simulate them."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, get_args

import msgspec
import typer

from projections.recognition import decisions as view
from projections.recognition.simulation import Simulation
from projections.recognition.simulation import simulate as simulated
from registry.cli import ids
from registry.cli.days import day_option
from registry.cli.files import read_json
from registry.cli.listing import Column, print_list
from registry.cli.opening import node_of
from registry.cli.output import AsCsv, AsJson, Wide, errors, print_json, say, table, text_of, title_of
from registry.cli.publishing import publish_now
from registry.node.adapters.office import lookup_of
from registry.node.node import Node
from registry.vault.vault import random_id
from registry.wire.forms import VersionedRef, checker
from registry.wire.recognition import AchievementFilter, AgreementDeclared, Outcome, Purpose, Towards
from registry.wire.validation_messages import format_error

agreement_app = typer.Typer(help="Automatic recognition between members.", no_args_is_help=True)

_MAX_LISTED = 500
"""Agreements that are listed at most."""


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(agreement_app, name="agreement")


Day = Annotated[datetime | None, day_option()]
With = Annotated[str, typer.Argument(metavar="MEMBER", help="The member whose achievements are recognised.")]
Achievement = Annotated[
    list[str] | None, typer.Option(help="ID@VERSION of one of its achievements; may be given several times.")
]
Fields = Annotated[
    list[str] | None, typer.Option("--field", help="All of its achievements in this ISCED-F field; 06 covers 0613.")
]
Levels = Annotated[
    list[int] | None, typer.Option("--level", min=1, max=8, help="All of its achievements at this EQF level.")
]
Revisions = Annotated[bool, typer.Option("--include-revisions", help="Later versions of those named, too.")]
PurposeOption = Annotated[str, typer.Option("--purpose", help=f"One of {', '.join(get_args(Purpose))}.")]
OutcomeOption = Annotated[
    str,
    typer.Option(
        "--outcome", help=f"One of {', '.join(outcome for outcome in get_args(Outcome) if outcome != 'refused')}."
    ),
]
Ratio = Annotated[
    float, typer.Option("--ects-ratio", min=0.0001, max=1000, help="ECTS granted for each ECTS of the original.")
]
TitleOption = Annotated[str | None, typer.Option("--towards", help="The programme it counts towards, by its title.")]


@agreement_app.command("declare")
def declare(
    context: typer.Context,
    with_member: With,
    *,
    valid_from: Annotated[datetime, day_option(help="The first day whose awards are covered.")],
    valid_until: Day = None,
    achievement: Achievement = None,
    fields: Fields = None,
    levels: Levels = None,
    include_revisions: Revisions = False,
    purpose: PurposeOption = "creditTransfer",
    outcome: OutcomeOption = "full",
    ects_ratio: Ratio = 1.0,
    towards: TitleOption = None,
) -> None:
    """Recognise another member's achievements without deciding on each credential, and publish that.

    It is mutual while that member has declared one with this one. Try it first with `agreement simulate`.

    Examples: registry agreement declare linkoping --field 06 --level 6 --level 7 --valid-from 2026-09-01
    registry agreement declare linkoping --achievement 0bbac7a9-…@1 --include-revisions --valid-from 2026-09-01
    """
    node = node_of(context)
    data = _agreement(
        node,
        with_member,
        achievement,
        fields,
        levels,
        include_revisions=include_revisions,
        purpose=purpose,
        outcome=outcome,
        ects_ratio=ects_ratio,
        valid_from=valid_from.date(),
        valid_until=None if valid_until is None else valid_until.date(),
        towards=towards,
    )
    if not lookup_of(node).is_member(with_member):
        raise typer.BadParameter(
            f"{with_member!r} is not a member of the consortium, as far as the log says", param_hint="the member"
        )
    node.registry.recognition.declare_agreement(data)
    say(f"agreement {data.agreement}")
    publish_now(node)


@agreement_app.command("withdraw")
def withdraw(
    context: typer.Context,
    agreement: Annotated[str, typer.Argument(help="The agreement's id.")],
    *,
    valid_from: Annotated[datetime, day_option("--from", help="The first day whose awards are no longer covered.")],
) -> None:
    """End an agreement of this university from a day on, and publish that. Earlier awards stay covered.

    Example: registry agreement withdraw 432236b7-… --from 2027-09-01
    """
    node = node_of(context)
    node.registry.recognition.withdraw_agreement(
        ids.resolve(node, agreement, "agreement"), valid_from.date().isoformat()
    )
    publish_now(node)


@agreement_app.command("list")
def list_agreements(
    context: typer.Context,
    *,
    member: Annotated[str | None, typer.Option(help="Declared by this member.")] = None,
    with_member: Annotated[str | None, typer.Option("--with", help="With this member.")] = None,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
    wide: Wide = False,
) -> None:
    """List agreements of all members, withdrawn ones too: the first 500.

    Example: registry agreement list --with twente
    """
    agreements = view.agreements(node_of(context).views(), member, with_member=with_member, limit=_MAX_LISTED + 1)
    if len(agreements) > _MAX_LISTED:
        agreements = agreements[:_MAX_LISTED]
        errors.print(
            f"Only the first {_MAX_LISTED} agreements are shown; there are more. Narrow the list.", markup=False
        )
    if not agreements and not (as_json or as_csv):
        say("No such agreement is known here.")
        return
    print_list(agreements, _COLUMNS, as_json=as_json, as_csv=as_csv, wide=wide)


@agreement_app.command("show")
def show(
    context: typer.Context,
    agreement: Annotated[str, typer.Argument(help="The agreement's id.")],
    *,
    member: Annotated[str | None, typer.Option(help="Whose agreement (else this node's).")] = None,
    as_json: AsJson = False,
) -> None:
    """Show one agreement as declared.

    Example: registry agreement show 432236b7-… --member linkoping
    """
    node = node_of(context)
    whose, agreement = ids.find(node, agreement, "agreement", member)
    agreements = view.agreements(node.views(), whose, agreement)
    if not agreements:
        errors.print(f"{whose} has declared no agreement {agreement}, as far as this node has read.", markup=False)
        raise typer.Exit(1)
    if as_json:
        print_json(agreements[0])
        return
    print_list(agreements, _COLUMNS, as_json=False, as_csv=False, wide=False)
    for name, value in agreements[0].content.items():
        say(f"{name}: {text_of(value)}")


@agreement_app.command("simulate")
def simulate(
    context: typer.Context,
    with_member: Annotated[str | None, typer.Argument(metavar="[MEMBER]", help="The other member.")] = None,
    *,
    file: Annotated[
        Path | None, typer.Option(help="A draft in JSON, as for POST /v1/agreements; in place of the options.")
    ] = None,
    achievement: Achievement = None,
    fields: Fields = None,
    levels: Levels = None,
    include_revisions: Revisions = False,
    purpose: PurposeOption = "creditTransfer",
    outcome: OutcomeOption = "full",
    ects_ratio: Ratio = 1.0,
    since: Day = None,
    until: Day = None,
    as_json: AsJson = False,
) -> None:
    """Show what an agreement would have decided in a past period, before it is signed. Stores nothing.

    The period is the year until today, or from --since to --until; the draft's own dates are ignored.

    Example: registry agreement simulate linkoping --field 06 --ects-ratio 1 --since 2025-09-01 --until 2026-08-31
    """
    node = node_of(context)
    end = until.date() if until else date.today()  # noqa: DTZ011 - a day on the office's calendar
    begin = since.date() if since else end - timedelta(365)
    if file is not None:
        draft = _read(node, file)
    elif with_member is not None:
        draft = _agreement(
            node,
            with_member,
            achievement,
            fields,
            levels,
            include_revisions=include_revisions,
            purpose=purpose,
            outcome=outcome,
            ects_ratio=ects_ratio,
            valid_from=begin,
        )
    else:
        raise typer.BadParameter("name the member, or give a draft with --file", param_hint="MEMBER")
    simulation = simulated(node.views(), node.settings.member, draft, begin, end)
    if as_json:
        print_json(simulation)
        return
    _show_simulation(simulation, draft)


def _agreement(
    node: Node,
    with_member: str,
    achievements: list[str] | None,
    fields: list[str] | None,
    levels: list[int] | None,
    *,
    include_revisions: bool,
    purpose: str,
    outcome: str,
    ects_ratio: float,
    valid_from: date,
    valid_until: date | None = None,
    towards: str | None = None,
) -> AgreementDeclared:
    if bool(achievements) == bool(fields or levels):
        raise typer.BadParameter("name achievements, or fields and levels: one of the two", param_hint="--achievement")
    what: list[VersionedRef] | AchievementFilter = AchievementFilter(levels or None, fields or None)
    if achievements:
        what = [_ref(node, with_member, text) for text in achievements]
    values: dict[str, Any] = {
        "agreement": random_id(),
        "with": with_member,
        "achievements": what,
        "includeRevisions": include_revisions,
        "purpose": purpose,
        "outcome": outcome,
        "ectsRatio": int(ects_ratio) if ects_ratio.is_integer() else ects_ratio,
        "validFrom": valid_from.isoformat(),
    }
    if valid_until is not None:
        values["validUntil"] = valid_until.isoformat()
    if towards is not None:
        values["towards"] = Towards(title={"en": towards})
    return _check(node, msgspec.to_builtins(values))


def _ref(node: Node, member: str, text: str) -> VersionedRef:
    identifier, at, version = text.partition("@")
    if not at or not version.isascii() or not version.isdigit():
        raise typer.BadParameter(f"{text!r} is not ID@VERSION, for example 0bbac7a9-…@1", param_hint="--achievement")
    return VersionedRef(*ids.find(node, identifier, "achievement", member), int(version))


def _read(node: Node, file: Path) -> AgreementDeclared:
    values = read_json(file, dict[str, object])
    filled = {"agreement": random_id(), "includeRevisions": True, "outcome": "full", "ectsRatio": 1}
    return _check(node, filled | {"validFrom": "2000-01-01"} | values)


def _check(node: Node, values: object) -> AgreementDeclared:
    """Read an agreement as a verifier would, so that a wrong word is refused first. Raises `typer.BadParameter`."""
    try:
        data = msgspec.convert(values, AgreementDeclared)
    except msgspec.ValidationError as error:
        raise typer.BadParameter(format_error(error, AgreementDeclared), param_hint="the agreement") from error
    check = checker(AgreementDeclared)
    fault = (check(data) if check is not None else None) or data.fault(node.settings.member)
    if fault is not None:
        raise typer.BadParameter(f"{fault[1]} (${fault[0]})", param_hint="the agreement")
    return data


_COLUMNS = (
    Column("member", lambda agreement: agreement.member),
    Column("with", lambda agreement: agreement.with_member),
    Column("agreement", lambda agreement: agreement.agreement),
    Column("outcome", lambda agreement: agreement.content["outcome"]),
    Column("ratio", lambda agreement: agreement.content["ectsRatio"]),
    Column("from", lambda agreement: agreement.valid_from),
    Column("until", lambda agreement: agreement.valid_until, wide=True),
    Column("withdrawn from", lambda agreement: agreement.withdrawn_from),
    Column("mutual", lambda agreement: agreement.mutual),
)


def _show_simulation(simulation: Simulation, draft: AgreementDeclared) -> None:
    say(f"{simulation.begin} to {simulation.end}, with {draft.with_}, {draft.outcome} at {draft.ects_ratio:g} for 1")
    say(
        f"{simulation.covered:,} active credentials of {simulation.achievements:,} achievement versions would have been"
        " covered"
    )
    say(
        f"{simulation.decided:,} grants were decided on these: {simulation.agree:,} as the agreement would,"
        f" {simulation.differ:,} not"
    )
    if simulation.differing:
        table(
            ("decided", "ECTS", "of", "agreement", "ECTS", "grounds", "how many"),
            [
                (
                    each.outcome,
                    _plain(each.ects),
                    _plain(each.original),
                    each.agreement_outcome,
                    _plain(each.agreement_ects),
                    [f"{ground} {count}" for ground, count in each.grounds.items()],
                    each.count,
                )
                for each in simulation.differing
            ],
        )
    table(
        ("achievement", "ECTS", "granted", "credentials"),
        [
            (f"{title_of(each.title)} (v{each.version})", _plain(each.ects), _plain(each.granted), each.credentials)
            for each in simulation.by_achievement[:20]
        ],
    )


def _plain(ects: Decimal | None) -> str | None:
    return None if ects is None else f"{ects.normalize():f}"
