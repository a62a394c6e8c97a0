"""The batches of status changes: those that wait or are made, and those that ended last."""

from typing import Any, Final

from litestar import Request, Response, get

from registry.batches.imports.import_store import ImportStore
from registry.http import requires
from registry.server.pages.frame import Pages

_OPEN_LISTED: Final = 100
_ENDED_LISTED: Final = 25


@get("/desk/changes", include_in_schema=False, sync_to_thread=True, **requires("batches:read"))
def list_changes(request: Request[Any, Any, Any], pages: Pages, imports: ImportStore) -> Response[str]:
    """List the batches of status changes, the newest first."""
    store = imports.batch_store
    waiting, ended = store.list_open_changes(_OPEN_LISTED), store.list_ended_changes(_ENDED_LISTED)
    return pages.render(
        request,
        "desk/change_lists.html",
        private=True,
        waiting=waiting,
        ended=ended,
        actors=imports.names([batch.by for batch in (*waiting, *ended)]),
        me=request.user.actor,
    )


ROUTES: Final = [list_changes]
