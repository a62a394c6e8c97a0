"""Ed25519 public keys with which anybody can sign, or nobody.

Verifiers keep to RFC 8032 and take such keys as any other: if one verifier refused them and another did not, they
would come to different histories. So they are refused where a key is proposed for governance, and where it is signed.

Source: RFC 8032, 5.1 (the curve and its encoding); the points of small order are those of order 1, 2, 4 and 8.
"""

from typing import Final

_PRIME: Final = 2**255 - 19
_D: Final = -121665 * pow(121666, -1, _PRIME) % _PRIME
_SIGN: Final = 1 << 255
_ORDER_8: Final = 0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826
"""The y of a point of order 8; that of the others is its negative."""
_SMALL_ORDER: Final = frozenset({1, _PRIME - 1, 0, _ORDER_8, _PRIME - _ORDER_8})
"""The y of the eight points of small order; those of 0 and of the order 8 have two x each."""


def find_weakness(public: bytes) -> str | None:
    """Return why 32 bytes must not become a public key; None if they may."""
    encoded = int.from_bytes(public, "little")
    y = encoded & ~_SIGN
    if y % _PRIME in _SMALL_ORDER:
        return "it is a key of small order: anybody can sign by it, without a private key"
    if y >= _PRIME:
        return "it is not written in the one form that a key has (its number is too large)"
    square = (y * y - 1) * pow(_D * y * y + 1, -1, _PRIME) % _PRIME
    if pow(square, (_PRIME - 1) // 2, _PRIME) != 1:
        return "it is not a point of the curve: nobody can sign by it"
    return None
