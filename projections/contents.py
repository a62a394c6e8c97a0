"""An event's data as a column holds them and as readers get them. Whatever a member wrote, they can be read."""

import json
import re
from typing import Any, Final

import msgspec

_ESCAPED: Final = re.compile(rb"\\(u0000|.)")

_DIGITS: Final = 309
"""No double has more before its point, so no known field has."""
_DIGIT: Final = re.compile(r"[-0-9]")
_LONG: Final = re.compile(rf"[-0-9][0-9]{{{_DIGITS}}}")


def stored(data: bytes) -> str:
    """What the column holds: the data byte for byte, but for the escape of U+0000.

    PostgreSQL's `json` takes that escape in, and then fails whoever asks for a name or a value beside it.
    """
    if b"\\u0000" in data:
        data = _ESCAPED.sub(lambda match: rb"\ufffd" if match[1] == b"u0000" else match[0], data)
    return data.decode()


def read(column: str | bytes) -> Any:  # noqa: ANN401 - JSON of any shape
    """The data again; a number that no double holds (an unknown field may hold any) as the text that it was."""
    text = column if isinstance(column, str) else column.decode()
    # A number that is longer has a character at one of these places: most texts need not be looked through for it.
    if _DIGIT.search(text[_DIGITS :: _DIGITS + 1]) is None or _LONG.search(text) is None:
        try:
            return msgspec.json.decode(text)
        except msgspec.DecodeError:  # a number of that kind, or half of a surrogate pair: read below
            return _decode(text)
    return _decode(text)


def _integer(text: str) -> int | str:
    return int(text) if len(text) <= _DIGITS else text


def _float(text: str) -> float | str:
    value = float(text)
    return text if value in (float("inf"), float("-inf")) else value


_decode: Final = json.JSONDecoder(parse_int=_integer, parse_float=_float).decode
