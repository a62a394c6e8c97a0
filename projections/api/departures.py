"""How a draft departs from what offices decided before."""

from typing import Annotated, Any
from uuid import UUID

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import Parameter

from projections.api.feed import Whose
from projections.api.members import known_all
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
async def compared(
    views: Views,
    whose: Whose,
    *,
    member: Annotated[str, Parameter(pattern=_MEMBER, description="Whose achievement.")],
    achievement: UUID,
    version: Annotated[int, Parameter(ge=1, lt=2**31)],
    purpose: Annotated[str, Parameter(description="admission, creditTransfer, stacking or employment.")],
    outcome: Annotated[str, Parameter(description="full, partial, conditional, alternative or refused.")],
    ground: Annotated[
        list[str] | None, Parameter(max_items=40, description="`aspect:difference`; may be given several times.")
    ] = None,
    wait_for: WaitFor = "",
) -> Response[Departure]:
    """What other offices usually do with this achievement, and what your draft does otherwise, in a sentence.

    Of this version for this purpose; where nobody decided on that, of any version; else for any purpose.
    """
    draft = Draft(
        member=member,
        achievement=str(achievement),
        version=version,
        purpose=purpose,
        outcome=outcome,
        grounds=tuple(ground or ()),
    )

    def made(connection: Any) -> Departure:  # noqa: ANN401 - a connection
        found = departure(connection, draft, whose.member)
        if not (found.offices or found.own):
            known_all(connection, {"member": member})
        return found

    return await views.answer(wait_for, made, "search")


ROUTES: list[HTTPRouteHandler] = [compared]
