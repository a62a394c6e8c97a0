"""All faults of some JSON at once: every field and every item is checked by itself.

msgspec stops at the first fault. The author of a document needs all of them.
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
"""The greatest number of faults that are listed."""


def find_faults(value: Any, kind: Any, path: str = "$", *, known_only: bool = False) -> list[Fault]:  # noqa: ANN401 - any JSON, any type
    """Return the places where a decoded JSON value is not of its type, each with what belongs there; at most `MOST`.

    With `known_only`, a field that an object's type does not have is a fault, even where the type ignores such fields.
    """
    return list(islice(_Walk(known_only).faults(value, kind, path), MOST))


class _Walk:
    def __init__(self, known_only: bool) -> None:  # noqa: FBT001 - private
        self._known_only = known_only

    def faults(self, value: Any, kind: Any, path: str) -> Iterator[Fault]:  # noqa: ANN401 - any JSON, any type
        """Walk objects and lists, and check every other value by itself."""
        arm, lengths = _arm(value, kind)
        if isinstance(value, list) and get_origin(arm) is list:
            yield from _check_length(value, lengths, path)
            for place, item in enumerate(value):
                yield from self.faults(item, get_args(arm)[0], f"{path}[{place}]")
        elif isinstance(value, dict) and get_origin(arm) is dict:
            names, values = get_args(arm)
            yield from _check_length(value, lengths, path)
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
                yield path, f"{name[:60]} is not a field here{_suggest(name, fields)}"


def _arm(value: Any, kind: Any) -> tuple[Any, list[Meta]]:  # noqa: ANN401 - any JSON, any type
    """Return which of the types that `kind` allows an object or a list is meant to be, and the limits of its length."""
    lengths: list[Meta] = []
    while get_origin(kind) is Annotated:
        kind, *extras = get_args(kind)
        lengths += [extra for extra in extras if isinstance(extra, Meta)]
    if get_origin(kind) in (Union, types.UnionType):
        for choice in get_args(kind):
            arm, more = _arm(value, choice)
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


def _check_length(value: list[Any] | dict[str, Any], lengths: list[Meta], path: str) -> Iterator[Fault]:
    for limit in lengths:
        least, most = limit.min_length, limit.max_length
        if least is not None and len(value) < least:
            yield path, "must not be empty" if least == 1 else f"must have at least {least} entries"
        if most is not None and len(value) > most:
            yield path, f"must have at most {most} entries"


def _leaf(value: Any, kind: Any, path: str) -> Iterator[Fault]:  # noqa: ANN401 - any JSON, any type
    try:
        converted = msgspec.convert(value, kind, strict=True)
    except msgspec.ValidationError as error:
        where, detail = describe_error(error, kind)
        yield path + where.removeprefix("$"), detail
        return
    check = checker(kind)
    if check is not None and converted is not None and (wrong := check(converted)) is not None:
        yield path + wrong[0], wrong[1]


def _suggest(name: str, fields: dict[str, Any]) -> str:
    if alike := difflib.get_close_matches(name, fields, 3):
        return f"; is it {' or '.join(alike)}?"
    return f"; there are {', '.join(sorted(fields))}" if len(fields) <= FEW else ""
