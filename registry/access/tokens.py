"""OAuth 2 access tokens: JWTs of one issuer (RFC 9068), checked with the keys that it publishes (JWKS).

A token's signature, issuer, audience, times, and the claim that names the member are checked. Unknown scopes are
ignored.
"""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import jwt
import msgspec

from registry.access.issuer_keys import IssuerKeys
from registry.http import Caller, HttpProblem
from registry.http.access import SCOPES
from registry.settings.settings import TokenSettings

_ALGORITHMS: Final = ["RS256", "PS256", "ES256", "ES384", "EdDSA"]
_LEEWAY_SECONDS: Final = 30
_MAX_CHARACTERS: Final = 16 * 1024
_CLIENT_ID: Final = re.compile(r"[\x20-\x7e]{1,200}")
"""RFC 6749, appendix A.1, with a limit on the length: ids are never cut, since two clients could become one caller."""


class _Claims(msgspec.Struct, frozen=True):
    """A token's claims, besides those that the library checks."""

    exp: int | float
    iat: int | float
    sub: str
    client_id: str | None = None
    azp: str | None = None
    scope: str | list[str] = ""


class Tokens:
    """Authenticates callers by their access tokens."""

    kind: Final = "bearer"

    def __init__(self, settings: TokenSettings) -> None:
        self._settings = settings
        self._keys = IssuerKeys(settings.jwks)

    def follow(self, stop: threading.Event) -> None:
        """Fetch the issuer's keys in a thread, until `stop` is set."""
        self._keys.follow(stop)

    def wait(self, seconds: float) -> bool:
        """Wait for the end of the first attempt to fetch the keys; return True if it has ended in time."""
        return self._keys.wait(seconds)

    async def caller(self, secret: str, *, look_up: bool) -> Caller:
        """Return the system that a token was issued for. Raises `HttpProblem` if the token is not valid."""
        del look_up  # nothing is looked up: the keys are in memory
        if len(secret) > _MAX_CHARACTERS:
            raise _bad("this token is too long")
        raw = self._verify(secret)
        try:
            claims = msgspec.convert(raw, _Claims, strict=True)
        except msgspec.ValidationError as error:
            raise _bad("a claim of this token has the wrong type (RFC 9068)") from error
        if claims.exp - claims.iat > 60 * self._settings.lifetime_minutes:
            raise _bad("this token is valid for too long; request one that expires sooner")
        member = raw.get(self._settings.member_claim)
        if not isinstance(member, str) or not member:
            raise _bad(f"this token does not name the member for which you act ({self._settings.member_claim})")
        names = [claims.client_id, claims.azp, claims.sub]
        client = next(name for name in names if name is not None)
        if _CLIENT_ID.fullmatch(client) is None:
            raise _bad("the id of this token's client is not 1 to 200 printable ASCII characters (RFC 6749)")
        if _CLIENT_ID.fullmatch(claims.sub) is None:
            raise _bad("the subject of this token is not 1 to 200 printable ASCII characters")
        scopes = claims.scope.split() if isinstance(claims.scope, str) else claims.scope
        return Caller(f"client:{client}", member, frozenset(scopes) & frozenset(SCOPES), claims.sub)

    def _verify(self, token: str) -> dict[str, Any]:
        """Verify that a token is valid now and meant for this node, and return its claims. Raises `HttpProblem`."""
        with _reading():
            identifier = jwt.get_unverified_header(token).get("kid")
            if identifier is not None and not isinstance(identifier, str):
                raise jwt.DecodeError("the key's id is not text")
        key = self._keys.key(identifier)
        if key is None:
            raise _bad("this token is not valid: its issuer publishes no key with the token's `kid`")
        with _reading():
            return jwt.decode(
                token,
                key,
                algorithms=_ALGORITHMS,
                audience=self._settings.audience,
                issuer=self._settings.issuer,
                leeway=_LEEWAY_SECONDS,
                options={"require": ["exp", "iat", "iss", "aud", "sub"]},
            )


@contextmanager
def _reading() -> Iterator[None]:
    """Turn any error of the library into a problem: the bytes are not a valid token."""
    try:
        yield
    except Exception as error:
        raise _bad(_WHY.get(type(error), "this token is not valid")) from error


_WHY: Final[dict[type[Exception], str]] = {
    jwt.ExpiredSignatureError: "this token has expired",
    jwt.InvalidAudienceError: "this token is meant for somebody else",
    jwt.InvalidIssuerError: "this token is of another issuer",
    jwt.ImmatureSignatureError: "this token is not valid yet",
    jwt.InvalidSignatureError: "this token's signature does not verify",
    jwt.DecodeError: "this is not a readable token",
}


def _bad(why: str) -> HttpProblem:
    return HttpProblem("unauthenticated", why, headers={"WWW-Authenticate": 'Bearer error="invalid_token"'})
