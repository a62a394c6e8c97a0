"""The document that a node serves for its did:web identifier (W3C DID Core 1.0, Controlled Identifiers 1.0).

It has every key whose documents still count: those in force, and those that were rotated or lost, since what they
signed before remains good. A key that was compromised is not in it: without a receipt nothing that it signed counts.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

from registry.documents.multikey import encode_multikey

MEDIA_TYPE: Final = "application/did+json"
_CONTEXTS: Final = (
    "https://www.w3.org/ns/did/v1",
    "https://w3id.org/security/multikey/v1",
    "https://w3id.org/security/jwk/v1",
)


class DocumentKey(msgspec.Struct, frozen=True):
    """A key that the document lists."""

    thumbprint: str
    jwk: Mapping[str, str]
    x5c: tuple[str, ...] = ()


def build_document(did: str, origin: str, keys: Iterable[DocumentKey]) -> dict[str, Any]:
    """Return the document of an identifier; `origin` is the name of the member's log."""
    methods = [method for key in keys for method in _methods(did, key)]
    ids = [method["id"] for method in methods]
    return {
        "@context": list(_CONTEXTS),
        "id": did,
        # A log's origin is an address without a scheme (C2SP tlog-checkpoint); here only addresses are allowed.
        "alsoKnownAs": [f"https://{origin}"],
        "verificationMethod": methods,
        "assertionMethod": ids,
    }


def _methods(did: str, key: DocumentKey) -> list[dict[str, Any]]:
    """Return a key in both forms. The thumbprint names the form in which documents with such a key look it up.

    Data Integrity proofs with Ed25519 need a Multikey, and JOSE with P-256 a JWK.
    """
    jwk = {**key.jwk, "kid": key.thumbprint}
    if key.x5c:
        jwk["x5c"] = list(key.x5c)  # type: ignore[assignment] # the one member that is a list
    names = ("-jwk", "") if key.jwk["kty"] == "OKP" else ("", "-multikey")
    as_jwk = {"id": f"{did}#{key.thumbprint}{names[0]}", "type": "JsonWebKey", "controller": did, "publicKeyJwk": jwk}
    as_multikey = {
        "id": f"{did}#{key.thumbprint}{names[1]}",
        "type": "Multikey",
        "controller": did,
        "publicKeyMultibase": encode_multikey(key.jwk),
    }
    return [as_multikey, as_jwk] if key.jwk["kty"] == "OKP" else [as_jwk, as_multikey]
