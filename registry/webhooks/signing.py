"""Signatures of Standard Webhooks 1.0.0: HMAC-SHA256 over `id.timestamp.body` (symmetric, `v1`)."""

import base64
import hashlib
import hmac
import os
from collections.abc import Iterable
from typing import Final

PREFIX: Final = "whsec_"
_SECRET_BYTES: Final = 32


def new_secret() -> str:
    """Return a new secret: `whsec_` and 32 random bytes in base64."""
    return PREFIX + base64.b64encode(os.urandom(_SECRET_BYTES)).decode()


def signed_headers(secrets: Iterable[str], message: str, timestamp: int, body: bytes) -> dict[str, str]:
    """Return the three headers, with a signature for each secret. `timestamp` is in seconds since 1970."""
    content = b".".join((message.encode(), str(timestamp).encode(), body))
    signatures = (
        hmac.new(base64.b64decode(secret.removeprefix(PREFIX)), content, hashlib.sha256).digest() for secret in secrets
    )
    return {
        "webhook-id": message,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(f"v1,{base64.b64encode(signature).decode()}" for signature in signatures),
    }
