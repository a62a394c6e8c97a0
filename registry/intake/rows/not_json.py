"""Explanations for the author of a file why it is not JSON; the library's messages are for programmers."""

import json
from typing import Any


class NotJson(ValueError):
    """Refusal by a check of the reader; its text is for people."""


def why_not_json(error: ValueError | RecursionError) -> str:
    """Explain an error of reading or writing JSON. Quotes nothing of the content."""
    match error:
        case NotJson():
            return str(error)
        case RecursionError():
            return "nests too deep"
        case UnicodeDecodeError():
            return f"byte {error.start + 1} is not UTF-8"
        case UnicodeEncodeError():
            return "a text in it has half of a surrogate pair (\\ud800 to \\udfff), which is not a character"
        case json.JSONDecodeError(lineno=1):
            return f"see column {error.colno}"
        case json.JSONDecodeError():
            return f"see line {error.lineno}, column {error.colno}"
    return "a number in it has too many digits"


def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object of these pairs. Raises `NotJson` if a name occurs twice."""
    names = [name for name, _ in pairs]
    if len(set(names)) != len(names):
        raise NotJson("a name stands twice")
    return dict(pairs)


def no_constant(text: str) -> float:
    """Refuse NaN and the infinities, which the library reads as numbers. Raises `NotJson`."""
    raise NotJson(f"{text} is not a JSON number")
