"""Signing in by a one-time link, and signing out."""

from typing import Any, Final

import structlog
from anyio.to_thread import run_sync
from litestar import Request, Response, get, post
from litestar.response import Redirect

from registry.accounts.errors import InvalidLink, ProviderFault
from registry.accounts.services import AccountServices
from registry.server.pages.browser_session import (
    cookie_of,
    no_session_cookie,
    require_person,
    session_cookie,
    session_of,
)
from registry.server.pages.frame import Pages
from registry.server.pages.paths import local_path
from registry.server.pages.provider_attempt import lead_to_provider, provider_of

_log = structlog.get_logger(__name__)


@get("/signin", include_in_schema=False, sync_to_thread=False)
def start(request: Request[Any, Any, Any], pages: Pages, services: AccountServices) -> Response[Any]:
    """Ask who somebody is; a person who has signed in is led on."""
    following = local_path(str(request.query_params.get("next", "/account")))
    if session_of(request) is not None:
        return Redirect(pages.address(request, following, {}), status_code=303)
    return render_sign_in(request, pages, services, following)


def render_sign_in(
    request: Request[Any, Any, Any],
    pages: Pages,
    services: AccountServices,
    following: str,
    *,
    status: int = 200,
    fault: str = "",
) -> Response[str]:
    """Return the page that asks who somebody is; `fault` is the code of what went wrong with an attempt."""
    provider = services.provider
    return pages.render(
        request,
        "signin.html",
        status=status,
        private=True,
        following=following,
        can_sign_in=services.site.can_sign_in,
        provider=None if provider is None else provider.name,
        fault=fault,
    )


@get("/signin/link/{token:str}", include_in_schema=False)
async def show_link(
    request: Request[Any, Any, Any], pages: Pages, services: AccountServices, token: str
) -> Response[Any]:
    """Ask whether to use a link. Opening it uses nothing, since programs that read mail open links, too."""
    try:
        name = await run_sync(services.links.read_name, token)
    except InvalidLink:
        return _render_link(request, pages, services, None, "", status=404)
    return _render_link(request, pages, services, name, token)


def _render_link(
    request: Request[Any, Any, Any],
    pages: Pages,
    services: AccountServices,
    name: str | None,
    token: str,
    *,
    status: int = 200,
    fault: str = "",
) -> Response[str]:
    """Return the page of a link for an account of this name; None if the link cannot be used."""
    provider = None if services.provider is None or name is None else services.provider.name
    return pages.render(
        request,
        "signin_link.html",
        status=status,
        private=True,
        name=name,
        token=token,
        provider=provider,
        fault=fault,
    )


@post("/signin/link/{token:str}", include_in_schema=False, status_code=303)
async def use_link(
    request: Request[Any, Any, Any], pages: Pages, services: AccountServices, token: str
) -> Response[Any]:
    """Use a link: begin a session, and if the person wishes go on to the identity provider to connect the account."""
    earlier = cookie_of(request, services.site.session_cookie)
    is_connecting = (await request.form()).get("connect") == "yes"
    try:
        if is_connecting:
            name = await run_sync(services.links.read_name, token)
            await run_sync(provider_of(services).check)  # before the link is used up
        secret = await run_sync(services.links.use, token, earlier)
    except InvalidLink:
        return _render_link(request, pages, services, None, "", status=404)
    except ProviderFault as fault:
        return _render_link(request, pages, services, name, token, status=503, fault=fault.code)
    response: Response[Any] = Redirect(pages.address(request, "/account", {}), status_code=303)
    if is_connecting:
        try:
            response = await lead_to_provider(request, pages, services, secret, "/account")
            response.status_code = 200
        except ProviderFault as fault:  # the link is used up by now, so its session goes on
            _log.warning("accounts.provider_failed", code=fault.code, reason=str(fault))
            response = pages.redirect(request, "/account", "not-connected")
    response.set_cookie(session_cookie(services.site, secret))
    return response


@post("/signout", include_in_schema=False, status_code=303, guards=[require_person])
async def sign_out(request: Request[Any, Any, Any], pages: Pages, services: AccountServices) -> Response[Any]:
    """End the session of this browser."""
    session = session_of(request)
    if session is not None:
        await run_sync(services.sessions.end, session.session, session.account)
    response = Redirect(pages.address(request, "/signin", {}), status_code=303)
    response.set_cookie(no_session_cookie(services.site))
    return response


ROUTES: Final = [start, show_link, use_link, sign_out]
