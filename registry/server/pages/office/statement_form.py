"""The form of a statement about an achievement of another member, as its address has it. Pure."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, get_args
from urllib.parse import urlencode

import msgspec
from msgspec import Meta

from registry.office.assessments.assessment import MILDER, ConsideredOutcome
from registry.server.pages.forms import read_number, read_search, read_version
from registry.wire.recognition import DIFFERENCES, Effect, Mode, Outcome, Purpose, RecognitionAssessed

PURPOSES: Final[tuple[str, ...]] = get_args(Purpose)
OUTCOMES: Final[tuple[str, ...]] = get_args(Outcome)
MODES: Final[tuple[str, ...]] = get_args(Mode)
EFFECTS: Final[tuple[str, ...]] = get_args(Effect)
GROUNDS: Final = {aspect: sorted(codes) for aspect, codes in DIFFERENCES.items()}
Short = Annotated[str, Meta(max_length=500)]


class StatementForm(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """The fields of the form, as they were typed."""

    member: Short = ""
    achievement: Short = ""
    """A version, `ID@VERSION`."""
    purpose: Short = "creditTransfer"
    outcome: Short = "full"
    mode: Short = "recognised"
    effect: Short = "binding"
    ects: Short = ""
    towards: Short = ""
    ground: Short = ""
    """`aspect:difference`."""
    valid_until: Short = ""
    partial: Short = ""
    """For a refusal: why recognition in part is not possible; the next two likewise."""
    conditional: Short = ""
    alternative: Short = ""

    @property
    def address(self) -> str:
        """The fields as the query of an address."""
        return urlencode(msgspec.to_builtins(self))

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """The fields as hidden fields of a form."""
        values: Mapping[str, str] = msgspec.to_builtins(self)
        return list(values.items())


def read_form(typed: Mapping[str, Any]) -> StatementForm:
    """Return the form that an address or a request has. Raises `HttpProblem` for values that are not possible."""
    return read_search(typed, StatementForm)


def statement_of(form: StatementForm, assessment: str) -> RecognitionAssessed:
    """Return the statement that the form makes, with this id. Raises `msgspec.ValidationError`."""
    achievement, _, version = form.achievement.partition("@")
    number = read_version(version)
    aspect, _, difference = form.ground.partition(":")
    values: dict[str, Any] = {
        "assessment": assessment,
        "achievement": {
            "member": form.member,
            "achievement": achievement,
            "version": version if number is None else number,
        },
        "purpose": form.purpose,
        "outcome": form.outcome,
        "mode": form.mode,
        "effect": form.effect,
        "ects": read_number(form.ects) if form.ects else None,
        "towards": {"title": {"en": form.towards}} if form.towards else None,
        "grounds": [{"aspect": aspect, "difference": difference}] if form.ground else None,
        "validUntil": form.valid_until or None,
    }
    return msgspec.convert({name: value for name, value in values.items() if value is not None}, RecognitionAssessed)


def considered_of(form: StatementForm) -> list[ConsideredOutcome]:
    """Return why no milder outcome than a refusal was possible. Raises `msgspec.ValidationError`."""
    if form.outcome != "refused":
        return []
    reasons = {outcome: getattr(form, outcome) for outcome in MILDER}
    return msgspec.convert(
        [{"outcome": outcome, "notPossible": reason} for outcome, reason in reasons.items() if reason],
        list[ConsideredOutcome],
    )
