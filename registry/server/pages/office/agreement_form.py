"""The form of an agreement, as its address has it: an agreement to simulate, and one to declare. Pure."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Final, get_args
from urllib.parse import urlencode

import msgspec
from msgspec import Meta

from projections.api.agreements import AgreementDraft
from registry.http import FieldError, HttpProblem
from registry.server.pages.forms import read_number, read_version
from registry.wire.recognition import AgreementDeclared, Purpose

PURPOSES: Final[tuple[str, ...]] = get_args(Purpose)
OUTCOMES: Final = ("full", "partial", "conditional", "alternative")
LEVELS: Final = range(1, 9)
_MAX_ACHIEVEMENTS: Final = 200
_MAX_CHARACTERS: Final = 2_000
_SEVERAL: Final = ("achievement", "level")
Short = Annotated[str, Meta(max_length=_MAX_CHARACTERS)]


class AgreementForm(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """The fields of the form, as they were typed."""

    with_member: Annotated[str, Meta(max_length=40)] = ""
    achievement: Annotated[list[Annotated[str, Meta(max_length=60)]], Meta(max_length=_MAX_ACHIEVEMENTS)] = []
    """Versions that are named one by one, each `ID@VERSION`."""
    level: Annotated[list[int], Meta(max_length=8)] = []
    field: Short = ""
    """Codes of ISCED-F, separated by spaces or commas."""
    purpose: Short = "creditTransfer"
    outcome: Short = "full"
    ects_ratio: Short = "1"
    revisions: Short = ""
    begin: Short = ""
    end: Short = ""
    valid_from: Short = ""
    valid_until: Short = ""

    @property
    def is_asked(self) -> bool:
        """True if it names what it covers."""
        return bool(self.with_member and (self.achievement or self.level or self.field))

    @property
    def address(self) -> str:
        """The fields as the query of an address."""
        return urlencode(msgspec.to_builtins(self), doseq=True)

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """The fields as hidden fields of a form."""
        values: Mapping[str, Any] = msgspec.to_builtins(self)
        return [
            (name, str(each))
            for name, value in values.items()
            for each in (value if isinstance(value, list) else [value])
        ]


def read_form(pairs: Iterable[tuple[str, str]]) -> AgreementForm:
    """Return the form that the fields of an address or a request make. Raises `HttpProblem` for impossible values."""
    typed: dict[str, Any] = {}
    for name, value in pairs:
        if not value:
            continue
        if name in _SEVERAL:
            typed.setdefault(name, []).append(value)
        else:
            typed[name] = value
    try:
        return msgspec.convert(typed, AgreementForm, strict=False)
    except msgspec.ValidationError as error:
        raise HttpProblem("unprocessable", errors=[FieldError("query", str(error))]) from error


def draft_of(form: AgreementForm) -> AgreementDraft:
    """Return the agreement to simulate. Raises `msgspec.ValidationError`."""
    values = _read_shared(form) | {"begin": form.begin or None, "end": form.end or None}
    return msgspec.convert({name: value for name, value in values.items() if value is not None}, AgreementDraft)


def declaration_of(form: AgreementForm, agreement: str) -> AgreementDeclared:
    """Return the agreement to declare, with this id. Raises `msgspec.ValidationError`."""
    values = _read_shared(form) | {
        "agreement": agreement,
        "validFrom": form.valid_from,
        "validUntil": form.valid_until or None,
    }
    return msgspec.convert({name: value for name, value in values.items() if value is not None}, AgreementDeclared)


def _read_shared(form: AgreementForm) -> dict[str, Any]:
    return {
        "with": form.with_member,
        "achievements": [_version(form.with_member, each) for each in form.achievement] or _filter(form),
        "purpose": form.purpose,
        "outcome": form.outcome,
        "ectsRatio": read_number(form.ects_ratio),
        "includeRevisions": form.revisions == "true",
    }


def _filter(form: AgreementForm) -> dict[str, Any]:
    fields = form.field.replace(",", " ").split()
    return ({"eqfLevels": form.level} if form.level else {}) | ({"fieldsOfEducation": fields} if fields else {})


def _version(member: str, text: str) -> dict[str, Any]:
    achievement, _, version = text.partition("@")
    number = read_version(version)
    return {"member": member, "achievement": achievement, "version": version if number is None else number}
