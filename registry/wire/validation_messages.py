"""What is wrong with a value that is not of its type, in plain words for whoever wrote it: what belongs there, where.

The library that reads values says it in its own. Refusals of events on the log keep those.
"""

import difflib
import re
from ast import literal_eval
from collections.abc import Iterator
from functools import cache
from typing import Any, Final

import msgspec
from msgspec import inspect

FEW: Final = 20
"""So many allowed values or fields are listed at most; of more, those alone that are like what was written."""

PATTERNS: Final = {
    "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$": "an id (UUID) in lower case",
    "^[0-9]{4}-[0-9]{2}-[0-9]{2}$": "a date as 2026-06-30",
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?Z$": "a moment in UTC as 2026-06-30T12:00:00Z",
    "^(?!governance$)[a-z0-9-]{2,40}$": "a member's short name: 2 to 40 of a-z, 0-9 and -",
    "^[a-z0-9-]{2,40}$": "a member's short name: 2 to 40 of a-z, 0-9 and -",
    "^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$": "a language's tag (BCP 47), as nl or en-GB",
    "^[0-9a-f]{12}$": "12 of 0-9 and a-f: the version of a held row, as the list has it",
    "^[0-9]{2,4}$": "2 to 4 digits, as 0613",
    "^[A-Z]{2}$": "two capital letters, as NL",
    "^[A-Za-z]{2}$": "two letters, as NL",
    "^[A-Za-z0-9_-]+$": "characters of base64url: letters, digits, - and _",
    "^[A-Za-z0-9_-]{43}$": "43 characters of base64url (a SHA-256)",
    "^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$": "a SHA-256 in base64",
    r"^[^\x00-\x1f\x7f]+$": "text in one line, without control characters",
}
_TYPES: Final = {
    "str": "text",
    "int": "a whole number",
    "float": "a number",
    "decimal": "a number",
    "bool": "true or false",
    "object": "an object",
    "array": "a list",
    "null": "null",
    "date": "a date as 2026-06-30",
    "datetime": "a moment as 2026-06-30T12:00:00Z",
    "uuid": "an id (UUID) in lower case",
}
_UNREAD: Final = {
    "RFC3339 encoded date": _TYPES["date"],
    "RFC3339 encoded datetime": _TYPES["datetime"],
    "UUID": _TYPES["uuid"],
    "decimal string": _TYPES["decimal"],
}
_COUNTED: Final = {"str": "character", "array": "entry", "object": "entry"}
_TYPE = re.compile(r"Expected `([a-z |]+)`(?:, got `([a-z]+)`)?")
_BOUND = re.compile(r"Expected `[a-z |]+` (>=|>|<=|<) (\S+)")
_LENGTH = re.compile(r"Expected `([a-z]+)` of length (>= |<= |)(\d+)")
_REGEX = re.compile(r"Expected `str` matching regex (.+)", re.DOTALL)
_WHOLE = re.compile(r"(.*?)(?: - at (`key` in )?`(.*)`)?", re.DOTALL)
_STEP = re.compile(r"\.([^.\[]+)|\[(?:\d+|\.\.\.)\]")


def describe_error(error: msgspec.ValidationError, kind: Any) -> tuple[str, str]:  # noqa: ANN401 - any type
    """Where in some JSON that was read as `kind` something is not of its type, as a JSON path, and what would be."""
    found = _WHOLE.fullmatch(str(error))
    assert found is not None  # noqa: S101 - all texts have that form
    message, is_name, path = found.groups()
    here = _below(_known(kind), path or "$")
    if is_name:
        names = [one.key_type for one in here if isinstance(one, inspect.DictType)]
        return path, f"a name in it {humanize(message, names)}"
    return path or "$", humanize(message, here)


def format_error(error: msgspec.ValidationError, kind: Any) -> str:  # noqa: ANN401 - any type
    """The same in one line."""
    return ": ".join(describe_error(error, kind))


def types_of(kind: Any) -> list[Any]:  # noqa: ANN401 - any type
    """What a parameter's value may be, as `humanize` takes it."""
    return list(_arms(_known(kind)))


