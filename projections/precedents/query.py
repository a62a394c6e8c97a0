"""The conditions of a search for precedents."""

from datetime import date
from typing import Final, get_args
from uuid import UUID

import msgspec

from projections.core.errors import InvalidQuery
from registry.wire.recognition import DIFFERENCES, Effect, Outcome, Purpose

OUTCOMES: Final[tuple[str, ...]] = get_args(Outcome)
GROUNDS: Final = frozenset(f"{aspect}:{each}" for aspect, differences in DIFFERENCES.items() for each in differences)


class PrecedentQuery(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A search of what members decided. All conditions that are set must hold."""

    member: str | None = None
    """The member whose achievements they are about."""
    achievement: str | None = None
    """One achievement of `member`, by id; in all versions, or in `version`."""
    version: int | None = None
    field: str | None = None
    """An ISCED-F 2013 code: achievements in this field; a shorter code covers the longer."""
    eqf_level: int | None = None
    text: str | None = None
    """Words in the achievements' titles, learning outcomes and descriptions."""
    language: str | None = None
    """Apply this language's rules alone (BCP 47); without it, those of all languages in the views."""
    purpose: str | None = None
    effect: str | None = None
    outcome: str | None = None
    """Narrows the list; counts cover all outcomes."""
    ground: str | None = None
    """`aspect:difference`; narrows the list in the same way."""
    office: str | None = None
    """The deciding member."""
    country: str | None = None
    """The deciding member's (ISO 3166-1 alpha-2)."""
    issuer_country: str | None = None
    """The country of the member that issues the achievement (ISO 3166-1 alpha-2)."""
    towards: str | None = None
    """The programme: MEMBER/ACHIEVEMENT, or words of its title."""
    begin: date | None = None
    """The first day of decision."""
    end: date | None = None
    """The last one."""
    every_state: bool = False
    """Include superseded and withdrawn precedents."""

    @property
    def by_content(self) -> bool:
        """True if achievements are searched by their content."""
        return (self.text, self.field, self.eqf_level) != (None, None, None)

    def check(self) -> None:
        """Raise `InvalidQuery` for an impossible condition."""
        if self.achievement is not None:
            _uuid("achievement", self.achievement)
            if self.member is None:
                raise InvalidQuery("member", "name the member whose achievement it is")
            if self.by_content:
                raise InvalidQuery("achievement", "one achievement, or achievements by text, field or level")
        if self.version is not None and (self.achievement is None or not 1 <= self.version < 1 << 31):
            raise InvalidQuery("version", "a number from 1 on, of one achievement")
        if self.language is not None and self.text is None:
            raise InvalidQuery("language", "the language of which text?")
        if self.eqf_level is not None and not 1 <= self.eqf_level <= 8:
            raise InvalidQuery("eqfLevel", "1 to 8")
        if self.field is not None and not (self.field.isascii() and self.field.isdigit() and 2 <= len(self.field) <= 4):
            raise InvalidQuery("field", "an ISCED-F code has 2 to 4 digits")
        if self.begin is not None and self.end is not None and self.begin > self.end:
            raise InvalidQuery("end", "before begin")
        for name, country in (("country", self.country), ("issuerCountry", self.issuer_country)):
            if country is not None and not (country.isascii() and country.isalpha() and len(country) == 2):
                raise InvalidQuery(name, "two letters, for example NL")
        check_value("purpose", self.purpose, get_args(Purpose))
        check_value("effect", self.effect, get_args(Effect))
        check_value("outcome", self.outcome, OUTCOMES)
        if self.ground is not None and self.ground not in GROUNDS:
            raise InvalidQuery(
                "ground", f"{self.ground!r} is not an aspect:difference, for example workload:substantiallyLess"
            )


def check_value(name: str, value: str | None, values: tuple[str, ...]) -> None:
    """Raise `InvalidQuery` for a value that is not one of the known ones."""
    if value is not None and value not in values:
        raise InvalidQuery(name, f"{value!r} is none of {', '.join(values)}")


def _uuid(name: str, text: str) -> None:
    try:
        canonical = str(UUID(text)) == text
    except ValueError:
        canonical = False
    if not canonical:
        raise InvalidQuery(name, f"{text!r} is not a UUID in lower case")
