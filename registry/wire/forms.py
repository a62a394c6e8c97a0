"""The forms of values on the wire, each an annotated type, and the checks that JSON's types and a pattern cannot make,
or cannot make fast.

Structs name these types; their checks are compiled from the annotations, once for each struct. A new field needs only
its annotation.
"""

import functools
import re
import types
from collections.abc import Callable, Iterable
from datetime import date, datetime
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta

UUID_PATTERN = "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"
DIGEST_PATTERN = "^[A-Za-z0-9_-]{43}$"
DATE_PATTERN = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
TIME_PATTERN = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?Z$"
MEMBER = "[a-z0-9-]{2,40}"
BASE64_HASH = "^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$"
LANGUAGE = "^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$"


class Form:
    """A check in addition to msgspec's: `check` returns what is wrong with a value, or None."""

    def __init__(self, name: str, check: Callable[[Any], str | None]) -> None:
        self.name = name
        self.check = check


_uuid = re.compile(UUID_PATTERN[:-1] + r"\Z")
_digest = re.compile(DIGEST_PATTERN[:-1] + r"\Z")
_date = re.compile(DATE_PATTERN[:-1] + r"\Z", re.ASCII)
_time = re.compile(TIME_PATTERN[:-1] + r"\Z", re.ASCII)


def check_uuid(value: str) -> str | None:
    """Return a fault unless the value is a UUID in canonical lower-case text."""
    return None if _uuid.match(value) else f"{value[:60]!r} is not a UUID in canonical lower case"


def check_digest(value: str) -> str | None:
    """Return a fault unless the value is 43 characters of unpadded base64url; verifiers do not decode it."""
    return None if _digest.match(value) else f"{value[:60]!r} is not 43 characters of base64url"


@functools.lru_cache(maxsize=32_768)
def check_date(value: str) -> str | None:
    """Return a fault unless the value is a calendar date. Cached: a year's awards are on a few hundred days."""
    if _date.match(value):
        try:
            date.fromisoformat(value)
        except ValueError:
            pass
        else:
            return None
    return f"{value[:60]!r} is not a date YYYY-MM-DD"


@functools.lru_cache(maxsize=32_768)
def check_time(value: str) -> str | None:
    """Return a fault unless the value is an RFC 3339 time in UTC that ends in `Z`."""
    if _time.match(value):
        try:
            datetime.fromisoformat(value[:19])
        except ValueError:
            pass
        else:
            return None
    return f"{value[:60]!r} is not a UTC time like 2026-05-04T00:00:00Z"


def check_number(value: float) -> str | None:
    """Return a fault unless a finite double represents the number: JSON's integers are unlimited, readers' are not."""
    try:
        float(value)
    except OverflowError:
        return "an integer that no finite double represents"
    return None


def check_credits(value: float) -> str | None:
    """Return a fault where credits have more than two decimals, by value (5.10 equals 5.1)."""
    if isinstance(value, int):
        return check_number(value)
    return None if round(value, 2) == value else f"{value} has more than two decimals"


FINITE = Form("number", check_number)
Uuid = Annotated[
    str,
    Meta(min_length=36, max_length=36, extra_json_schema={"pattern": UUID_PATTERN}),
    Form("uuid", check_uuid),
]
Date = Annotated[
    str,
    Meta(min_length=10, max_length=10, extra_json_schema={"pattern": DATE_PATTERN, "format": "date"}),
    Form("date", check_date),
]
Time = Annotated[
    str,
    Meta(min_length=20, extra_json_schema={"pattern": TIME_PATTERN, "format": "date-time"}),
    Form("time", check_time),
]
Credits = Annotated[Annotated[int, Meta(ge=0)] | Annotated[float, Meta(ge=0)], Form("credits", check_credits)]
Digest = Annotated[
    str,
    Meta(min_length=43, max_length=43, extra_json_schema={"pattern": DIGEST_PATTERN}),
    Form("digest", check_digest),
]
"""A SHA-256 in unpadded base64url."""
Root = Annotated[str, Meta(pattern=BASE64_HASH)]
Size = Annotated[int, Meta(ge=0, le=2**63 - 1)]
Version = Annotated[int, Meta(ge=1, lt=2**31)]
Member = Annotated[str, Meta(pattern=f"^(?!governance$){MEMBER}$")]
Language = Annotated[str, Meta(pattern=LANGUAGE)]
Text = Annotated[dict[Language, str], Meta(min_length=1)]
Country = Annotated[str, Meta(pattern="^[A-Z]{2}$")]
Level = Annotated[int, Meta(ge=1, le=8)]
Field = Annotated[str, Meta(pattern="^[0-9]{2,4}$")]
"""An ISCED-F 2013 code: broad (2 digits), narrow (3) or detailed field (4)."""
Amount = Annotated[Annotated[int, Meta(gt=0)] | Annotated[float, Meta(gt=0)], FINITE]
"""Hours, or a ratio: a number above zero."""
Number = Annotated[int | float, FINITE]

