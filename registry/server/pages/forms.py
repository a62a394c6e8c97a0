"""Values that readers type into forms, as the values of the same structs that the API reads."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Final, TypeVar
from uuid import uuid4

import msgspec
from litestar.enums import RequestEncodingType
from litestar.params import Body

from registry.http import FieldError, HttpProblem
from registry.server.pages.form_check import FIELD, FIELD_AGAIN

Typed = Annotated[dict[str, str], Body(media_type=RequestEncodingType.URL_ENCODED)]
"""The fields of a form, each once."""
Chosen = Annotated[dict[str, str | list[str]], Body(media_type=RequestEncodingType.URL_ENCODED)]
"""The fields of a form of which several values may be chosen."""
_MAX_CHARACTERS: Final = 500
_MAX_KEY: Final = 100
_NUMBER: Final = re.compile(r"[+-]?(?:\d{1,12}(?:[.,]\d{0,12})?|[.,]\d{1,12})")
_VERSION: Final = re.compile(r"[0-9]{1,9}")
_KEY: Final = "key"
_OF_THE_FORM: Final = frozenset({FIELD, FIELD_AGAIN, _KEY})
S = TypeVar("S", bound=msgspec.Struct)
T = TypeVar("T")


def read_search(typed: Mapping[str, Any], kind: type[S]) -> S:
    """Return the search that a form's fields make. Fields that the search does not have, and empty ones, are left out.

    Raises `HttpProblem` for a value that is not possible.
    """
    names = {field.encode_name for field in msgspec.structs.fields(kind)}
    values = {name: str(value).strip() for name, value in typed.items() if name in names and str(value).strip()}
    for name, value in values.items():
        if len(value) > _MAX_CHARACTERS or "\0" in value:
            detail = f"at most {_MAX_CHARACTERS} characters, without U+0000"
            raise HttpProblem("unprocessable", errors=[FieldError(f"query {name}", detail, name)])
    try:
        return msgspec.convert(values, kind, strict=False)
    except msgspec.ValidationError as error:
        message, _, path = str(error).rpartition(" - at `$.")
        name = path.removesuffix("`")
        raise HttpProblem("unprocessable", errors=[FieldError(f"query {name}", message or str(error), name)]) from error


def read_number(text: str) -> float | str:
    """Return a number as it was typed, with a comma or a point; what is none stays text, for the check to refuse."""
    text = text.strip()
    if _NUMBER.fullmatch(text) is None:
        return text
    number = float(text.replace(",", "."))
    return int(number) if number.is_integer() else number


def read_version(text: str) -> int | None:
    """Return the version that a form names, of 9 digits at most; None for any other text."""
    return int(text) if _VERSION.fullmatch(text) else None


def new_key() -> str:
    """Return a key for a form, so that it acts once."""
    return str(uuid4())


def form_key(typed: Mapping[str, str]) -> str:
    """Return the key that the form carries, so that a form that is sent twice acts once. Raises `HttpProblem`."""
    key = typed.get(_KEY, "")
    if not 0 < len(key) <= _MAX_KEY:
        raise HttpProblem("invalid", errors=[FieldError(_KEY, "the form lacks its key; open the page again", _KEY)])
    return key


def content_of(typed: Mapping[str, T]) -> dict[str, T]:
    """Return the fields that a person filled in, without those by which a form is checked and acts once.

    A form that is sent again after signing in has other such fields, and the same content.
    """
    return {name: value for name, value in typed.items() if name not in _OF_THE_FORM}
