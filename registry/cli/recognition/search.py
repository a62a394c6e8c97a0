"""Searching: precedents of all members, and the catalogue."""

from datetime import date, datetime
from typing import Annotated

import typer

from projections.precedents import precedents as view
from projections.precedents.query import PrecedentQuery
from registry.cli import ids
from registry.cli.days import day_option
from registry.cli.listing import Column, print_list
from registry.cli.opening import node_of
from registry.cli.output import AsCsv, AsJson, Wide, counted, errors, print_json, say, title_of
from registry.node.adapters.office import office_of
from registry.node.node import Node
from registry.office.assessments.precedents import find_precedents
from registry.values.countries import COUNTRIES


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.command("precedents")(precedents)


Day = Annotated[datetime | None, day_option()]
Limit = Annotated[int, typer.Option(min=1, max=500, help="How many at most.")]
Cursor = Annotated[str | None, typer.Option(help="`next` of the page before: go on there.")]


_COLUMNS = (
    Column("day", lambda one: one.day),
    Column("office", lambda one: one.member),
    Column("outcome", lambda one: one.outcome),
    Column("grounds", lambda one: one.grounds),
    Column("purpose", lambda one: one.purpose),
    Column("effect", lambda one: one.effect, wide=True),
    Column("achievement", lambda one: f"{one.of_member}: {title_of(one.title) or one.achievement} (v{one.version})"),
    Column("state", lambda one: one.state, wide=True),
    Column("kind", lambda one: one.kind, wide=True),
    Column("id", lambda one: one.id),
)


def precedents(
    context: typer.Context,
    achievement: Annotated[
        str | None, typer.Argument(help="One achievement, MEMBER/ID (else all, or those that the options say).")
    ] = None,
    *,
    version: Annotated[int | None, typer.Option(min=1, help="Its version (else all of them).")] = None,
    text: Annotated[
        str | None, typer.Option(help='Words in titles and learning outcomes; "a phrase", OR, -not.')
    ] = None,
    language: Annotated[str | None, typer.Option(help="The language of these words (else any).")] = None,
    issuer: Annotated[str | None, typer.Option(help="Achievements of this member.")] = None,
    field: Annotated[str | None, typer.Option(help="An ISCED-F code; 06 covers 0613.")] = None,
    level: Annotated[int | None, typer.Option(min=1, max=8, help="The achievements' EQF level.")] = None,
    purpose: Annotated[str | None, typer.Option(help="admission, creditTransfer, stacking or employment.")] = None,
    effect: Annotated[str | None, typer.Option(help="binding or advisory.")] = None,
    outcome: Annotated[
        str | None, typer.Option(help="List these alone: full, partial, conditional, alternative or refused.")
    ] = None,
    ground: Annotated[str | None, typer.Option(help="List those alone that name it, ASPECT:DIFFERENCE.")] = None,
    office: Annotated[str | None, typer.Option(help="Decided by this member.")] = None,
    office_country: Annotated[
        str | None, typer.Option(help="Decided by members of this country, for example NL.")
    ] = None,
    issuer_country: Annotated[
        str | None, typer.Option(help="What is offered in this country; with --institution, the institution's country.")
    ] = None,
    institution: Annotated[
        str | None,
        typer.Option(
            help="This office's own decisions about what an institution issued that is no member: words of its name."
        ),
    ] = None,
    title: Annotated[str | None, typer.Option(help="With --institution: words of the title.")] = None,
    towards: Annotated[
        str | None, typer.Option(help="The programme: MEMBER/ACHIEVEMENT, or words of its title.")
    ] = None,
    since: Day = None,
    until: Day = None,
    every_state: Annotated[bool, typer.Option("--all", help="Superseded and withdrawn ones too.")] = False,
    limit: Limit = 20,
    cursor: Cursor = None,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
    wide: Wide = False,
) -> None:
    """Show what offices decided about an achievement or others like it, newest first, and how many decided how.

    Examples: registry precedents twente/0bbac7a9-… --purpose creditTransfer
    registry precedents --text "machine learning" --level 7 --office-country SE --since 2025-01-01
    registry precedents --institution "Oslo Met" --issuer-country NO
    """
    node = node_of(context)
    for option, code in (("--office-country", office_country), ("--issuer-country", issuer_country)):
        if code is not None and code.upper() not in COUNTRIES:
            raise typer.BadParameter(f"{code} is no country's code (ISO 3166-1 alpha-2)", param_hint=option)
    if institution is not None:
        others = (achievement, version, text, language, issuer, field, level, purpose, effect, outcome, ground, office)
        if any(one is not None for one in (*others, office_country, towards, since, until, cursor)) or every_state:
            raise typer.BadParameter(
                "--institution goes with --issuer-country, --title and --limit alone", param_hint="--institution"
            )
        _show_foreign(node, institution, issuer_country, title, limit, as_json=as_json, as_csv=as_csv, wide=wide)
        return
    if title is not None:
        raise typer.BadParameter("--title goes with --institution; --text finds members' achievements by words")
    member, identifier = issuer, None
    if achievement is not None:
        member, identifier = ids.find(node, achievement, "achievement", issuer)
    query = PrecedentQuery(
        member=member,
        achievement=identifier,
        version=version,
        field=field,
        eqf_level=level,
        text=text,
        language=language,
        purpose=purpose,
        effect=effect,
        outcome=outcome,
        ground=ground,
        office=office,
        country=office_country,
        issuer_country=issuer_country,
        towards=towards,
        begin=_day(since),
        end=_day(until),
        every_state=every_state,
    )
    found = view.search(node.views(), query, cursor=cursor, limit=limit)
    if as_json:
        print_json(found)
        return
    if as_csv:
        print_list(found.items, _COLUMNS, as_json=False, as_csv=True, wide=True)
        if found.next:
            errors.print(f"There are more: --cursor {found.next}", markup=False)
        return
    counts = found.counts
    say(
        f"{counts.total:,} precedents"
        + ("" if every_state else " in force")
        + _closed(counts.superseded, counts.withdrawn)
    )
    if found.matched is not None and found.considered is not None and found.matched > found.considered:
        say(f"{found.matched:,} achievements have these words; the {found.considered} that fit best were considered")
    if counts.total:
        say(", ".join(f"{number:,} {outcome}" for outcome, number in counts.outcomes.items()))
    if counts.grounds:
        say("grounds named: " + ", ".join(f"{ground} {number:,}" for ground, number in counts.grounds.items()))
    for name, outcomes in counts.offices.items():
        say(f"  {name}: " + ", ".join(f"{number:,} {one}" for one, number in outcomes.items()))
    print_list(found.items, _COLUMNS, as_json=False, as_csv=False, wide=wide)
    if found.next:
        say(f"more: --cursor {found.next}")


