"""One attempt to sign in by the identity provider: the page that leads there, and the address of the answer."""

from typing import Any, Final
from urllib.parse import quote

from anyio.to_thread import run_sync
from litestar import Request, Response
from litestar.datastructures import Cookie

from registry.accounts.identity_provider import IdentityProvider
from registry.accounts.provider_state import begin_attempt
from registry.accounts.services import AccountServices
from registry.accounts.site import Site
from registry.http.problems import HttpProblem
from registry.server.pages.frame import Pages

ANSWER_PATH: Final = "/signin/provider/answer"
_SECONDS: Final = 600


async def lead_to_provider(
    request: Request[Any, Any, Any], pages: Pages, services: AccountServices, secret: str, following: str
) -> Response[Any]:
    """Return the page that leads on to the provider. Raises `ProviderFault`.

    No redirect: browsers hold those that answer a form to the policy of its page, and a provider may lead on to others.
    """
    provider = provider_of(services)
    attempt = begin_attempt(secret, services.now)
    address = await run_sync(provider.address, attempt, answer_address(request, services.site))
    response = pages.render(request, "signin_leave.html", private=True, address=address, provider=provider.name)
    response.set_cookie(next_cookie(services.site, quote(following), _SECONDS))
    return response


def provider_of(services: AccountServices) -> IdentityProvider:
    """Return the node's identity provider. Raises `HttpProblem` if it has none."""
    if services.provider is None:
        raise HttpProblem("not-found", "this node has no identity provider (the setting `openid`)")
    return services.provider


def answer_address(request: Request[Any, Any, Any], site: Site) -> str:
    """Return the address at which the provider answers, which is registered there."""
    return f"{site.origin_at(request.headers.get('host', ''))}{site.path}{ANSWER_PATH}"


def next_cookie(site: Site, value: str, seconds: int) -> Cookie:
    """Return the cookie with the page to go on to; for 0 seconds, the one that takes it from the browser."""
    return Cookie(
        key=site.next_cookie,
        value=value,
        max_age=seconds,
        path="/",
        secure=site.is_secure,
        httponly=True,
        samesite="lax",
    )
