"""Passkeys on the pages: signing in with one; adding and removing one's own."""

from typing import Any, Final

from anyio.to_thread import run_sync
from litestar import MediaType, Request, Response, post
from litestar.response import Redirect

from registry.accounts.errors import AccountError, InvalidPasskey
from registry.accounts.passkeys import identify_passkey
from registry.accounts.services import AccountServices
from registry.accounts.sessions import Session
from registry.server.pages.attempts import Attempts
from registry.server.pages.browser_session import cookie_of, require_person, session_cookie
from registry.server.pages.frame import Pages
from registry.server.pages.own_account import render_account
from registry.server.pages.paths import local_path
from registry.server.pages.signing_in import render_sign_in


def _options(json: str) -> Response[str]:
    return Response(json, status_code=200, media_type=MediaType.JSON, headers={"Cache-Control": "no-store"})


def _origin(request: Request[Any, Any, Any], services: AccountServices) -> str:
    return services.site.origin_at(request.headers.get("host", ""))


@post("/signin/passkey/options", include_in_schema=False)
async def sign_in_options(request: Request[Any, Any, Any], services: AccountServices) -> Response[str]:
    """Return what a browser needs to sign in with a passkey."""
    Attempts(request, services)
    return _options(await run_sync(services.passkeys.sign_in_options))


@post("/signin/passkey", include_in_schema=False, status_code=303)
async def sign_in(request: Request[Any, Any, Any], pages: Pages, services: AccountServices) -> Response[Any]:
    """Sign in with a passkey's answer."""
    attempts = Attempts(request, services)
    form = await request.form()
    credential = str(form.get("credential", ""))
    if passkey := identify_passkey(credential):
        attempts.on(f"passkey {passkey}")
    following = local_path(str(form.get("next", "/account")))
    earlier = cookie_of(request, services.site.session_cookie)
    try:
        token = await run_sync(services.passkeys.sign_in, credential, _origin(request, services), earlier)
    except InvalidPasskey:
        attempts.fail()
        return render_sign_in(request, pages, services, following, status=422, fault="passkey")
    response = Redirect(pages.address(request, following, {}), status_code=303)
    response.set_cookie(session_cookie(services.site, token))
    return response


@post("/account/passkeys/options", include_in_schema=False, guards=[require_person])
async def registration_options(request: Request[Any, Any, Any], services: AccountServices) -> Response[str]:
    """Return what a browser needs to make a passkey."""
    own: Session = request.auth
    return _options(await run_sync(services.passkeys.registration_options, own.account, own.name))


@post("/account/passkeys", include_in_schema=False, status_code=303, guards=[require_person])
async def add(request: Request[Any, Any, Any], pages: Pages, services: AccountServices) -> Response[Any]:
    """Add the passkey that the browser made."""
    own: Session = request.auth
    form = await request.form()
    name = str(form.get("name", ""))
    try:
        await run_sync(
            services.passkeys.register,
            own.account,
            name,
            str(form.get("credential", "")),
            _origin(request, services),
        )
    except InvalidPasskey:
        return await render_account(request, pages, services, status=422, fault="passkey", typed=name)
    except AccountError:
        return await render_account(request, pages, services, status=422, fault="name", typed=name)
    return Redirect(pages.address(request, "/account", {}), status_code=303)


@post("/account/passkeys/remove", include_in_schema=False, status_code=303, guards=[require_person])
async def remove(request: Request[Any, Any, Any], pages: Pages, services: AccountServices) -> Response[Any]:
    """Remove one of the person's passkeys."""
    own: Session = request.auth
    await run_sync(services.passkeys.remove, str((await request.form()).get("passkey", "")), own.account)
    return Redirect(pages.address(request, "/account", {}), status_code=303)


ROUTES: Final = [sign_in_options, sign_in, registration_options, add, remove]