_FOREIGN = (
    Column("day", lambda one: one.decided),
    Column("institution", lambda one: one.issuer_name),
    Column("country", lambda one: one.country),
    Column("title", lambda one: one.title),
    Column("outcome", lambda one: one.outcomes),
    Column("grounds", lambda one: one.grounds),
    Column("purpose", lambda one: one.purpose),
    Column("state", lambda one: one.state),
    Column("decision", lambda one: one.decision),
)


def _show_foreign(
    node: Node,
    institution: str,
    country: str | None,
    title: str | None,
    limit: int,
    *,
    as_json: bool,
    as_csv: bool,
    wide: bool,
) -> None:
    """Print what this office decided about what an institution issued that is no member."""
    code = None if country is None else country.upper()
    found = find_precedents(office_of(node).lookup, institution, code, title)
    shown = found.items[:limit]
    more = {"outcomes": found.outcomes, "complete": found.complete, "found": len(found.items)}
    if not print_list(shown, _FOREIGN, as_json=as_json, as_csv=as_csv, wide=wide, more=more):
        return
    say(
        f"{counted(len(found.items), 'decision')} of this office"
        + (": " + ", ".join(f"{number} {outcome}" for outcome, number in found.outcomes.items()) + " in force"
           if found.outcomes else "")
    )  # fmt: skip
    if len(shown) < len(found.items):
        say(f"the newest {len(shown)} are shown; --limit shows more")
    if not found.complete:
        say("note: only the newest decisions of this office were looked through", style="yellow")


def _day(given: datetime | None) -> date | None:
    return given.date() if given else None


def _closed(superseded: int, withdrawn: int) -> str:
    closed = [f"{number:,} {what}" for number, what in ((superseded, "superseded"), (withdrawn, "withdrawn")) if number]
    return f" ({', '.join(closed)})" if closed else ""
