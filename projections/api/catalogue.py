"""Routes for the catalogue of achievements, and for the agreements that recognise one."""

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import Parameter, QueryParameter

from projections.api.members import Name, require_members
from projections.api.reading import Cursor, Fields, Limit, Views, WaitFor
from projections.api.search_pages import narrow_page
from projections.api.search_parameters import Field, Language, Level, MemberName, Text
from projections.catalogue import catalogue, search
from projections.catalogue.catalogue import AchievementView
from projections.catalogue.search import CataloguePage, CatalogueQuery, Offer
from projections.recognition import agreements
from projections.recognition.agreements import Recognition
from registry.http import Cursors, HttpProblem, Page
from registry.http.pagination import LIMIT, page_type, with_optional_fields
from registry.wire.today import utc_today

if TYPE_CHECKING:
    CataloguePageOf = CataloguePage
else:
    CataloguePageOf = page_type(CataloguePage, with_optional_fields(Offer, "Offer"))


@get(
    "/v1/catalogue",
    tags=["Catalogue"],
    operation_id="searchCatalogue",
    summary="Search what can be studied",
)
async def search_catalogue(
    views: Views,
    *,
    text: Text = None,
    language: Language = None,
    member: MemberName = None,
    country: Annotated[str | None, Parameter(pattern="^[A-Za-z]{2}$", description="Offered in this country.")] = None,
    kind: Annotated[str | None, Parameter(description="microCredential, module, programme or degree.")] = None,
    eqf_level: Level = None,
    field: Field = None,
    taught_in: Annotated[
        str | None,
        QueryParameter(name="taughtIn", max_length=35, description="Language of instruction, such as `nl`."),
    ] = None,
    participation: Annotated[str | None, Parameter(description="onsite, online or blended, among others.")] = None,
    min_ects: Annotated[float | None, QueryParameter(name="minEcts", gt=-1, le=100_000)] = None,
    max_ects: Annotated[float | None, QueryParameter(name="maxEcts", gt=-1, le=100_000)] = None,
    credit_bearing: Annotated[bool | None, QueryParameter(name="creditBearing")] = None,
    stackability: Annotated[str | None, Parameter(description="standalone or stackable.")] = None,
    recognised_by: Annotated[
        str | None,
        QueryParameter(
            name="recognisedBy", max_length=40, description="This member recognises it by an agreement today."
        ),
    ] = None,
    retired: Annotated[bool, Parameter(description="Include what is no longer offered.")] = False,
    sort: Annotated[
        str | None, Parameter(description="title, or credits: the most first. By default the best match.")
    ] = None,
    fields: Fields = "",
    cursor: Cursor = "",
    limit: Limit = LIMIT,
    wait_for: WaitFor = "",
) -> Response[CataloguePageOf]:
    """Search the newest versions of what members offer, the best match first, with counts of each facet's values."""
    query = CatalogueQuery(
        text=text,
        language=language,
        member=member,
        country=country,
        kind=kind,
        eqf_level=eqf_level,
        field=field,
        taught_in=taught_in,
        participation=participation,
        min_ects=_exact(min_ects),
        max_ects=_exact(max_ects),
        credit_bearing=credit_bearing,
        stackability=stackability,
        recognised_by=recognised_by,
        retired=retired,
        sort=sort,
    )

    def read(connection: Any) -> CataloguePage:  # noqa: ANN401 - a connection
        page = search.search(connection, query, cursor=cursor or None, limit=limit)
        return narrow_page(connection, page, fields, {"member": member, "recognisedBy": recognised_by})

    return await views.answer(wait_for, read, "search")


@get(
    "/v1/achievements/{member:str}/{achievement:uuid}",
    tags=["Catalogue"],
    operation_id="getAchievement",
    summary="One achievement, in all its versions",
)
async def get_achievement(
    views: Views, member: Name, achievement: UUID, wait_for: WaitFor = ""
) -> Response[list[AchievementView]]:
    """Return all versions, the first one first. The version of a credential never changes."""

    def read(connection: Any) -> list[AchievementView]:  # noqa: ANN401 - a connection
        versions = catalogue.versions(connection, member, str(achievement))
        if not versions:
            raise HttpProblem("not-found", "this member offers no such achievement, as far as this node has read")
        return versions

    return await views.answer(wait_for, read)


@get(
    "/v1/achievements/{member:str}/{achievement:uuid}/recognition",
    tags=["Catalogue"],
    operation_id="listRecognition",
    summary="Who recognises an achievement by an agreement",
)
async def list_recognition(
    views: Views,
    member: Name,
    achievement: UUID,
    *,
    by: Annotated[str | None, Parameter(max_length=40, description="By this member alone.")] = None,
    day: Annotated[date | None, Parameter(description="For what is awarded on this day; else today.")] = None,
    cursor: Cursor = "",
    limit: Limit = LIMIT,
    wait_for: WaitFor = "",
) -> Response[Page[Recognition]]:
    """List the agreements by which members recognise its newest version without a decision."""
    after, cursors = None, Cursors("recognition", member, achievement, by, day)
    if cursor:
        of, agreement = cursors.decode(cursor, str, UUID)
        after = of, str(agreement)

    def read(connection: Any) -> Page[Recognition]:  # noqa: ANN401 - a connection
        if not catalogue.versions(connection, member, str(achievement)):
            raise HttpProblem("not-found", "this member offers no such achievement, as far as this node has read")
        agreed = agreements.find_recognising(
            connection,
            member,
            str(achievement),
            day or utc_today(),
            by=by,
            after=after,
            limit=limit + 1,
        )
        if not agreed:
            require_members(connection, {"by": by})
        last = agreed[limit - 1] if len(agreed) > limit else None
        return Page(agreed[:limit], None if last is None else cursors.encode([last.member, last.agreement]))

    return await views.answer(wait_for, read)


def _exact(number: float | None) -> Decimal | None:
    return None if number is None else Decimal(str(number))


ROUTES: list[HTTPRouteHandler] = [search_catalogue, get_achievement, list_recognition]
