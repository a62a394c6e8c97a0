"""Public keys of Ed25519, P-256 and P-384 in Multikey form: multibase of a multicodec prefix and the key's bytes.

W3C Controlled Identifiers 1.0, section 2.2.2.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

from cryptography.hazmat.primitives.asymmetric import ec

from registry.documents import multibase
from registry.wire import base64url

_BASE58: Final = "z"
_OTHER_KIND: Final = "the key is neither Ed25519 nor P-256 or P-384"
MAX_CHARACTERS: Final = 80
"""A Multikey of P-384 has 70. Decoding base58 takes time with the square of the length."""


class _Kind(NamedTuple):
    """A kind of key: its `kty`, its multicodec prefix, the bytes of a coordinate, and its curve if it has points."""

    type: str
    prefix: bytes
    length: int
    curve: ec.EllipticCurve | None = None

    @property
    def members(self) -> tuple[str, ...]:
        """The members of its JWK."""
        return ("kty", "crv", "x") if self.curve is None else ("kty", "crv", "x", "y")

    @property
    def key_bytes(self) -> int:
        """The bytes of a key in Multikey form: a point is compressed, with its sign before it."""
        return self.length if self.curve is None else self.length + 1


_KINDS: Final[Mapping[str, _Kind]] = {
    "Ed25519": _Kind("OKP", b"\xed\x01", 32),
    "P-256": _Kind("EC", b"\x80\x24", 32, ec.SECP256R1()),
    "P-384": _Kind("EC", b"\x81\x24", 48, ec.SECP384R1()),
}
_SHORTEST: Final = 32


class MalformedKey(ValueError):
    """A public key that is not one of the forms that this project reads. The message says why."""


class UnsupportedKey(MalformedKey):
    """A key that may be right, of a kind that this project does not read."""


def encode_multikey(jwk: Mapping[str, str]) -> str:
    """Return a key of JWK form as `publicKeyMultibase`. Raises `MalformedKey`."""
    check_jwk(jwk)
    kind = _KINDS[jwk["crv"]]
    sign = b"" if kind.curve is None else b"\x03" if _bytes_of(jwk["y"])[-1] & 1 else b"\x02"
    return multibase.encode(kind.prefix + sign + _bytes_of(jwk["x"]))


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
    named = [(name, kind) for name, kind in _KINDS.items() if kind.prefix == prefix]
    if not named or len(key) != named[0][1].key_bytes:
        is_broken = bool(named) or len(key) < _SHORTEST
        raise MalformedKey(_OTHER_KIND) if is_broken else UnsupportedKey(_OTHER_KIND)
    name, kind = named[0]
    if kind.curve is None:
        return {"kty": kind.type, "crv": name, "x": base64url.encode(key)}
    numbers = _read_point(key, name, kind.curve).public_numbers()
    x, y = (base64url.encode(number.to_bytes(kind.length, "big")) for number in (numbers.x, numbers.y))
    return {"kty": kind.type, "crv": name, "x": x, "y": y}


def check_jwk(jwk: Mapping[str, object]) -> dict[str, str]:
    """Return the members of a public key of a JWK. Raises `MalformedKey`, also for a private one."""
    kind = _KINDS.get(str(jwk.get("crv")))
    if kind is None or kind.type != jwk.get("kty"):
        raise UnsupportedKey(_OTHER_KIND) if isinstance(jwk.get("kty"), str) else MalformedKey(_OTHER_KIND)
    if "d" in jwk:
        raise MalformedKey("the key is a private one, which its owner must not give away")
    members = {name: jwk.get(name) for name in kind.members}
    if any(len(_bytes_of(members[name])) != kind.length for name in kind.members[2:]):
        raise MalformedKey(f"a coordinate of the key has not {kind.length} bytes")
    public = {name: str(value) for name, value in members.items()}
    if kind.curve is not None:
        _read_point(b"\x04" + _bytes_of(public["x"]) + _bytes_of(public["y"]), public["crv"], kind.curve)
    return public


def load_point(jwk: Mapping[str, str]) -> ec.EllipticCurvePublicKey:
    """Return a key of P-256 or P-384 that `check_jwk` returned. Raises `MalformedKey`."""
    curve = _KINDS[jwk["crv"]].curve
    if curve is None:
        raise MalformedKey("the key is not one of an elliptic curve with points")
    return _read_point(b"\x04" + _bytes_of(jwk["x"]) + _bytes_of(jwk["y"]), jwk["crv"], curve)


def _read_point(data: bytes, name: str, curve: ec.EllipticCurve) -> ec.EllipticCurvePublicKey:
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(curve, data)
    except ValueError as error:
        raise MalformedKey(f"the key is not a point of {name}") from error


def _bytes_of(text: object) -> bytes:
    """Decode canonical base64url without padding."""
    if not isinstance(text, str) or len(text) > MAX_CHARACTERS:
        raise MalformedKey("a member of the key is not text of the length of a key")
    try:
        return base64url.decode(text)
    except ValueError as error:
        raise MalformedKey("a member of the key is not canonical base64url") from error
