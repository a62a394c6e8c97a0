"""OAuth 2 access tokens: JWTs of one issuer (RFC 9068), checked with the keys that it publishes (JWKS).

Checked are signature, issuer, audience, times, and the claim that names the member; the scopes are those of the
token that this registry knows.
"""

from typing import Any, Final

import jwt
import structlog
from jwt import PyJWKClient, PyJWKClientConnectionError, PyJWKClientError

from registry.config import TokenSettings
from registry.http import Caller, HttpProblem
from registry.http.access import SCOPES

_log = structlog.get_logger(__name__)
_ALGORITHMS: Final = ["RS256", "PS256", "ES256", "ES384", "EdDSA"]
_LEEWAY: Final = 30
_MOST: Final = 16 * 1024


class Tokens:
    """Tells callers by their tokens. May be shared by threads."""

    def __init__(self, settings: TokenSettings) -> None:
        self._settings = settings
        self._keys = PyJWKClient(settings.jwks, cache_keys=True, lifespan=300, timeout=5)

    def caller(self, kind: str, secret: str) -> Caller | None:
        """The system that a token was issued for; None for what is no token. Raises `HttpProblem` for a bad one."""
        if kind != "bearer":
            return None
        if len(secret) > _MOST:
            raise _bad("this token is longer than any that is taken")
        claims = self._claims(secret)
        if claims["exp"] - claims["iat"] > 60 * self._settings.lifetime_minutes:
            raise _bad("this token is good for too long; ask for one that ends sooner")
        member = claims.get(self._settings.member_claim)
        if not isinstance(member, str) or not member:
            raise _bad(f"this token does not say for which member you act ({self._settings.member_claim})")
        told = claims.get("scope", "")
        scopes = told.split() if isinstance(told, str) else [one for one in told if isinstance(one, str)]
        name = claims.get("client_id") or claims.get("azp") or claims["sub"]
        return Caller(f"client:{str(name)[:100]}", member, frozenset(scopes) & frozenset(SCOPES))

    def known(self, kind: str, secret: str) -> Caller | None:
        """Nobody: a token is checked each time, with keys that may have to be fetched."""
        del kind, secret
        return None

    def _claims(self, token: str) -> dict[str, Any]:
        settings = self._settings
        try:
            key = self._keys.get_signing_key_from_jwt(token)
            found: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=_ALGORITHMS,
                audience=settings.audience,
                issuer=settings.issuer,
                leeway=_LEEWAY,
                options={"require": ["exp", "iat", "iss", "aud", "sub"]},
            )
        except PyJWKClientConnectionError as error:
            _log.warning("access.no_keys", issuer=settings.issuer, error=type(error).__name__)
            raise HttpProblem(
                "unavailable", "the keys that tokens are checked with cannot be fetched", headers={"Retry-After": "10"}
            ) from error
        except (jwt.InvalidTokenError, PyJWKClientError) as error:
            raise _bad(_WHY.get(type(error), "this token is not good")) from error
        return found


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
