"""Stacking: a learner's progress, issuing a larger credential, and those that became impaired."""

from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Annotated

import typer

from projections.feed import worklist
from projections.stacking import progress as view
from projections.stacking.progress import NotComposed, Progress
from registry.application.requests import Issued, IssueRequest
from registry.cli import ids
from registry.cli.days import day_option
from registry.cli.issuing.bulk_changes import Yes
from registry.cli.issuing.credentials import KeepText, check_row, confirm_replacement
from registry.cli.issuing.own_events import say_older_wait
from registry.cli.listing import Column, print_list
from registry.cli.opening import node_of
from registry.cli.output import AsCsv, AsJson, Wide, errors, print_json, say, table, title_of
from registry.cli.personal_input import FROM_INPUT, from_input
from registry.cli.publishing import publish_now
from registry.intake.rows import parts
from registry.node.node import Node
from registry.values.persons import NAMES
from registry.wire.credentials import Part
from registry.wire.today import utc_today

stack_app = typer.Typer(help="Larger credentials that others stack into.", no_args_is_help=True)

Composed = Annotated[
    str, typer.Argument(help="The composed achievement's id or your own course code; another member's as MEMBER/ID.")
]
Version = Annotated[
    int | None, typer.Option(min=1, max=2**31 - 1, help="Its version (else the course code's, or the newest).")
]
Record = Annotated[str, typer.Option(help="Your own id of this award: given again, nothing changes.")]
Student = Annotated[str, typer.Option(help=f"Your own number of the learner. {FROM_INPUT}", callback=from_input)]
AwardingDate = Annotated[datetime, day_option(help="YYYY-MM-DD")]
PartTexts = Annotated[
    list[str] | None, typer.Option("--part", help=f"{parts.FORM}. Without any, those that progress shows.")
]
Override = Annotated[list[str] | None, typer.Option(help="The code of a requirement that is not met: issue anyway.")]
FamilyName = Annotated[
    str | None, typer.Option(help=f"If it is not what the vault has. {FROM_INPUT}", callback=from_input)
]
PersonValue = Annotated[str | None, typer.Option(help="Likewise.", callback=from_input)]
BirthDate = Annotated[str | None, typer.Option(help="Likewise; YYYY-MM-DD.", callback=from_input)]


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(stack_app, name="stack")


@stack_app.command("progress")
def progress(
    context: typer.Context,
    achievement: Composed,
    *,
    learner: Annotated[str | None, typer.Option(help="The learner's id.")] = None,
    student: Annotated[
        str | None,
        typer.Option(help=f"Or this university's own number of the learner. {FROM_INPUT}", callback=from_input),
    ] = None,
    version: Version = None,
    on: Annotated[datetime | None, day_option(help="As if awarded on that day (else today).")] = None,
    offers: Annotated[int, typer.Option(min=0, max=50, help="Number of offers for each gap.")] = view.OFFERS,
    as_json: AsJson = False,
) -> None:
    """Show which of a learner's credentials count towards an achievement, by which rule, and what is missing.

    Exits 1 if it is not complete.

    Examples: registry stack progress 0bbac7a9-… --learner 2afda2b4-a247-4f0f-aedd-e040beb58eab
    registry stack progress lund/0bbac7a9-… --student s1234567 --on 2026-08-31
    """
    node = node_of(context)
    learner_progress = _progress(
        node, achievement, _learner(node, learner, student), version, on.date() if on else None, offers
    )
    if as_json:
        print_json(learner_progress)
    else:
        _show(learner_progress)
    if not learner_progress.complete:
        raise typer.Exit(1)


