"""What every request is held against before its handler is reached, beyond what the framework looks at."""

from functools import cache
from typing import Any

import msgspec
from litestar import Request
from litestar.handlers import BaseRouteHandler
from litestar.params import HeaderParameter, ParameterKwarg

from registry.http.problems import HttpProblem, Trouble
from registry.wire.misfits import place_of


async def look_at(request: Request[Any, Any, Any]) -> None:
    """Raise `HttpProblem` for what no client means. (A coroutine: the framework sends others to a thread and back.)"""
    _no_nulls(request)
    _no_others(request)
    field = request.route_handler.parsed_data_field
    if field is not None and isinstance(field.annotation, type) and issubclass(field.annotation, msgspec.Struct):
        _json_alone(request)
        _strictly(await request.body(), field.annotation)


def _no_nulls(request: Request[Any, Any, Any]) -> None:
    """U+0000 stands in no name or text, and PostgreSQL takes it in none.

    And the framework takes the text `null` for a parameter that was left out.
    """
    for name, value in request.path_params.items():
        if isinstance(value, str) and "\0" in value:
            raise HttpProblem("unprocessable", errors=[Trouble(f"path {name}", "U+0000 stands in no name", name)])
    if not request.scope["query_string"]:
        return
    for name, value in request.query_params.multi_items():
        if str(value).lower() == "null":
            trouble = Trouble(f"query {name}", "leave it out, or say what it is", name, "null")
            raise HttpProblem("invalid", errors=[trouble])
        if "\0" in str(value):
            raise HttpProblem("unprocessable", errors=[Trouble(f"query {name}", "U+0000 stands in no text", name)])


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
            raise HttpProblem("invalid", errors=[Trouble(f"query {name[:60]}", f"is no parameter here; {there}", name)])
        if name in seen and not parameters[name]:
            raise HttpProblem("invalid", errors=[Trouble(f"query {name}", "is there twice", name)])
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


def _json_alone(request: Request[Any, Any, Any]) -> None:
    """What says that it is something else is not read as JSON; what says nothing is held to be it."""
    given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if given and given != "application/json" and not given.endswith("+json"):
        raise HttpProblem("unsupported-media-type", f"this takes application/json, and {given[:60]!r} was sent")


def _strictly(body: bytes, kind: type[msgspec.Struct]) -> None:
    """The framework's own reading takes "5" for 5 and 0 for false; what is said here is written down for good."""
    if not body.strip():
        raise HttpProblem("invalid", errors=[Trouble("$", "is empty; a JSON object is needed")])
    try:
        _decoder(kind).decode(body)
        if b"\\u0000" in body and (where := _null_in(msgspec.json.decode(body), "$")) is not None:
            raise HttpProblem("unprocessable", errors=[Trouble(where, "U+0000 stands in no text")])
    except msgspec.ValidationError as error:
        where, detail = place_of(error, kind)
        field = where.rpartition(".")[2] if "." in where else ""
        # What the framework would have let pass is well formed, and means something else than it says.
        passed = "unprocessable" if _passes(body, kind) else "invalid"
        raise HttpProblem(passed, errors=[Trouble(where, detail, field)]) from error
    except msgspec.DecodeError:
        return  # no JSON at all: the framework says so


def _null_in(value: Any, path: str) -> str | None:  # noqa: ANN401 - JSON
    """Where in some JSON a text, or a name, has U+0000."""
    if isinstance(value, str):
        return path if "\0" in value else None
    if isinstance(value, dict):
        within = [(f"{path}.{name}", one) for name, one in value.items()]  # a name with it is an unknown one
    elif isinstance(value, list):
        within = [(f"{path}[{place}]", one) for place, one in enumerate(value)]
    else:
        within = []
    return next((found for where, one in within if (found := _null_in(one, where)) is not None), None)


def _passes(body: bytes, kind: type[msgspec.Struct]) -> bool:
    try:
        msgspec.convert(msgspec.json.decode(body), kind, strict=False)
    except msgspec.ValidationError:
        return False
    return True


@cache
def _decoder(kind: type[msgspec.Struct]) -> msgspec.json.Decoder[msgspec.Struct]:
    return msgspec.json.Decoder(kind)
