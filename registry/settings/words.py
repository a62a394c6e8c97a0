"""Describes the values of settings in words, for error messages and for the reference."""

import difflib
import types
from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Any, Final, Literal, NamedTuple, Union, get_args, get_origin

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic.fields import FieldInfo

PREFIX: Final = "REGISTRY_"
COLOUR: Final = (
    r"^(#[0-9a-fA-F]{3}|#[0-9a-fA-F]{6}"
    r"|oklch\((0|1|0?\.[0-9]{1,4}|[0-9]{1,2}(\.[0-9]{1,2})?%) 0?\.?[0-9]{1,4} [0-9]{1,3}(\.[0-9]{1,2})?\))$"
)
"""A colour of CSS, and nothing else that a style sheet could hold."""
_WORDS: Final[dict[Any, str]] = {
    str: "text",
    bool: "true or false",
    Path: "a path",
    SecretStr: "text",
    IPv4Network: "a network",
    IPv6Network: "a network",
}
_PATTERNS: Final = {
    r"^[a-z0-9.-]{3,100}$": "a domain name in lower case: 3 to 100 of a-z, 0-9, . and -",
    r"^[a-z0-9-]{2,40}$": "a member's short name: 2 to 40 of a-z, 0-9 and -",
    COLOUR: "a colour such as #00506b or oklch(0.41 0.08 228)",
    "^[A-Z]{2}$": "two capital letters, for example NL",
}
_FURTHER_VARIABLES: Final = tuple(
    PREFIX + name for name in ("BACKUP_PASSPHRASE", "KAFKA_KEY_PASSPHRASE", "KAFKA_PASSWORD")
)
"""Variables of the environment that are no settings, and are read where they are needed."""
_MIN_SIMILARITY: Final = 0.8
"""The similarity to a setting's name, from 0 to 1, from which a name is taken for a misspelt one."""


class Setting(NamedTuple):
    """One setting of a model: its name, the model of its table if it is one, and its field."""

    name: str
    table: type[BaseModel] | None
    several: bool
    """True if the table may occur several times."""
    field: FieldInfo


def settings_of(model: type[BaseModel]) -> Iterator[Setting]:
    """Yield a model's settings in their order."""
    for name, field in model.model_fields.items():
        kinds = list(_arms(field.annotation))
        tables = [kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)]
        several = get_origin(field.annotation) is tuple
        yield Setting(name, tables[0] if tables else None, several, field)


def _arms(annotation: Any) -> Iterator[Any]:  # noqa: ANN401 - any annotation
    """Yield the types in an annotation; of unions and tuples, those of their items."""
    if get_origin(annotation) is Annotated:
        yield from _arms(get_args(annotation)[0])
    elif get_origin(annotation) in (Union, types.UnionType, tuple):
        for inner in get_args(annotation):
            yield from _arms(inner)
    elif annotation not in (type(None), Ellipsis):
        yield annotation


def _metadata(annotation: Any) -> Iterator[Any]:  # noqa: ANN401 - any annotation
    """Yield the constraints in the annotation of an optional setting."""
    for arm in get_args(annotation) if get_origin(annotation) in (Union, types.UnionType) else ():
        if get_origin(arm) is Annotated:
            for each in get_args(arm)[1:]:
                yield from each.metadata if isinstance(each, FieldInfo) else (each,)


def form_of(field: FieldInfo) -> str:
    """Return the form of a setting's value, such as `a whole number from 0 to 65535`."""
    annotation = field.annotation
    kinds = list(dict.fromkeys(_arms(annotation)))
    metadata = [*field.metadata, *_metadata(annotation)]
    pattern = next((each.pattern for each in metadata if getattr(each, "pattern", None)), None)
    if pattern is not None:
        choices = str(pattern).removeprefix("^(").removesuffix(")$").split("|")
        return _PATTERNS.get(str(pattern)) or f"one of {', '.join(choices)}"
    if get_origin(kinds[0]) is Literal:
        return f"one of {', '.join(map(str, get_args(kinds[0])))}"
    if isinstance(kinds[0], type) and issubclass(kinds[0], Enum):
        return f"one of {', '.join(str(each.value) for each in kinds[0])}"
    if get_origin(kinds[0]) is dict:
        return "a table"
    if kinds[0] in (int, float):
        number = "a whole number" if kinds[0] is int else "a number"
        return f"{number}{_bounds(metadata)}"
    word = _WORDS.get(kinds[0], "a table")
    return f"a list: {word} each" if get_origin(annotation) is tuple else word


