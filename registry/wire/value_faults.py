"""All that is wrong with some JSON at once: every field and every item is checked by itself.

The library that reads values stops at the first fault. Whoever wrote a document wants to hear of all of them.
"""

import difflib
import types
from collections.abc import Iterator
from functools import cache
from itertools import islice
from typing import Annotated, Any, Final, Union, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta

from registry.wire.forms import Fault, checker
from registry.wire.validation_messages import FEW, describe_error

MOST: Final = 100
"""How many faults are listed at most."""


def find_faults(value: Any, kind: Any, path: str = "$", *, known_only: bool = False) -> list[Fault]:  # noqa: ANN401 - any JSON, any type
    """Return where a decoded JSON value is not of its type, each with what would be right; at most `MOST`.

    `known_only`: a field that an object's type does not have is a fault, too, whatever the type itself says of it.
    """
    return list(islice(_Walk(known_only).faults(value, kind, path), MOST))


class _Walk:
    def __init__(self, known_only: bool) -> None:  # noqa: FBT001 - private
        self._known_only = known_only

    def faults(self, value: Any, kind: Any, path: str) -> Iterator[Fault]:  # noqa: ANN401 - any JSON, any type
        """Go into objects and lists, and check what is neither by itself."""
        arm, lengths = _arm(value, kind)
        if isinstance(value, list) and get_origin(arm) is list:
            yield from _too_few(value, lengths, path)
            for place, item in enumerate(value):
                yield from self.faults(item, get_args(arm)[0], f"{path}[{place}]")
        elif isinstance(value, dict) and get_origin(arm) is dict:
            names, values = get_args(arm)
            yield from _too_few(value, lengths, path)
            for name, item in value.items():
                yield from (
                    (path, f"has the name {name[:60]!r}: it {detail}") for _, detail in _leaf(name, names, path)
                )
                yield from self.faults(item, values, f"{path}.{name}")
        elif isinstance(value, dict) and _is_struct(arm):
            yield from self._object(value, arm, path)
        else:
            yield from _leaf(value, kind, path)

    def _object(self, value: dict[str, Any], kind: type[msgspec.Struct], path: str) -> Iterator[Fault]:
        hints = _hints(kind)
        fields = {field.encode_name: field for field in msgspec.structs.fields(kind)}
        for name, field in fields.items():
            if name in value:
                yield from self.faults(value[name], hints[field.name], f"{path}.{name}")
            elif field.required:
                yield path, f"lacks {name}"
        if self._known_only or kind.__struct_config__.forbid_unknown_fields:
            for name in value.keys() - fields.keys():
                yield path, f"{name[:60]} is no field here{_meant(name, fields)}"


def _arm(value: Any, kind: Any) -> tuple[Any, list[Meta]]:  # noqa: ANN401 - any JSON, any type
    """The type among those that `kind` allows which an object or a list is meant as, and what is said of its length."""
    lengths: list[Meta] = []
    while get_origin(kind) is Annotated:
        kind, *extras = get_args(kind)
        lengths += [one for one in extras if isinstance(one, Meta)]
    if get_origin(kind) in (Union, types.UnionType):
        for one in get_args(kind):
            arm, more = _arm(value, one)
            if (isinstance(value, list) and get_origin(arm) is list) or (
                isinstance(value, dict) and (get_origin(arm) is dict or _is_struct(arm))
            ):
                return arm, lengths + more
    return kind, lengths


@cache
def _hints(kind: type[msgspec.Struct]) -> dict[str, Any]:
    return get_type_hints(kind, include_extras=True)


def _is_struct(kind: Any) -> bool:  # noqa: ANN401 - any type
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


def _too_few(value: list[Any] | dict[str, Any], lengths: list[Meta], path: str) -> Iterator[Fault]:
    for one in lengths:
        if one.min_length is not None and len(value) < one.min_length:
            yield path, "must not be empty" if one.min_length == 1 else f"must have at least {one.min_length} entries"
        if one.max_length is not None and len(value) > one.max_length:
            yield path, f"must have at most {one.max_length} entries"


def _leaf(value: Any, kind: Any, path: str) -> Iterator[Fault]:  # noqa: ANN401 - any JSON, any type
    try:
        found = msgspec.convert(value, kind, strict=True)
    except msgspec.ValidationError as error:
        where, detail = describe_error(error, kind)
        yield path + where.removeprefix("$"), detail
        return
    check = checker(kind)
    if check is not None and found is not None and (wrong := check(found)) is not None:
        yield path + wrong[0], wrong[1]


def _meant(name: str, fields: dict[str, Any]) -> str:
    if alike := difflib.get_close_matches(name, fields, 3):
        return f"; is it {' or '.join(alike)}?"
    return f"; there are {', '.join(sorted(fields))}" if len(fields) <= FEW else ""
