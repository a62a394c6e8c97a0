"""Ports of verification: what formats ask, and the node's adapters answer."""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import msgspec

Fetch = Callable[[str], bytes]
"""Returns what is at an https address, within bounds of size and time. Raises `FetchFailed`."""


class FetchFailed(Exception):
    """An address from which nothing usable came. The message is a sentence without a full stop that says why."""


class ResolvedKey(msgspec.Struct, frozen=True):
    """A public key of an issuer."""

    jwk: Mapping[str, str]
    source: str
    """The origin of the key: `did:key`, `did:web`, `x5c`, `log`, `jwks`."""


class UnresolvedKey(msgspec.Struct, frozen=True):
    """No key: the issuer cannot be reached, does not have it, or its certificate is not trusted."""

    reason: str
    """A sentence that a person understands."""
    contradicts: bool = False
    """True where the document itself is wrong, as with a certificate of somebody else; else another try may help."""


class KeyResolver(Protocol):
    """Finds the key of an issuer."""

    def resolve(self, issuer: str, key_id: str | None, x5c: Sequence[str] = ()) -> ResolvedKey | UnresolvedKey:
        """Return the key with which an issuer says to have signed.

        Args:
            issuer: The issuer's identifier: a DID or an https address.
            key_id: The key's identifier as the document names it (`kid`, a verification method).
            x5c: The chain of certificates that the document holds, base64 of DER.

        """
        ...
