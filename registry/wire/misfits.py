"""What is wrong with a value that is not of its type, in words for whoever wrote it: what belongs there, and where.

msgspec tells it in its own terms (`Expected `str` matching regex …`); these are made of its message and of the type.
Refusals of events on the log keep msgspec's.
"""

import datetime as dt
import difflib
import re
from collections.abc import Iterator
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta

from registry.wire.forms import LANGUAGE, Country, Fault, Field, Form, Member

MOST: Final = 20
"""So many values or names are listed; of more only those that are alike."""
_STEP: Final = re.compile(r"\.([^.\[\]]+)|\[(\d+|\.\.\.)\]")
_ENUM: Final = re.compile(r"Invalid enum value (.*)", re.DOTALL)
_TYPE: Final = re.compile(r"Expected `([^`]+)`, got `([^`]+)`")
_BOUND: Final = re.compile(r"Expected `(\w+)` (<=|>=|<|>) (\S+)")
_LENGTH: Final = re.compile(r"Expected `(\w+)` of length (<=|>=) (\d+)")
_REGEX: Final = re.compile(r"Expected `str` matching regex (.*)", re.DOTALL)
_MISSING: Final = re.compile(r"Object missing required field `(.*)`", re.DOTALL)
_UNKNOWN: Final = re.compile(r"Object contains unknown field `(.*)`", re.DOTALL)
_TYPES: Final = {
    "str": "a text", "int": "a whole number", "float": "a number", "bool": "true or false", "array": "a list",
    "object": "an object", "null": "null",
}  # fmt: skip
_FORMS: Final = {
    "date": "a date, as 2026-06-30",
    "time": "a time in UTC, as 2026-05-04T00:00:00Z",
    "uuid": "an id, a UUID in lower case",
    "digest": "a digest, 43 characters of base64url",
}
_BOUNDS: Final = {">=": "{} or more", "<=": "at most {}", ">": "more than {}", "<": "less than {}"}


def _pattern(annotation: Any) -> str:  # noqa: ANN401 - a form of forms.py
    return next(str(extra.pattern) for extra in get_args(annotation) if isinstance(extra, Meta))


_PATTERNS: Final = {
    LANGUAGE: "a language's code, as en or pt-BR",
    _pattern(Member): "a member's name, as twente",
    _pattern(Country): "a country's code of two capitals, as NL",
    _pattern(Field): "an ISCED-F code of 2 to 4 digits, as 0613",
    r"^[^\x00-\x1f\x7f]+$": "a text without line breaks and control characters",
}


def misfit(error: msgspec.ValidationError, kind: Any) -> Fault:  # noqa: ANN401 - any type
    """The place, a JSON path, and what belongs there, where a value could not be read as `kind`."""
    detail, _, where = str(error).partition(" - at `")
    key, _, inside = where.partition("` in `")
    path = (inside or key).rstrip("`") or "$"
    found: list[Any] = [kind]
    for name, _ in _STEP.findall(path):
        found = [inner for one in found for inner in _within(one, name)]
    if inside:
        found = [get_args(base)[0] for one in found for base, _ in _arms(one) if get_origin(base) is dict]
    arms = [arm for one in found for arm in _arms(one)]
    return path, ("a name in it " if inside else "") + _said(detail, arms)


def told(error: msgspec.ValidationError, kind: Any) -> str:  # noqa: ANN401 - any type
    """The same in one line."""
    return ": ".join(misfit(error, kind))


def _said(detail: str, arms: list[tuple[Any, list[Any]]]) -> str:
    allowed = [str(one) for base, _ in arms if get_origin(base) is Literal for one in get_args(base) if one is not None]
    if (enum := _ENUM.fullmatch(detail)) is not None:
        given = enum[1].strip("'")
        return (
            f"{given[:60]!r} is none of {', '.join(allowed)}"
            if 0 < len(allowed) <= MOST
            else (f"{given[:60]!r} is not known here{_listed(given, allowed)}")
        )
    names = [
        field.encode_name
        for base, _ in arms
        if isinstance(base, type) and issubclass(base, msgspec.Struct)
        for field in msgspec.structs.fields(base)
    ]
    if (unknown := _UNKNOWN.fullmatch(detail)) is not None:
        return f"has no field {unknown[1][:60]!r}{_listed(unknown[1], names)}"
    if (missing := _MISSING.fullmatch(detail)) is not None:
        return f"lacks {missing[1]!r}"
    for base, extras in arms:
        form = next((extra.name for extra in extras if isinstance(extra, Form)), "")
        if form in _FORMS:
            return f"is to be {_FORMS[form]}"
        if base in (dt.date, dt.datetime):
            return f"is to be {_FORMS['date'] if base is dt.date else 'a time, as 2026-05-04T00:00:00Z'}"
    if (pattern := _REGEX.fullmatch(detail)) is not None:
        known = next((words for form, words in _PATTERNS.items() if repr(form) == pattern[1]), None)
        return f"is to be {known}" if known is not None else f"is to be a text of the form {pattern[1]}"
    if (wrong := _TYPE.fullmatch(detail)) is not None:
        wanted = [one for one in wrong[1].split(" | ") if one != "null"]
        wanted = [_TYPES.get(one, one) for one in wanted if one != "int" or "float" not in wanted]
        if 0 < len(allowed) <= MOST:
            wanted = [f"one of {', '.join(allowed)}"]
        return f"is {_TYPES.get(wrong[2], wrong[2])}, and is to be {' or '.join(wanted)}"
    if (length := _LENGTH.fullmatch(detail)) is not None:
        of = "characters" if length[1] == "str" else "entries"
        return f"is to have {_BOUNDS[length[2]].format(length[3])} {of}"
    if (bound := _BOUND.fullmatch(detail)) is not None:
        sign, limit = bound[2], bound[3]
        # Where any number may stand, msgspec says of a whole one what holds for whole ones alone.
        any_number = [extra for base, extras in arms if base is float for extra in extras if isinstance(extra, Meta)]
        for one in any_number:
            if sign == ">=" and one.gt is not None:
                sign, limit = ">", str(one.gt)
        kind = _TYPES["float"] if any_number else _TYPES.get(bound[1], bound[1])
        return f"is to be {kind}, {_BOUNDS[sign].format(limit.removesuffix('.0'))}"
    return detail


def _listed(given: str, known: list[str]) -> str:
    if not known:
        return ""
    if len(known) <= MOST:
        return f"; there are {', '.join(known)}"
    alike = difflib.get_close_matches(given, known, 3)
    return f"; is it {' or '.join(alike)}?" if alike else ""


def _arms(annotation: Any) -> Iterator[tuple[Any, list[Any]]]:  # noqa: ANN401 - any type
    """Each type that a value may be of, with what its annotations say of it."""
    origin = get_origin(annotation)
    if origin is Annotated:
        base, *extras = get_args(annotation)
        for inner, more in _arms(base):
            yield inner, [*more, *extras]
    elif origin is Union or type(annotation).__name__ == "UnionType":
        for arm in get_args(annotation):
            yield from _arms(arm)
    elif annotation is not type(None):
        yield annotation, []


def _within(annotation: Any, name: str) -> Iterator[Any]:  # noqa: ANN401 - any type
    """The types of what has that name within a value; of what has none, an entry's."""
    for base, _ in _arms(annotation):
        if isinstance(base, type) and issubclass(base, msgspec.Struct):
            hints = get_type_hints(base, include_extras=True)
            yield from (hints[field.name] for field in msgspec.structs.fields(base) if field.encode_name == name)
        elif get_args(base) and not name:
            yield get_args(base)[-1]
