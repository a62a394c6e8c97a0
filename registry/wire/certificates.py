"""The public key of an X.509 certificate, read from its DER (RFC 5280, section 4.1).

Only the place of the key is read, by a rule that every implementation follows to the byte (SPEC.md, section 7). A
library's parser would refuse more or less with each of its versions, and a verdict about the log must not.
"""

from typing import Final

_SEQUENCE: Final = 0x30
_VERSION: Final = 0xA0
_FIELDS_BEFORE_KEY: Final = 5
"""Serial number, signature algorithm, issuer, validity and subject; an optional version comes before them."""


def public_key_info(certificate: bytes) -> bytes | None:
    """Return the SubjectPublicKeyInfo of a certificate, header included; None where it has none in its place."""
    outer = _read(certificate, 0)
    if outer is None or outer[0] != _SEQUENCE or outer[2] != len(certificate):
        return None
    signed_part = _read(certificate, outer[1])
    if signed_part is None or signed_part[0] != _SEQUENCE:
        return None
    _, place, end = signed_part
    field = _read(certificate, place)
    if field is not None and field[0] == _VERSION:
        place = field[2]
    for _ in range(_FIELDS_BEFORE_KEY):
        field = _read(certificate, place)
        if field is None:
            return None
        place = field[2]
    key = _read(certificate, place)
    if key is None or key[0] != _SEQUENCE or key[2] > end:
        return None
    return certificate[place : key[2]]


def _read(data: bytes, place: int) -> tuple[int, int, int] | None:
    """Return the tag, the first byte of the content and the end of the value at a place; None where there is none.

    Lengths are definite and in their shortest form (X.690, section 10.1), of at most three bytes.
    """
    if place + 2 > len(data):
        return None
    tag, first = data[place], data[place + 1]
    content, length = place + 2, first
    if first >= 0x80:
        size = first & 0x7F
        content += size
        length = int.from_bytes(data[place + 2 : content], "big")
        if not 1 <= size <= 3 or length < 0x80 or length < 1 << (8 * (size - 1)):
            return None
    end = content + length
    return (tag, content, end) if end <= len(data) else None
