"""What every request is held against before its handler is reached, beyond what the framework looks at."""

from functools import cache
from typing import Any, Final

import msgspec
from litestar import Request
from litestar.handlers import BaseRouteHandler
from litestar.params import HeaderParameter, ParameterKwarg

from registry.http.json_body import read_json
from registry.http.problems import FieldError, HttpProblem


async def check_request(request: Request[Any, Any, Any]) -> None:
    """Raise `HttpProblem` for what no client means. (A coroutine: the framework sends others to a thread and back.)"""
    _no_nulls(request)
    _no_others(request)
    _no_conditions(request)
    _not_encoded(request)
    field = request.route_handler.parsed_data_field
    if field is not None and isinstance(field.annotation, type) and issubclass(field.annotation, msgspec.Struct):
        _json_alone(request)
        read_json(await request.body(), field.annotation)


def _no_nulls(request: Request[Any, Any, Any]) -> None:
    """U+0000 stands in no name or text, and PostgreSQL takes it in none.

    And the framework takes the text `null` for a parameter that was left out.
    """
    for name, value in request.path_params.items():
        if isinstance(value, str) and "\0" in value:
            raise HttpProblem("unprocessable", errors=[FieldError(f"path {name}", "U+0000 stands in no name", name)])
    if not request.scope["query_string"]:
        return
    for name, value in request.query_params.multi_items():
        if str(value).lower() == "null":
            trouble = FieldError(f"query {name}", "leave it out, or say what it is", name, "null")
            raise HttpProblem("invalid", errors=[trouble])
        if "\0" in str(value):
            raise HttpProblem("unprocessable", errors=[FieldError(f"query {name}", "U+0000 stands in no text", name)])


def _no_others(request: Request[Any, Any, Any]) -> None:
    """A parameter that is not there is a misspelt one; one that is there twice means neither."""
    if not request.scope["query_string"]:
        return
    parameters = _parameters(request.route_handler)
    known = parameters.keys() - request.path_params.keys()
    seen: set[str] = set()
    for name, _ in request.query_params.multi_items():
        if name not in known:
            there = f"there {'is' if len(known) == 1 else 'are'} {', '.join(sorted(known)) or 'none'}"
            raise HttpProblem(
                "invalid", errors=[FieldError(f"query {name[:60]}", f"is no parameter here; {there}", name)]
            )
        if name in seen and not parameters[name]:
            raise HttpProblem("invalid", errors=[FieldError(f"query {name}", "is there twice", name)])
        seen.add(name)


@cache
def _parameters(handler: BaseRouteHandler) -> dict[str, bool]:
    """A handler's parameters of path and query, as clients name them; whether one may be there more than once."""
    others = handler.resolve_dependencies().keys() | {"request", "data", "body"}
    found = {}
    for name, field in handler.parsed_fn_signature.parameters.items():
        said = field.kwarg_definition if isinstance(field.kwarg_definition, ParameterKwarg) else None
        if name not in others and not isinstance(said, HeaderParameter):
            several = any(one.is_non_string_sequence for one in (field, *field.inner_types))
            found[(said and said.name) or name] = several
    return found


_WRITES: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_CONDITIONS: Final = ("If-Match", "If-None-Match", "If-Unmodified-Since")


def _no_conditions(request: Request[Any, Any, Any]) -> None:
    """No write evaluates a condition: to ignore one would do what its sender meant to prevent."""
    if request.method not in _WRITES:
        return
    for name in _CONDITIONS:
        if name in request.headers:
            detail = (
                "is not taken here, and nothing was done; leave it out. A write is done once by its Idempotency-Key"
            )
            raise HttpProblem("invalid", errors=[FieldError(f"header {name}", detail, name)])


def _not_encoded(request: Request[Any, Any, Any]) -> None:
    """A body is read as it was sent: nothing is unpacked."""
    given = ", ".join(request.headers.getall("content-encoding", []))
    if given.strip().lower() not in ("", "identity"):
        raise HttpProblem(
            "unsupported-media-type",
            f"bodies are taken uncompressed, and Content-Encoding says {given[:60]!r}; leave it out",
            headers={"Accept-Encoding": "identity"},
        )


def _json_alone(request: Request[Any, Any, Any]) -> None:
    """What says that it is something else is not read as JSON; what says nothing is held to be it."""
    given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if given and given != "application/json" and not given.endswith("+json"):
        raise HttpProblem("unsupported-media-type", f"this takes application/json, and {given[:60]!r} was sent")
