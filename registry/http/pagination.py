"""Pages of long lists, and the fields of their items that a client asks for."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final, Generic, TypeVar

import msgspec

from registry.http.problems import FieldError, HttpProblem

LIMIT: Final = 50
MOST: Final = 500
T = TypeVar("T")


class Page(msgspec.Struct, Generic[T], frozen=True):
    """A part of a list."""

    items: list[T]
    next: str | None
    """Give it as `cursor` to read on; null at the end."""


def fit_bytes(items: Sequence[T], most: int) -> list[T]:
    """Return the first items that have `most` bytes of JSON together, or the first one alone where that has more."""
    size = 0
    for number, item in enumerate(items):
        size += len(msgspec.json.encode(item))
        if number and size > most:
            return list(items[:number])
    return list(items)


def with_optional_fields(kind: type[msgspec.Struct], name: str) -> Any:  # noqa: ANN401 - a type
    """For the description: the same with every field left out or there, as items are of which some were asked for."""
    fields = [
        (f.name, f.type | msgspec.UnsetType, msgspec.field(default=msgspec.UNSET, name=f.encode_name))
        for f in msgspec.structs.fields(kind)
    ]
    return msgspec.defstruct(name, fields, frozen=True, namespace={"__doc__": kind.__doc__})


def page_type(kind: type[msgspec.Struct], item: Any) -> Any:  # noqa: ANN401 - types
    """For the description: a page that has more than its items, with items of another type."""
    fields = [(f.name, list[item] if f.name == "items" else f.type) for f in msgspec.structs.fields(kind)]
    return msgspec.defstruct(kind.__name__, fields, frozen=True, rename="camel", namespace={"__doc__": kind.__doc__})


def select_fields(items: Sequence[Any], fields: str) -> list[Any]:
    """The items with these fields alone (names joined by commas); all where none are named.

    Raises `HttpProblem` for a name that the items cannot have.
    """
    if not fields:
        return list(items)
    wanted = [name.strip() for name in fields.split(",")]
    found = [msgspec.to_builtins(item, builtin_types=(Decimal,)) for item in items]  # an answer writes it as a number
    if found and (unknown := [name for name in wanted if name not in found[0]]):
        trouble = FieldError("query fields", f"there are {', '.join(found[0])}", value=",".join(unknown)[:80])
        raise HttpProblem("unprocessable", errors=[trouble])
    return [{name: item[name] for name in wanted} for item in found]