def _bounds(metadata: Iterable[Any]) -> str:
    limits = {
        name: getattr(each, name) for each in metadata for name in ("ge", "gt", "le", "lt") if hasattr(each, name)
    }
    if "ge" in limits and "le" in limits:
        return (
            f" from {limits['ge']:,} to {limits['le']}"
            if limits["ge"] > 999
            else f" from {limits['ge']} to {limits['le']}"
        )
    texts = {"ge": "of at least", "gt": "above", "le": "of at most", "lt": "below"}
    return "".join(f" {texts[name]} {limit}" for name, limit in limits.items())


def explain(error: ValidationError, model: type[BaseModel], environment: Mapping[str, str]) -> str:
    """Return the faults of settings, a line for each, with the form of the value."""
    return "\n  ".join(dict.fromkeys(_explain_one(dict(each), model, environment) for each in error.errors()))


def _explain_one(error: dict[str, Any], model: type[BaseModel], environment: Mapping[str, str]) -> str:
    place: tuple[Any, ...] = error["loc"]
    name = ".".join(map(str, place))
    if error["type"] == "extra_forbidden":
        return f"there is no setting {name}{_hint(place, model)}"
    field = _field(place, model)
    cause = (error.get("ctx") or {}).get("error")
    form = str(cause) if cause is not None else form_of(field) if field is not None else str(error["msg"])
    if error["type"] == "missing":
        return f"{name} is missing: {form}"
    variable = PREFIX + str(place[0]).upper() if place else ""
    where = f" (from {variable} in the environment)" if variable in environment else ""
    secret = bool(place) and place[0] in ("passphrase", "openid_client_secret", "database")
    value = error.get("input")
    shown = "" if secret or isinstance(value, dict | list | tuple) else f"; {str(value)[:80]!r} is not that"
    return f"{name}: {form}{shown}{where}"


def _field(place: tuple[Any, ...], model: type[BaseModel]) -> FieldInfo | None:
    current: type[BaseModel] | None = model
    field: FieldInfo | None = None
    for step in place:
        if isinstance(step, int):
            continue
        if current is None or step not in current.model_fields:
            return field
        setting = next(each for each in settings_of(current) if each.name == step)
        field, current = setting.field, setting.table
    return field


def _hint(place: tuple[Any, ...], model: type[BaseModel]) -> str:
    current: type[BaseModel] = model
    for step in place[:-1]:
        setting = next((each for each in settings_of(current) if each.name == step), None)
        if setting is not None and setting.table is not None:
            current = setting.table
    alike = difflib.get_close_matches(str(place[-1]), list(current.model_fields), 1)
    if alike:
        return f"; did you mean {'.'.join([*(str(s) for s in place[:-1] if not isinstance(s, int)), alike[0]])}?"
    for each in settings_of(model):
        if each.table is not None and place[-1] in each.table.model_fields and place[:-1] != (each.name,):
            return f"; it belongs in [{each.name}]"
    return ""


def find_misspelt(model: type[BaseModel], environment: Iterable[str]) -> str | None:
    """Return a message about a variable whose name is nearly a setting's, if there is one.

    Other variables with the same prefix belong to other programs (Kubernetes sets some for a service `registry`).
    """
    names = {PREFIX + name.upper() for name in model.model_fields} | set(_FURTHER_VARIABLES)
    for name in sorted(environment):
        if name.startswith(PREFIX) and name not in names:
            alike = difflib.get_close_matches(
                name.removeprefix(PREFIX), [k.removeprefix(PREFIX) for k in names], 1, _MIN_SIMILARITY
            )
            if alike:
                return f"{name} in the environment is not a setting; did you mean {PREFIX}{alike[0]}?"
    return None
