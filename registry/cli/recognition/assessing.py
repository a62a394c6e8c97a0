"""Assessments without an applicant: comparisons, statements about achievements, and cohorts."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, get_args

import msgspec
import typer

from projections.precedents.departures import Draft, departure
from registry.cli import ids
from registry.cli.days import day_option
from registry.cli.issuing.own_events import say_older_wait
from registry.cli.opening import node_of
from registry.cli.output import AsJson, errors, print_json, progress, say, table
from registry.cli.publishing import publish_now
from registry.node.adapters.office import lookup_of
from registry.node.node import Node
from registry.office.assessments.assessment import MILDER, ConsideredOutcome, NotPossible
from registry.office.assessments.comparison import Element, compare
from registry.office.assessments.offered import Offered, Requirement
from registry.office.assessments.profiles import find_profile
from registry.office.assessments.requirements import find_requirement
from registry.office.assessments.statements import state_assessment
from registry.office.cohorts.cohort import Cohort, CohortOutcome
from registry.office.cohorts.cohort_file import rows
from registry.vault.vault import random_id
from registry.wire.forms import VersionedRef
from registry.wire.recognition import (
    Condition,
    Ground,
    Mode,
    Outcome,
    Purpose,
    RecognitionAssessed,
    Towards,
    WithdrawalReason,
)
from registry.wire.today import utc_today
from registry.wire.validation_messages import format_error

_SHOWN = 25

GroundOption = Annotated[
    list[str] | None, typer.Option("--ground", help="ASPECT:DIFFERENCE, for all but full; may be given several times.")
]
ConditionOption = Annotated[
    list[str] | None, typer.Option("--condition", help="What is still to be done, for a conditional decision.")
]
ModeOption = Annotated[
    str, typer.Option("--mode", help=f"One of {', '.join(get_args(Mode))}; `credited` is prior learning.")
]
ConsideredOption = Annotated[
    list[str] | None,
    typer.Option("--considered", help=f"Of a refusal: why {', '.join(MILDER)} were not possible, each OUTCOME:REASON."),
]
AssessmentId = Annotated[str, typer.Argument(help="The assessment's id.")]


def add_to(app: typer.Typer) -> None:
    """Add these commands to the group of recognition."""
    app.command("compare")(compare_elements)
    app.command("assess")(assess)
    app.command("withdraw-assessment")(withdraw)
    app.command("cohort")(cohort)


def compare_elements(
    context: typer.Context,
    credential: Annotated[
        str, typer.Argument(help="MEMBER/ID of a credential, or MEMBER/ID@VERSION of what it is of.")
    ],
    *,
    against: Annotated[
        str | None, typer.Option(help="The id of an achievement of this university, or a programme profile's name.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show the five elements of a credential beside the requirement, with suggested differences.

    It decides nothing: a suggestion is a difference only if you find it substantial.

    Example: registry recognition compare twente/e7c1ab39-… --against 0bbac7a9-…
    """
    node = node_of(context)
    offered = _find_offered(node, credential)
    elements = compare(offered, _requirement(node, against))
    if as_json:
        print_json({"offered": offered, "elements": elements})
        return
    show_elements(elements)
    for flag in offered.flags:
        say(f"the credential is {flag}", style="yellow")
    if offered.status not in (None, "active"):
        say(f"the credential is {offered.status}", style="yellow")