@stack_app.command("issue")
def issue(
    context: typer.Context,
    achievement: Annotated[str, typer.Argument(help="The composed achievement's id, or your own course code.")],
    *,
    record: Record,
    student: Student,
    awarding_date: AwardingDate,
    part: PartTexts = None,
    override: Override = None,
    version: Version = None,
    family_name: FamilyName = None,
    given_name: PersonValue = None,
    date_of_birth: BirthDate = None,
    valid_until: Annotated[str | None, typer.Option(help="YYYY-MM-DD")] = None,
    grade: Annotated[str | None, typer.Option(help=FROM_INPUT, callback=from_input)] = None,
    replaces: Annotated[str | None, typer.Option(help="The credential that this one corrects.")] = None,
    keep_text: KeepText = False,
    yes: Yes = False,
) -> None:
    """Issue a larger credential with its parts, and publish it. The parts are checked against its composition.

    The command asks before it replaces a credential of another achievement or version.

    Examples: registry stack issue 0bbac7a9-… --record 2026-M17 --student s1234567 --awarding-date 2026-08-31
    registry stack issue 0bbac7a9-… --record 2026-M17 --student s1234567 --awarding-date 2026-08-31
    --part twente/e7c1ab39-…:5 --part lund/432236b7-…:4:decision:twente/6fd46857-… --override minEcts
    """
    node, day = node_of(context), awarding_date.date()
    person = _read_person(node, student, family_name, given_name, date_of_birth)
    if not part and (before := node.issuer.find_credential(record)) is not None:
        say(f"credential {before}, as before")
        return
    if version is None:
        version = ids.course_version(node, achievement)
    stacked = _parse_parts(part) if part else _choose_parts(node, achievement, student, version, day)
    request = IssueRequest(
        record,
        ids.resolve(node, achievement, "achievement"),
        version,
        student,
        person.get("familyName", ""),
        person.get("givenName", ""),
        person["dateOfBirth"],
        day.isoformat(),
        valid_until=valid_until,
        grade=grade,
        replaces=ids.resolve(node, replaces, "credential") if replaces is not None else None,
        parts=stacked,
    )
    check_row(node, request, keep_text=keep_text)
    if replaces is not None:
        confirm_replacement(node, request, yes=yes, override=override or ())
    _issue(node, request, override or ())


def _read_person(
    node: Node, student: str, family_name: str | None, given_name: str | None, date_of_birth: str | None
) -> dict[str, str]:
    """Return the learner's names and birth date: those that the command names, or else those of the vault."""
    learner_data = node.registry.vault.read_learner(node.registry.cursor(), ids.learner_of_student(node, student))
    stored = learner_data.person if learner_data is not None else {}
    named = {"familyName": family_name, "givenName": given_name, "dateOfBirth": date_of_birth}
    person = stored | {name: value for name, value in named.items() if value is not None}
    if lacking := _lacking(person):
        raise typer.BadParameter(f"the vault lacks the learner's {', '.join(lacking)}; give it here")
    return person


def _issue(node: Node, request: IssueRequest, override: Collection[str]) -> None:
    """Issue the credential and publish it, or print the requirements that are not met."""
    outcome = node.issuer.issue([request], override=override)[0]
    if not isinstance(outcome, Issued):
        for breach in outcome.breaches:
            errors.print(f"{breach.path}: {breach.detail}; code {breach.code}", markup=False, highlight=False)
        if not outcome.breaches:
            errors.print(f"{outcome.code} ({outcome.field}): {outcome.explanation}", markup=False)
        raise typer.Exit(1)
    say(f"credential {outcome.credential}" + (", as before" if outcome.unchanged else ""))
    say(f"learner    {outcome.learner}")
    for part in request.parts or ():
        say(f"part       {part.member}/{part.credential}, {part.ects} ECTS")
    if request.replaces is not None:
        say(f"replaces   {request.replaces}")
    if outcome.unchanged:
        say_older_wait(node)
    else:
        publish_now(node)


def _lacking(person: Mapping[str, str]) -> list[str]:
    """Return the names of the values that a person lacks. Of the two names a person may have one only."""
    lacking = [] if any(person.get(name) for name in NAMES) else list(NAMES)
    return lacking if person.get("dateOfBirth") else [*lacking, "dateOfBirth"]


def _parse_parts(texts: list[str]) -> list[Part]:
    parsed = parts.parse(" ".join(texts))
    if isinstance(parsed, str):
        raise typer.BadParameter(parsed, param_hint="--part")
    return parsed


