"""Secrets of links and sessions: 256 random bits, of which the database has the SHA-256.

A slow hash is not needed against guessing.
"""

import hashlib
import hmac
import secrets


def create_token() -> str:
    """Return a new secret, 43 characters."""
    return secrets.token_urlsafe(32)


def hash_token(token: str) -> bytes:
    """Return the hash by which the database knows a secret."""
    return hashlib.sha256(token.encode()).digest()


def form_token(secret: str) -> str:
    """Return what a form carries to show that a page of this browser's session made it.

    It is derived from the cookie's secret, which no other site can read, and does not reveal it.
    """
    return hashlib.sha256(b"registry form\0" + secret.encode()).hexdigest()


def is_form_token(token: str, secret: str) -> bool:
    """Return True if a form's token belongs to the cookie's secret."""
    return hmac.compare_digest(token.encode(), form_token(secret).encode())