def assess(
    context: typer.Context,
    achievement: Annotated[str, typer.Argument(help="MEMBER/ID@VERSION of the achievement.")],
    *,
    purpose: Annotated[str, typer.Option(help=f"One of {', '.join(get_args(Purpose))}.")] = "creditTransfer",
    outcome: Annotated[str, typer.Option(help=f"One of {', '.join(get_args(Outcome))}.")] = "full",
    ects: Annotated[float | None, typer.Option(min=0, help="The credits granted.")] = None,
    level: Annotated[int | None, typer.Option(min=1, max=8, help="The EQF level granted.")] = None,
    mode: ModeOption = "recognised",
    towards: Annotated[str | None, typer.Option(help="The programme it counts towards, by its title.")] = None,
    ground: GroundOption = None,
    considered: ConsideredOption = None,
    valid_until: Annotated[datetime | None, day_option(help="The last day of its validity.")] = None,
    advisory: Annotated[bool, typer.Option("--advisory", help="A statement that is not binding.")] = False,
) -> None:
    """State what an achievement of another member is worth here, and publish that. It is about no applicant.

    Before a refusal, say why no milder outcome was possible; the reasons are nothingComparable, wholeOnly,
    noConditionSuffices, conditionNotOffered, noAlternative and formalGround.

    Examples: registry recognition assess twente/0bbac7a9-…@1 --ects 5 --towards "Minor data science"
    registry recognition assess twente/0bbac7a9-…@1 --mode credited --ects 3
    registry recognition assess twente/0bbac7a9-…@1 --outcome partial --ects 3 --ground workload:substantiallyLess
    """
    node = node_of(context)
    values: dict[str, Any] = {
        "assessment": random_id(),
        "achievement": _ref(node, achievement),
        "purpose": purpose,
        "outcome": outcome,
        "mode": mode,
        "effect": "advisory" if advisory or purpose == "employment" else "binding",
        "ects": plain_number(ects),
        "eqfLevel": level,
        "towards": Towards(title={"en": towards}) if towards else None,
        "grounds": grounds_of(ground) or None,
        "validUntil": valid_until and valid_until.date().isoformat(),
    }
    stated = {name: value for name, value in values.items() if value is not None}
    try:
        data = msgspec.convert(msgspec.to_builtins(stated), RecognitionAssessed)
    except msgspec.ValidationError as error:
        raise typer.BadParameter(format_error(error, RecognitionAssessed), param_hint="the assessment") from error
    state_assessment(node.registry, lookup_of(node), data, considered_of(considered))
    say(f"assessment {data.assessment}")
    tell_departure(node, data.achievement, purpose, outcome, ground)
    publish_now(node)


def withdraw(
    context: typer.Context,
    assessment: AssessmentId,
    *,
    reason: Annotated[WithdrawalReason, typer.Option(help="The reason. It is published.")],
) -> None:
    """Withdraw an assessment of this office, and publish that. Decisions by it stay.

    Example: registry recognition withdraw-assessment 432236b7-… --reason decidedInError
    """
    node = node_of(context)
    node.registry.recognition.withdraw_assessment(ids.resolve(node, assessment, "assessment"), reason)
    publish_now(node)