T = TypeVar("T")
AtLeastOne = Annotated[list[T], Meta(min_length=1)]


class Ref(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, rename="camel"):
    """An achievement of a member, at any version, or from `min_version` on."""

    member: Member
    achievement: Uuid
    min_version: Version | None = None


class VersionedRef(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, rename="camel"):
    """One version of a member's achievement."""

    member: Member
    achievement: Uuid
    version: Version


class CredentialRef(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, rename="camel"):
    """A credential of a member."""

    member: Member
    credential: Uuid


Fault = tuple[str, str]
"""A JSON path below the value ('' for the value itself), and what is wrong there."""
Checker = Callable[[Any], Fault | None]


@functools.cache
def checker(annotation: Any) -> Checker | None:  # noqa: ANN401 - any type that a struct's field may have
    """Compile the checks of `annotation` in addition to msgspec's own; None where there are none."""
    origin = get_origin(annotation)
    if origin is Annotated:
        base, *extras = get_args(annotation)
        inner = checker(base)
        forms = [extra for extra in extras if isinstance(extra, Form)]
        return _form(forms[0]) if forms else inner
    if origin in (list, tuple):
        return _each(checker(get_args(annotation)[0]))
    if origin in (Union, types.UnionType):
        # msgspec has chosen one of the union: the value's type shows which.
        choices = [(_runtime(arm), checker(arm)) for arm in get_args(annotation)]
        return _one_of([(kind, inner) for kind, inner in choices if inner is not None])
    if isinstance(annotation, type) and issubclass(annotation, msgspec.Struct):
        hints = get_type_hints(annotation, include_extras=True)
        fields = [
            (field.name, field.encode_name, inner)
            for field in msgspec.structs.fields(annotation)
            if (inner := checker(hints[field.name])) is not None
        ]
        return _fields(fields)
    return None


def _runtime(annotation: Any) -> type | tuple[type, ...]:  # noqa: ANN401 - see checker
    origin = get_origin(annotation)
    if origin is Annotated:
        return _runtime(get_args(annotation)[0])
    if origin in (Union, types.UnionType):
        arms = (_runtime(arm) for arm in get_args(annotation))
        return tuple(kind for arm in arms for kind in (arm if isinstance(arm, tuple) else (arm,)))
    if origin is Literal:
        return str
    return origin if isinstance(origin, type) else annotation


def _form(form: Form) -> Checker:
    def check(value: Any) -> Fault | None:  # noqa: ANN401 - see checker
        wrong = form.check(value)
        return None if wrong is None else ("", wrong)

    return check


def _each(inner: Checker | None) -> Checker | None:
    if inner is None:
        return None

    def check(values: Iterable[Any]) -> Fault | None:
        for index, value in enumerate(values):
            if (fault := inner(value)) is not None:
                return f"[{index}]{fault[0]}", fault[1]
        return None

    return check


def _one_of(choices: list[tuple[type | tuple[type, ...], Checker]]) -> Checker | None:
    if not choices:
        return None

    def check(value: Any) -> Fault | None:  # noqa: ANN401 - see checker
        for kind, inner in choices:
            if isinstance(value, kind):
                return inner(value)
        return None

    return check


def _fields(fields: list[tuple[str, str, Checker]]) -> Checker | None:
    if not fields:
        return None

    def check(struct: Any) -> Fault | None:  # noqa: ANN401 - see checker
        for name, encoded, inner in fields:
            value = getattr(struct, name)
            if value is not None and (fault := inner(value)) is not None:
                return f".{encoded}{fault[0]}", fault[1]
        return None

    return check


# A literal x must not be taken for a digit.
_SHAPE = bytes.maketrans(b"x0123456789abcdef", b"?" + b"x" * 16)
_TEMPLATE = b"xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx"


def all_uuids(values: list[str]) -> bool:
    """Return whether all of these strings of 36 characters are canonical UUIDs, in one pass over all of them."""
    try:
        joined = "".join(values).encode("ascii")
    except UnicodeEncodeError:
        return False
    return joined.translate(_SHAPE) == _TEMPLATE * len(values)


_BASE64URL = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def all_base64url(values: list[str]) -> bool:
    """Return whether all of these strings consist of base64url's characters."""
    try:
        return not "".join(values).encode("ascii").translate(None, _BASE64URL)
    except UnicodeEncodeError:
        return False
