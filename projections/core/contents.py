"""An event's data as a column holds them and as readers get them. Whatever a member wrote, they can be read."""

import json
import re
from contextlib import suppress
from typing import Any, Final, TypeVar

import msgspec

_ESCAPED: Final = re.compile(rb"\\(u0000|.)")

_DIGITS: Final = 309
"""No double has more before its point, so no known field has."""
_OF_NUMBERS: Final = frozenset("-0123456789")
_any: Final = msgspec.json.Decoder()
T = TypeVar("T")


def stored(data: bytes) -> str:
    """What the column holds: the data byte for byte, but for the escape of U+0000.

    PostgreSQL's `json` takes that escape in, and then fails whoever asks for a name or a value beside it.
    """
    if b"\\u0000" in data:
        data = _ESCAPED.sub(lambda match: rb"\ufffd" if match[1] == b"u0000" else match[0], data)
    return data.decode()


def read(column: str | bytes) -> Any:  # noqa: ANN401 - JSON of any shape
    """The data again; a number that no double holds (an unknown field may hold any) as the text that it was."""
    return read_as(column if isinstance(column, str) else column.decode(), _any)


def read_as(column: str, decoder: msgspec.json.Decoder[T]) -> T:
    """The same, of a kind. Raises `msgspec.ValidationError` where it is none."""
    if not _has_long_number(column):
        with suppress(msgspec.DecodeError):  # a number of that kind, or half of a surrogate pair: read below
            return decoder.decode(column)
    return msgspec.convert(_decode(column), decoder.type)


def _has_long_number(text: str) -> bool:
    """Whether a number with more digits stands in it. One of these is at each multiple: only there is looked."""
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
