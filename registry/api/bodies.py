"""Bodies of requests that are the data of an event. The node fills in some fields that are left out."""

from collections.abc import Collection, Mapping
from typing import Any, TypeVar

import msgspec
from litestar.di import NamedDependency
from litestar.params import SkipValidation

from registry.http import KNOWN_ONLY, FieldError, HttpProblem
from registry.intake.rows.report import Catalogue
from registry.office.ports import CredentialLookup
from registry.wire.forms import checker
from registry.wire.validation_messages import describe_error

S = TypeVar("S", bound=msgspec.Struct)

InjectedLookup = NamedDependency[SkipValidation[CredentialLookup]]
"""The node's lookup of credentials and achievements; a handler's `lookup`."""

Offers = NamedDependency[SkipValidation[Catalogue]]
"""The university's own achievements, which rows are checked against; a handler's `offered`."""


def body_of(name: str, data: type[msgspec.Struct], filled: Collection[str], more: Collection[Any] = ()) -> Any:  # noqa: ANN401 - a struct made at run time
    """Return a struct with the fields of an event's data, of which `filled` may be left out, and with `more` fields."""
    fields = [_field(field, filled) for field in msgspec.structs.fields(data)]
    fields.sort(key=lambda field: field[2].default is not msgspec.NODEFAULT)
    return msgspec.defstruct(
        name,
        [*fields, *more],
        frozen=True,
        rename="camel",
        omit_defaults=True,
        forbid_unknown_fields=True,
        namespace={KNOWN_ONLY: True},
    )


def _field(field: msgspec.structs.FieldInfo, filled: Collection[str]) -> tuple[str, Any, Any]:
    if field.name in filled:
        return field.name, field.type | None, msgspec.field(default=None, name=field.encode_name)
    return field.name, field.type, msgspec.field(default=field.default, name=field.encode_name)


def values_of(body: msgspec.Struct) -> dict[str, Any]:
    """Return the values of a body by their names in JSON, without those that are null."""
    values: dict[str, Any] = msgspec.to_builtins(body)
    return {name: value for name, value in values.items() if value is not None}


def content_of(values: Mapping[str, Any], data: type[S]) -> S:
    """Return the event's data. Raises `HttpProblem` where the values are invalid."""
    try:
        content = msgspec.convert(values, data, strict=True)
    except msgspec.ValidationError as error:
        raise HttpProblem("unprocessable", errors=[FieldError(*describe_error(error, data))]) from error
    check = checker(data)
    if check is not None and (fault := check(content)) is not None:
        raise HttpProblem("unprocessable", errors=[FieldError(f"${fault[0]}", fault[1])])
    return content
