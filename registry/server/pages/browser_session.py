"""The person behind a browser: the session's cookie read at each page, and the guard of pages for people."""

from typing import Any, Final

from anyio.to_thread import run_sync
from litestar import Request
from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie
from litestar.handlers import BaseRouteHandler
from litestar.types import ASGIApp, Receive, Send

from registry.accounts.services import AccountServices
from registry.accounts.sessions import Session
from registry.accounts.site import Site
from registry.http.access import ANYBODY
from registry.http.clients import client_of
from registry.http.per_minute import PerMinute
from registry.http.problems import HttpProblem
from registry.server.pages.paths import is_page

_MAX_CHARACTERS: Final = 100


class SessionMiddleware:
    """ASGI middleware inside of `Authentication`: on pages, the session's cookie says who the caller is.

    The API ignores the cookie, so that no page of another site can call it in a person's name.
    """

    def __init__(self, app: ASGIApp, services: AccountServices, member: str, failures_per_minute: int) -> None:
        self._app = app
        self._services = services
        self._member = member
        self._failures = PerMinute(failures_per_minute)

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:  # noqa: ANN401 - of any kind, ASGI's own
        """Pass the request on, with `auth` and `user` of the person who signed in."""
        if scope["type"] == "http" and scope["user"] is ANYBODY and is_page(scope["path"]):
            session = await self._read(scope)
            if session is not None:
                scope["auth"], scope["user"] = session, session.caller(self._member)
        await self._app(scope, receive, send)

    async def _read(self, scope: Any) -> Session | None:  # noqa: ANN401 - an ASGI scope
        token = cookie_of(Request(scope), self._services.site.session_cookie)
        if token is None:
            return None
        session = await run_sync(self._services.sessions.read, token)
        if session is None:  # a session that is in force is let in, whatever others at its address send
            client = client_of(scope)
            if self._failures.remaining(client) == 0:
                wait = str(self._failures.seconds_left(client))
                raise HttpProblem("too-many-requests", headers={"Retry-After": wait})
            self._failures.add(client)
        return session


def cookie_of(request: ASGIConnection[Any, Any, Any, Any], name: str) -> str | None:
    """Return the secret in a cookie, if the browser sent one of a possible length."""
    token = request.cookies.get(name)
    return token if token and len(token) <= _MAX_CHARACTERS else None


def session_cookie(site: Site, token: str) -> Cookie:
    """Return the cookie of a session. It lasts until the browser is closed, or the session ends."""
    return Cookie(key=site.session_cookie, value=token, path="/", secure=site.is_secure, httponly=True, samesite="lax")


def no_session_cookie(site: Site) -> Cookie:
    """Return the cookie that takes a session's cookie from the browser."""
    return Cookie(
        key=site.session_cookie, value="", max_age=0, path="/", secure=site.is_secure, httponly=True, samesite="lax"
    )


def session_of(connection: ASGIConnection[Any, Any, Any, Any]) -> Session | None:
    """Return the session of the person who sent a request; None of anybody else."""
    session = connection.scope.get("auth")
    return session if isinstance(session, Session) else None


def require_person(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Refuse a request of somebody who has not signed in: a guard."""
    del handler
    if session_of(connection) is None:
        raise HttpProblem("unauthenticated", "sign in to see this page")
