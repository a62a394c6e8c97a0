"""Searching: precedents of all members, and the catalogue."""

from datetime import date, datetime
from typing import Annotated, NamedTuple

import msgspec
import typer

from projections.precedents import precedents as view
from projections.precedents.precedents import PrecedentPage
from projections.precedents.query import PrecedentQuery
from registry.cli import ids
from registry.cli.days import day_option
from registry.cli.listing import Column, print_list
from registry.cli.opening import node_of
from registry.cli.output import AsCsv, AsJson, Wide, errors, print_json, say, title_of
from registry.node.adapters.office import office_of
from registry.node.node import Node
from registry.office.assessments.precedents import find_precedents
from registry.values.countries import COUNTRIES
from registry.values.plural import plural


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.command("precedents")(show_precedents)


AchievementArgument = Annotated[
    str | None, typer.Argument(help="One achievement, MEMBER/ID (else all, or those that the options say).")
]
VersionOption = Annotated[int | None, typer.Option(min=1, help="Its version (else all of them).")]
TextOption = Annotated[str | None, typer.Option(help='Words in titles and learning outcomes; "a phrase", OR, -not.')]
LanguageOption = Annotated[str | None, typer.Option(help="The language of these words (else any).")]
IssuerOption = Annotated[str | None, typer.Option(help="Achievements of this member.")]
FieldOption = Annotated[str | None, typer.Option(help="An ISCED-F code; 06 covers 0613.")]
LevelOption = Annotated[int | None, typer.Option(min=1, max=8, help="The achievements' EQF level.")]
PurposeOption = Annotated[str | None, typer.Option(help="admission, creditTransfer, stacking or employment.")]
EffectOption = Annotated[str | None, typer.Option(help="binding or advisory.")]
OutcomeOption = Annotated[
    str | None, typer.Option(help="List these alone: full, partial, conditional, alternative or refused.")
]
GroundOption = Annotated[str | None, typer.Option(help="List those alone that name it, ASPECT:DIFFERENCE.")]
OfficeOption = Annotated[str | None, typer.Option(help="Decided by this member.")]
OfficeCountry = Annotated[str | None, typer.Option(help="Decided by members of this country, for example NL.")]
IssuerCountry = Annotated[
    str | None, typer.Option(help="What is offered in this country; with --institution, the institution's country.")
]
Institution = Annotated[
    str | None,
    typer.Option(
        help="This office's own decisions about what an institution issued that is not a member: words of its name."
    ),
]
TitleOption = Annotated[str | None, typer.Option(help="With --institution: words of the title.")]
TowardsOption = Annotated[str | None, typer.Option(help="The programme: MEMBER/ACHIEVEMENT, or words of its title.")]
EveryState = Annotated[bool, typer.Option("--all", help="Superseded and withdrawn ones too.")]
Day = Annotated[datetime | None, day_option()]
Limit = Annotated[int, typer.Option(min=1, max=500, help="How many at most.")]
Cursor = Annotated[str | None, typer.Option(help="`next` of the page before: go on there.")]


_COLUMNS = (
    Column("day", lambda precedent: precedent.day),
    Column("office", lambda precedent: precedent.member),
    Column("outcome", lambda precedent: precedent.outcome),
    Column("grounds", lambda precedent: precedent.grounds),
    Column("purpose", lambda precedent: precedent.purpose),
    Column("effect", lambda precedent: precedent.effect, wide=True),
    Column(
        "achievement",
        lambda precedent: (
            f"{precedent.of_member}: {title_of(precedent.title) or precedent.achievement} (v{precedent.version})"
        ),
    ),
    Column("state", lambda precedent: precedent.state, wide=True),
    Column("kind", lambda precedent: precedent.kind, wide=True),
    Column("id", lambda precedent: precedent.id),
)


class _Form(NamedTuple):
    """The form in which a result is printed."""

    as_json: bool
    as_csv: bool
    wide: bool


def show_precedents(
    context: typer.Context,
    achievement: AchievementArgument = None,
    *,
    version: VersionOption = None,
    text: TextOption = None,
    language: LanguageOption = None,
    issuer: IssuerOption = None,
    field: FieldOption = None,
    level: LevelOption = None,
    purpose: PurposeOption = None,
    effect: EffectOption = None,
    outcome: OutcomeOption = None,
    ground: GroundOption = None,
    office: OfficeOption = None,
    office_country: OfficeCountry = None,
    issuer_country: IssuerCountry = None,
    institution: Institution = None,
    title: TitleOption = None,
    towards: TowardsOption = None,
    since: Day = None,
    until: Day = None,
    every_state: EveryState = False,
    limit: Limit = 20,
    cursor: Cursor = None,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
    wide: Wide = False,
) -> None:
    """Show decisions of offices about an achievement or similar ones, newest first, with counts by outcome.

    Examples: registry precedents twente/0bbac7a9-… --purpose creditTransfer
    registry precedents --text "machine learning" --level 7 --office-country SE --since 2025-01-01
    registry precedents --institution "Oslo Met" --issuer-country NO
    """
    query = PrecedentQuery(
        member=issuer,
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
        country=_check_country(office_country, "--office-country"),
        issuer_country=_check_country(issuer_country, "--issuer-country"),
        towards=towards,
        begin=_day(since),
        end=_day(until),
        every_state=every_state,
    )
    node, form = node_of(context), _Form(as_json, as_csv, wide)
    if institution is None:
        _show_page(_search(node, query, achievement, title, cursor, limit), form, every_state=every_state)
    else:
        _show_foreign(node, institution, _check_only(query, achievement, cursor), title, limit, form)


