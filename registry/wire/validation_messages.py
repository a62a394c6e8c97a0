"""Messages about values that are not of their type, in plain words: what belongs there, and where.

msgspec reads the values and has its own messages, which refusals of events on the log keep.
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
"""The greatest number of allowed values or fields that are listed; of more, only those similar to the one written."""

PATTERNS: Final = {
    "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$": "an id (UUID) in lower case",
    "^[0-9]{4}-[0-9]{2}-[0-9]{2}$": "a date such as 2026-06-30",
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?Z$": "a UTC time such as 2026-06-30T12:00:00Z",
    "^(?!governance$)[a-z0-9-]{2,40}$": "a member's short name: 2 to 40 of a-z, 0-9 and -",
    "^[a-z0-9-]{2,40}$": "a member's short name: 2 to 40 of a-z, 0-9 and -",
    "^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$": "a language's tag (BCP 47), for example nl or en-GB",
    "^[0-9a-f]{12}$": "12 of 0-9 and a-f: the version of a held row, from the list of held rows",
    "^[0-9]{2,4}$": "2 to 4 digits such as 0613",
    "^[A-Z]{2}$": "two capital letters, for example NL",
    "^[A-Za-z]{2}$": "two letters, for example NL",
    "^[A-Za-z0-9_-]+$": "characters of base64url: letters, digits, - and _",
    "^[A-Za-z0-9_-]{43}$": "43 characters of base64url (a SHA-256)",
    "^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$": "a SHA-256 in base64",
    "^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$": "32 bytes in base64url without padding",
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
    "date": "a date such as 2026-06-30",
    "datetime": "a time such as 2026-06-30T12:00:00Z",
    "uuid": "an id (UUID) in lower case",
}
_UNREAD: Final = {
    "RFC3339 encoded date": _TYPES["date"],
    "RFC3339 encoded datetime": _TYPES["datetime"],
    "UUID": _TYPES["uuid"],
    "decimal string": _TYPES["decimal"],
}
_COUNTED: Final = {"str": "character", "array": "entry", "object": "entry"}
_LENGTHS: Final = {">= ": "must have at least {}", "<= ": "must have at most {}", "": "must have {}"}
_BOUNDS: Final = {
    ">=": "must be at least {}",
    ">": "must be more than {}",
    "<=": "must be at most {}",
    "<": "must be less than {}",
}
_TYPE = re.compile(r"Expected `([a-z |]+)`(?:, got `([a-z]+)`)?")
_BOUND = re.compile(r"Expected `[a-z |]+` (>=|>|<=|<) (\S+)")
_LENGTH = re.compile(r"Expected `([a-z]+)` of length (>= |<= |)(\d+)")
_REGEX = re.compile(r"Expected `str` matching regex (.+)", re.DOTALL)
_WHOLE = re.compile(r"(.*?)(?: - at (`key` in )?`(.*)`)?", re.DOTALL)
_STEP = re.compile(r"\.([^.\[]+)|\[(?:\d+|\.\.\.)\]")


def describe_error(error: msgspec.ValidationError, kind: Any) -> tuple[str, str]:  # noqa: ANN401 - any type
    """Return the JSON path of the fault in a value that was read as `kind`, and what belongs there."""
    match = _WHOLE.fullmatch(str(error))
    assert match is not None  # noqa: S101 - all texts have that form
    message, is_name, path = match.groups()
    here = _below(_describe_type(kind), path or "$")
    if is_name:
        names = [each.key_type for each in here if isinstance(each, inspect.DictType)]
        return path, f"a name in it {humanize(message, names)}"
    return path or "$", humanize(message, here)


def format_error(error: msgspec.ValidationError, kind: Any) -> str:  # noqa: ANN401 - any type
    """Return the path and the message in one line."""
    return ": ".join(describe_error(error, kind))


def types_of(kind: Any) -> list[Any]:  # noqa: ANN401 - any type
    """Return the types that a value of `kind` may have, for `humanize`."""
    return list(_arms(_describe_type(kind)))


def humanize(message: str, types: list[Any], text: str = "") -> str:
    """Return a message of msgspec in plain words. `types` are allowed there; `text` is the value, of a parameter."""
    if message.startswith("Invalid enum value"):
        return _say_choices([str(value) for each in types for value in _values(each)], message[18:].strip("'"))
    if (form := next(filter(None, map(_form, types)), None)) is not None:
        return f"must be {form}"
    if (regex := _REGEX.match(message)) is not None:
        return _say_pattern(literal_eval(regex[1]))
    if (length := _LENGTH.match(message)) is not None:
        return _say_length(*length.groups())
    if (bound := _BOUND.match(message)) is not None:
        return _say_bounds(types, *bound.groups())
    if (match := _TYPE.match(message)) is not None:
        return _say_type(match[1].split(" | "), match[2], text)
    if message.startswith("Object missing required field "):
        return f"lacks {message.partition('`')[2].rstrip('`')}"
    if message.startswith("Object contains unknown field "):
        structs = [each for each in types if isinstance(each, inspect.StructType)]
        fields = sorted(field.encode_name for struct in structs for field in struct.fields)
        name = message.partition("`")[2].rstrip("`")
        there = f"; there are {', '.join(fields)}" if len(fields) <= FEW else _suggest(name, fields)
        return f"{name[:60]} is not a field here{there}"
    return f"must be {_UNREAD[message[8:]]}" if message[8:] in _UNREAD else message


_describe_type = cache(inspect.type_info)


def _arms(kind: Any) -> Iterator[Any]:  # noqa: ANN401 - msgspec's description of a type
    """Yield the types of a union, or the type itself, with its metadata where that has a pattern."""
    if isinstance(kind, inspect.UnionType):
        for arm in kind.types:
            yield from _arms(arm)
    elif isinstance(kind, inspect.Metadata) and not (kind.extra_json_schema or {}).get("pattern"):
        yield from _arms(kind.type)
    elif not isinstance(kind, inspect.NoneType):
        yield kind


def _below(kind: Any, path: str) -> list[Any]:  # noqa: ANN401 - see _arms
    """Return the types that are allowed at a path."""
    here = list(_arms(kind))
    for step in _STEP.finditer(path):
        here = [arm for each in here for inner in _within(each, step[1]) for arm in _arms(inner)]
    return here


def _within(kind: Any, name: str | None) -> list[Any]:  # noqa: ANN401 - see _arms
    if isinstance(kind, inspect.StructType):
        return [field.type for field in kind.fields if field.encode_name == name]
    if isinstance(kind, inspect.DictType):
        return [kind.value_type]
    return [kind.item_type] if isinstance(kind, inspect.CollectionType) else []


def _values(kind: Any) -> tuple[Any, ...]:  # noqa: ANN401 - see _arms
    return kind.values if isinstance(kind, inspect.LiteralType) else ()


def _form(kind: Any) -> str | None:  # noqa: ANN401 - see _arms
    schema = kind.extra_json_schema if isinstance(kind, inspect.Metadata) else None
    return PATTERNS.get(schema["pattern"]) if schema else None


def _say_choices(values: list[str], value: str = "") -> str:
    if 0 < len(values) <= FEW:
        return f"must be {' or '.join(values) if len(values) < 3 else 'one of ' + ', '.join(values)}"
    return f"is not one of the allowed values{_suggest(value, values)}"


def _suggest(word: str, words: list[str]) -> str:
    alike = difflib.get_close_matches(word, words, 3)
    return f"; is it {' or '.join(alike)}?" if alike else ""


def _say_pattern(pattern: str) -> str:
    if re.fullmatch(r"\^\([\w|]+\)\$", pattern):
        return _say_choices(pattern[2:-2].split("|"))
    return f"must be {PATTERNS.get(pattern) or 'text that matches the pattern ' + pattern}"


def _say_length(kind: str, side: str, number: str) -> str:
    if side == ">= " and number == "1":
        return "must not be empty"
    word = _COUNTED.get(kind, "byte")
    many = word if number == "1" else f"{word[:-1]}ies" if word.endswith("y") else f"{word}s"
    return _LENGTHS[side].format(f"{number} {many}")


def _say_bounds(types: list[Any], sign: str, number: str) -> str:
    limits = [(getattr(each, "ge", None), getattr(each, "le", None)) for each in types]
    both = [pair for pair in limits if None not in pair]
    if both:
        return f"must be from {both[0][0]} to {both[0][1]}"
    above = next((each.gt for each in types if isinstance(each, inspect.FloatType) and each.gt is not None), None)
    if sign == ">=" and above is not None:  # msgspec turns the limit into one for whole numbers
        sign, number = ">", str(above)
    return _BOUNDS[sign].format(number.removesuffix(".0"))


def _say_type(names: list[str], actual: str | None, text: str) -> str:
    if text:  # a parameter: all are texts, and none is null
        if "int" in names and re.fullmatch("0+[1-9][0-9]*", text):
            return f"write {text.lstrip('0')[:20]}, without the zero"
        names, actual = [name for name in names if name != "null"], None
    if "float" in names:
        names = [name for name in names if name != "int"]
    message = f"must be {' or '.join(_TYPES.get(name, name) for name in names)}"
    return message if actual is None else f"{message}, and is {_TYPES.get(actual, actual)}"
