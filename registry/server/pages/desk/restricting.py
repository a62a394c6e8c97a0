"""Restricting the use of a learner's data on their page, and lifting that."""

from typing import Any, Final
from uuid import UUID

from litestar import Request, Response, post

from projections.api.reading import Views
from registry.api.private_side import PrivateSide
from registry.api.receiving import Receiving
from registry.api.restrictions import Lift, Restrict, lift_once, restrict_learner
from registry.http import requires
from registry.server.pages.desk.learner import read_learner, render_learner
from registry.server.pages.forms import Typed, form_key
from registry.server.pages.frame import Pages
from registry.server.pages.refusals import problem_of


@post(
    "/desk/learners/{learner:uuid}/restrict",
    include_in_schema=False,
    sync_to_thread=True,
    **requires("learners:decide", "learners:read"),
)
def begin(
    request: Request[Any, Any, Any], private: PrivateSide, views: Views, pages: Pages, learner: UUID, data: Typed
) -> Response[Any]:
    """Restrict the use of a learner's data, or note their objection; `reason` has the kind before its colon."""
    kind, _, reason = data.get("reason", "").partition(":")
    try:
        restrict_learner(private, request, learner, Restrict(kind, reason), form_key(data))  # type: ignore[arg-type] # `restrict` refuses another kind
    except Exception as error:  # noqa: BLE001 - `problem_of` raises again what is a failure of the node
        problem = problem_of(request, error)
        page = read_learner(private, views, str(learner))
        return render_learner(request, pages, page, problem=problem, typed=data, status=problem["status"])
    return pages.redirect(request, f"/desk/learners/{learner}", "learner-restricted")


@post(
    "/desk/learners/{learner:uuid}/lift/{restriction:uuid}",
    include_in_schema=False,
    sync_to_thread=True,
    **requires("learners:decide", "learners:read"),
)
def end(
    request: Request[Any, Any, Any],
    private: PrivateSide,
    views: Views,
    pages: Pages,
    receiving: Receiving,
    learner: UUID,
    restriction: UUID,
    data: Typed,
) -> Response[Any]:
    """Lift a restriction, or propose that for a second person to confirm."""
    try:
        answer = lift_once(private, receiving, request, restriction, Lift(data.get("reason", "")), form_key(data))
    except Exception as error:  # noqa: BLE001 - `problem_of` raises again what is a failure of the node
        problem = problem_of(request, error)
        page = read_learner(private, views, str(learner))
        return render_learner(request, pages, page, problem=problem, typed=data, status=problem["status"])
    lifted = answer.content["lifted"] if isinstance(answer.content, dict) else answer.content.lifted
    done = "restriction-lifted" if lifted else "restriction-proposed"
    return pages.redirect(request, f"/desk/learners/{learner}", done)


ROUTES: Final = [begin, end]
