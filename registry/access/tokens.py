"""OAuth 2 access tokens: JWTs of one issuer (RFC 9068), checked with the keys that it publishes (JWKS).

Checked are signature, issuer, audience, times, and the claim that names the member; the scopes are those of the
token that this registry knows.
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
"""RFC 6749, appendix A.1; and short enough that none is ever cut, which would make two clients one caller."""


class _Claims(msgspec.Struct, frozen=True):
    """What a token says, beside what the library checks."""

    exp: int | float
    iat: int | float
    sub: str
    client_id: str | None = None
    azp: str | None = None
    scope: str | list[str] = ""


class Tokens:
    """Tells callers by their tokens."""

    kind: Final = "bearer"

    def __init__(self, settings: TokenSettings) -> None:
        self._settings = settings
        self._keys = IssuerKeys(settings.jwks)

    def follow(self, stop: threading.Event) -> None:
        """Fetch the issuer's keys in a thread, until `stop` is set."""
        self._keys.follow(stop)

    def wait(self, seconds: float) -> bool:
        """Wait until the keys were asked for once, at most so long; return whether they were."""
        return self._keys.wait(seconds)

    async def caller(self, secret: str, *, look_up: bool) -> Caller:
        """Return the system that a token was issued for. Raises `HttpProblem` for a token that is not good."""
        del look_up  # nothing ever is: the keys are in memory
        if len(secret) > _MAX_CHARACTERS:
            raise _bad("this token is longer than any that is taken")
        raw = self._verified(secret)
        try:
            claims = msgspec.convert(raw, _Claims, strict=True)
        except msgspec.ValidationError as error:
            raise _bad("a claim of this token is not of its type (RFC 9068)") from error
        if claims.exp - claims.iat > 60 * self._settings.lifetime_minutes:
            raise _bad("this token is good for too long; ask for one that ends sooner")
        member = raw.get(self._settings.member_claim)
        if not isinstance(member, str) or not member:
            raise _bad(f"this token does not say for which member you act ({self._settings.member_claim})")
        given = [claims.client_id, claims.azp, claims.sub]
        client = next(name for name in given if name is not None)
        if _CLIENT_ID.fullmatch(client) is None:
            raise _bad("the id of this token's client is not 1 to 200 printable ASCII characters (RFC 6749)")
        if _CLIENT_ID.fullmatch(claims.sub) is None:
            raise _bad("the subject of this token is not 1 to 200 printable ASCII characters")
        scopes = claims.scope.split() if isinstance(claims.scope, str) else claims.scope
        return Caller(f"client:{client}", member, frozenset(scopes) & frozenset(SCOPES), claims.sub)

    def _verified(self, token: str) -> dict[str, Any]:
        """The claims of a token with a good signature that is meant for this node, now. Raises `HttpProblem`."""
        with _reading():
            identifier = jwt.get_unverified_header(token).get("kid")
            if identifier is not None and not isinstance(identifier, str):
                raise jwt.DecodeError("the key's id is no text")
        key = self._keys.key(identifier)
        if key is None:
            raise _bad("this token is not good: its issuer publishes no key with the token's `kid`")
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
    """Whatever the library raises, it means that these bytes of a stranger are no token that can be read."""
    try:
        yield
    except Exception as error:
        raise _bad(_WHY.get(type(error), "this token is not good")) from error


_WHY: Final[dict[type[Exception], str]] = {
    jwt.ExpiredSignatureError: "this token has expired",
    jwt.InvalidAudienceError: "this token is meant for somebody else",
    jwt.InvalidIssuerError: "this token is of another issuer",
    jwt.ImmatureSignatureError: "this token is not good yet",
    jwt.InvalidSignatureError: "this token's signature does not verify",
    jwt.DecodeError: "this is no token that can be read",
}


def _bad(why: str) -> HttpProblem:
    return HttpProblem("unauthenticated", why, headers={"WWW-Authenticate": 'Bearer error="invalid_token"'})
