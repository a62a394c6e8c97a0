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
    """Pass it as `cursor` to read on; null at the end."""


def fit_bytes(items: Sequence[T], most: int) -> list[T]:
    """Return the first items whose JSON has at most `most` bytes together, but at least one item."""
    size = 0
    for number, item in enumerate(items):
        size += len(msgspec.json.encode(item))
        if number and size > most:
            return list(items[:number])
    return list(items)


def with_optional_fields(kind: type[msgspec.Struct], name: str) -> Any:  # noqa: ANN401 - a type
    """Return, for the API's description, a struct whose fields are all optional: clients may ask for some of them."""
    fields = [
        (f.name, f.type | msgspec.UnsetType, msgspec.field(default=msgspec.UNSET, name=f.encode_name))
        for f in msgspec.structs.fields(kind)
    ]
    return msgspec.defstruct(name, fields, frozen=True, namespace={"__doc__": kind.__doc__})


def page_type(kind: type[msgspec.Struct], item: Any) -> Any:  # noqa: ANN401 - types
    """Return, for the API's description, a page type with items of another type."""
    fields = [(f.name, list[item] if f.name == "items" else f.type) for f in msgspec.structs.fields(kind)]
    return msgspec.defstruct(kind.__name__, fields, frozen=True, rename="camel", namespace={"__doc__": kind.__doc__})


def select_fields(items: Sequence[Any], fields: str) -> list[Any]:
    """Return the items with only these fields (names joined by commas), or with all if none is named.

    Raises `HttpProblem` for an unknown name.
    """
    if not fields:
        return list(items)
    names = [name.strip() for name in fields.split(",")]
    rows = [msgspec.to_builtins(item, builtin_types=(Decimal,)) for item in items]  # an answer writes it as a number
    if rows and (unknown := [name for name in names if name not in rows[0]]):
        fault = FieldError("query fields", f"choose from {', '.join(rows[0])}", value=",".join(unknown)[:80])
        raise HttpProblem("unprocessable", errors=[fault])
    return [{name: row[name] for name in names} for row in rows]
