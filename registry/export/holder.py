"""The key of a holder, to which a wallet copy is bound."""

from collections.abc import Mapping
from typing import Any, Final

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey

from registry.export.document import ExportError

_MEMBERS: Final = {("EC", "P-256"): ("kty", "crv", "x", "y"), ("OKP", "Ed25519"): ("kty", "crv", "x")}
"""The members of a public key that count (RFC 7638, section 3.2). Others, such as `kid`, would link two copies."""
_MAX_MEMBER: Final = 64
"""Characters of one coordinate: both curves need 43."""


def read_holder_key(jwk: Mapping[str, Any]) -> dict[str, str]:
    """Return the public key of a JWK, without members that do not count. Raises `ExportError`."""
    if "d" in jwk:
        raise ExportError("the holder's key has its private part `d`; pass the public key alone, and replace this key")
    members = _MEMBERS.get((str(jwk.get("kty")), str(jwk.get("crv"))))
    if members is None:
        raise ExportError("the holder's key must be a JWK of EC P-256 or OKP Ed25519")
    key = {name: jwk.get(name) for name in members}
    if any(not isinstance(value, str) or len(value) > _MAX_MEMBER for value in key.values()):
        raise ExportError(f"the holder's key needs the members {', '.join(members)}, each a text")
    public = {name: str(value) for name, value in key.items()}
    try:
        kind = ECKey if public["kty"] == "EC" else OKPKey
        kind.import_key(dict(public)).get_op_key("verify")  # raises for a point that is not on the curve
    except (JoseError, ValueError) as error:
        raise ExportError(f"the holder's key is not a public key of {public['crv']}") from error
    return public
