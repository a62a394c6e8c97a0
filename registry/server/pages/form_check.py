"""The check of every form that is sent to a page: it must come from a page that this node made for this browser.

A form carries a token that is derived from the secret in a cookie: that of the session, or that of the visit where
nobody has signed in. No other site can read either.
"""

from typing import Any, Final

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie
from litestar.handlers import BaseRouteHandler
from markupsafe import Markup

from registry.accounts.secret_tokens import create_token, form_token, is_form_token
from registry.accounts.site import Site
from registry.http.access import ANYBODY
from registry.http.problems import HttpProblem
from registry.server.pages.browser_session import cookie_of, session_of

FIELD: Final = "csrf"
READS_STREAM: Final = "reads_stream"
"""Option of a handler that reads its form as a stream, because a file in it may be large."""
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_OWN: Final = (None, "same-origin", "none")
_MAX_CHARACTERS: Final = 100


class FormTokens:
    """The form tokens of one page, as its templates ask for them."""

    def __init__(self, request: ASGIConnection[Any, Any, Any, Any], site: Site) -> None:
        self._site = site
        self._secret = _secret_of(request, site)
        self.cookie: Cookie | None = None
        """The cookie that the page must set, if it has a form and the browser had no secret."""
        self.is_used = False
        """True if the page has a form."""

    def field(self) -> Markup:
        """Return the hidden field of a form."""
        return Markup('<input type="hidden" name="{}" value="{}">').format(FIELD, self.token())

    def token(self) -> str:
        """Return the token."""
        self.is_used = True
        if self._secret is None:
            self._secret = create_token()
            self.cookie = Cookie(
                key=self._site.visit_cookie,
                value=self._secret,
                path="/",
                secure=self._site.is_secure,
                httponly=True,
                samesite="lax",
            )
        return form_token(self._secret)


async def check_form(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Refuse a form of another site, and one that is out of date: the guard of all pages.

    A system with a key or a token is not a browser that another site could use, and sends no form token. A handler with
    the option `READS_STREAM` reads the form itself, and calls `check_token` before it stores anything.
    """
    if connection.scope.get("method") in _SAFE:
        return
    if connection.user is not ANYBODY and session_of(connection) is None:
        return
    if connection.headers.get("sec-fetch-site") not in _OWN:
        raise HttpProblem("stale-form", "the form was sent by another site")
    if READS_STREAM in handler.opt:
        return
    request: Request[Any, Any, Any] = connection  # type: ignore[assignment] # of HTTP, it is a request
    check_token(connection, (await request.form()).get(FIELD))


def check_token(connection: ASGIConnection[Any, Any, Any, Any], token: object) -> None:
    """Refuse a form whose token is not one that this node made for this browser. Raises `HttpProblem`."""
    if connection.user is not ANYBODY and session_of(connection) is None:
        return
    secret = _secret_of(connection, connection.app.state.site)
    if secret is None or not isinstance(token, str) or len(token) > _MAX_CHARACTERS or not is_form_token(token, secret):
        raise HttpProblem("stale-form")


def _secret_of(connection: ASGIConnection[Any, Any, Any, Any], site: Site) -> str | None:
    name = site.visit_cookie if session_of(connection) is None else site.session_cookie
    return cookie_of(connection, name)
