"""What every request is held against before its handler is reached, beyond what the framework looks at."""

from functools import cache
from typing import Any

import msgspec
from litestar import Request

from registry.http.problems import HttpProblem, Trouble


async def look_at(request: Request[Any, Any, Any]) -> None:
    """Raise `HttpProblem` for what no client means. (A coroutine: the framework sends others to a thread and back.)"""
    _no_nulls(request)
    field = request.route_handler.parsed_data_field
    if field is not None and isinstance(field.annotation, type) and issubclass(field.annotation, msgspec.Struct):
        _strictly(await request.body(), field.annotation)


def _no_nulls(request: Request[Any, Any, Any]) -> None:
    """U+0000 stands in no name or text, and PostgreSQL takes it in none.

    And the framework takes the text `null` for a parameter that was left out.
    """
    for name, value in request.path_params.items():
        if "\0" in str(value):
            raise HttpProblem("unprocessable", errors=[Trouble(f"path {name}", "U+0000 stands in no name", name)])
    for name, value in request.query_params.multi_items():
        if str(value).lower() == "null":
            trouble = Trouble(f"query {name}", "leave it out, or say what it is", name, "null")
            raise HttpProblem("invalid", errors=[trouble])
        if "\0" in str(value):
            raise HttpProblem("unprocessable", errors=[Trouble(f"query {name}", "U+0000 stands in no text", name)])


def _strictly(body: bytes, kind: type[msgspec.Struct]) -> None:
    """The framework's own reading takes "5" for 5 and 0 for false; what is said here is written down for good."""
    try:
        _decoder(kind).decode(body)
    except msgspec.ValidationError as error:
        detail, _, where = str(error).partition(" - at `")
        where = where.rstrip("`") or "$"
        field = where.rpartition(".")[2] if "." in where else ""
        raise HttpProblem("invalid", errors=[Trouble(where, detail, field)]) from error
    except msgspec.DecodeError:
        return  # no JSON at all: the framework says so


@cache
def _decoder(kind: type[msgspec.Struct]) -> msgspec.json.Decoder[msgspec.Struct]:
    return msgspec.json.Decoder(kind)
