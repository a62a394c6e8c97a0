"""A learner's record across universities."""

from datetime import UTC, date, datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import Parameter

from projections.api.members import Name
from projections.api.reading import Cursor, Limit, Views, WaitFor
from projections.records import learners
from projections.records.learners import LearnerRecord
from projections.stacking import progress
from projections.stacking.progress import NotComposed, Progress
from registry.http import Cursors, HttpProblem, requires
from registry.http.pagination import LIMIT

_NOBODY = "no member says anything of this learner, as far as this node has read"


@get(
    "/v1/learners/{learner:uuid}",
    tags=["Learners"],
    operation_id="getLearner",
    summary="A learner's record",
    **requires("learners:read"),
)
async def one(
    views: Views, learner: UUID, *, cursor: Cursor = "", limit: Limit = LIMIT, wait_for: WaitFor = ""
) -> Response[LearnerRecord]:
    """What members said of a learner and have not erased, a page of it, and the credits that count once in all."""
    after, cursors = None, Cursors("learner", learner)
    if cursor:
        of, credential = cursors.decode(cursor, str, UUID)
        after = of, str(credential)

    def made(connection: Any) -> LearnerRecord:  # noqa: ANN401 - a connection
        found = learners.read(connection, str(learner), after=after, limit=limit)
        if not found.credentials and after is None:
            raise HttpProblem("not-found", _NOBODY)
        if found.next is None:
            return found
        return msgspec.structs.replace(found, next=cursors.encode(found.next.split("/")))

    return await views.answer(wait_for, made)


@get(
    "/v1/learners/{learner:uuid}/progress/{member:str}/{achievement:uuid}",
    tags=["Learners"],
    operation_id="getProgress",
    summary="How far a learner is towards a larger credential",
    **requires("learners:read"),
)
async def towards(
    views: Views,
    learner: UUID,
    member: Name,
    achievement: UUID,
    *,
    version: Annotated[int | None, Parameter(ge=1, lt=2**31, description="The newest where left out.")] = None,
    on: Annotated[date | None, Parameter(description="As if awarded on that day; today where left out.")] = None,
    offers: Annotated[int, Parameter(gt=-1, le=50, description="So many offers for each gap.")] = progress.OFFERS,
    wait_for: WaitFor = "",
) -> Response[Progress]:
    """What counts and by which decision or agreement, each credit once; what is missing, and which offers fill it."""

    def made(connection: Any) -> Progress:  # noqa: ANN401 - a connection
        try:
            found = progress.read(
                connection,
                str(learner),
                (member, str(achievement)),
                on=on or datetime.now(UTC).date(),
                version=version,
                offers=offers,
            )
        except NotComposed as error:
            raise HttpProblem("not-found", str(error)) from error
        if found is None:
            raise HttpProblem("not-found", _NOBODY)
        return found

    return await views.answer(wait_for, made, "search")


ROUTES: list[HTTPRouteHandler] = [one, towards]
