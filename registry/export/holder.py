"""The key of a holder, to which a wallet copy is bound."""

from collections.abc import Mapping
from typing import Any, Final

from registry.documents.multikey import MalformedKey, check_jwk
from registry.export.document import ExportError

_CURVES: Final = {("EC", "P-256"), ("OKP", "Ed25519")}


def read_holder_key(jwk: Mapping[str, Any]) -> dict[str, str]:
    """Return the public key of a JWK. Raises `ExportError`.

    It has the members that count alone (RFC 7638, section 3.2): others, such as `kid`, would link two copies.
    """
    if "d" in jwk:
        raise ExportError("the holder's key has its private part `d`; pass the public key alone, and replace this key")
    if (str(jwk.get("kty")), str(jwk.get("crv"))) not in _CURVES:
        raise ExportError("the holder's key must be a JWK of EC P-256 or OKP Ed25519")
    try:
        return check_jwk(jwk)
    except MalformedKey as error:
        raise ExportError(f"the holder's key is not a public key of {jwk['crv']}: {error}") from error