def _choose_parts(node: Node, achievement: str, student: str, version: int | None, on: date) -> list[Part]:
    progress = _progress(node, achievement, ids.learner_of_student(node, student), version, on)
    if not progress.parts:
        errors.print("No credential of the learner counts towards it.")
        raise typer.Exit(1)
    return progress.list_parts()


def _learner(node: Node, learner: str | None, student: str | None) -> str:
    if (learner is None) == (student is None):
        raise typer.BadParameter("give one of --learner and --student")
    return ids.learner_of_student(node, student) if student is not None else ids.resolve(node, learner or "", "learner")


def _progress(
    node: Node, achievement: str, learner: str, version: int | None, on: date | None, offers: int = 0
) -> Progress:
    key = ids.find(node, achievement, "achievement")
    if version is None:
        version = ids.course_version(node, achievement)
    day = on or utc_today()
    try:
        progress = view.read(node.views(), learner, key, on=day, version=version, offers=offers)
    except NotComposed as error:
        errors.print(str(error), markup=False)
        raise typer.Exit(1) from error
    if progress is None:
        errors.print("No member has published anything about this learner.")
        raise typer.Exit(1)
    return progress


def _show(progress: Progress) -> None:
    say(
        f"{title_of(progress.title)} (v{progress.version}) of {progress.member}"
        + (", retired" if progress.retired else "")
    )
    say(
        f"{progress.counted.normalize():f} of {progress.min_ects.normalize():f} ECTS count,"
        f" {progress.own.normalize():f} own"
    )
    for holding, because in progress.held.items():
        impaired_by = f", impaired by {', '.join(because)}" if because else ""
        say(f"the learner has it already: {holding}{impaired_by}", style="yellow")
    table(
        ("university", "credential", "achievement", "awarded", "ECTS", "counts", "by", "also in"),
        [
            (
                part.member,
                part.credential,
                f"{title_of(part.title)} (v{part.version})",
                part.awarding_date,
                part.ects,
                part.counts.normalize().__format__("f"),
                part.basis if part.by is None else f"{part.basis} {part.by}",
                part.also_counted_in,
            )
            for part in progress.parts
        ],
    )
    for left in progress.left:
        also = f" ({', '.join(left.also_counted_in)})" if left.also_counted_in else ""
        say(f"does not count: {left.member}/{left.credential} {title_of(left.title)}: {left.detail}{also}")
    for gap in progress.gaps:
        say(f"missing: {gap.requirement}: {gap.detail}", style="red")
        for offer in gap.offers:
            by = offer.basis if offer.by is None else f"{offer.basis} {offer.by}"
            worth = "" if offer.ects is None else f", {offer.ects.normalize():f} ECTS"
            say(f"  {offer.member}/{offer.achievement} {title_of(offer.title)}{worth}, counts by {by}")
    if progress.more:
        say("the learner has more credentials than were checked", style="yellow")
    say("complete" if progress.complete else "not complete", style="green" if progress.complete else "yellow")


@stack_app.command("impaired")
def list_impaired(
    context: typer.Context, *, as_json: AsJson = False, as_csv: AsCsv = False, wide: Wide = False
) -> None:
    """List what this university should review: larger credentials with parts that are no longer valid, and records of
    learners whom others have erased. One that is replaced, revoked or withdrawn leaves the list.

    Example: registry stack impaired
    """
    node = node_of(context)
    items: list[worklist.Item] = []
    place: worklist.Place | None = worklist.BEGIN
    while place is not None:
        page = worklist.read(node.views(), node.settings.member, after=place)
        items += page.items
        place = None if page.next is None else worklist.Place.parse(page.next)
    if as_json or as_csv or wide:
        columns = [
            Column("kind", lambda item: item.kind),
            Column("what", lambda item: item.what),
            Column("id", lambda item: item.id),
            Column("achievement", lambda item: title_of(item.title)),
            Column("to do", lambda item: item.todo),
        ]
        print_list(items, columns, as_json=as_json, as_csv=as_csv, wide=wide)
        return
    for item in items:
        say(f"{item.kind}: {item.what} {item.id}" + (f", {title_of(item.title)}" if item.title else ""), style="yellow")
        say(f"  {item.todo}")
    say(f"{len(items)} to look at" if items else "There is nothing to look at.")
