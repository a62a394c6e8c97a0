"""The journal of what people did, for administrators, with the check of its chain."""

from typing import Any, Final

from anyio.to_thread import run_sync
from litestar import Request, Response, get

from registry.accounts.services import AccountServices
from registry.http.access import requires
from registry.server.pages.frame import Pages

_PAGE: Final = 50


@get("/admin/journal", include_in_schema=False, **requires("accounts:administer"))
async def show_journal(request: Request[Any, Any, Any], pages: Pages, services: AccountServices) -> Response[Any]:
    """Show the newest entries, or those before a number; with `check`, whether the chain is whole."""
    typed = str(request.query_params.get("before", ""))
    before = int(typed) if typed.isascii() and typed.isdigit() and len(typed) <= 18 else None
    entries = await run_sync(services.journal.newest, _PAGE + 1, before)
    shown = entries[:_PAGE]
    names = await run_sync(services.accounts.names_of, [entry.actor for entry in shown])
    check = await run_sync(services.journal.check) if request.query_params.get("check") else None
    older = shown[-1].number if len(entries) > _PAGE else None
    return pages.render(
        request, "admin_journal.html", private=True, entries=shown, actors=names, check=check, older=older
    )


ROUTES: Final = [show_journal]
