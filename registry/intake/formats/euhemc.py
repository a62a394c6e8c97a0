"""The European higher-education micro-credential: a profile of the European Digital Credential (JSON-LD).

It is read like the European Learning Model, with these differences: concepts are identified by their `notation`, fields
of education are in `educationSubject`, credits also in `creditReceived`, and the university is the awarding body. The
profile has no fields for assessment and for learning outcomes.
"""

from collections.abc import Mapping
from typing import ClassVar

from registry.intake.formats.award import Award, Issuer
from registry.intake.formats.completions import ISSUER, Values
from registry.intake.formats.elm import ElmDocument
from registry.intake.formats.elm_credential import Place
from registry.values import elm_codes as codes
from registry.values.countries import COUNTRIES

_TYPE = "EuropeanHigherEducationMicrocredential"


class EuHemcDocument(ElmDocument):
    """A document of that profile."""

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
        """Return True if a document states this profile."""
        types = document.get("type")
        profiles = document.get("credentialProfiles")
        return any(isinstance(stated, list) and _TYPE in stated for stated in (types, profiles)) and super().recognises(
            document
        )

    def _item_of(self, concept: Values) -> str:
        return str(concept.get("notation") or super()._item_of(concept))

    def _read_award(self, subject: Place, claim: Place, specification: Place) -> Award:
        award = super()._read_award(subject, claim, specification)
        with self._about(ISSUER):
            award.issuer = self._read_awarding_body(claim) or None
        with self._about("achievement.ects"):
            self._compare_received_credits(claim, award.achievement.get("ects"))
        return award

    def _read_awarding_body(self, claim: Place) -> Issuer | None:
        """Return the university that awarded it; the issuer of the document may be another."""
        process = self._get_object(*claim, "awardedBy")
        body = self._get_object(*process, "awardingBody")
        name = self._read_texts(*body, "legalName") or {}
        place = self._get_object(*self._get_object(*process, "location"), "spatial")
        country = ""
        if place[0]:
            self._mark_used(place[1])
            country = self._item_of(place[0])
            if country not in COUNTRIES:
                self._ask(place[1], country, "is not a country's code; an office has to say it")
                country = ""
        issuer = Issuer(name.get("en") or next(iter(name.values()), ""), country)
        if issuer.name and not self.issuer.name:
            self.issuer = issuer
        return issuer if issuer.name else None

    def _compare_received_credits(self, claim: Place, ects: object) -> None:
        """Ask for the credits where the learner received another number than the achievement is worth."""
        for credit, at in self._list_objects(*claim, "creditReceived"):
            framework, place = self._get_object(credit, at, "framework")
            if self._item_of(framework) != self.ECTS:
                continue
            received = self._read_number(credit, at, "point", "credits")
            self._mark_used(place)
            if received is not None and ects is not None and received != ects:
                self._ask(
                    f"{at}.point", str(received), f"were received, and the achievement is worth {ects}; say which"
                )
