"""API keys of the university's systems, for administrators: add, rotate, revoke."""

from datetime import timedelta
from typing import Any, Final

from anyio.to_thread import run_sync
from litestar import Request, Response, get, post
from litestar.response import Redirect

from registry.access.errors import UnknownKey
from registry.access.keys import ORDINARY_SCOPES, ApiKeys
from registry.accounts.services import AccountServices
from registry.http.access import SCOPES, requires
from registry.server.pages.frame import Pages

_ADMINISTER: Final = requires("accounts:administer")
_PATH: Final = "/admin/keys"
_DAYS: Final = 365
_GRACE: Final = timedelta(hours=24)
_MAX_NAME: Final = 100


async def _render_list(
    request: Request[Any, Any, Any],
    pages: Pages,
    api_keys: ApiKeys,
    **context: Any,  # noqa: ANN401 - of a template
) -> Response[str]:
    values = {"status": 200, "fault": "", "typed": "", "chosen": [], **context}
    keys = await run_sync(api_keys.all)
    return pages.render(request, "admin_keys.html", private=True, keys=keys, scopes=SCOPES, **values)


@get(_PATH, include_in_schema=False, **_ADMINISTER)
async def list_keys(request: Request[Any, Any, Any], pages: Pages, api_keys: ApiKeys) -> Response[Any]:
    """List the keys, without their secrets."""
    return await _render_list(request, pages, api_keys)


@post(_PATH, include_in_schema=False, status_code=201, **_ADMINISTER)
async def add_key(
    request: Request[Any, Any, Any], pages: Pages, services: AccountServices, api_keys: ApiKeys
) -> Response[Any]:
    """Add a key, and show it once; one that reaches beyond what systems need is asked about before."""
    form = await request.form()
    name, chosen = " ".join(str(form.get("name", "")).split()), [str(scope) for scope in form.getall("scope", [])]
    if not 0 < len(name) <= _MAX_NAME or not name.isprintable() or not chosen or not set(chosen) <= SCOPES.keys():
        return await _render_list(request, pages, api_keys, status=422, fault="form", typed=name[:200], chosen=chosen)
    far_reaching = [scope for scope in SCOPES if scope in chosen and scope not in ORDINARY_SCOPES]
    if far_reaching and form.get("confirm") != "yes":
        return pages.render(
            request, "admin_key_confirm.html", private=True, name=name, chosen=chosen, far_reaching=far_reaching
        )
    secret = await run_sync(api_keys.add, name, chosen, _DAYS)
    scopes = " ".join(scope for scope in SCOPES if scope in chosen)
    return await _render_secret(request, pages, services, f"api-key.add {scopes}", secret)


async def _render_secret(
    request: Request[Any, Any, Any], pages: Pages, services: AccountServices, act: str, secret: str
) -> Response[str]:
    await run_sync(services.journal.add, request.user.actor, act, secret.split("_")[1])
    return pages.render(request, "admin_key.html", status=201, private=True, secret=secret)


@post(f"{_PATH}/rotate", include_in_schema=False, status_code=201, **_ADMINISTER)
async def rotate_key(
    request: Request[Any, Any, Any], pages: Pages, services: AccountServices, api_keys: ApiKeys
) -> Response[Any]:
    """Make a key for the same system, and let the old one end a day later."""
    key = str((await request.form()).get("key", ""))
    try:
        secret = await run_sync(api_keys.rotate, key, _DAYS, _GRACE)
    except UnknownKey:
        return await _render_list(request, pages, api_keys, status=422, fault="ended")
    return await _render_secret(request, pages, services, "api-key.rotate", secret)


@post(f"{_PATH}/revoke", include_in_schema=False, status_code=303, **_ADMINISTER)
async def revoke_key(
    request: Request[Any, Any, Any], pages: Pages, services: AccountServices, api_keys: ApiKeys
) -> Response[Any]:
    """End a key at once."""
    key = str((await request.form()).get("key", ""))
    try:
        await run_sync(api_keys.revoke, key)
    except UnknownKey:
        return await _render_list(request, pages, api_keys, status=422, fault="ended")
    await run_sync(services.journal.add, request.user.actor, "api-key.revoke", key)
    return Redirect(pages.address(request, _PATH, {}), status_code=303)


ROUTES: Final = [list_keys, add_key, rotate_key, revoke_key]
