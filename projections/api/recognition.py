"""Recognition decisions of all members, and agreements of automatic recognition."""

from typing import Any
from uuid import UUID

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler

from projections import decisions
from projections.api.members import Name
from projections.api.reading import Views, WaitFor
from projections.decisions import DecisionView
from registry.http import HttpProblem, requires


@get(
    "/v1/decisions/{member:str}/{decision:uuid}",
    tags=["Recognition"],
    operation_id="getDecision",
    summary="One decision",
    sync_to_thread=True,
    **requires("recognition:read"),
)
def one(views: Views, member: Name, decision: UUID, wait_for: WaitFor = "") -> Response[DecisionView]:
    """A decision as published, its state, and its flags."""

    def made(connection: Any) -> DecisionView:  # noqa: ANN401 - a connection
        found = decisions.read(connection, [(member, str(decision))])
        if not found:
            raise HttpProblem("not-found", "this member made no such decision, as far as this node has read its log")
        return found[0]

    return views.answer(wait_for, made)


ROUTES: list[HTTPRouteHandler] = [one]
