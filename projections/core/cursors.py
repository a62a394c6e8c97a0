"""Where the page before ended: the last row's key, opaque to readers, and good for the same search only."""

import base64
import binascii
import hashlib
from typing import TypeVar

import msgspec

from projections.core.errors import InvalidCursor

K = TypeVar("K", bound=msgspec.Struct)


def encode(query: msgspec.Struct, key: msgspec.Struct) -> str:
    """A cursor after `key` (an `array_like` struct) in this search; at most a few hundred characters, URL-safe."""
    return base64.urlsafe_b64encode(_of(query) + msgspec.json.encode(key)).decode().rstrip("=")


def decode(query: msgspec.Struct, cursor: str, kind: type[K]) -> K:
    """The key again. Raises `InvalidCursor`: not one of ours, or of another search."""
    try:
        raw = base64.urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
        if raw[:8] != _of(query):
            raise InvalidCursor
        return msgspec.json.decode(raw[8:], type=kind, strict=True)
    except (UnicodeEncodeError, binascii.Error, msgspec.DecodeError) as error:
        raise InvalidCursor from error


def _of(query: msgspec.Struct) -> bytes:
    """Which search it is: eight bytes over all that it asks."""
    return hashlib.sha256(msgspec.json.encode(query)).digest()[:8]