def humanize(message: str, types: list[Any], given: str = "") -> str:
    """A message of the library's, in plain words. `types` are what may stand there; `given` is what does, if a text."""
    if message.startswith("Invalid enum value"):
        return _allowed([str(value) for one in types for value in _values(one)], message[18:].strip("'"))
    if (form := next(filter(None, map(_form, types)), None)) is not None:
        return f"must be {form}"
    if (regex := _REGEX.match(message)) is not None:
        return _fitting(literal_eval(regex[1]))
    if (length := _LENGTH.match(message)) is not None:
        return _long(*length.groups())
    if (bound := _BOUND.match(message)) is not None:
        return _bounded(types, *bound.groups())
    if (wanted := _TYPE.match(message)) is not None:
        return _typed(wanted[1].split(" | "), wanted[2], given)
    if message.startswith("Object missing required field "):
        return f"lacks {message.partition('`')[2].rstrip('`')}"
    if message.startswith("Object contains unknown field "):
        structs = [one for one in types if isinstance(one, inspect.StructType)]
        known = sorted(field.encode_name for struct in structs for field in struct.fields)
        name = message.partition("`")[2].rstrip("`")
        there = f"; there are {', '.join(known)}" if len(known) <= FEW else _alike(name, known)
        return f"{name[:60]} is no field here{there}"
    return f"must be {_UNREAD[message[8:]]}" if message[8:] in _UNREAD else message


_known = cache(inspect.type_info)


def _arms(one: Any) -> Iterator[Any]:  # noqa: ANN401 - the library's description of a type
    """What a value may be; with what is said of it beside its type."""
    if isinstance(one, inspect.UnionType):
        for arm in one.types:
            yield from _arms(arm)
    elif isinstance(one, inspect.Metadata) and not (one.extra_json_schema or {}).get("pattern"):
        yield from _arms(one.type)
    elif not isinstance(one, inspect.NoneType):
        yield one


def _below(one: Any, path: str) -> list[Any]:  # noqa: ANN401 - see _arms
    """What may stand at a path."""
    here = list(_arms(one))
    for step in _STEP.finditer(path):
        here = [arm for each in here for inner in _within(each, step[1]) for arm in _arms(inner)]
    return here


def _within(one: Any, name: str | None) -> list[Any]:  # noqa: ANN401 - see _arms
    if isinstance(one, inspect.StructType):
        return [field.type for field in one.fields if field.encode_name == name]
    if isinstance(one, inspect.DictType):
        return [one.value_type]
    return [one.item_type] if isinstance(one, inspect.CollectionType) else []


def _values(one: Any) -> tuple[Any, ...]:  # noqa: ANN401 - see _arms
    return one.values if isinstance(one, inspect.LiteralType) else ()


def _form(one: Any) -> str | None:  # noqa: ANN401 - see _arms
    said = one.extra_json_schema if isinstance(one, inspect.Metadata) else None
    return PATTERNS.get(said["pattern"]) if said else None


def _allowed(values: list[str], given: str = "") -> str:
    if 0 < len(values) <= FEW:
        return f"must be {' or '.join(values) if len(values) < 3 else 'one of ' + ', '.join(values)}"
    return f"is none of the values that may stand here{_alike(given, values)}"


def _alike(given: str, known: list[str]) -> str:
    alike = difflib.get_close_matches(given, known, 3)
    return f"; is it {' or '.join(alike)}?" if alike else ""


def _fitting(pattern: str) -> str:
    if re.fullmatch(r"\^\([\w|]+\)\$", pattern):
        return _allowed(pattern[2:-2].split("|"))
    return f"must be {PATTERNS.get(pattern) or 'text that the pattern ' + pattern + ' fits'}"


def _long(kind: str, side: str, number: str) -> str:
    if side == ">= " and number == "1":
        return "must not be empty"
    word = _COUNTED.get(kind, "byte")
    many = word if number == "1" else f"{word[:-1]}ies" if word.endswith("y") else f"{word}s"
    return f"must have {'at least ' if side == '>= ' else 'at most ' if side else ''}{number} {many}"


def _bounded(types: list[Any], sign: str, number: str) -> str:
    both = [(one.ge, one.le) for one in types if None not in (getattr(one, "ge", None), getattr(one, "le", None))]
    if both:
        return f"must be from {both[0][0]} to {both[0][1]}"
    above = next((one.gt for one in types if isinstance(one, inspect.FloatType) and one.gt is not None), None)
    if sign == ">=" and above is not None:  # of a whole number it says what holds for whole ones alone
        sign, number = ">", str(above)
    words = {">=": "at least", ">": "more than", "<=": "at most", "<": "less than"}
    return f"must be {words[sign]} {number.removesuffix('.0')}"


def _typed(wanted: list[str], got: str | None, given: str) -> str:
    if given:  # a parameter: all are texts, and none is null
        if "int" in wanted and re.fullmatch("0+[1-9][0-9]*", given):
            return f"write {given.lstrip('0')[:20]}, without the zero"
        wanted, got = [name for name in wanted if name != "null"], None
    if "float" in wanted:
        wanted = [name for name in wanted if name != "int"]
    told = f"must be {' or '.join(_TYPES.get(name, name) for name in wanted)}"
    return told if got is None else f"{told}, and is {_TYPES.get(got, got)}"
