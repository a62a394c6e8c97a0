"""A university's year."""

from datetime import date
from typing import Annotated, Any

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import Parameter

from projections import universities
from projections.api.members import Name
from projections.api.reading import Views, WaitFor
from projections.universities import UniversityYear
from registry.http import HttpProblem, requires


@get(
    "/v1/universities/{member:str}/years/{year:int}",
    tags=["Universities"],
    operation_id="getUniversityYear",
    summary="A university's year",
    sync_to_thread=True,
    **requires("university:read"),
)
def year(
    views: Views,
    member: Name,
    year: Annotated[int, Parameter(ge=1000, le=9999)],
    wait_for: WaitFor = "",
) -> Response[UniversityYear]:
    """What it awarded within a calendar year, by achievement and status, and who recognised it."""

    def made(connection: Any) -> UniversityYear:  # noqa: ANN401 - a connection
        found = universities.read_year(connection, member, date(year, 1, 1), date(year, 12, 31))
        if found.standing is None:
            raise HttpProblem("not-found", "no member of that name, as far as this node has read governance")
        return found

    return views.answer(wait_for, made)


ROUTES: list[HTTPRouteHandler] = [year]
