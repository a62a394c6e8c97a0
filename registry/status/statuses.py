"""The three statuses of an entry, and how entries are packed into bits."""

import zlib
from collections.abc import Iterable, Mapping
from typing import Final

VALID: Final = 0
INVALID: Final = 1
SUSPENDED: Final = 2
"""The values of Token Status List, section 7.1. The database has them, too."""
STATUS_OF: Final[Mapping[str, int]] = {
    "active": VALID,
    "suspended": SUSPENDED,
    "revoked": INVALID,
    "replaced": INVALID,
    "voided": INVALID,
}
"""The value by the status on the log; `voided` where governance voided the issuing."""
MAX_INFLATED: Final = 8 * 1024 * 1024
"""Bytes of an unpacked list: 32 million entries of 2 bits."""
_ZLIB, _GZIP = 15, 31


class UnusableList(Exception):
    """A status list from which no status can be read. The message says why, as a sentence without a full stop."""


def pack_pairs(statuses: Mapping[int, int], size: int) -> bytes:
    """Return entries of two bits, the first in the lowest bits of the first byte (Token Status List, section 4.1)."""
    data = bytearray(size // 4)
    for place, status in statuses.items():
        data[place >> 2] |= status << ((place & 3) * 2)
    return bytes(data)


def pack_bits(places: Iterable[int], size: int) -> bytes:
    """Return entries of one bit, the first in the highest bit of the first byte (Bitstring Status List, section 3)."""
    data = bytearray(size // 8)
    for place in places:
        data[place >> 3] |= 0x80 >> (place & 7)
    return bytes(data)


def read_low_first(data: bytes, place: int, bits: int) -> int:
    """Return an entry of a Token Status List. Raises `UnusableList` where it has no such entry."""
    at = place * bits
    if not 0 <= at // 8 < len(data):
        raise UnusableList(f"the list has {len(data) * 8 // bits:,} entries, and none at {place:,}")
    return (data[at // 8] >> (at % 8)) & ((1 << bits) - 1)


def read_high_first(data: bytes, place: int, bits: int) -> int:
    """Return an entry of a Bitstring Status List. Raises `UnusableList` where it has no such entry."""
    begin, end = place * bits, (place + 1) * bits
    if place < 0 or end > len(data) * 8:
        raise UnusableList(f"the list has {len(data) * 8 // bits:,} entries, and none at {place:,}")
    value = int.from_bytes(data[begin // 8 : (end + 7) // 8], "big")
    return (value >> (-end % 8)) & ((1 << bits) - 1)


def inflate(data: bytes, *, is_gzip: bool) -> bytes:
    """Unpack zlib or gzip within bounds. Raises `UnusableList`."""
    unpacking = zlib.decompressobj(_GZIP if is_gzip else _ZLIB)
    try:
        content = unpacking.decompress(data, MAX_INFLATED)
    except zlib.error as error:
        raise UnusableList("the list cannot be unpacked") from error
    if unpacking.unconsumed_tail or (not unpacking.eof and len(content) >= MAX_INFLATED):
        raise UnusableList(f"the list is larger than {MAX_INFLATED // 1_048_576} MiB when unpacked")
    if not unpacking.eof or unpacking.unused_data:
        raise UnusableList("the packed list is cut off, or something follows it")
    return content
