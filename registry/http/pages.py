"""Pages of long lists: a cursor says where the last page ended, so that new rows neither repeat nor hide any."""

import base64
import binascii
import hashlib
from collections.abc import Sequence
from decimal import Decimal
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


def within_bytes(items: Sequence[T], most: int) -> list[T]:
    """Return the first items that have `most` bytes of JSON together, or the first one alone where that has more."""
    size = 0
    for number, item in enumerate(items):
        size += len(msgspec.json.encode(item))
        if number and size > most:
            return list(items[:number])
    return list(items)


class Cursors:
    """The cursors of a list as it was asked for: one of another list, or of this one asked otherwise, leads nowhere."""

    def __init__(self, *asked: Any) -> None:  # noqa: ANN401 - what JSON has, days and ids
        """`asked` is the list's name, and whatever narrows it."""
        self._asked = hashlib.blake2b(msgspec.json.encode(asked), digest_size=6).hexdigest()

    def encode(self, key: Sequence[Any]) -> str:
        """A row's place in the order, as a text that clients need not understand."""
        return base64.urlsafe_b64encode(msgspec.json.encode([self._asked, *key])).rstrip(b"=").decode()

    def decode(self, text: str, *kinds: type) -> tuple[Any, ...]:
        """A place again, of these kinds (`date` and `UUID` among them). Raises `HttpProblem` for no cursor of it."""
        try:
            padded = text.encode("ascii") + b"=" * (-len(text) % 4)
            content = base64.b64decode(padded, altchars=b"-_", validate=True)
            of, *key = msgspec.json.decode(content, type=tuple.__class_getitem__((str, *kinds)))
        except (UnicodeEncodeError, binascii.Error, msgspec.MsgspecError) as error:
            raise HttpProblem("unprocessable", errors=[_NO_CURSOR]) from error
        if of != self._asked:
            raise HttpProblem("unprocessable", errors=[_NO_CURSOR])
        return tuple(key)


_NO_CURSOR: Final = Trouble(
    "query cursor", "is no cursor of this list, asked for like this; take it from `next`, or leave it out"
)


def partly(kind: type[msgspec.Struct], name: str) -> Any:  # noqa: ANN401 - a type
    """For the description: the same with every field left out or there, as items are of which some were asked for."""
    fields = [
        (f.name, f.type | msgspec.UnsetType, msgspec.field(default=msgspec.UNSET, name=f.encode_name))
        for f in msgspec.structs.fields(kind)
    ]
    return msgspec.defstruct(name, fields, frozen=True, namespace={"__doc__": kind.__doc__})


def page_of(kind: type[msgspec.Struct], item: Any) -> Any:  # noqa: ANN401 - types
    """For the description: a page that has more than its items, with items of another type."""
    fields = [(f.name, list[item] if f.name == "items" else f.type) for f in msgspec.structs.fields(kind)]
    return msgspec.defstruct(kind.__name__, fields, frozen=True, rename="camel", namespace={"__doc__": kind.__doc__})


def selected(items: Sequence[Any], fields: str) -> list[Any]:
    """The items with these fields alone (names joined by commas); all where none are named.

    Raises `HttpProblem` for a name that the items cannot have.
    """
    if not fields:
        return list(items)
    wanted = [name.strip() for name in fields.split(",")]
    found = [msgspec.to_builtins(item, builtin_types=(Decimal,)) for item in items]  # an answer writes it as a number
    if found and (unknown := [name for name in wanted if name not in found[0]]):
        trouble = Trouble("query fields", f"there are {', '.join(found[0])}", value=",".join(unknown)[:80])
        raise HttpProblem("unprocessable", errors=[trouble])
    return [{name: item[name] for name in wanted} for item in found]
