"""A learner's record across universities."""

from typing import Any
from uuid import UUID

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler

from projections import learners
from projections.api.reading import Views, WaitFor
from projections.learners import LearnerRecord
from registry.http import HttpProblem, requires


@get(
    "/v1/learners/{learner:uuid}",
    tags=["Learners"],
    operation_id="getLearner",
    summary="A learner's record",
    sync_to_thread=True,
    **requires("learners:read"),
)
def one(views: Views, learner: UUID, wait_for: WaitFor = "") -> Response[LearnerRecord]:
    """All that members said of a learner and have not erased, and the credits that count once."""

    def made(connection: Any) -> LearnerRecord:  # noqa: ANN401 - a connection
        found = learners.read(connection, str(learner))
        if not found.credentials:
            raise HttpProblem("not-found", "no member says anything of this learner, as far as this node has read")
        return found

    return views.answer(wait_for, made)


ROUTES: list[HTTPRouteHandler] = [one]
