"""Recognition decisions of all members, and precedents."""

from datetime import date
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import Parameter, QueryParameter

from projections.api.members import Name, require_member
from projections.api.reading import Cursor, Fields, Limit, Views, WaitFor
from projections.api.search_pages import narrow_page
from projections.api.search_parameters import Field, Language, Level, MemberName, Text
from projections.precedents import precedents
from projections.precedents.precedents import Precedent, PrecedentPage
from projections.precedents.query import PrecedentQuery
from projections.recognition import decisions
from projections.recognition.decisions import DecisionView
from registry.http import Cursors, HttpProblem, Page, requires
from registry.http.pagination import LIMIT, page_type, select_fields, with_optional_fields

if TYPE_CHECKING:
    ListedDecision = DecisionView
    PrecedentPageOf = PrecedentPage
else:
    ListedDecision = with_optional_fields(DecisionView, "ListedDecision")
    PrecedentPageOf = page_type(PrecedentPage, with_optional_fields(Precedent, "Precedent"))

Decider = Annotated[str | None, QueryParameter(name="office", max_length=40, description="Decided by this member.")]
IssuerCountry = Annotated[
    str | None,
    QueryParameter(
        name="issuerCountry", pattern="^[A-Za-z]{2}$", description="The achievement is offered in this country."
    ),
]
Programme = Annotated[
    str | None, Parameter(max_length=500, description="The programme: MEMBER/ACHIEVEMENT, or words of its title.")
]
EveryState = Annotated[bool, QueryParameter(name="everyState", description="Include superseded and withdrawn ones.")]

_TAG = "Recognition"


@get(
    "/v1/precedents",
    tags=[_TAG],
    operation_id="searchPrecedents",
    summary="Search what offices decided",
    **requires("recognition:read"),
)
async def search_precedents(
    views: Views,
    *,
    member: MemberName = None,
    achievement: Annotated[UUID | None, Parameter(description="One achievement of `member`.")] = None,
    version: Annotated[int | None, Parameter(ge=1, lt=2**31)] = None,
    text: Text = None,
    language: Language = None,
    field: Field = None,
    eqf_level: Level = None,
    purpose: Annotated[str | None, Parameter(description="admission, creditTransfer, stacking or employment.")] = None,
    effect: Annotated[str | None, Parameter(description="binding or advisory.")] = None,
    outcome: Annotated[str | None, Parameter(description="List these alone; the counts cover all outcomes.")] = None,
    ground: Annotated[str | None, Parameter(max_length=100, description="`aspect:difference`; likewise.")] = None,
    decider: Decider = None,  # the application injects its own `office` into parameters of that name
    country: Annotated[str | None, Parameter(pattern="^[A-Za-z]{2}$", description="Decided in this country.")] = None,
    issuer_country: IssuerCountry = None,
    towards: Programme = None,
    begin: Annotated[date | None, Parameter(description="The first day of decision.")] = None,
    end: Annotated[date | None, Parameter(description="The last day of decision.")] = None,
    every_state: EveryState = False,
    fields: Fields = "",
    cursor: Cursor = "",
    limit: Limit = LIMIT,
    wait_for: WaitFor = "",
) -> Response[PrecedentPageOf]:
    """Search precedents, the newest first, with exact counts of outcomes, grounds and offices over all matches."""
    query = PrecedentQuery(
        member=member,
        achievement=None if achievement is None else str(achievement),
        version=version,
        text=text,
        language=language,
        field=field,
        eqf_level=eqf_level,
        purpose=purpose,
        effect=effect,
        outcome=outcome,
        ground=ground,
        office=decider,
        country=country,
        issuer_country=issuer_country,
        towards=towards,
        begin=begin,
        end=end,
        every_state=every_state,
    )

    def read(connection: Any) -> PrecedentPage:  # noqa: ANN401 - a connection
        page = precedents.search(connection, query, cursor=cursor or None, limit=limit)
        return narrow_page(connection, page, fields, {"member": member, "office": decider})

    return await views.answer(wait_for, read, "search")


@get(
    "/v1/decisions/{member:str}",
    tags=[_TAG],
    operation_id="listDecisions",
    summary="An office's decisions",
    **requires("recognition:read"),
)
async def list_decisions(
    views: Views,
    member: Name,
    *,
    begin: Annotated[date, Parameter(description="The first day of decision.")] = date(1, 1, 1),
    end: Annotated[date, Parameter(description="The last one.")] = date(9999, 12, 31),
    fields: Fields = "",
    cursor: Cursor = "",
    limit: Limit = LIMIT,
    wait_for: WaitFor = "",
) -> Response[Page[ListedDecision]]:
    """List decisions, the newest first."""
    after, cursors = None, Cursors("decisions", member, begin, end)
    if cursor:
        day, leaf = cursors.decode(cursor, date, int)
        after = day, max(0, min(leaf, 2**62))

    def read(connection: Any) -> Page[Any]:  # noqa: ANN401 - a connection
        rows, more = decisions.of_office(connection, member, begin, end, limit, after)
        if not rows:
            require_member(connection, member)
        last = rows[-1] if more else None
        return Page(
            select_fields(rows, fields),
            None if last is None else cursors.encode([last.decision_date.isoformat(), last.leaf]),
        )

    return await views.answer(wait_for, read, "search")


@get(
    "/v1/decisions/{member:str}/{decision:uuid}",
    tags=[_TAG],
    operation_id="getDecision",
    summary="One decision",
    **requires("recognition:read"),
)
async def get_decision(views: Views, member: Name, decision: UUID, wait_for: WaitFor = "") -> Response[DecisionView]:
    """Return a decision as published, its state and its flags."""

    def read(connection: Any) -> DecisionView:  # noqa: ANN401 - a connection
        rows = decisions.read(connection, [(member, str(decision))])
        if not rows:
            raise HttpProblem("not-found", "this member made no such decision, as far as this node has read its log")
        return rows[0]

    return await views.answer(wait_for, read)


ROUTES: list[HTTPRouteHandler] = [search_precedents, list_decisions, get_decision]
