"""The worklist: credentials and decisions to look at again because others did something."""

from typing import Any, Final, NamedTuple
from uuid import UUID

from anyio.to_thread import run_sync
from litestar import Request, Response, get

from projections.api.reading import Views
from projections.feed import worklist
from projections.feed.worklist import Kind, What, Worklist
from projections.records.member_names import read_member_names
from registry.api.private_side import PrivateSide
from registry.http import Cursors, requires
from registry.http.responses import POSITION
from registry.server.pages.desk.credential_rows import OwnRow, read_rows
from registry.server.pages.frame import Pages

PER_PAGE: Final = 25


class _Page(NamedTuple):
    worklist: Worklist
    names: dict[str, str]


@get("/desk/worklist", include_in_schema=False, **requires("university:read", "learners:read"))
async def show_worklist(
    request: Request[Any, Any, Any], private: PrivateSide, views: Views, pages: Pages
) -> Response[str]:
    """Show impaired credentials with the parts at fault, and what rests on learners erased elsewhere."""
    member = request.app.state.member
    after, cursors = worklist.BEGIN, Cursors("worklist", member)
    if cursor := str(request.query_params.get("cursor", "")):
        kind, what, identifier = cursors.decode(cursor, Kind, What, UUID)
        after = worklist.Place(kind, what, str(identifier))

    def read(connection: Any) -> _Page:  # noqa: ANN401 - a connection
        return _Page(worklist.read(connection, member, after=after, limit=PER_PAGE), read_member_names(connection))

    response = await views.answer("", read, cost="scan")
    page: _Page = response.content
    items, following = page.worklist.items, page.worklist.next

    def read_own() -> dict[str, OwnRow]:
        ids = [item.id for item in items if item.what == "credential"]
        with views.snapshot() as snapshot, private.reading() as registry:
            return {row.view.credential: row for row in read_rows(snapshot, registry, member, ids)}

    return pages.render(
        request,
        "desk/worklist.html",
        private=True,
        position=response.headers[POSITION],
        names=page.names,
        items=items,
        rows=await run_sync(read_own),
        next=None if following is None else cursors.encode(following.split(":")),
        first=not cursor,
        scopes=request.user.scopes,
    )


ROUTES: Final = [show_worklist]