def cohort(
    context: typer.Context,
    assessment: AssessmentId,
    file: Annotated[
        Path,
        typer.Argument(
            exists=True, dir_okay=False, help="A credential a line, or CSV with `credential` and perhaps `record`."
        ),
    ],
    *,
    condition: ConditionOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check everything, store nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Decide a whole cohort by an assessment of this office: a decision for each credential, published together.

    Bad rows are reported and good ones decided. Run it again after correcting the file: earlier decisions stay.
    Exits 1 if any row was not decided.

    Example: registry recognition cohort 432236b7-… exchange-students.csv --dry-run
    """
    node = node_of(context)
    conditions = [Condition(code) for code in condition or ()]  # type: ignore[arg-type] # read as a verifier will
    today = utc_today()
    students = Cohort(node.registry, lookup_of(node), ids.resolve(node, assessment, "assessment"), today, conditions)
    outcomes: list[CohortOutcome] = []
    listed = rows(file, students.content.achievement.member)
    for note in listed.notes:
        errors.print(f"note: {note}", markup=False, highlight=False)
    with progress(f"deciding {file.name}") as counter:
        for outcome in students.decide(listed, dry_run=dry_run):
            outcomes.append(outcome)
            counter.advance()
    bad = [outcome for outcome in outcomes if outcome.problem]
    if as_json:
        print_json(outcomes)
    else:
        _show_cohort(outcomes, bad, dry_run=dry_run)
    if not dry_run:
        if any(outcome.decision is not None and not outcome.unchanged for outcome in outcomes):
            publish_now(node)
        else:
            say_older_wait(node)
    if bad:
        raise typer.Exit(1)


def _show_cohort(outcomes: Sequence[CohortOutcome], bad: Sequence[CohortOutcome], *, dry_run: bool) -> None:
    for outcome in bad[:_SHOWN]:
        say(f"{outcome.where}: {outcome.credential}: {outcome.problem}", style="red")
    if len(bad) > _SHOWN:
        say(f"and {len(bad) - _SHOWN:,} more; --json lists them all")
    if any(outcome.disclosure for outcome in outcomes):
        say("The log does not say which credentials these are about; `registry recognition show ID` prints the")
        say("disclosure with which each learner can show it.")
    before = sum(outcome.unchanged for outcome in outcomes)
    would = "would be decided" if dry_run else "decided"
    say(f"{len(outcomes) - len(bad) - before:,} {would}, {before:,} as before, {len(bad):,} not")


def show_elements(elements: Sequence[Element]) -> None:
    """Print the five elements side by side."""
    table(
        ("element", "offered", "required", "worth a look"),
        [
            (
                each.name,
                each.original or "not known",
                each.required or "nothing",
                [f"{suggestion.difference}: {suggestion.because}" for suggestion in each.suggested],
            )
            for each in elements
        ],
    )


def tell_departure(
    node: Node, achievement: VersionedRef, purpose: str, outcome: str, grounds: Sequence[str] | None
) -> None:
    """Print how a draft departs from earlier decisions, if it does."""
    change = departure(
        node.views(),
        Draft(
            member=achievement.member,
            achievement=achievement.achievement,
            version=achievement.version,
            purpose=purpose,
            outcome=outcome,
            grounds=tuple(grounds or ()),
        ),
        node.settings.member,
    )
    if change.departs:
        errors.print(f"note: {change.sentence}", markup=False, highlight=False)


def grounds_of(texts: Sequence[str] | None) -> list[Ground]:
    """Parse grounds: ASPECT:DIFFERENCE."""
    grounds = []
    for text in texts or ():
        aspect, colon, difference = text.partition(":")
        if not colon:
            raise typer.BadParameter(f"{text!r} is not ASPECT:DIFFERENCE", param_hint="--ground")
        grounds.append(Ground(aspect, difference))  # type: ignore[arg-type] # read as a verifier will, before it is stored
    return grounds


def plain_number(value: float | None) -> float | int | None:
    """Return a number without a fraction as an integer, as the wire has it."""
    return int(value) if value is not None and value.is_integer() else value


def considered_of(texts: Sequence[str] | None) -> list[ConsideredOutcome]:
    """Parse why milder outcomes were not possible: OUTCOME:REASON."""
    considered = []
    for text in texts or ():
        outcome, colon, reason = text.partition(":")
        if not colon or outcome not in MILDER or reason not in get_args(NotPossible):
            raise typer.BadParameter(
                f"{text!r} is not OUTCOME:REASON; outcomes are {', '.join(MILDER)}, reasons"
                f" {', '.join(get_args(NotPossible))}",
                param_hint="--considered",
            )
        considered.append(ConsideredOutcome(outcome, reason))  # type: ignore[arg-type] # one of the literals
    return considered


def _ref(node: Node, text: str) -> VersionedRef:
    member, slash, rest = text.partition("/")
    identifier, at, version = rest.partition("@")
    if not (slash and at and version.isascii() and version.isdigit()):
        raise typer.BadParameter(
            f"{text!r} is not MEMBER/ID@VERSION, for example twente/0bbac7a9-…@1", param_hint="ACHIEVEMENT"
        )
    return VersionedRef(*ids.find(node, f"{member}/{identifier}", "achievement"), int(version))


def _find_offered(node: Node, text: str) -> Offered:
    lookup = lookup_of(node)
    if "@" in text:
        offered = lookup.describe_achievement(_ref(node, text))
    else:
        offered = lookup.describe_credential(*ids.find(node, text, "credential"))
    if offered is None:
        errors.print(f"{text} has not arrived here.", markup=False)
        raise typer.Exit(1)
    return offered


def _requirement(node: Node, against: str | None) -> Requirement:
    return Requirement() if against is None else find_requirement(node.registry, against_of(node, against))


def against_of(node: Node, text: str) -> str:
    """Resolve an achievement of this university by the beginning of its id, or else a profile by its name."""
    is_profile = find_profile(node.registry.cursor(), text) is not None
    return ids.resolve(node, text, "achievement") if not is_profile and ids.may_begin(text) else text
