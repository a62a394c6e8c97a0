"""A European Digital Credential in the European Learning Model v3 (JSON-LD), as the Commission's tools write it.

This reads the compacted form of the EDC application profile: terms by their short names, a single value or a list of
values, texts by language, concepts as objects with an `id`. It fetches no context.
"""

import re
from collections.abc import Mapping
from functools import partial
from typing import ClassVar, Final

import pycountry

from registry.intake.formats.award import Award, Issuer
from registry.intake.formats.completions import ISSUER, Values
from registry.intake.formats.elm_credential import ElmCredentialReader, Place
from registry.intake.formats.isced import names_another
from registry.intake.formats.json_document import JsonDocument, label_of
from registry.intake.formats.moments import hours_of
from registry.intake.rows.report import IntakeError
from registry.values import elm_codes as codes
from registry.values.codes import isced_fault
from registry.values.countries import COUNTRIES

_NO_AWARDS: Final = frozenset({"LearningActivity", "LearningAssessment", "LearningEntitlement"})
"""Types of claims that are not achievements."""
_LEVELS: Final = 16
"""Depth to which parts are read."""


class ElmDocument(ElmCredentialReader):
    """A European Digital Credential: each claim of its subject that specifies an achievement is an award."""

    FORMAT: ClassVar[str] = "European Learning Model"
    STRUCTURE: ClassVar[frozenset[str]] = JsonDocument.STRUCTURE | {"inScheme", "notation", "prefLabel"}
    SUBJECT: ClassVar[str] = "thematicArea"
    """Name of the property that has the fields of education."""
    ECTS: ClassVar[str] = codes.ECTS
    MODES: ClassVar[Mapping[str, str]] = codes.PARTICIPATION
    LANGUAGES: ClassVar[Mapping[str, str]] = codes.LANGUAGES

    @classmethod
    def recognises(cls, document: Values) -> bool:
        """Return True if a document has the form of this format."""
        subject = document.get("credentialSubject")
        subjects = subject if isinstance(subject, list) else [subject]
        return any(isinstance(each, dict) and "hasClaim" in each for each in subjects)

    def _read(self) -> None:
        with self._about(ISSUER):
            self.issuer = self._read_issuer()
        for subject in self._list_objects(self._root, self._at, "credentialSubject"):
            self._check_status(*subject)
            for claim in self._list_objects(*subject, "hasClaim"):
                self._read_claim(subject, claim, _LEVELS)
        if not any(award.achievement for award in self.awards):
            raise IntakeError(
                f"{self.name} describes no achievement: there is no credentialSubject.hasClaim.specifiedBy"
            )
        self._number_records(self.awards)

    def _read_claim(self, subject: Place, claim: Place, levels: int) -> Award | None:
        """Add the award of a claim after those of its parts; return None for a claim that is not an award."""
        value, at = claim
        kinds = value.get("type")
        words = [word for word in (kinds if isinstance(kinds, list) else [kinds]) if isinstance(word, str)]
        kind = next((word for word in words if word in _NO_AWARDS), None)
        if kind is not None and "specifiedBy" not in value:
            self.notes.append(f"{at} is a {kind} that stands beside the achievements, and no award")
        if kind is not None:
            if value.get("grade") not in (None, "", {}):
                with self._about("credential.grade"):
                    self._ask(f"{at}.grade", "", "is a grade that belongs to no achievement; say what the grade is")
            return None
        if levels == 0:
            raise IntakeError(f"{self.name} nests parts deeper than {_LEVELS} levels")
        parts = [self._read_claim(subject, part, levels - 1) for part in self._list_objects(*claim, "hasPart")]
        specifications = self._list_objects(*claim, "specifiedBy")
        if len(specifications) != 1:
            return self._add_award(partial(self._refuse_unspecified, claim, len(specifications)))
        award = self._add_award(partial(self._read_award, subject, claim, specifications[0]))
        award.parts = [part for part in parts if part is not None]
        if not award.parts and specifications[0][0].get("hasPart"):
            self.notes.append(
                f"{specifications[0][1]}.hasPart says what the achievement consists of, and awards none of it"
            )
        return award

    def _refuse_unspecified(self, claim: Place, specifications: int) -> Award:
        self._refuse(
            claim[1],
            "",
            f"is specified by {specifications} achievements; one is expected in specifiedBy"
            if specifications
            else "specifies no achievement: there is no specifiedBy",
        )
        return Award(self.name, claim[1], {}, {})

    def _read_award(self, subject: Place, claim: Place, specification: Place) -> Award:
        self._check_status(*claim)
        codes_of_university = []
        for identifier, at in self._list_objects(*specification, "identifier"):
            if (code := self._read_text(identifier, at, "notation")) is not None:
                self._mark_used(at)
                codes_of_university.append(code)
        achievement = self._read_achievement(claim, specification)
        return Award(self.name, claim[1], achievement, self._read_credential(subject, claim), codes_of_university)

    def _read_issuer(self) -> Issuer:
        stated = self._root.get("issuer")
        if isinstance(stated, str):
            self._mark_used(f"{self._at}.issuer")
            self.notes.append(f"the issuer is named by an address alone ({stated[:120]})")
            return Issuer(homepage=stated)
        issuer = self._get_object(self._root, self._at, "issuer")
        name = self._read_texts(*issuer, "legalName")
        country = next(
            (code for place in self._list_objects(*issuer, "location") if (code := self._read_country(place))), ""
        )
        pages = [page.get("contentURL") for page, _ in self._list_objects(*issuer, "homepage")]
        homepage = str(next((page for page in pages if page), None) or issuer[0].get("id") or "")
        return Issuer("" if not name else name.get("en") or next(iter(name.values())), country, homepage)

    def _read_country(self, location: Place) -> str:
        for address in self._list_objects(*location, "address"):
            country, where = self._get_object(*address, "countryCode")
            item = self._item_of(country)
            if item == "":
                continue
            country_of_item = pycountry.countries.get(alpha_3=item) if len(item) == 3 else None
            code = codes.COUNTRIES.get(item) or (country_of_item.alpha_2 if country_of_item else item)
            if code in COUNTRIES:
                self._mark_used(where)
                return code
            self._ask(where, item, "is not a country; an office has to say it")
        return ""

    def _read_notes(self, owner: Values, path: str, name: str) -> dict[str, str] | None:
        """Return the text of a note by language; several notes become one text."""
        whole: dict[str, str] = {}
        for note, at in self._list_objects(owner, path, name):
            for language, text in (self._read_texts(note, at, "noteLiteral") or {}).items():
                whole[language] = f"{whole[language]} {text}" if language in whole else text
        return whole or None

    def _read_hours(self, owner: Values, path: str) -> int | float | None:
        value = owner.get("volumeOfLearning")
        if value is None:
            return None
        at = f"{path}.volumeOfLearning"
        hours = hours_of(str(value))
        if hours is None:
            meaning = "sixty months, for example," if str(value) == "P60M" else "something else than hours"
            right = f"PT{str(value)[1:-1]}H" if re.fullmatch(r"P\d+M", str(value)) else "PT60H"
            self._ask(
                at, str(value), f"as a duration this means {meaning} and is not a workload; hours are written {right}"
            )
            return None
        self._mark_used(at)
        return hours

    # The achievement

    def _read_achievement(self, claim: Place, specification: Place) -> Values:
        spec, at = specification
        values: Values = {"kind": "microCredential"} | self._read_fields(
            "achievement",
            {
                "title": lambda: self._read_texts(spec, at, "title"),
                "description": lambda: self._read_texts(spec, at, "description"),
                "furtherInformation": lambda: self._read_notes(spec, at, "additionalNote"),
                "learningOutcomes": lambda: [
                    self._read_outcome(*place) for place in self._list_objects(spec, at, "learningOutcome")
                ],
                "workloadHours": lambda: self._read_hours(spec, at),
                "eqfLevel": lambda: self._read_eqf_level(spec, at),
                "fieldsOfEducation": lambda: self._read_fields_of_education(spec, at),
                "language": lambda: self._read_languages(spec, at),
                "learningSetting": lambda: self._read_code_under(spec, at, "learningSetting", codes.LEARNING_SETTING),
                "participation": lambda: self._read_modes(spec, at),
                "prerequisites": lambda: self._read_notes(spec, at, "entryRequirement"),
                "nqfLevel": lambda: self._read_nqf_level(spec, at),
                "qualityAssurance": lambda: [
                    self._read_accreditation(*place) for place in self._list_objects(spec, at, "accreditation")
                ],
                "entitlesTo": lambda: [
                    e
                    for name in ("entitlement", "entitlesTo")  # of version 3.0 and of later ones
                    for place in self._list_objects(spec, at, name)
                    if (e := self._read_entitlement(*place))
                ],
            },
        )
        self._skip_repeated_title(claim, values["title"])
        if values["nqfLevel"] is not None:
            values["levelBasis"] = "referenced"
            self._note_once("levelBasis is 'referenced', since the document names a national qualification level")
        elif values["eqfLevel"] is not None:
            values["levelBasis"] = "providerStated"
            self._note_once("levelBasis is 'providerStated', since the document names no national level")
        with self._about("achievement.ects"):
            values |= self._read_credits(spec, at)
        values |= self._read_assessment(claim, specification)
        with self._about("achievement.workloadHours"):
            self._compare_activity(claim, values["workloadHours"])
        return {name: value for name, value in values.items() if value not in (None, [], {})}

    def _read_modes(self, spec: Values, path: str) -> list[str]:
        return [
            code
            for mode, place in self._list_objects(spec, path, "mode")
            if (code := self._read_code(mode, place, self.MODES, "modes of learning")) is not None
        ]

    def _read_nqf_level(self, spec: Values, path: str) -> str | None:
        nqf, place = self._get_object(spec, path, "nqfLevel")
        if not nqf:
            nqf, place = self._get_object(spec, path, "educationLevel")
            scheme = nqf.get("inScheme")
            if not isinstance(scheme, dict) or scheme.get("id") != codes.NATIONAL_LEVELS:
                return None
        self._mark_used(place)
        return label_of(nqf) or str(nqf.get("id"))

    def _skip_repeated_title(self, claim: Place, title: dict[str, str] | None) -> None:
        again = claim[0].get("title")
        if again == title:
            self._mark_used(f"{claim[1]}.title")

    def _read_outcome(self, outcome: Values, path: str) -> Values:
        skills = [
            (skill.get("id"), place)
            for skill, place in self._list_objects(outcome, path, "relatedESCOSkill")
            if skill.get("id")
        ]
        for _, place in skills:
            self._mark_used(place)
        outcome_values: Values = {"title": self._read_texts(outcome, path, "title") or {}}
        if skills:
            outcome_values["escoSkills"] = [uri for uri, _ in skills]
        return outcome_values

    def _read_code_under(self, owner: Values, path: str, name: str, items: Mapping[str, str]) -> str | None:
        value, at = self._get_object(owner, path, name)
        code: str | None = self._read_code(value, at, items, name) if value else None
        return code

    def _read_eqf_level(self, spec: Values, path: str) -> int | None:
        value, at = self._get_object(spec, path, "eqfLevel")
        return self._read_level(self._item_of(value), label_of(value), at) if value else None

    def _read_fields_of_education(self, spec: Values, path: str) -> list[str]:
        fields = []
        for value, at in self._list_objects(spec, path, self.SUBJECT):
            code, label = self._item_of(value), label_of(value)
            if (fault := isced_fault(code)) is not None:
                self._ask(at, code, fault)
            elif names_another(code, label):
                self._ask(at, f"{code} {label}", "is one field by its code and another by its label; say which it is")
            else:
                self._mark_used(at)
                fields.append(code)
        return fields

    def _read_languages(self, spec: Values, path: str) -> list[str]:
        languages = []
        for value, at in self._list_objects(spec, path, "language"):
            if (code := self._read_code(value, at, self.LANGUAGES, "languages")) is not None:
                languages.append(code)
        return languages

    def _read_credits(self, spec: Values, path: str) -> Values:
        points: dict[int | float, str] = {}
        for credit, at in self._list_objects(spec, path, "creditPoint"):
            framework, place = self._get_object(credit, at, "framework")
            if self._item_of(framework) != self.ECTS:
                self._ask(
                    place,
                    f"{self._item_of(framework)} {label_of(framework)}".strip(),
                    "is not ECTS; other credit frameworks are not converted",
                )
                continue
            if (point := self._read_number(credit, at, "point", "credits")) is not None:
                self._mark_used(place)
                points[point] = at
        if len(points) > 1:
            self._ask(
                f"{path}.creditPoint", ", ".join(map(str, points)), "are several numbers of ECTS; say which it is"
            )
            return {}
        if points:
            return {"creditBearing": True, "ects": next(iter(points))}
        if not spec.get("creditPoint"):
            self._note_once("no credit points are named: the achievement is taken as not credit-bearing")
            return {"creditBearing": False}
        return {}

    def _read_assessment(self, claim: Place, specification: Place) -> Values:
        kinds: list[str] = []
        checks: set[tuple[str, bool]] = set()
        schemes: list[dict[str, str]] = []
        for proof, at in self._list_objects(*claim, "provenBy"):
            with self._about("achievement.supervision"):
                check, where = self._get_object(proof, at, "idVerification")
                if check and (
                    supervision := self._read_code(check, where, codes.SUPERVISION, "supervision and verification")
                ):
                    checks.add(supervision)
                    self._sources.setdefault("achievement.identityVerified", where)
            for spec, place in self._list_objects(proof, at, "specifiedBy"):
                kinds += self._read_assessment_kinds((spec, place))
                with self._about("achievement.gradingScheme"):
                    scheme, where = self._get_object(spec, place, "gradingScheme")
                    if scheme and (title := self._read_texts(scheme, where, "title")) and title not in schemes:
                        schemes.append(title)
        for spec, place in self._list_objects(*specification, "provenBy"):
            kinds += self._read_assessment_kinds((spec, place))
        assessment: Values = {"assessments": list(dict.fromkeys(kinds))}
        if len(checks) > 1:
            with self._about("achievement.supervision"):
                self._ask(f"{claim[1]}.provenBy", "", "says several ways of supervision; say which it is")
        elif checks:
            assessment["supervision"], assessment["identityVerified"] = next(iter(checks))
        if len(schemes) > 1:
            with self._about("achievement.gradingScheme"):
                self._ask(f"{claim[1]}.provenBy", "", f"has {len(schemes)} grading schemes; say which is the award's")
        elif schemes:
            assessment["gradingScheme"] = {"title": schemes[0]}
        return assessment

    def _read_assessment_kinds(self, specification: Place) -> list[str]:
        with self._about("achievement.assessments"):
            return [
                code
                for value, where in self._list_objects(*specification, "dcType")
                if (code := self._read_code(value, where, codes.ASSESSMENT, "assessment types")) is not None
            ]

    def _compare_activity(self, claim: Place, stated: float | None) -> None:
        """Note where the learning activity states another workload than the achievement."""
        for activity, at in self._list_objects(*claim, "influencedBy"):
            for spec, place in self._list_objects(activity, at, "specifiedBy"):
                hours = self._read_hours(spec, place)
                if hours is not None and stated is not None and hours != stated:
                    self._note_once(f"{place}.volumeOfLearning ({hours} hours) is of an activity; {stated} were read")

    def _read_accreditation(self, value: Values, path: str) -> Values:
        kind, at = self._get_object(value, path, "dcType")
        agency, place = self._get_object(value, path, "accreditingAgent")
        name = self._read_texts(agency, place, "legalName") or {}
        accreditation: Values = {"agency": next(iter(name.values()), "")}
        if kind and (code := self._read_code(kind, at, codes.ACCREDITATION, "accreditation types")) is not None:
            accreditation["type"] = code
        if (until := self._read_day(value, path, "expiryDate")) is not None:
            accreditation["validUntil"] = until
        return accreditation

    def _read_entitlement(self, value: Values, path: str) -> Values | None:
        kind = self._read_code_under(value, path, "dcType", codes.ENTITLEMENT)
        status = self._read_code_under(value, path, "entitlementStatus", codes.ENTITLEMENT_STATUS)
        text = self._read_texts(value, path, "title")
        return {"type": kind, "status": status, "text": text} if kind and status and text else None
