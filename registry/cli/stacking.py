"""Stacking: how far a learner is, issuing the larger credential, and what became of those that were issued."""

from datetime import date, datetime
from typing import Annotated

import typer

from projections import progress as view
from projections.progress import NotComposed, Progress
from registry.cli.context import Node, node_of
from registry.cli.output import AsJson, errors, print_json, say, table, title_of

stack_app = typer.Typer(help="Larger credentials that others stack into.", no_args_is_help=True)

Composed = Annotated[str, typer.Argument(help="The composed achievement's id; another member's as MEMBER/ID.")]
Version = Annotated[int | None, typer.Option(min=1, max=2**31 - 1, help="Its version (else the newest).")]


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(stack_app, name="stack")


@stack_app.command("progress")
def progress(
    context: typer.Context,
    achievement: Composed,
    *,
    learner: Annotated[str | None, typer.Option(help="The learner's id.")] = None,
    student: Annotated[str | None, typer.Option(help="Or this university's own number of the learner.")] = None,
    version: Version = None,
    on: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="As if awarded on that day (else today).")
    ] = None,
    offers: Annotated[int, typer.Option(min=0, max=50, help="So many offers for each gap.")] = view.OFFERS,
    as_json: AsJson = False,
) -> None:
    """Show what of a learner's credentials counts towards an achievement, by what, and what is missing.

    Exits 1 where it is not complete.

    Examples: registry stack progress 0bbac7a9-… --learner 2afda2b4-a247-4f0f-aedd-e040beb58eab
    registry stack progress lund/0bbac7a9-… --student s1234567 --on 2026-08-31
    """
    node = node_of(context)
    found = _progress(node, achievement, _learner(node, learner, student), version, on.date() if on else None, offers)
    if as_json:
        print_json(found)
    else:
        _show(found)
    if not found.complete:
        raise typer.Exit(1)


def _learner(node: Node, learner: str | None, student: str | None) -> str:
    if (learner is None) == (student is None):
        raise typer.BadParameter("give one of --learner and --student")
    return node.learner_of_student(student) if student is not None else node.uuid(learner or "", "learner")


def _progress(
    node: Node, achievement: str, learner: str, version: int | None, on: date | None, offers: int = 0
) -> Progress:
    member, _, identifier = achievement.rpartition("/")
    key = (member or node.settings.member, node.uuid(identifier, "achievement"))
    day = on or date.today()  # noqa: DTZ011 - a day on the reader's calendar
    try:
        found = view.read(node.views(), learner, key, on=day, version=version, offers=offers)
    except NotComposed as error:
        errors.print(str(error), markup=False)
        raise typer.Exit(1) from error
    if found is None:
        errors.print("No member says anything of this learner.")
        raise typer.Exit(1)
    return found


def _show(found: Progress) -> None:
    say(f"{title_of(found.title)} (v{found.version}) of {found.member}" + (", retired" if found.retired else ""))
    say(f"{found.counted.normalize():f} of {found.min_ects.normalize():f} ECTS count, {found.own.normalize():f} own")
    for held in found.held:
        say(f"the learner has it already: {held}", style="yellow")
    table(
        ("university", "credential", "achievement", "awarded", "ECTS", "counts", "by", "also in"),
        [
            (
                one.member,
                one.credential,
                f"{title_of(one.title)} (v{one.version})",
                one.awarding_date,
                one.ects,
                one.counts.normalize().__format__("f"),
                one.basis if one.by is None else f"{one.basis} {one.by}",
                one.also_counted_in,
            )
            for one in found.parts
        ],
    )
    for left in found.left:
        also = f" ({', '.join(left.also_counted_in)})" if left.also_counted_in else ""
        say(f"does not count: {left.member}/{left.credential} {title_of(left.title)}: {left.detail}{also}")
    for gap in found.gaps:
        say(f"missing: {gap.requirement}: {gap.detail}", style="red")
        for offer in gap.offers:
            by = offer.basis if offer.by is None else f"{offer.basis} {offer.by}"
            worth = "" if offer.ects is None else f", {offer.ects.normalize():f} ECTS"
            say(f"  {offer.member}/{offer.achievement} {title_of(offer.title)}{worth}, counts by {by}")
    say("complete" if found.complete else "not complete", style="green" if found.complete else "yellow")
