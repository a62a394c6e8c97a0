"""Recognition decisions."""

from datetime import date
from typing import Annotated, get_args

import typer

from projections.credentials import credentials as credential_view
from projections.recognition import decisions as view
from registry.cli import ids, moments
from registry.cli.issuing.reading import decision_rows
from registry.cli.opening import node_of
from registry.cli.output import AsCsv, AsJson, Wide, Year, errors, print_json, say, text_of
from registry.cli.publishing import publish_now
from registry.cli.recognition import assessing
from registry.cli.recognition.assessing import (
    ModeOption,
    considered_of,
    grounds_of,
    plain_number,
    tell_departure,
)
from registry.cli.recognition.letters import letter
from registry.node.adapters.moments import past
from registry.node.adapters.office import lookup_of
from registry.node.node import Node
from registry.office.assessments.requirements import requirement_of_programme
from registry.office.assessments.statements import check_decision
from registry.office.cases.proposal_messages import NOT_ASSESSED
from registry.office.single_decision import build_single_decision
from registry.wire.disclosures import claims_digest, open_disclosures
from registry.wire.forms import CredentialRef, VersionedRef
from registry.wire.recognition import (
    Condition,
    Effect,
    Grant,
    Outcome,
    Purpose,
    Towards,
    WithdrawalReason,
)
from registry.wire.today import utc_today

PurposeOption = Annotated[str, typer.Option(help=f"One of {', '.join(get_args(Purpose))}.")]
OutcomeOption = Annotated[str, typer.Option(help=f"One of {', '.join(get_args(Outcome))}.")]
TowardsOption = Annotated[str | None, typer.Option(help="The programme or course it counts towards, by its title.")]
SupersedesOption = Annotated[
    str | None, typer.Option(help="An earlier decision of this office that this one replaces.")
]

