"""Pages of long lists: a cursor says where the last page ended, so that new rows neither repeat nor hide any."""

import base64
import binascii
from collections.abc import Sequence
from typing import Any, Final, Generic, TypeVar

import msgspec

from registry.http.problems import HttpProblem, Trouble

LIMIT: Final = 50
MOST: Final = 500
T = TypeVar("T")


class Page(msgspec.Struct, Generic[T], frozen=True):
    """A part of a list."""

    items: list[T]
    next: str | None
    """Give it as `cursor` to read on; null at the end."""


def encode_cursor(key: Sequence[Any]) -> str:
    """A row's place in the order, as a text that clients need not understand."""
    return base64.urlsafe_b64encode(msgspec.json.encode(list(key))).rstrip(b"=").decode()


def decode_cursor(text: str, *kinds: type) -> tuple[Any, ...]:
    """A place again, of these kinds (`date` and `UUID` among them). Raises `HttpProblem` for no cursor of this list."""
    try:
        padded = text.encode("ascii") + b"=" * (-len(text) % 4)
        content = base64.b64decode(padded, altchars=b"-_", validate=True)
        key: tuple[Any, ...] = msgspec.json.decode(content, type=tuple.__class_getitem__(kinds))
    except (UnicodeEncodeError, binascii.Error, msgspec.MsgspecError) as error:
        trouble = Trouble("query cursor", "is no cursor of this list; take it from `next`, or leave it out")
        raise HttpProblem("unprocessable", errors=[trouble]) from error
    return key


def selected(items: Sequence[Any], fields: str) -> list[Any]:
    """The items with these fields alone (names joined by commas); all where none are named.

    Raises `HttpProblem` for a name that the items cannot have.
    """
    if not fields:
        return list(items)
    wanted = [name.strip() for name in fields.split(",")]
    found = [msgspec.to_builtins(item) for item in items]
    if found and (unknown := [name for name in wanted if name not in found[0]]):
        trouble = Trouble("query fields", f"there are {', '.join(found[0])}", value=",".join(unknown)[:80])
        raise HttpProblem("unprocessable", errors=[trouble])
    return [{name: item[name] for name in wanted} for item in found]
