"""Public keys of Ed25519 and P-256 in Multikey form: multibase of a multicodec prefix and the key's bytes.

W3C Controlled Identifiers 1.0, section 2.2.2.
"""

from collections.abc import Mapping
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec

from registry.documents import base64url, multibase

_BASE58: Final = "z"
_ED25519: Final = b"\xed\x01"
_P256: Final = b"\x80\x24"
_ED25519_BYTES: Final = 32
_P256_BYTES: Final = 33
_COORDINATE_BYTES: Final = 32
_OTHER_KIND: Final = "the key is neither Ed25519 nor P-256"
MAX_CHARACTERS: Final = 60
"""A Multikey of P-256 has 49. Decoding base58 takes time with the square of the length."""


class MalformedKey(ValueError):
    """A public key that is not one of the forms that this project reads. The message says why."""


class UnsupportedKey(MalformedKey):
    """A key that may be right, of a kind that this project does not read."""


def encode_multikey(jwk: Mapping[str, str]) -> str:
    """Return a key of JWK form as `publicKeyMultibase`. Raises `MalformedKey`."""
    check_jwk(jwk)
    if jwk["kty"] == "OKP":
        return multibase.encode(_ED25519 + _bytes_of(jwk["x"]))
    sign = b"\x03" if _bytes_of(jwk["y"])[-1] & 1 else b"\x02"
    return multibase.encode(_P256 + sign + _bytes_of(jwk["x"]))


def decode_multikey(text: str) -> dict[str, str]:
    """Return a key of Multikey form as a JWK. Raises `MalformedKey`."""
    if len(text) > MAX_CHARACTERS:
        raise UnsupportedKey(_OTHER_KIND)
    if not text.startswith(_BASE58):
        raise MalformedKey("the key is not multibase in base58 of the length of a key")
    try:
        data = multibase.decode(text)
    except multibase.MalformedMultibase as error:
        raise MalformedKey("the key is not base58") from error
    prefix, key = data[:2], data[2:]
    if prefix == _ED25519 and len(key) == _ED25519_BYTES:
        return {"kty": "OKP", "crv": "Ed25519", "x": base64url.encode(key)}
    if prefix == _P256 and len(key) == _P256_BYTES:
        try:
            numbers = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), key).public_numbers()
        except ValueError as error:
            raise MalformedKey("the key is not a point of P-256") from error
        x, y = (base64url.encode(number.to_bytes(_COORDINATE_BYTES, "big")) for number in (numbers.x, numbers.y))
        return {"kty": "EC", "crv": "P-256", "x": x, "y": y}
    is_broken = prefix in (_ED25519, _P256) or len(key) < _COORDINATE_BYTES
    raise MalformedKey(_OTHER_KIND) if is_broken else UnsupportedKey(_OTHER_KIND)


def check_jwk(jwk: Mapping[str, object]) -> dict[str, str]:
    """Return the members of a public Ed25519 or P-256 key of a JWK. Raises `MalformedKey`, also for a private one."""
    names = {("OKP", "Ed25519"): ("kty", "crv", "x"), ("EC", "P-256"): ("kty", "crv", "x", "y")}.get(
        (str(jwk.get("kty")), str(jwk.get("crv")))
    )
    if names is None:
        raise UnsupportedKey(_OTHER_KIND) if isinstance(jwk.get("kty"), str) else MalformedKey(_OTHER_KIND)
    if "d" in jwk:
        raise MalformedKey("the key is a private one, which its owner must not give away")
    members = {name: jwk.get(name) for name in names}
    if any(len(_bytes_of(members[name])) != _COORDINATE_BYTES for name in names[2:]):
        raise MalformedKey("a coordinate of the key has not 32 bytes")
    public = {name: str(value) for name, value in members.items()}
    if names[-1] == "y":
        point = b"\x04" + _bytes_of(public["x"]) + _bytes_of(public["y"])
        try:
            ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
        except ValueError as error:
            raise MalformedKey("the key is not a point of P-256") from error
    return public


def _bytes_of(text: object) -> bytes:
    """Decode canonical base64url without padding."""
    if not isinstance(text, str) or len(text) > MAX_CHARACTERS:
        raise MalformedKey("a member of the key is not text of the length of a key")
    try:
        return base64url.decode(text)
    except ValueError as error:
        raise MalformedKey("a member of the key is not canonical base64url") from error
