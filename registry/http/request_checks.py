"""Checks of every request before its handler runs, which the framework does not make."""

from functools import cache
from typing import Any, Final

import msgspec
from litestar import Request
from litestar.handlers import BaseRouteHandler
from litestar.params import HeaderParameter, ParameterKwarg

from registry.http.json_body import read_json
from registry.http.problems import FieldError, HttpProblem


async def check_request(request: Request[Any, Any, Any]) -> None:
    """Reject malformed requests with `HttpProblem`. (A coroutine: the framework would run a function in a thread.)"""
    _reject_nulls(request)
    _reject_unknown_parameters(request)
    _reject_conditions(request)
    _reject_encodings(request)
    field = request.route_handler.parsed_data_field
    if field is not None and isinstance(field.annotation, type) and issubclass(field.annotation, msgspec.Struct):
        _require_json(request)
        read_json(await request.body(), field.annotation)


def _reject_nulls(request: Request[Any, Any, Any]) -> None:
    """Reject U+0000, which PostgreSQL stores in no text, and the value `null`.

    The framework would treat the text `null` as a missing parameter.
    """
    for name, value in request.path_params.items():
        if isinstance(value, str) and "\0" in value:
            raise HttpProblem("unprocessable", errors=[FieldError(f"path {name}", "must not contain U+0000", name)])
    if not request.scope["query_string"]:
        return
    for name, value in request.query_params.multi_items():
        if str(value).lower() == "null":
            trouble = FieldError(f"query {name}", "leave it out, or give a value", name, "null")
            raise HttpProblem("invalid", errors=[trouble])
        if "\0" in str(value):
            raise HttpProblem("unprocessable", errors=[FieldError(f"query {name}", "must not contain U+0000", name)])


def _reject_unknown_parameters(request: Request[Any, Any, Any]) -> None:
    """Reject unknown query parameters, which may be misspelt, and repeated ones, which are ambiguous."""
    if not request.scope["query_string"]:
        return
    parameters = _parameters(request.route_handler)
    in_query = parameters.keys() - request.path_params.keys()
    used: set[str] = set()
    for name, _ in request.query_params.multi_items():
        if name not in in_query:
            expected = f"this operation has {', '.join(sorted(in_query)) or 'none'}"
            raise HttpProblem(
                "invalid",
                errors=[FieldError(f"query {name[:60]}", f"is not a parameter of this operation; {expected}", name)],
            )
        if name in used and not parameters[name]:
            raise HttpProblem("invalid", errors=[FieldError(f"query {name}", "is given twice", name)])
        used.add(name)


@cache
def _parameters(handler: BaseRouteHandler) -> dict[str, bool]:
    """Return the names of a handler's path and query parameters, each with whether it may be repeated."""
    others = handler.resolve_dependencies().keys() | {"request", "data", "body"}
    parameters = {}
    for name, field in handler.parsed_fn_signature.parameters.items():
        definition = field.kwarg_definition if isinstance(field.kwarg_definition, ParameterKwarg) else None
        if name not in others and not isinstance(definition, HeaderParameter):
            repeatable = any(each.is_non_string_sequence for each in (field, *field.inner_types))
            parameters[(definition and definition.name) or name] = repeatable
    return parameters


_WRITES: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_CONDITIONS: Final = ("If-Match", "If-None-Match", "If-Unmodified-Since")


def _reject_conditions(request: Request[Any, Any, Any]) -> None:
    """Reject conditional writes: to ignore the condition would do what its sender wants to prevent."""
    if request.method not in _WRITES:
        return
    for name in _CONDITIONS:
        if name in request.headers:
            detail = "is not supported, and nothing was done; leave it out. Idempotency-Key makes a write happen once"
            raise HttpProblem("invalid", errors=[FieldError(f"header {name}", detail, name)])


def _reject_encodings(request: Request[Any, Any, Any]) -> None:
    """Reject compressed bodies: nothing is unpacked."""
    encoding = ", ".join(request.headers.getall("content-encoding", []))
    if encoding.strip().lower() not in ("", "identity"):
        raise HttpProblem(
            "unsupported-media-type",
            f"send the body uncompressed, without the Content-Encoding {encoding[:60]!r}",
            headers={"Accept-Encoding": "identity"},
        )


def _require_json(request: Request[Any, Any, Any]) -> None:
    """Reject a body of another content type than JSON; a body without a content type counts as JSON."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type and media_type != "application/json" and not media_type.endswith("+json"):
        raise HttpProblem(
            "unsupported-media-type", f"this operation accepts application/json, and {media_type[:60]!r} was sent"
        )