def _check_only(query: PrecedentQuery, achievement: str | None, cursor: str | None) -> PrecedentQuery:
    """Return the query. Refuses everything that does not go with `--institution`."""
    if achievement is not None or cursor is not None or query != PrecedentQuery(issuer_country=query.issuer_country):
        raise typer.BadParameter(
            "--institution goes with --issuer-country, --title and --limit alone", param_hint="--institution"
        )
    return query


def _search(
    node: Node, query: PrecedentQuery, achievement: str | None, title: str | None, cursor: str | None, limit: int
) -> PrecedentPage:
    if title is not None:
        raise typer.BadParameter("--title goes with --institution; --text finds members' achievements by words")
    if achievement is not None:
        member, identifier = ids.find(node, achievement, "achievement", query.member)
        query = msgspec.structs.replace(query, member=member, achievement=identifier)
    return view.search(node.views(), query, cursor=cursor, limit=limit)


def _check_country(code: str | None, option: str) -> str | None:
    if code is not None and code.upper() not in COUNTRIES:
        raise typer.BadParameter(f"{code} is not a country's code (ISO 3166-1 alpha-2)", param_hint=option)
    return code


def _show_page(page: PrecedentPage, form: _Form, *, every_state: bool) -> None:
    if form.as_json:
        print_json(page)
        return
    if form.as_csv:
        print_list(page.items, _COLUMNS, as_json=False, as_csv=True, wide=True)
        if page.next:
            errors.print(f"There are more: --cursor {page.next}", markup=False)
        return
    counts = page.counts
    say(
        f"{counts.total:,} precedents"
        + ("" if every_state else " in force")
        + _closed_words(counts.superseded, counts.withdrawn)
    )
    if page.matched is not None and page.considered is not None and page.matched > page.considered:
        say(f"{page.matched:,} achievements match these words; the {page.considered} best matches were considered")
    if counts.total:
        say(", ".join(f"{number:,} {outcome}" for outcome, number in counts.outcomes.items()))
    if counts.grounds:
        say("grounds named: " + ", ".join(f"{ground} {number:,}" for ground, number in counts.grounds.items()))
    for office_name, outcomes in counts.offices.items():
        say(f"  {office_name}: " + ", ".join(f"{number:,} {name}" for name, number in outcomes.items()))
    print_list(page.items, _COLUMNS, as_json=False, as_csv=False, wide=form.wide)
    if page.next:
        say(f"more: --cursor {page.next}")


_FOREIGN = (
    Column("day", lambda precedent: precedent.decided),
    Column("institution", lambda precedent: precedent.issuer_name),
    Column("country", lambda precedent: precedent.country),
    Column("title", lambda precedent: precedent.title),
    Column("outcome", lambda precedent: precedent.outcomes),
    Column("grounds", lambda precedent: precedent.grounds),
    Column("purpose", lambda precedent: precedent.purpose),
    Column("state", lambda precedent: precedent.state),
    Column("decision", lambda precedent: precedent.decision),
)


def _show_foreign(
    node: Node, institution: str, query: PrecedentQuery, title: str | None, limit: int, form: _Form
) -> None:
    """Print this office's decisions about credentials of an institution that is not a member."""
    country = query.issuer_country
    code = None if country is None else country.upper()
    decisions = find_precedents(office_of(node).lookup, institution, code, title)
    shown = decisions.items[:limit]
    more = {"outcomes": decisions.outcomes, "complete": decisions.complete, "found": len(decisions.items)}
    if not print_list(shown, _FOREIGN, **form._asdict(), more=more):
        return
    say(
        f"{plural(len(decisions.items), 'decision')} of this office"
        + (": " + ", ".join(f"{number} {outcome}" for outcome, number in decisions.outcomes.items()) + " in force"
           if decisions.outcomes else "")
    )  # fmt: skip
    if len(shown) < len(decisions.items):
        say(f"the newest {len(shown)} are shown; --limit shows more")
    if not decisions.complete:
        say("note: only the newest decisions of this office were searched", style="yellow")


def _day(moment: datetime | None) -> date | None:
    return moment.date() if moment else None


def _closed_words(superseded: int, withdrawn: int) -> str:
    closed = [f"{number:,} {what}" for number, what in ((superseded, "superseded"), (withdrawn, "withdrawn")) if number]
    return f" ({', '.join(closed)})" if closed else ""
