"""What the university should look at again because others did something."""

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler

from projections import worklist
from projections.api.feed import Whose
from projections.api.reading import Views, WaitFor
from projections.worklist import Worklist
from registry.http import requires


@get(
    "/v1/worklist",
    tags=["Universities"],
    operation_id="getWorklist",
    summary="What the university should look at again",
    **requires("university:read"),
)
async def listed(views: Views, whose: Whose, wait_for: WaitFor = "") -> Response[Worklist]:
    """Its larger credentials that are impaired, with the parts at fault; and what rests on learners erased elsewhere.

    An item is gone when it is done: when what it is about was replaced, revoked or withdrawn, or the learner erased
    here.
    """
    return await views.answer(wait_for, lambda connection: worklist.read(connection, whose.member), takes="long")


ROUTES: list[HTTPRouteHandler] = [listed]
