"""Requests' bodies that are the data of an event, of which the node can fill some in."""

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
"""What the university offers, which rows are held against; a handler's `offered`."""


def body_of(name: str, data: type[msgspec.Struct], filled: Collection[str], more: Collection[Any] = ()) -> Any:  # noqa: ANN401 - a struct made at run time
    """A struct with the fields of an event's data; `filled` may be left out; `more` are fields of its own."""
    fields = [_field(one, filled) for one in msgspec.structs.fields(data)]
    fields.sort(key=lambda one: one[2].default is not msgspec.NODEFAULT)
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


def given(body: msgspec.Struct) -> dict[str, Any]:
    """What a body says, by the names that it has there; what is null is left out."""
    said: dict[str, Any] = msgspec.to_builtins(body)
    return {name: value for name, value in said.items() if value is not None}


def content_of(values: Mapping[str, Any], data: type[S]) -> S:
    """The event's data. Raises `HttpProblem` where they are none."""
    try:
        found = msgspec.convert(values, data, strict=True)
    except msgspec.ValidationError as error:
        raise HttpProblem("unprocessable", errors=[FieldError(*describe_error(error, data))]) from error
    check = checker(data)
    if check is not None and (wrong := check(found)) is not None:
        raise HttpProblem("unprocessable", errors=[FieldError(f"${wrong[0]}", wrong[1])])
    return found
