"""JSON of documents from outside: each name once, bounded depth, no lone surrogates, nothing but JSON."""

import json
from typing import Any, Final, NoReturn

MAX_DEPTH: Final = 32
"""Levels of objects and arrays, as on the log."""


def parse_json(data: bytes | str) -> Any:  # noqa: ANN401 - any JSON value
    """Return a JSON value. Raises `ValueError` with what is wrong."""
    try:
        text = data.decode() if isinstance(data, bytes) else data
        value = json.loads(text, object_pairs_hook=_unique, parse_constant=_refuse_constant)
        text.encode()
        if "\\ud" in text or "\\uD" in text:  # a pair of escapes may be a character: the values tell
            json.dumps(value, ensure_ascii=False).encode()
    except UnicodeError as error:
        raise ValueError("its text is not Unicode") from error
    except RecursionError as error:
        raise ValueError(f"it has more than {MAX_DEPTH} levels") from error
    if not is_shallow(value):
        raise ValueError(f"it has more than {MAX_DEPTH} levels")
    return value


def parse_object(data: bytes | str) -> dict[str, Any]:
    """Return a JSON object. Raises `ValueError` with what is wrong."""
    value = parse_json(data)
    if not isinstance(value, dict):
        raise ValueError("it is not a JSON object")  # noqa: TRY004 - one error for all that is wrong with a text
    return value


def is_shallow(value: Any, levels: int = MAX_DEPTH) -> bool:  # noqa: ANN401 - any JSON value
    """Return whether a value has at most this many levels of objects and arrays."""
    rows = [value] if isinstance(value, dict | list) else []
    for _ in range(levels):
        rows = [
            item
            for row in rows
            for item in (row.values() if type(row) is dict else row)
            if type(item) is dict or type(item) is list
        ]
        if not rows:
            return True
    return False


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("a name is there twice in one object")
    return value


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
