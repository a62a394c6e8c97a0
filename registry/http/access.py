"""Callers, their scopes, and the guard of every route that is not public.

Nobody acts for another member: wherever a scope is required, a caller of another member is refused.
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, Final, Protocol

import msgspec
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler
from litestar.types import ASGIApp, Receive, Send

from registry.http.clients import client_of
from registry.http.per_minute import PerMinute
from registry.http.problems import HttpProblem

SCOPES: Final = {
    "achievements:write": "publish, revise and retire the university's achievements",
    "credentials:write": "issue credentials, one or a batch; suspend, reinstate and revoke them",
    "batches:read": "see batches and the outcomes of their rows",
    "batches:release": "release a batch that another person sent in",
    "learners:read": "read a learner's record across universities",
    "documents:export": "make documents of credentials and portfolios: certificates, badges, wallet copies",
    "learners:decide": "see held rows, whose student number belongs to another person, and decide who each is about",
    "learners:erase": "erase a learner irreversibly",
    "university:read": "read a university's year and its credentials",
    "recognition:read": "read decisions, precedents and agreements",
    "cases:read": "read the recognition office's cases, applicants included",
    "cases:write": "open and work on cases: documents, enquiries, assessments, proposals, appeals",
    "cases:approve": "approve, return, publish and withdraw decisions; one key for each person of the office",
    "recognition:write": "state and withdraw assessments; declare and withdraw agreements",
    "accounts:administer": "add and end accounts and API keys, and read the journal, on the pages",
    "feed:read": "follow what happens to the university's own credentials and decisions",
}


API_KEY_PREFIX: Final = "reg_"
"""The beginning of every API key of a node; no token begins so."""


class Caller(msgspec.Struct, frozen=True):
    """The system or person that sent a request."""

    name: str
    """The key's or the token's own id: never a person's name."""
    member: str = ""
    """The member whose system it is."""
    scopes: frozenset[str] = frozenset()
    subject: str | None = None
    """The person or system that a token was issued about (`sub`); None for an API key."""

    @property
    def actor(self) -> str:
        """The actor as it is stored with each action: `registry.values.actors` says which person that is."""
        return self.name if self.subject is None else f"subject:{self.subject}"


ANYBODY: Final = Caller("anybody")


class Credentials(Protocol):
    """One way to authenticate: API keys, or access tokens."""

    @property
    def kind(self) -> str:
        """`key` or `bearer`, for the header that carries it."""
        ...

    async def caller(self, secret: str, *, look_up: bool) -> Caller:
        """Return the caller. Raises `HttpProblem` if the secret is not valid.

        Without `look_up` only keys in memory are considered. Never waits for anything but the node's own database.
        """
        ...


class Authentication:
    """ASGI middleware that identifies the caller before anything else happens. Without credentials it is `ANYBODY`.

    An address that sends too many invalid keys or tokens gets 429. Until its minute ends, nothing more is looked up for
    it; keys and tokens that this process knows already go on working from that address, too.
    """

    def __init__(self, app: ASGIApp, credentials: Sequence[Credentials], failures_per_minute: int) -> None:
        self._app = app
        self._credentials = {kind.kind: kind for kind in credentials}
        self._failures = PerMinute(failures_per_minute)

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:  # noqa: ANN401 - of any kind, ASGI's own
        """Pass the request on, with its `user`."""
        is_public = scope["type"] != "http" or scope["method"] == "OPTIONS" or scope["path"] in _PUBLIC_PATHS
        scope["user"] = ANYBODY if is_public else await self._identify(scope)
        scope["auth"] = None
        await self._app(scope, receive, send)

    async def _identify(self, scope: Any) -> Caller:  # noqa: ANN401 - an ASGI scope
        client = client_of(scope)
        try:
            return await self._caller(scope["headers"], look_up=self._failures.remaining(client) > 0)
        except HttpProblem as problem:
            if problem.kind != "unauthenticated" or self._failures.add(client):
                raise
            raise HttpProblem(
                "too-many-requests",
                f"your address sent more than {self._failures.most} invalid keys or tokens within a minute",
                headers={"Retry-After": str(self._failures.seconds_left(client))},
            ) from problem

    async def _caller(self, headers: Iterable[tuple[bytes, bytes]], *, look_up: bool) -> Caller:
        """Return the caller that `X-API-Key` or `Authorization: Bearer` names."""
        key = authorization = None
        for name, value in headers:
            if name == b"x-api-key" and key is None:
                key = value.decode("latin-1")
            elif name == b"authorization" and authorization is None:
                authorization = value.decode("latin-1")
        if key is not None and authorization is not None:
            raise HttpProblem("unauthenticated", "send an API key or a token, not both", headers=_CHALLENGE)
        if key is not None:
            return await self._authenticate("key", key, look_up=look_up)
        if authorization is not None:
            scheme, _, token = authorization.partition(" ")
            if authorization.strip().startswith(API_KEY_PREFIX) or token.strip().startswith(API_KEY_PREFIX):
                raise HttpProblem(
                    "unauthenticated",
                    "this looks like an API key: send it in the header X-API-Key, not in Authorization",
                    headers=_CHALLENGE,
                )
            if scheme.lower() != "bearer" or not token.strip():
                raise HttpProblem(
                    "unauthenticated", f"only Bearer tokens are accepted in Authorization; {_HOW}", headers=_CHALLENGE
                )
            return await self._authenticate("bearer", token.strip(), look_up=look_up)
        return ANYBODY

    async def _authenticate(self, kind: str, secret: str, *, look_up: bool) -> Caller:
        if kind not in self._credentials:
            raise HttpProblem(
                "unauthenticated", f"this node does not know this key or token; {_HOW}", headers=_CHALLENGE
            )
        return await self._credentials[kind].caller(secret, look_up=look_up)


_PUBLIC_PATHS: Final = frozenset({"/health"})
"""Answered even while the database of keys is away: it says only that the process is alive."""
_HOW: Final = "send an API key as X-API-Key, or a token as Authorization: Bearer"
_CHALLENGE: Final = {"WWW-Authenticate": "Bearer"}


def requires(*scopes: str) -> dict[str, Any]:
    """Return the arguments of a route handler that needs all these scopes: its guards and its OpenAPI security."""
    if unknown := set(scopes) - SCOPES.keys():
        raise KeyError(min(unknown))
    return {
        "guards": [_guard(scope) for scope in scopes],
        "security": [{"apiKey": []}, {"oauth2": list(scopes)}],
    }


def _guard(scope: str) -> Callable[[ASGIConnection[Any, Any, Any, Any], BaseRouteHandler], Awaitable[None]]:
    async def guard(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
        del handler
        caller: Caller = connection.user
        if caller is ANYBODY:
            raise HttpProblem("unauthenticated", f"this operation needs the scope {scope}; {_HOW}", headers=_CHALLENGE)
        own = connection.app.state.member
        if caller.member != own:
            raise HttpProblem("other-member", f"you act for {caller.member}, this node for {own}")
        if scope not in caller.scopes:
            raise HttpProblem(
                "scope-missing",
                f"this operation needs the scope {scope}",
                headers={"WWW-Authenticate": f'Bearer error="insufficient_scope", scope="{scope}"'},
            )

    return guard
