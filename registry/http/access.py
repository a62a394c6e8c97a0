"""Who asks, and what they may: callers, scopes, and the guard that every route but the public ones has.

Nobody acts for another member: a caller of another member is refused wherever a scope is needed.
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
    "batches:read": "see what became of batches",
    "batches:release": "release a batch that another person sent in",
    "learners:read": "read a learner's record across universities",
    "learners:decide": "see and decide who a row is about whose student number is known with another person behind it",
    "learners:erase": "erase a learner for good",
    "university:read": "read a university's year and its credentials",
    "recognition:read": "read decisions, precedents and agreements",
    "cases:read": "read the recognition office's cases, applicants included",
    "cases:write": "open and work on cases: documents, enquiries, assessments, proposals, appeals",
    "cases:approve": "approve, return, publish and withdraw decisions; one key for each person of the office",
    "recognition:write": "state and withdraw assessments; declare and withdraw agreements",
    "feed:read": "follow what happened to the university's own",
}


API_KEY_PREFIX: Final = "reg_"
"""What every API key of a node begins with; no token does."""


class Caller(msgspec.Struct, frozen=True):
    """Whoever sent a request."""

    name: str
    """The key's or the token's own id: never a person's name."""
    member: str = ""
    """The member whose system it is."""
    scopes: frozenset[str] = frozenset()
    subject: str | None = None
    """Of a token, the person or system that it was issued about (`sub`)."""

    @property
    def actor(self) -> str:
        """Who acts, as it is stored with what they do: `registry.values.actors` says which person that is."""
        return self.name if self.subject is None else f"subject:{self.subject}"


ANYBODY: Final = Caller("anybody")


class Credentials(Protocol):
    """One way in which callers prove who they are."""

    @property
    def kind(self) -> str:
        """Which header it is for: `key` or `bearer`."""
        ...

    async def caller(self, secret: str, *, look_up: bool) -> Caller:
        """Return the caller. Raises `HttpProblem` for a secret that is not good.

        Without `look_up` only what is in memory counts. Never waits for anything outside of the node but its database.
        """
        ...


class Authentication:
    """ASGI middleware that finds out who asks, before anything else is looked at. Without credentials it is anybody.

    An address from which too much comes that is not good is told so with 429. From then on, until its minute ends,
    nothing more is looked up for it; the keys and tokens that this process knows go on working from there, too.
    """

    def __init__(self, app: ASGIApp, credentials: Sequence[Credentials], failures_per_minute: int) -> None:
        self._app = app
        self._credentials = {one.kind: one for one in credentials}
        self._failures = PerMinute(failures_per_minute)

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:  # noqa: ANN401 - of any kind, ASGI's own
        """Pass the request on, with its `user`."""
        unasked = scope["type"] != "http" or scope["method"] == "OPTIONS" or scope["path"] in _UNASKED
        scope["user"] = ANYBODY if unasked else await self._counted(scope)
        scope["auth"] = None
        await self._app(scope, receive, send)

    async def _counted(self, scope: Any) -> Caller:  # noqa: ANN401 - an ASGI scope
        client = client_of(scope)
        try:
            return await self._caller(scope["headers"], look_up=self._failures.remaining(client) > 0)
        except HttpProblem as problem:
            if problem.kind != "unauthenticated" or self._failures.add(client):
                raise
            raise HttpProblem(
                "too-many-requests",
                f"more than {self._failures.most} keys or tokens that are not good came from your address in a minute",
                headers={"Retry-After": str(self._failures.seconds_left(client))},
            ) from problem

    async def _caller(self, headers: Iterable[tuple[bytes, bytes]], *, look_up: bool) -> Caller:
        """By `X-API-Key`, or by `Authorization: Bearer`."""
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
                raise HttpProblem("unauthenticated", f"Authorization takes Bearer tokens; {_HOW}", headers=_CHALLENGE)
            return await self._authenticate("bearer", token.strip(), look_up=look_up)
        return ANYBODY

    async def _authenticate(self, kind: str, secret: str, *, look_up: bool) -> Caller:
        if kind not in self._credentials:
            raise HttpProblem(
                "unauthenticated", f"this is no key or token that this node knows; {_HOW}", headers=_CHALLENGE
            )
        return await self._credentials[kind].caller(secret, look_up=look_up)


_UNASKED: Final = frozenset({"/health"})
"""It says whether the process lives, whatever is away."""
_HOW: Final = "send an API key as X-API-Key, or a token as Authorization: Bearer"
_CHALLENGE: Final = {"WWW-Authenticate": "Bearer"}


def requires(*scopes: str) -> dict[str, Any]:
    """What a route handler that needs scopes, all of them, is made with: its guards, and what OpenAPI says of it."""
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
            raise HttpProblem("unauthenticated", f"this needs the scope {scope}; {_HOW}", headers=_CHALLENGE)
        own = connection.app.state.member
        if caller.member != own:
            raise HttpProblem("other-member", f"you act for {caller.member}, this node for {own}")
        if scope not in caller.scopes:
            raise HttpProblem(
                "scope-missing",
                f"this needs the scope {scope}",
                headers={"WWW-Authenticate": f'Bearer error="insufficient_scope", scope="{scope}"'},
            )

    return guard
