"""The one place that reads JSON bodies of requests.

Each fault becomes a problem document that names its place: bytes that are not UTF-8, text that is not JSON, nesting
that is too deep, a repeated name in an object, a value of the wrong type.
"""

import json
from collections import Counter
from collections.abc import Iterator
from functools import cache
from typing import Any, Final, TypeVar

import msgspec

from registry.http.problems import FieldError, HttpProblem
from registry.wire.validation_messages import describe_error
from registry.wire.value_faults import find_faults

KNOWN_ONLY: Final = "KNOWN_ONLY"
"""The attribute of a body's struct that forbids unknown fields in inner objects, too: they would be dropped."""
MAX_DEPTH: Final = 64
"""Levels of objects and lists. The deepest body that this API takes has eight."""
S = TypeVar("S", bound=msgspec.Struct)


def read_json(body: bytes, kind: type[S]) -> S:
    """Read a body as a struct. Raises `HttpProblem`: `invalid` or `unprocessable`, with the place of the fault."""
    tree = _tree(body)
    try:
        content = _decoder(kind).decode(body)
    except msgspec.ValidationError as error:
        first = describe_error(error, kind)
        faults = [first, *(fault for fault in find_faults(tree, kind) if fault[0] != first[0])]
        # A value such as "5" for 5 is well formed and has another meaning than its sender may think.
        raise HttpProblem(
            "unprocessable" if _passes(tree, kind) else "invalid", errors=[_field_error(*fault) for fault in faults]
        ) from error
    except Exception as error:
        # The two readers differ in a few corners, such as half of a surrogate pair.
        raise _unreadable("cannot be read as JSON") from error
    if (fault := _find_null(tree)) is not None:
        raise HttpProblem("unprocessable", errors=[FieldError(f"${fault}", "must not contain U+0000")])
    if getattr(kind, KNOWN_ONLY, False) and (unknown := find_faults(tree, kind, known_only=True)):
        raise HttpProblem("unprocessable", errors=[_field_error(*fault) for fault in unknown])
    return content  # type: ignore[return-value] # the decoder was made for this type


def _field_error(where: str, detail: str) -> FieldError:
    return FieldError(where, detail, where.rpartition(".")[2] if "." in where else "")


def _tree(body: bytes) -> Any:  # noqa: ANN401 - JSON
    """Return the body as plain objects, lists, texts and numbers. Raises `HttpProblem` if it cannot be read."""
    if not body.strip():
        raise _unreadable("is empty; a JSON object is needed")
    try:
        tree = json.loads(body.decode(), object_pairs_hook=_object, parse_constant=_constant)
    except UnicodeDecodeError as error:
        raise _unreadable(f"is not UTF-8: see byte {error.start + 1}") from error
    except json.JSONDecodeError as error:
        raise _unreadable(f"cannot be read as JSON: see line {error.lineno}, column {error.colno}") from error
    except RecursionError as error:
        raise _unreadable(_TOO_DEEP) from error
    except ValueError as error:  # a number of thousands of digits
        raise _unreadable("cannot be read as JSON: a number in it is too long") from error
    if _deeper_than(tree, MAX_DEPTH):
        raise _unreadable(_TOO_DEEP)
    return tree


_TOO_DEEP: Final = f"is nested too deep; {MAX_DEPTH} levels at most"


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        [(twice, _)] = Counter(name for name, _ in pairs).most_common(1)
        raise HttpProblem(
            "invalid", errors=[FieldError("$", f"an object has the name {twice[:60]!r} twice", twice[:60])]
        )
    return members


def _constant(text: str) -> float:
    raise _unreadable(f"cannot be read as JSON: {text} is not a number there")


def _unreadable(detail: str) -> HttpProblem:
    return HttpProblem("invalid", errors=[FieldError("$", detail)])


def _inside(value: Any) -> Iterator[tuple[str, Any]]:  # noqa: ANN401 - JSON
    """Yield the values of an object or a list, each with its step in a JSON path."""
    if isinstance(value, dict):
        yield from ((f".{name}", inner) for name, inner in value.items())
    elif isinstance(value, list):
        yield from ((f"[{place}]", inner) for place, inner in enumerate(value))


def _deeper_than(tree: Any, most: int) -> bool:  # noqa: ANN401 - JSON
    level = [tree] if isinstance(tree, dict | list) else []
    for _ in range(most):
        level = [inner for value in level for _, inner in _inside(value) if isinstance(inner, dict | list)]
        if not level:
            return False
    return True


def _find_null(value: Any) -> str | None:  # noqa: ANN401 - JSON
    """Return the place of the first text with U+0000, which PostgreSQL cannot store; None if there is none."""
    if isinstance(value, str):
        return "" if "\0" in value else None
    for step, inner in _inside(value):
        if (below := _find_null(inner)) is not None:
            return step + below
    return None


def _passes(tree: Any, kind: type[msgspec.Struct]) -> bool:  # noqa: ANN401 - JSON
    try:
        msgspec.convert(tree, kind, strict=False)
    except msgspec.ValidationError:
        return False
    return True


@cache
def _decoder(kind: type[msgspec.Struct]) -> msgspec.json.Decoder[msgspec.Struct]:
    return msgspec.json.Decoder(kind)
