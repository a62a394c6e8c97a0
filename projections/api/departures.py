"""The route that compares a draft with earlier decisions."""

from typing import Annotated, Any
from uuid import UUID

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import Parameter

from projections.api.feed import Whose
from projections.api.members import require_members
from projections.api.reading import Views, WaitFor
from projections.precedents.departures import Departure, Draft, departure
from registry.http import requires

_MEMBER = "^[a-z0-9-]{2,40}$"


@get(
    "/v1/precedents/departures",
    tags=["Recognition"],
    operation_id="compareWithPrecedents",
    summary="How a draft departs from precedents",
    **requires("recognition:read"),
)
async def compare_with_precedents(
    views: Views,
    whose: Whose,
    *,
    member: Annotated[str, Parameter(pattern=_MEMBER, description="The member that offers the achievement.")],
    achievement: UUID,
    version: Annotated[int, Parameter(ge=1, lt=2**31)],
    purpose: Annotated[str, Parameter(description="admission, creditTransfer, stacking or employment.")],
    outcome: Annotated[str, Parameter(description="full, partial, conditional, alternative or refused.")],
    ground: Annotated[
        list[str] | None, Parameter(max_items=40, description="`aspect:difference`; may be given several times.")
    ] = None,
    wait_for: WaitFor = "",
) -> Response[Departure]:
    """Return what other offices usually decide on this achievement and how your draft differs, with a sentence.

    Decisions on this version for this purpose are compared; if there are none, on any version; else for any purpose.
    """
    draft = Draft(
        member=member,
        achievement=str(achievement),
        version=version,
        purpose=purpose,
        outcome=outcome,
        grounds=tuple(ground or ()),
    )

    def read(connection: Any) -> Departure:  # noqa: ANN401 - a connection
        comparison = departure(connection, draft, whose.member)
        if not (comparison.offices or comparison.own):
            require_members(connection, {"member": member})
        return comparison

    return await views.answer(wait_for, read, "search")


ROUTES: list[HTTPRouteHandler] = [compare_with_precedents]
