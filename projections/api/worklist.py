"""The route for a university's worklist."""

from typing import Any
from uuid import UUID

import msgspec
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler

from projections.api.feed import Whose
from projections.api.reading import Cursor, Limit, Views, WaitFor
from projections.feed import worklist
from projections.feed.worklist import Kind, What, Worklist
from registry.http import Cursors, requires


@get(
    "/v1/worklist",
    tags=["Universities"],
    operation_id="getWorklist",
    summary="What the university should look at again",
    **requires("university:read"),
)
async def get_worklist(
    views: Views, whose: Whose, *, cursor: Cursor = "", limit: Limit = worklist.LIMIT, wait_for: WaitFor = ""
) -> Response[Worklist]:
    """List its impaired larger credentials, with the parts at fault, and what rests on learners erased elsewhere.

    An item disappears when its credential or decision was replaced, revoked or withdrawn, or the learner erased here. A
    page may end early, and may be empty, where there is much to check: read on while there is `next`.
    """
    after, cursors = worklist.BEGIN, Cursors("worklist", whose.member)
    if cursor:
        kind, what, identifier = cursors.decode(cursor, Kind, What, UUID)
        after = worklist.Place(kind, what, str(identifier))

    def read(connection: Any) -> Worklist:  # noqa: ANN401 - a connection
        page = worklist.read(connection, whose.member, after=after, limit=limit)
        return page if page.next is None else msgspec.structs.replace(page, next=cursors.encode(page.next.split(":")))

    return await views.answer(wait_for, read, cost="scan")


ROUTES: list[HTTPRouteHandler] = [get_worklist]
