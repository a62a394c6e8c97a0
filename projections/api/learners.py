"""Routes for a learner's record across universities."""

from datetime import date
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
from registry.wire.today import utc_today

_NOBODY = "no member says anything of this learner, as far as this node has read"


@get(
    "/v1/learners/{learner:uuid}",
    tags=["Learners"],
    operation_id="getLearner",
    summary="A learner's record",
    **requires("learners:read"),
)
async def get_learner(
    views: Views, learner: UUID, *, cursor: Cursor = "", limit: Limit = LIMIT, wait_for: WaitFor = ""
) -> Response[LearnerRecord]:
    """Return a page of what members say of a learner and have not erased, and the credits, each counted once."""
    after, cursors = None, Cursors("learner", learner)
    if cursor:
        of, credential = cursors.decode(cursor, str, UUID)
        after = of, str(credential)

    def read(connection: Any) -> LearnerRecord:  # noqa: ANN401 - a connection
        record = learners.read(connection, str(learner), after=after, limit=limit)
        if not record.credentials and after is None:
            raise HttpProblem("not-found", _NOBODY)
        if record.next is None:
            return record
        return msgspec.structs.replace(record, next=cursors.encode(record.next.split("/")))

    return await views.answer(wait_for, read)


@get(
    "/v1/learners/{learner:uuid}/progress/{member:str}/{achievement:uuid}",
    tags=["Learners"],
    operation_id="getProgress",
    summary="How far a learner is towards a larger credential",
    **requires("learners:read"),
)
async def get_progress(
    views: Views,
    learner: UUID,
    member: Name,
    achievement: UUID,
    *,
    version: Annotated[int | None, Parameter(ge=1, lt=2**31, description="The newest by default.")] = None,
    on: Annotated[date | None, Parameter(description="As if awarded on that day; today by default.")] = None,
    offers: Annotated[int, Parameter(gt=-1, le=50, description="Offers for each gap, at most.")] = progress.OFFERS,
    wait_for: WaitFor = "",
) -> Response[Progress]:
    """Return what counts, by which decision or agreement, each credit once; and what is missing, with offers."""

    def read(connection: Any) -> Progress:  # noqa: ANN401 - a connection
        try:
            result = progress.read(
                connection,
                str(learner),
                (member, str(achievement)),
                on=on or utc_today(),
                version=version,
                offers=offers,
            )
        except NotComposed as error:
            raise HttpProblem("not-found", str(error)) from error
        if result is None:
            raise HttpProblem("not-found", _NOBODY)
        return result

    return await views.answer(wait_for, read, "search")


ROUTES: list[HTTPRouteHandler] = [get_learner, get_progress]
