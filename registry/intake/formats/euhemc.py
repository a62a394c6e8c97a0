"""The European higher-education micro-credential: a profile of the European Digital Credential (JSON-LD).

It is read as the European Learning Model is, with what the profile does otherwise: concepts are known by their
`notation`, fields of education stand under `educationSubject`, credits a second time under `creditReceived`, and the
university is the awarding body. The profile has no word for how learning is assessed, nor for learning outcomes.
"""

from collections.abc import Mapping
from typing import ClassVar

from registry.intake.formats import elm_codes as codes
from registry.intake.formats.award import Award, Issuer
from registry.intake.formats.completions import ISSUER, Values
from registry.intake.formats.elm import ElmDocument, Place
from registry.values.countries import COUNTRIES

_TYPE = "EuropeanHigherEducationMicrocredential"


class EuHemcDocument(ElmDocument):
    """A document of that profile, read."""

    FORMAT: ClassVar[str] = "European higher-education micro-credential"
    STRUCTURE: ClassVar[frozenset[str]] = frozenset(
        {"type", "@context", "credentialSchema", "prefLabel", "displayParameter", "credentialProfiles"}
    )
    SUBJECT: ClassVar[str] = "educationSubject"
    ECTS: ClassVar[str] = "ECTS"
    MODES: ClassVar[Mapping[str, str]] = {
        **codes.PARTICIPATION,
        **{code: code for code in codes.PARTICIPATION.values()},
    }
    LANGUAGES: ClassVar[Mapping[str, str]] = {**codes.LANGUAGES, **{code: code for code in codes.LANGUAGES.values()}}

    @classmethod
    def recognises(cls, document: Values) -> bool:
        """Return True if it says that it is one."""
        types = document.get("type")
        profiles = document.get("credentialProfiles")
        return any(isinstance(said, list) and _TYPE in said for said in (types, profiles)) and super().recognises(
            document
        )

    def _item(self, concept: Values) -> str:
        return str(concept.get("notation") or super()._item(concept))

    def _award(self, subject: Place, claim: Place, specification: Place) -> Award:
        award = super()._award(subject, claim, specification)
        with self._about(ISSUER):
            award.issuer = self._awarding_body(claim) or None
        with self._about("achievement.ects"):
            self._received(claim, award.achievement.get("ects"))
        return award

    def _awarding_body(self, claim: Place) -> Issuer | None:
        """The university that awarded it: the profile's issuer may be somebody else."""
        process = self._one(*claim, "awardedBy")
        body = self._one(*process, "awardingBody")
        name = self._text(*body, "legalName") or {}
        place = self._one(*self._one(*process, "location"), "spatial")
        country = ""
        if place[0]:
            self._use(place[1])
            country = self._item(place[0])
            if country not in COUNTRIES:
                self._odd(place[1], country, "is no country's code; an office has to say it")
                country = ""
        issuer = Issuer(name.get("en") or next(iter(name.values()), ""), country)
        if issuer.name and not self.issuer.name:
            self.issuer = issuer
        return issuer if issuer.name else None

    def _received(self, claim: Place, ects: object) -> None:
        """The credits that the learner received are those that the achievement is worth, or it is said."""
        for credit, at in self._list(*claim, "creditReceived"):
            framework, place = self._one(credit, at, "framework")
            if self._item(framework) != self.ECTS:
                continue
            received = self._number(credit, at, "point", "credits")
            self._use(place)
            if received is not None and ects is not None and received != ects:
                self._odd(
                    f"{at}.point", str(received), f"were received, and the achievement is worth {ects}; say which"
                )
