"""Claims about a person as SD-JWT disclosures (RFC 9901), and the one digest of them that is on the log."""

import hashlib
import json
import os
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from registry.wire import base64url
from registry.wire.errors import WireError

SALT_BYTES = 18
"""More than RFC 9901's 128 bits, and a multiple of three: its base64 has no padding."""
SALT_LENGTH = 24
"""Characters of a salt in base64url."""


_json = msgspec.json.Encoder().encode


class InvalidDisclosure(WireError):
    """A disclosure that is not `base64url([salt, name, value])`, or that the digest on the log does not cover."""


def salts(count: int) -> str:
    """Return `count` new salts in one text, each of `SALT_LENGTH` characters."""
    return base64url.encode(os.urandom(SALT_BYTES * count))


def disclosure(salt: str, name: str, value: Any) -> str:  # noqa: ANN401 - any JSON value
    """Return one claim as a disclosure; `salt` is one of `salts`."""
    return base64url.encode(_json([salt, name, value]))


def claims_digest(disclosures: Iterable[str]) -> str:
    """Return the hash, in 43 characters of base64url, over the digests of disclosures, sorted and joined by `.`."""
    return claims_digests([list(disclosures)])[0]


def claims_digests(groups: Sequence[Sequence[str]]) -> list[str]:
    """Return the digests over the disclosures of several credentials, in their order."""
    singles = _encode_digests([hashlib.sha256(item.encode()).digest() for group in groups for item in group])
    at, whole = 0, []
    for group in groups:
        own = singles[at : at + len(group)]
        own.sort()
        whole.append(hashlib.sha256(".".join(own).encode()).digest())
        at += len(group)
    return _encode_digests(whole)


def open_disclosures(digest: str, disclosures: Sequence[str]) -> dict[str, Any]:
    """Return the claims of disclosures. Raises `InvalidDisclosure` where the digest is not over them."""
    if claims_digest(disclosures) != digest:
        raise InvalidDisclosure("these disclosures are not those whose digest is on the log")
    claims: dict[str, Any] = {}
    for item in disclosures:
        try:
            salt, name, value = json.loads(base64url.decode(item))
        except ValueError as error:
            raise InvalidDisclosure(f"{item[:40]!r}… is not a disclosure") from error
        if not isinstance(salt, str) or not isinstance(name, str):
            raise InvalidDisclosure(f"{item[:40]!r}… is not a disclosure")
        claims[name] = value
    return claims


def _encode_digests(digests: Sequence[bytes]) -> list[str]:
    """Encode digests of 32 bytes in base64url, all in one call: with one more byte each is whole groups of three."""
    text = base64url.encode(b"".join([digest + b"\0" for digest in digests]))
    return [text[at : at + 43] for at in range(0, len(text), 44)]
