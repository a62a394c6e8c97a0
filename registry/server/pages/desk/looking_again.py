"""The worklist: credentials and decisions to look at again because others did something."""

from typing import Any, Final
from uuid import UUID

from litestar import Request, Response, get

from projections.api.reading import Views
from projections.feed import worklist
from projections.feed.worklist import Kind, What
from projections.records.member_names import read_member_names
from registry.api.private_side import PrivateSide
from registry.http import Cursors, requires
from registry.server.pages.desk.credential_rows import read_rows
from registry.server.pages.frame import Pages

PER_PAGE: Final = 25


@get("/desk/worklist", include_in_schema=False, sync_to_thread=True, **requires("university:read", "learners:read"))
def show_worklist(request: Request[Any, Any, Any], private: PrivateSide, views: Views, pages: Pages) -> Response[str]:
    """Show impaired credentials with the parts at fault, and what rests on learners erased elsewhere."""
    member = request.app.state.member
    after, cursors = worklist.BEGIN, Cursors("worklist", member)
    if cursor := str(request.query_params.get("cursor", "")):
        kind, what, identifier = cursors.decode(cursor, Kind, What, UUID)
        after = worklist.Place(kind, what, str(identifier))
    with views.snapshot() as snapshot, private.reading() as registry:
        page = worklist.read(snapshot.connection, member, after=after, limit=PER_PAGE)
        ids = [item.id for item in page.items if item.what == "credential"]
        rows = {row.view.credential: row for row in read_rows(snapshot, registry, member, ids)}
        names = read_member_names(snapshot.connection)
    return pages.render(
        request,
        "desk/worklist.html",
        private=True,
        position=snapshot.position,
        names=names,
        items=page.items,
        rows=rows,
        next=None if page.next is None else cursors.encode(page.next.split(":")),
        first=not cursor,
        scopes=request.user.scopes,
    )


ROUTES: Final = [show_worklist]
