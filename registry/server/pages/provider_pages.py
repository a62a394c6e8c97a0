"""Signing in by the institution's identity provider, and connecting one's account to it."""

from typing import Any, Final
from urllib.parse import unquote

import structlog
from anyio.to_thread import run_sync
from litestar import Request, Response, get, post
from litestar.response import Redirect

from registry.accounts.errors import ProviderFault
from registry.accounts.identity_provider import Person
from registry.accounts.provider_state import is_of, resume_attempt
from registry.accounts.services import AccountServices
from registry.accounts.sessions import Session
from registry.server.pages.attempts import Attempts
from registry.server.pages.browser_session import cookie_of, require_person, session_cookie, session_of
from registry.server.pages.frame import Pages
from registry.server.pages.own_account import render_account
from registry.server.pages.paths import local_path
from registry.server.pages.provider_attempt import (
    ANSWER_PATH,
    answer_address,
    lead_to_provider,
    next_cookie,
    provider_of,
)
from registry.server.pages.signing_in import render_sign_in

_MAX_CHARACTERS: Final = 4000
_PARAMETERS: Final = ("code", "error", "iss")
_STATUSES: Final = {"provider-away": 503}
_NOT_COUNTED: Final = frozenset({"provider-away", "refused", "other-browser"})
"""Faults that no guessing brings about, and an answer to no attempt of the browser, which any site can send it to."""
_log = structlog.get_logger(__name__)


@post("/signin/provider", include_in_schema=False, status_code=200)
async def begin(request: Request[Any, Any, Any], pages: Pages, services: AccountServices) -> Response[Any]:
    """Lead somebody to the identity provider to sign in."""
    Attempts(request, services)
    following = local_path(str((await request.form()).get("next", "/account")))
    secret = cookie_of(request, services.site.visit_cookie) or ""  # the form's own check has asked for it
    try:
        return await lead_to_provider(request, pages, services, secret, following)
    except ProviderFault as fault:
        return await _refuse(request, pages, services, fault, following)


@post("/account/identities", include_in_schema=False, status_code=200, guards=[require_person])
async def begin_connecting(request: Request[Any, Any, Any], pages: Pages, services: AccountServices) -> Response[Any]:
    """Lead a person to the identity provider to connect their account."""
    secret = cookie_of(request, services.site.session_cookie) or ""
    try:
        return await lead_to_provider(request, pages, services, secret, "/account")
    except ProviderFault as fault:
        return await _refuse(request, pages, services, fault, "/account")


@get(ANSWER_PATH, include_in_schema=False)
async def take_answer(request: Request[Any, Any, Any], pages: Pages, services: AccountServices) -> Response[Any]:
    """Take the identity provider's answer: sign in, or connect the account of the person who asked to."""
    attempts, site = Attempts(request, services), services.site
    following = local_path(unquote(request.cookies.get(site.next_cookie, "/account"))[:_MAX_CHARACTERS])
    state = str(request.query_params.get("state", ""))
    session, earlier = session_of(request), cookie_of(request, site.session_cookie)
    try:
        if session is not None and earlier is not None and is_of(earlier, state):
            person = await _identify(request, services, earlier, state)
            await run_sync(services.identities.connect, session.account, person)
            return pages.redirect(request, "/account", "connect")
        person = await _identify(request, services, cookie_of(request, site.visit_cookie) or "", state)
        secret = await run_sync(services.identities.sign_in, person, earlier)
    except ProviderFault as fault:
        if fault.code not in _NOT_COUNTED:
            attempts.fail()
        return await _refuse(request, pages, services, fault, following)
    response = Redirect(pages.address(request, following, {}), status_code=303)
    response.set_cookie(session_cookie(site, secret))
    response.set_cookie(next_cookie(site, "", 0))
    return response


async def _identify(request: Request[Any, Any, Any], services: AccountServices, secret: str, state: str) -> Person:
    attempt = resume_attempt(secret, state, services.now)
    answer = {name: str(request.query_params[name]) for name in _PARAMETERS if name in request.query_params}
    if any(len(value) > _MAX_CHARACTERS for value in answer.values()):
        raise ProviderFault("provider-error", "the identity provider's answer is too long")
    provider = provider_of(services)
    return await run_sync(provider.identify, attempt, answer, answer_address(request, services.site))


async def _refuse(
    request: Request[Any, Any, Any], pages: Pages, services: AccountServices, fault: ProviderFault, following: str
) -> Response[Any]:
    """Show what went wrong; the log has the reason."""
    _log.warning("accounts.provider_failed", code=fault.code, reason=str(fault))
    status = _STATUSES.get(fault.code, 422)
    if session_of(request) is not None:
        return await render_account(request, pages, services, status=status, fault=fault.code)
    return render_sign_in(request, pages, services, following, status=status, fault=fault.code)


@post("/account/identities/remove", include_in_schema=False, status_code=303, guards=[require_person])
async def disconnect(request: Request[Any, Any, Any], pages: Pages, services: AccountServices) -> Response[Any]:
    """End one of the connections of the person's account."""
    own: Session = request.auth
    identity = str((await request.form()).get("identity", ""))
    has_ended = await run_sync(services.identities.disconnect, identity, own.account, request.user.actor)
    if not has_ended:
        return pages.redirect(request, "/account", "disconnect-none")
    return pages.redirect(request, "/account" if own.way != "provider" else "/signin", "disconnect")


ROUTES: Final = [begin, begin_connecting, take_answer, disconnect]
