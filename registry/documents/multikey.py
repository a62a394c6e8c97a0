"""Public keys as Multikey texts (W3C Controlled Identifiers, section 2.2.2) and as JWKs (RFC 7517)."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from registry.documents import multibase

_ED25519: Final = b"\xed\x01"
_P256: Final = b"\x80\x24"


class UnsupportedKey(ValueError):
    """A key that is malformed, or of a kind that no proof here uses: neither Ed25519 nor P-256."""


def jwk_of(text: str) -> dict[str, str]:
    """Return a Multikey text (`z6Mk…`, `zDn…`) as a JWK. Raises `UnsupportedKey`."""
    try:
        data = multibase.decode(text)
    except multibase.MalformedMultibase as error:
        raise UnsupportedKey(f"{text[:60]!r} is no key: {error}") from error
    kind, key = data[:2], data[2:]
    if kind == _ED25519 and len(key) == 32:
        return {"kty": "OKP", "crv": "Ed25519", "x": _encode(key)}
    if kind == _P256:
        try:
            point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), key).public_numbers()
        except ValueError as error:
            raise UnsupportedKey(f"{text[:60]!r} is no point of P-256") from error
        return {"kty": "EC", "crv": "P-256", "x": _encode(point.x.to_bytes(32)), "y": _encode(point.y.to_bytes(32))}
    raise UnsupportedKey(f"{text[:60]!r} is neither an Ed25519 nor a P-256 key")


def multikey_of(jwk: Mapping[str, str]) -> str:
    """Return a JWK as a Multikey text. Raises `UnsupportedKey`."""
    try:
        if (jwk["kty"], jwk["crv"]) == ("OKP", "Ed25519"):
            return multibase.encode(_ED25519 + _decode(jwk["x"], 32))
        if (jwk["kty"], jwk["crv"]) == ("EC", "P-256"):
            return multibase.encode(_P256 + p256_key(jwk).public_bytes(Encoding.X962, PublicFormat.CompressedPoint))
    except KeyError as error:
        raise UnsupportedKey(f"the JWK has no {error}") from error
    raise UnsupportedKey("the JWK is neither an Ed25519 nor a P-256 key")


def p256_key(jwk: Mapping[str, str]) -> ec.EllipticCurvePublicKey:
    """Return the P-256 key of a JWK. Raises `UnsupportedKey` for a point that is not on the curve."""
    x, y = (int.from_bytes(_decode(jwk[name], 32)) for name in ("x", "y"))
    try:
        return ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
    except ValueError as error:
        raise UnsupportedKey("the JWK is no point of P-256") from error


def ed25519_bytes(jwk: Mapping[str, str]) -> bytes:
    """Return the 32 bytes of an Ed25519 JWK. Raises `UnsupportedKey`."""
    return _decode(jwk["x"], 32)


def _encode(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str, length: int) -> bytes:
    try:
        data = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError as error:
        raise UnsupportedKey("the JWK has a coordinate that is not base64url") from error
    if len(data) != length:
        raise UnsupportedKey(f"the JWK has a coordinate of {len(data)} bytes instead of {length}")
    return data
