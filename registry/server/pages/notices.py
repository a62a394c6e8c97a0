"""A notice of what a form did, told once on the page that it leads to: a cookie, so that no address can claim it."""

import re
from typing import Any, Final, NamedTuple

from litestar import Request
from litestar.datastructures import Cookie

from registry.accounts.site import Site
from registry.server.pages.vocabulary import VOCABULARY

_SECONDS: Final = 60
_GROUP: Final = "done"
_NOTICE: Final = re.compile(r"([a-z-]{1,40})((?:\.[0-9]{1,9}){2})?")


class Counts(NamedTuple):
    """The numbers in the words of a notice: how many it was done to, and how many are left."""

    number: int = 0
    rest: int = 0


class Notice(NamedTuple):
    """The outcome of a form, by its code in the vocabulary, and its numbers."""

    code: str
    counts: Counts


def notice_cookie(site: Site, done: str, path: str, counts: Counts | None = None) -> Cookie:
    """Return the cookie that tells the page at `path` what was done, by its code in the vocabulary."""
    if done not in VOCABULARY[_GROUP]:
        raise KeyError(done)
    numbers = "" if counts is None else f".{counts.number}.{counts.rest}"
    return _cookie(site, f"{done}{numbers}:{path}", _SECONDS)


def no_notice_cookie(site: Site) -> Cookie:
    """Return the cookie that takes the notice from the browser."""
    return _cookie(site, "", 0)


def notice_for(request: Request[Any, Any, Any], site: Site) -> Notice | None:
    """Return what was done, if the page that is asked for is the one to tell it."""
    done, _, path = request.cookies.get(site.notice_cookie, "").partition(":")
    match = _NOTICE.fullmatch(done)
    if match is None or match[1] not in VOCABULARY[_GROUP] or path != request.url.path:
        return None
    numbers = (match[2] or "").split(".")[1:]
    return Notice(match[1], Counts(*map(int, numbers)))


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
