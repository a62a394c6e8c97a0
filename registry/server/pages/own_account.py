"""A person's own account: roles, passkeys, sessions."""

from typing import Any, Final

from anyio.to_thread import run_sync
from litestar import Request, Response, get, post
from litestar.datastructures import Cookie
from litestar.response import Redirect

from registry.accounts.services import AccountServices
from registry.accounts.sessions import Session
from registry.server.pages.browser_session import no_session_cookie, require_person
from registry.server.pages.frame import SHORTCUTS_COOKIE, SHORTCUTS_OFF, Pages

_YEAR_SECONDS: Final = 365 * 24 * 3600


@get("/account", include_in_schema=False, guards=[require_person])
async def show(request: Request[Any, Any, Any], pages: Pages, services: AccountServices) -> Response[Any]:
    """Show a person their account."""
    return await render_account(request, pages, services)


async def render_account(
    request: Request[Any, Any, Any],
    pages: Pages,
    services: AccountServices,
    *,
    status: int = 200,
    fault: str = "",
    typed: str = "",
) -> Response[str]:
    """Return a person's account as a page; `fault` is that of the name, the passkey or the connection."""
    own: Session = request.auth
    return pages.render(
        request,
        "account.html",
        status=status,
        private=True,
        own=own,
        sessions=await run_sync(services.sessions.of_account, own.account),
        passkeys=await run_sync(services.passkeys.of_account, own.account),
        identities=await run_sync(services.identities.of_account, own.account),
        provider=None if services.provider is None else services.provider.name,
        fault=fault,
        typed=typed,
    )


@post("/account/sessions/end", include_in_schema=False, status_code=303, guards=[require_person])
async def end_session(request: Request[Any, Any, Any], pages: Pages, services: AccountServices) -> Response[Any]:
    """End one of the person's sessions."""
    own: Session = request.auth
    chosen = str((await request.form()).get("session", ""))
    await run_sync(services.sessions.end, chosen, own.account)
    response = Redirect(pages.address(request, "/account", {}), status_code=303)
    if chosen == own.session:
        response.set_cookie(no_session_cookie(services.site))
    return response


@post("/account/shortcuts", include_in_schema=False, status_code=303, guards=[require_person])
async def set_shortcuts(request: Request[Any, Any, Any], pages: Pages, services: AccountServices) -> Response[Any]:
    """Turn keyboard shortcuts on or off in this browser."""
    is_off = (await request.form()).get("shortcuts") == SHORTCUTS_OFF
    response = pages.redirect(request, "/account", "shortcuts-off" if is_off else "shortcuts-on")
    response.set_cookie(
        Cookie(
            key=SHORTCUTS_COOKIE,
            value=SHORTCUTS_OFF if is_off else "",
            max_age=_YEAR_SECONDS if is_off else 0,
            path="/",
            secure=services.site.is_secure,
            httponly=True,
            samesite="lax",
        )
    )
    return response


ROUTES: Final = [show, end_session, set_shortcuts]
