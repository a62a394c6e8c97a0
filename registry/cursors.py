"""Cursors of long lists: where the last page ended, so that new rows neither repeat nor hide any."""

import base64
import binascii
import hashlib
from collections.abc import Sequence
from typing import Any, Final

import msgspec

_FINGERPRINT_BYTES: Final = 8


class InvalidCursor(Exception):
    """A text that is not a cursor, or the cursor of another query."""

    def __init__(self) -> None:
        super().__init__("this cursor belongs to another query; use the value of `next`, or leave it out")


class Cursors:
    """The cursors of one query. A cursor of another list, or of the same list asked for otherwise, is refused."""

    def __init__(self, *query: Any) -> None:  # noqa: ANN401 - JSON, days, ids and structs
        """`query` is the list's name and all that narrows it."""
        self._fingerprint = hashlib.blake2b(msgspec.json.encode(query), digest_size=_FINGERPRINT_BYTES).digest()

    def encode(self, key: Sequence[Any]) -> str:
        """Return the cursor after the row with this key: text that clients need not understand, safe in a URL."""
        return base64.urlsafe_b64encode(self._fingerprint + msgspec.json.encode(key)).rstrip(b"=").decode()

    def decode(self, cursor: str, *types: Any) -> tuple[Any, ...]:  # noqa: ANN401 - types
        """Return the key again, its values of these types (`date` and `UUID` among them). Raises `InvalidCursor`."""
        try:
            padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
            content = base64.b64decode(padded, altchars=b"-_", validate=True)
            if content[:_FINGERPRINT_BYTES] != self._fingerprint:
                raise InvalidCursor
            key: tuple[Any, ...] = msgspec.json.decode(
                content[_FINGERPRINT_BYTES:], type=tuple.__class_getitem__(types)
            )
        except (UnicodeEncodeError, binascii.Error, msgspec.MsgspecError) as error:
            raise InvalidCursor from error
        return key
