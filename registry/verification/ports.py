"""Ports of verification: what formats ask, and the node's adapters answer."""

from collections.abc import Mapping, Sequence
from typing import Protocol

import msgspec

from registry.documents.revocation import Revocation


class HolderRequest(msgspec.Struct, frozen=True, kw_only=True):
    """The challenge that a verifier asked the holder to sign."""

    nonce: str
    audience: str


class ResolvedKey(msgspec.Struct, frozen=True):
    """A public key of an issuer."""

    jwk: Mapping[str, str]
    source: str
    """The origin of the key: `did:key`, `did:web`, `x5c`, `log`, `jwks`."""
    revocation: Revocation | None = None
    """What is known of the revocation of its certificates; None where the key has none."""


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
