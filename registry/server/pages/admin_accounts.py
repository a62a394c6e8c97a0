"""Accounts, for administrators: add, change roles, make a link, end."""

from typing import Any, Final

from anyio.to_thread import run_sync
from litestar import Request, Response, get, post
from litestar.response import Redirect

from registry.accounts.errors import AccountError, UnknownAccount
from registry.accounts.roles import ROLES
from registry.accounts.services import AccountServices
from registry.http.access import requires
from registry.http.problems import HttpProblem
from registry.server.pages.frame import Pages

_ADMINISTER: Final = requires("accounts:administer")
_PATH: Final = "/admin/accounts"


async def _render_list(
    request: Request[Any, Any, Any],
    pages: Pages,
    services: AccountServices,
    **context: Any,  # noqa: ANN401 - of a template
) -> Response[str]:
    values = {"status": 200, "fault": "", "typed": "", "chosen": [], **context}
    accounts = await run_sync(services.accounts.all)
    return pages.render(request, "admin_accounts.html", private=True, accounts=accounts, roles=list(ROLES), **values)


@get(_PATH, include_in_schema=False, **_ADMINISTER)
async def list_accounts(request: Request[Any, Any, Any], pages: Pages, services: AccountServices) -> Response[Any]:
    """List the accounts."""
    return await _render_list(request, pages, services)


@post(_PATH, include_in_schema=False, status_code=201, **_ADMINISTER)
async def add(request: Request[Any, Any, Any], pages: Pages, services: AccountServices) -> Response[Any]:
    """Add an account, and show its link once."""
    form = await request.form()
    name, chosen = str(form.get("name", "")), [str(role) for role in form.getall("role", [])]
    try:
        account = await run_sync(services.accounts.add, name, chosen, request.user.actor)
    except AccountError as error:
        return await _render_list(
            request, pages, services, status=422, fault=str(error), typed=name[:200], chosen=chosen
        )
    return await _render_link(request, pages, services, account.account)


async def _render_link(
    request: Request[Any, Any, Any], pages: Pages, services: AccountServices, account: str
) -> Response[str]:
    token = await run_sync(services.links.create, account, request.user.actor)
    link = services.site.address(f"/signin/link/{token}")
    name = (await run_sync(services.accounts.find, account)).name
    return pages.render(request, "admin_link.html", status=201, private=True, link=link, name=name, account=account)


@get(f"{_PATH}/{{account:uuid}}", include_in_schema=False, **_ADMINISTER)
async def show_account(request: Request[Any, Any, Any], pages: Pages, services: AccountServices) -> Response[Any]:
    """Show one account, and what can be done with it."""
    return await _render_account(request, pages, services)


async def _render_account(
    request: Request[Any, Any, Any], pages: Pages, services: AccountServices, *, status: int = 200, fault: str = ""
) -> Response[str]:
    account = await run_sync(_find, services, str(request.path_params["account"]))
    return pages.render(
        request,
        "admin_account.html",
        status=status,
        private=True,
        account=account,
        identities=await run_sync(services.identities.of_account, account.account),
        roles=list(ROLES),
        fault=fault,
    )


def _find(services: AccountServices, account: str) -> Any:  # noqa: ANN401 - an account
    try:
        return services.accounts.find(account)
    except UnknownAccount as error:
        raise HttpProblem("not-found", "there is no such account") from error


@post(f"{_PATH}/{{account:uuid}}/roles", include_in_schema=False, status_code=303, **_ADMINISTER)
async def change_roles(request: Request[Any, Any, Any], pages: Pages, services: AccountServices) -> Response[Any]:
    """Replace the roles of an account."""
    account = str(request.path_params["account"])
    roles = [str(role) for role in (await request.form()).getall("role", [])]
    try:
        await run_sync(services.accounts.change_roles, account, roles, request.user.actor)
    except AccountError as error:
        return await _render_account(request, pages, services, status=422, fault=str(error))
    return Redirect(pages.address(request, f"{_PATH}/{account}", {}), status_code=303)


@post(f"{_PATH}/{{account:uuid}}/link", include_in_schema=False, status_code=201, **_ADMINISTER)
async def make_link(request: Request[Any, Any, Any], pages: Pages, services: AccountServices) -> Response[Any]:
    """Make a link for an account, and show it once."""
    try:
        return await _render_link(request, pages, services, str(request.path_params["account"]))
    except UnknownAccount as error:
        return await _render_account(request, pages, services, status=422, fault=str(error))


@post(f"{_PATH}/{{account:uuid}}/identities/remove", include_in_schema=False, status_code=303, **_ADMINISTER)
async def disconnect(request: Request[Any, Any, Any], pages: Pages, services: AccountServices) -> Response[Any]:
    """End the connection of an account to a person at the identity provider."""
    account, identity = str(request.path_params["account"]), str((await request.form()).get("identity", ""))
    has_ended = await run_sync(services.identities.disconnect, identity, account, request.user.actor)
    return pages.redirect(request, f"{_PATH}/{account}", "disconnect" if has_ended else "disconnect-none")


@post(f"{_PATH}/{{account:uuid}}/end", include_in_schema=False, status_code=303, **_ADMINISTER)
async def end(request: Request[Any, Any, Any], pages: Pages, services: AccountServices) -> Response[Any]:
    """End an account."""
    try:
        await run_sync(services.accounts.end, str(request.path_params["account"]), request.user.actor)
    except UnknownAccount as error:
        return await _render_account(request, pages, services, status=422, fault=str(error))
    return Redirect(pages.address(request, _PATH, {}), status_code=303)


ROUTES: Final = [list_accounts, add, show_account, change_roles, make_link, disconnect, end]
