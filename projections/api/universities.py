"""Routes for a university's year and its credentials."""

from datetime import date
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import Parameter, QueryParameter

from projections.api.members import Name, nobody, require_member
from projections.api.reading import Cursor, Fields, Limit, Views, WaitFor
from projections.records import universities
from projections.records.universities import AwardLine, UniversityYear
from registry.http import Cursors, Page, requires
from registry.http.pagination import LIMIT, select_fields, with_optional_fields
from registry.wire.credentials import Status

_FIRST_MONTH = "The month that the year begins with: 9 for a year from September to August of the next."


@get(
    "/v1/universities/{member:str}/years/{year:int}",
    tags=["Universities"],
    operation_id="getUniversityYear",
    summary="A university's year",
    **requires("university:read"),
)
async def get_year(
    views: Views,
    member: Name,
    year: Annotated[int, Parameter(ge=1000, le=9998)],
    first_month: Annotated[int, QueryParameter(name="firstMonth", ge=1, le=12, description=_FIRST_MONTH)] = 1,
    wait_for: WaitFor = "",
) -> Response[UniversityYear]:
    """Return what it awarded in a calendar or academic year, by achievement and status, and who recognised it."""

    def read(connection: Any) -> UniversityYear:  # noqa: ANN401 - a connection
        result = universities.read_year(connection, member, year, first_month)
        if result.standing is None:
            raise nobody()
        return result

    return await views.answer(wait_for, read, "search")


if TYPE_CHECKING:
    Award = AwardLine
else:
    Award = with_optional_fields(AwardLine, "Award")


@get(
    "/v1/universities/{member:str}/credentials",
    tags=["Universities"],
    operation_id="listCredentials",
    summary="A university's credentials",
    **requires("university:read"),
)
async def list_credentials(
    views: Views,
    member: Name,
    *,
    begin: Annotated[date, Parameter(description="The first awarding day.")] = date(1, 1, 1),
    end: Annotated[date, Parameter(description="The last one.")] = date(9999, 12, 31),
    achievement: UUID | None = None,
    status: Annotated[Status | None, Parameter(description="These alone.")] = None,
    fields: Fields = "",
    cursor: Cursor = "",
    limit: Limit = LIMIT,
    wait_for: WaitFor = "",
) -> Response[Page[Award]]:
    """List credentials, the newest awards first. Learners are not named: a learner's record has its own scope."""
    after, cursors = None, Cursors("credentials", member, begin, end, achievement, status)
    if cursor:
        day, of, credential = cursors.decode(cursor, date, UUID, UUID)
        after = day.isoformat(), str(of), str(credential)

    def read(connection: Any) -> Page[Any]:  # noqa: ANN401 - a connection
        awards, more = universities.awards(
            connection,
            member,
            begin,
            end,
            achievement=None if achievement is None else str(achievement),
            status=status,
            after=after,
            limit=limit,
        )
        if not awards:
            require_member(connection, member)
        last = awards[-1] if more else None
        place = None if last is None else [last.awarding_date.isoformat(), last.achievement, last.credential]
        return Page(select_fields(awards, fields), None if place is None else cursors.encode(place))

    return await views.answer(wait_for, read, "search")


ROUTES: list[HTTPRouteHandler] = [get_year, list_credentials]
