"""A notice of what a form did, told once on the page that it leads to: a cookie, so that no address can claim it."""

from typing import Any, Final

from litestar import Request
from litestar.datastructures import Cookie

from registry.accounts.site import Site
from registry.server.pages.vocabulary import VOCABULARY

_SECONDS: Final = 60
_GROUP: Final = "done"


def notice_cookie(site: Site, done: str, path: str) -> Cookie:
    """Return the cookie that tells the page at `path` what was done, by its code in the vocabulary."""
    if done not in VOCABULARY[_GROUP]:
        raise KeyError(done)
    return _cookie(site, f"{done}:{path}", _SECONDS)


def no_notice_cookie(site: Site) -> Cookie:
    """Return the cookie that takes the notice from the browser."""
    return _cookie(site, "", 0)


def notice_for(request: Request[Any, Any, Any], site: Site) -> str | None:
    """Return the code of what was done, if the page that is asked for is the one to tell it."""
    done, _, path = request.cookies.get(site.notice_cookie, "").partition(":")
    return done if done in VOCABULARY[_GROUP] and path == request.url.path else None


def _cookie(site: Site, value: str, seconds: int) -> Cookie:
    return Cookie(
        key=site.notice_cookie,
        value=value,
        max_age=seconds,
        path="/",
        secure=site.is_secure,
        httponly=True,
        samesite="lax",
    )
