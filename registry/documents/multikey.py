"""Public keys of Ed25519 and P-256 in Multikey form: multibase of a multicodec prefix and the key's bytes.

W3C Controlled Identifiers 1.0, section 2.2.2.
"""

import base64
import binascii
from collections.abc import Mapping
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec

_ALPHABET: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
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
        return _BASE58 + _encode_base58(_ED25519 + _bytes_of(jwk["x"]))
    sign = b"\x03" if _bytes_of(jwk["y"])[-1] & 1 else b"\x02"
    return _BASE58 + _encode_base58(_P256 + sign + _bytes_of(jwk["x"]))


def decode_multikey(text: str) -> dict[str, str]:
    """Return a key of Multikey form as a JWK. Raises `MalformedKey`."""
    if len(text) > MAX_CHARACTERS:
        raise UnsupportedKey(_OTHER_KIND)
    if not text.startswith(_BASE58):
        raise MalformedKey("the key is not multibase in base58 of the length of a key")
    data = _decode_base58(text[1:])
    prefix, key = data[:2], data[2:]
    if prefix == _ED25519 and len(key) == _ED25519_BYTES:
        return {"kty": "OKP", "crv": "Ed25519", "x": _text_of(key)}
    if prefix == _P256 and len(key) == _P256_BYTES:
        try:
            numbers = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), key).public_numbers()
        except ValueError as error:
            raise MalformedKey("the key is not a point of P-256") from error
        x, y = (_text_of(number.to_bytes(_COORDINATE_BYTES, "big")) for number in (numbers.x, numbers.y))
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
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error) as error:
        raise MalformedKey("a member of the key is not base64url") from error
    if _text_of(data) != text:
        raise MalformedKey("a member of the key is not canonical base64url")
    return data


def _text_of(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _encode_base58(data: bytes) -> str:
    number, digits = int.from_bytes(data, "big"), ""
    while number:
        number, rest = divmod(number, 58)
        digits = _ALPHABET[rest] + digits
    return "1" * (len(data) - len(data.lstrip(b"\0"))) + digits


def _decode_base58(text: str) -> bytes:
    number = 0
    for character in text:
        digit = _ALPHABET.find(character)
        if digit < 0:
            raise MalformedKey("the key is not base58")
        number = number * 58 + digit
    zeros = len(text) - len(text.lstrip("1"))
    return bytes(zeros) + number.to_bytes((number.bit_length() + 7) // 8, "big")
