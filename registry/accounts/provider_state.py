"""One attempt to sign in by the identity provider, as a browser carries it there and back.

State, nonce and PKCE verifier are derived from the secret in the browser's cookie and from random bits, so nothing is
stored here, and an answer counts only in the browser that asked. The provider sees the state, the nonce and the
verifier's hash.
"""

import base64
import hashlib
import hmac
import secrets
from datetime import datetime, timedelta
from typing import Final

from registry.accounts.errors import ProviderFault

_LIFETIME: Final = timedelta(minutes=10)
_MAX_CHARACTERS: Final = 200


class Attempt:
    """One attempt to sign in, or to connect an account, in one browser."""

    def __init__(self, secret: str, state: str) -> None:
        """`secret` is that of the browser's cookie."""
        self.state = state
        self.nonce = _derive(secret, "nonce", state)
        self.verifier = _derive(secret, "verifier", state)


def begin_attempt(secret: str, now: datetime) -> Attempt:
    """Return a new attempt of the browser whose cookie has this secret."""
    content = f"{int(now.timestamp())}.{secrets.token_urlsafe(16)}"
    return Attempt(secret, f"{content}.{_derive(secret, 'state', content)}")


def is_of(secret: str | None, state: str) -> bool:
    """Return True if an attempt with this state began in the browser whose cookie has this secret."""
    content, _, check = state.rpartition(".")
    if secret is None or len(state) > _MAX_CHARACTERS or not state.isascii():
        return False
    return hmac.compare_digest(check, _derive(secret, "state", content))


def resume_attempt(secret: str, state: str, now: datetime) -> Attempt:
    """Return the attempt with this state. Raises `ProviderFault` if it is not of this browser, or took too long."""
    if not is_of(secret, state):
        raise ProviderFault("other-browser", "the answer belongs to no attempt of this browser")
    began = int(state.split(".", maxsplit=1)[0])
    if not 0 <= now.timestamp() - began <= _LIFETIME.total_seconds():
        raise ProviderFault("too-late", "the attempt to sign in took too long")
    return Attempt(secret, state)


def _derive(secret: str, use: str, content: str) -> str:
    digest = hmac.new(secret.encode(), f"registry {use}\0{content}".encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
