"""The check of every form that is sent to a page: it must come from a page that this node made for this browser.

A form carries a token that is derived from the secret in a cookie: that of the session, or that of the visit where
nobody has signed in. No other site can read either.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie, FormMultiDict
from litestar.handlers import BaseRouteHandler
from markupsafe import Markup

from registry.accounts.secret_tokens import create_token, form_token, is_form_token
from registry.accounts.site import Site
from registry.http.access import ANYBODY
from registry.http.problems import FieldError, HttpProblem
from registry.server.pages.browser_session import cookie_of, session_of

FIELD: Final = "csrf"
FIELD_AGAIN: Final = "again"
"""Marks a form that its person sends again after signing in; its token is that of the browser's visit."""
UNSENT: Final = "registry.unsent_form"
"""The key of a request's scope under which a form is that was sent after its session had ended."""
READS_STREAM: Final = "reads_stream"
"""Option of a handler that reads its form as a stream, because a file in it may be large."""
_MAX_FIELDS: Final = 200
_MAX_UNSENT: Final = 100_000
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_OWN: Final = (None, "same-origin", "none")
_MAX_CHARACTERS: Final = 100
_MAX_PAIRS: Final = 5_000
_URL_ENCODED: Final = "application/x-www-form-urlencoded"


class UnsentForm(NamedTuple):
    """The texts that somebody typed into a form that was not taken, because their session had ended."""

    fields: list[tuple[str, str]]
    has_files: bool
    """True if the form had files: these have to be chosen again."""
    can_send_again: bool
    """True if the page with it can send it again, once its person has signed in."""


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
    site = connection.app.state.site
    if not any(cookie_of(connection, name) for name in (site.visit_cookie, site.session_cookie)):
        raise HttpProblem("stale-form")  # nothing is read of a form that no page made
    form = await _read_form(request)
    token, is_signed_in = form.get(FIELD), session_of(connection) is not None
    is_again = FIELD_AGAIN in form and _is_made_with(token, cookie_of(connection, site.visit_cookie))
    if not is_again and _is_made_with(token, _secret_of(connection, site)):
        return
    # A form that is sent again is shown once more, to the person who has signed in: another one may sit there now.
    is_genuine = is_again or _is_made_with(token, cookie_of(connection, site.session_cookie))
    if is_genuine or connection.headers.get("sec-fetch-site") == "same-origin":
        unsent = unsent_form(form, can_send_again=is_again if is_signed_in else is_genuine)
        connection.scope[UNSENT] = unsent  # type: ignore[typeddict-unknown-key] # our own, for `ProblemPages`
    raise HttpProblem("stale-form")


async def _read_form(request: Request[Any, Any, Any]) -> FormMultiDict:
    """Return a form's fields. Raises `HttpProblem` for too many of them, and for U+0000, which no text here has."""
    is_url_encoded = request.headers.get("content-type", "").startswith(_URL_ENCODED)
    if is_url_encoded and (await request.body()).count(b"&") >= _MAX_PAIRS:
        raise HttpProblem("too-large", f"a form has at most {_MAX_PAIRS:,} fields")
    form = await request.form()
    for name, value in form.multi_items():
        if isinstance(value, str) and "\0" in value:
            raise HttpProblem("unprocessable", errors=[FieldError(name, "must not contain U+0000", name)])
    return form


def check_token(connection: ASGIConnection[Any, Any, Any, Any], token: object) -> None:
    """Refuse a form whose token is not one that this node made for this browser. Raises `HttpProblem`."""
    if connection.user is not ANYBODY and session_of(connection) is None:
        return
    if not _is_made_with(token, _secret_of(connection, connection.app.state.site)):
        raise HttpProblem("stale-form")


def _is_made_with(token: object, secret: str | None) -> bool:
    """Return True if a form's token belongs to a secret of its browser."""
    return (
        secret is not None and isinstance(token, str) and len(token) <= _MAX_CHARACTERS and is_form_token(token, secret)
    )


def _secret_of(connection: ASGIConnection[Any, Any, Any, Any], site: Site) -> str | None:
    name = site.visit_cookie if session_of(connection) is None else site.session_cookie
    return cookie_of(connection, name)


def unsent_form(form: Mapping[str, object], *, can_send_again: bool) -> UnsentForm | None:
    """Return what a form held that was not taken; None if there is nothing to show, or too much."""
    pairs = form.multi_items() if isinstance(form, FormMultiDict) else list(form.items())
    texts = [(name, value) for name, value in pairs if isinstance(value, str) and name not in (FIELD, FIELD_AGAIN)]
    if not texts or len(texts) > _MAX_FIELDS or sum(len(name) + len(value) for name, value in texts) > _MAX_UNSENT:
        return None
    has_files = any(not isinstance(value, str) for _, value in pairs)
    return UnsentForm(texts, has_files, can_send_again and not has_files)
