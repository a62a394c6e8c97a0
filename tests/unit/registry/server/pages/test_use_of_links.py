"""A one-time link that begins a session while the identity provider stops to answer."""

import asyncio
from types import SimpleNamespace

from litestar.response import Redirect

from registry.accounts.errors import ProviderFault
from registry.accounts.site import site_of
from registry.server.pages import signing_in


async def _stop_to_answer(*_):
    raise ProviderFault("provider-away", "the identity provider cannot be reached")


def _redirect(request, path, done):
    del request
    return Redirect(f"{path}#{done}")


def test_the_session_goes_on_when_the_provider_is_away_after_the_link_is_used(monkeypatch):
    async def form():
        return {"connect": "yes"}

    monkeypatch.setattr(signing_in, "lead_to_provider", _stop_to_answer)
    links = SimpleNamespace(read_name=lambda _: "Ada", use=lambda *_: "the secret")
    provider = SimpleNamespace(check=lambda: None)
    site = site_of(None, "", 8000)
    services = SimpleNamespace(links=links, provider=provider, site=site)
    request = SimpleNamespace(form=form, cookies={})
    pages = SimpleNamespace(redirect=_redirect, address=lambda *_: "")
    response = asyncio.run(signing_in.use_link.fn(request, pages, services, "token"))
    assert response.url == "/account#not-connected"
    assert [(cookie.key, cookie.value) for cookie in response.cookies] == [(site.session_cookie, "the secret")]