recognition_app = typer.Typer(help="Decisions about credentials of other members.", no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    assessing.add_to(recognition_app)
    app.add_typer(recognition_app, name="recognition")
    recognition_app.command("letter")(letter)


@recognition_app.command("decide")
def decide(
    context: typer.Context,
    credential: Annotated[str, typer.Argument(help="MEMBER/ID of the credential.")],
    *,
    purpose: PurposeOption = "creditTransfer",
    outcome: OutcomeOption = "full",
    ects: Annotated[float | None, typer.Option(min=0, help="The credits granted.")] = None,
    towards: TowardsOption = None,
    mode: ModeOption = "recognised",
    ground: assessing.GroundOption = None,
    condition: assessing.ConditionOption = None,
    considered: assessing.ConsideredOption = None,
    supersedes: SupersedesOption = None,
    advisory: Annotated[bool, typer.Option("--advisory", help="A statement that does not bind.")] = False,
) -> None:
    """Decide on a credential, and publish the decision.

    A refusal, or a decision for admission or employment, names the credential by a digest only. A credential that is
    not active, or is flagged, can be refused on a formal ground; any other decision about it needs a case, where two
    persons check it. The letter says *not assessed* for each element that no ground names. If the office has a profile
    of that title, the credential is compared with it. A note names departures from earlier decisions.

    Examples: registry recognition decide twente/e7c1ab39-… --ects 5 --towards "Minor data science"
    registry recognition decide twente/e7c1ab39-… --outcome partial --ects 3 --ground workload:substantiallyLess
    registry recognition decide twente/e7c1ab39-… --mode credited --ects 3
    registry recognition decide twente/e7c1ab39-… --outcome refused --ground level:lowerLevel
    --considered partial:nothingComparable --considered conditional:noConditionSuffices
    --considered alternative:noAlternative
    """
    node = node_of(context)
    member, identifier = ids.find(node, credential, "credential")
    achievement = _find_achievement(node, credential, member, identifier)
    grant = Grant(
        from_=[0],
        outcome=outcome,  # type: ignore[arg-type] # read as a verifier will, before it is stored
        mode=mode,  # type: ignore[arg-type] # likewise
        grade_transfer="none",
        towards=Towards(title={"en": towards}) if towards else None,
        ects=plain_number(ects),
        grounds=grounds_of(ground) or None,
        conditions=[Condition(code) for code in condition] if condition else None,  # type: ignore[arg-type] # likewise
    )
    effect: Effect = "advisory" if advisory or purpose == "employment" else "binding"
    reference = CredentialRef(member, identifier)
    data, disclosure = build_single_decision(achievement, reference, grant, purpose, effect, supersedes)  # type: ignore[arg-type] # likewise
    offered = lookup_of(node).describe_credential(member, identifier)
    if offered is None:
        errors.print(f"What {credential} is of has not arrived here: run `registry views update`.", markup=False)
        raise typer.Exit(1)
    required = None if grant.towards is None else requirement_of_programme(node.registry, grant.towards)
    check_decision(offered, data, considered_of(considered), required)
    node.registry.recognition.decide(data, disclosure)
    say(f"decision {data.decision}")
    if outcome != "refused":
        errors.print(f"note: {NOT_ASSESSED}", markup=False, highlight=False)
    tell_departure(node, achievement, purpose, outcome, ground)
    _show_disclosure(disclosure)
    publish_now(node)


def _show_disclosure(disclosure: str | None) -> None:
    if disclosure is not None:
        say("The log does not say which credential it is about. The learner can show it with this disclosure:")
        say(disclosure)


def _find_achievement(node: Node, credential: str, member: str, identifier: str) -> VersionedRef:
    """Return what a credential was awarded for. Exits 1 if the views do not have it."""
    credentials = credential_view.read(node.views(), [(member, identifier)])
    if not credentials:
        errors.print(
            f"{credential} is unknown here. Has {member} published it, and has this node projected it"
            " (`registry views update`)?",
            markup=False,
        )
        raise typer.Exit(1)
    return VersionedRef(member, credentials[0].achievement, credentials[0].version)


@recognition_app.command("withdraw")
def withdraw(
    context: typer.Context,
    decision: Annotated[str, typer.Argument(help="The decision's id.")],
    *,
    reason: Annotated[WithdrawalReason, typer.Option(help="The reason. It is published.")],
) -> None:
    """Withdraw a decision of this office, and publish that.

    Example: registry recognition withdraw 432236b7-… --reason onAppeal
    """
    node = node_of(context)
    node.registry.recognition.withdraw_decision(ids.resolve(node, decision, "decision"), reason)
    publish_now(node)


@recognition_app.command("show")
def show(
    context: typer.Context,
    decision: Annotated[str | None, typer.Argument(help="One decision's id (else all of the year).")] = None,
    *,
    member: Annotated[str | None, typer.Option(help="Whose decisions (else this node's).")] = None,
    year: Year = None,
    as_of: moments.AsOf = None,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
    wide: Wide = False,
) -> None:
    """Show an office's decisions, or with --as-of the state of one at an earlier moment.

    Examples: registry recognition show --member linkoping --year 2026
    registry recognition show 432236b7-… --member linkoping --as-of 2026-05-04
    """
    node = node_of(context)
    if as_of:
        if decision is None:
            raise typer.BadParameter("name the decision", param_hint="--as-of")
        then = moments.resolve(node, as_of)
        key = ids.find(node, decision, "decision", member)
        was = past(node, then).decision(key)
        if as_json:
            print_json({"decision": was, "basis": then.basis})
            return
        moments.show(then)
        say(f"{was.member}/{was.decision}: {was.state or 'not made'}")
        return
    decisions = _read_decisions(node, decision, member, year)
    if not decisions and not ((as_json or as_csv) and decision is None):
        errors.print("No such decision is known here.")
        raise typer.Exit(1)
    if decision_rows(decisions, as_json=as_json, as_csv=as_csv, wide=wide) and decision is not None:
        own = decisions[0].member == node.settings.member
        disclosures = node.registry.vault.read_bases(node.registry.cursor(), decisions[0].decision) if own else []
        for disclosure in disclosures:
            about = open_disclosures(claims_digest([disclosure]), [disclosure])["credential"]
            say(f"about {about['member']}/{about['credential']}, as this office's vault says; disclosure {disclosure}")
        for number, grant in enumerate(decisions[0].content["grants"]):
            say(f"grant {number}: {text_of(grant)}")


def _read_decisions(node: Node, decision: str | None, member: str | None, year: int | None) -> list[view.DecisionView]:
    if decision is not None:
        return view.read(node.views(), [ids.find(node, decision, "decision", member)])
    year = year or utc_today().year
    items, more = view.of_office(node.views(), member or node.settings.member, date(year, 1, 1), date(year, 12, 31))
    if more:
        errors.print(f"Only the newest {len(items)} decisions are shown; there are more.", markup=False)
    return items
