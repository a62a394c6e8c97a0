"""Store an event's data in a column and read it again, whatever JSON a member wrote."""

import json
import re
from contextlib import suppress
from typing import Any, Final, TypeVar

import msgspec

_ESCAPED: Final = re.compile(rb"\\(u0000|.)")

_DIGITS: Final = 309
"""No double has more digits before its point, so no number of a known field has."""
_OF_NUMBERS: Final = frozenset("-0123456789")
_any: Final = msgspec.json.Decoder()
T = TypeVar("T")


def to_column(data: bytes) -> str:
    """Return the column's text: the data byte for byte, but with the escape of U+0000 replaced.

    PostgreSQL's `json` accepts that escape, and then fails queries for other names and values of the same object.
    """
    if b"\\u0000" in data:
        data = _ESCAPED.sub(lambda match: rb"\ufffd" if match[1] == b"u0000" else match[0], data)
    return data.decode()


def read(column: str | bytes) -> Any:  # noqa: ANN401 - JSON of any shape
    """Return the data. A number that no double holds, which an unknown field may have, is returned as its text."""
    return read_as(column if isinstance(column, str) else column.decode(), _any)


def read_as(column: str, decoder: msgspec.json.Decoder[T]) -> T:
    """Return the data as the decoder's type. Raises `msgspec.ValidationError`."""
    if not _has_long_number(column):
        with suppress(msgspec.DecodeError):  # such a number, or half of a surrogate pair: decoded below
            return decoder.decode(column)
    return msgspec.convert(_decode(column), decoder.type)


def _has_long_number(text: str) -> bool:
    """Return whether a number has more than `_DIGITS` digits. Such a number covers a place that is looked at."""
    for place in range(_DIGITS, len(text), _DIGITS + 1):
        if text[place] in _OF_NUMBERS:
            begin, end = place, place + 1
            while begin and text[begin - 1] in _OF_NUMBERS:
                begin -= 1
            while end < len(text) and text[end] in _OF_NUMBERS:
                end += 1
            if end - begin > _DIGITS:
                return True
    return False


def _integer(text: str) -> int | str:
    return int(text) if len(text) <= _DIGITS else text


def _float(text: str) -> float | str:
    value = float(text)
    return text if value in (float("inf"), float("-inf")) else value


_decode: Final = json.JSONDecoder(parse_int=_integer, parse_float=_float).decode
