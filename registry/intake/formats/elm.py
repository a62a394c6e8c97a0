"""A European Digital Credential in the European Learning Model v3 (JSON-LD), as the Commission's tools write it.

Read is the compacted form of the EDC application profile: terms by their short names, a single value or a list
of them, texts by language, concepts as objects with an `id`. No context is fetched.
"""

import re
from collections.abc import Mapping, Sequence
from functools import partial
from typing import ClassVar, Final

import pycountry

from registry.intake.formats import elm_codes as codes
from registry.intake.formats.award import Award, Issuer
from registry.intake.formats.completions import ISSUER, Values
from registry.intake.formats.identifiers import Identifier, student_number
from registry.intake.formats.isced import names_another
from registry.intake.formats.json_document import JsonDocument, label_of
from registry.intake.formats.moments import hours_of
from registry.intake.rows.report import IntakeError
from registry.values.codes import isced_fault
from registry.values.countries import COUNTRIES

_NO_AWARDS: Final = frozenset({"LearningActivity", "LearningAssessment", "LearningEntitlement"})
"""Claims that stand beside achievements."""
_LEVELS: Final = 16
"""So deep parts are read."""

Place = tuple[Values, str]
"""An object, and its path."""


class ElmDocument(JsonDocument):
    """A document, read: each claim of its subject that specifies an achievement is an award."""

    FORMAT: ClassVar[str] = "European Learning Model"
    STRUCTURE: ClassVar[frozenset[str]] = JsonDocument.STRUCTURE | {"inScheme", "notation", "prefLabel"}
    SUBJECT: ClassVar[str] = "thematicArea"
    """Under which name the fields of education stand."""
    ECTS: ClassVar[str] = codes.ECTS
    MODES: ClassVar[Mapping[str, str]] = codes.PARTICIPATION
    LANGUAGES: ClassVar[Mapping[str, str]] = codes.LANGUAGES

    @classmethod
    def recognises(cls, document: Values) -> bool:
        """Return True if it looks like one of these."""
        subject = document.get("credentialSubject")
        subjects = subject if isinstance(subject, list) else [subject]
        return any(isinstance(one, dict) and "hasClaim" in one for one in subjects)

    def _read(self) -> None:
        with self._about(ISSUER):
            self.issuer = self._issued_by()
        for subject in self._list(self._root, self._at, "credentialSubject"):
            self._check_status(*subject)
            for claim in self._list(*subject, "hasClaim"):
                self._claim(subject, claim, _LEVELS)
        if not any(award.achievement for award in self.awards):
            raise IntakeError(
                f"{self.name} describes no achievement: there is no credentialSubject.hasClaim.specifiedBy"
            )
        self._number_records(self.awards)

    def _claim(self, subject: Place, claim: Place, levels: int) -> Award | None:
        """Take in a claim, its parts before it. Returns its award; None for a claim that is none."""
        value, at = claim
        kinds = value.get("type")
        words = [one for one in (kinds if isinstance(kinds, list) else [kinds]) if isinstance(one, str)]
        kind = next((one for one in words if one in _NO_AWARDS), None)
        if kind is not None and "specifiedBy" not in value:
            self.notes.append(f"{at} is a {kind} that stands beside the achievements, and no award")
        if kind is not None:
            if value.get("grade") not in (None, "", {}):
                with self._about("credential.grade"):
                    self._odd(f"{at}.grade", "", "is a grade that belongs to no achievement; say what the grade is")
            return None
        if levels == 0:
            raise IntakeError(f"{self.name} nests parts deeper than {_LEVELS} levels")
        parts = [self._claim(subject, part, levels - 1) for part in self._list(*claim, "hasPart")]
        specifications = self._list(*claim, "specifiedBy")
        if len(specifications) != 1:
            return self._add(partial(self._unspecified, claim, len(specifications)))
        award = self._add(partial(self._award, subject, claim, specifications[0]))
        award.parts = [part for part in parts if part is not None]
        if not award.parts and specifications[0][0].get("hasPart"):
            self.notes.append(
                f"{specifications[0][1]}.hasPart says what the achievement consists of, and awards none of it"
            )
        return award

    def _unspecified(self, claim: Place, specifications: int) -> Award:
        self._refuse(
            claim[1],
            "",
            f"is specified by {specifications} achievements; one is expected in specifiedBy"
            if specifications
            else "specifies no achievement: there is no specifiedBy",
        )
        return Award(self.name, claim[1], {}, {})

    def _award(self, subject: Place, claim: Place, specification: Place) -> Award:
        self._check_status(*claim)
        found = []
        for identifier, at in self._list(*specification, "identifier"):
            if (code := self._plain(identifier, at, "notation")) is not None:
                self._use(at)
                found.append(code)
        achievement = self._achievement(claim, specification)
        return Award(self.name, claim[1], achievement, self._credential(subject, claim), found)

    def _issued_by(self) -> Issuer:
        stated = self._root.get("issuer")
        if isinstance(stated, str):
            self._use(f"{self._at}.issuer")
            self.notes.append(f"the issuer is named by an address alone ({stated[:120]})")
            return Issuer(homepage=stated)
        issuer = self._one(self._root, self._at, "issuer")
        name = self._text(*issuer, "legalName")
        country = next((code for place in self._list(*issuer, "location") if (code := self._country(place))), "")
        pages = [page.get("contentURL") for page, _ in self._list(*issuer, "homepage")]
        homepage = str(next((page for page in pages if page), None) or issuer[0].get("id") or "")
        return Issuer("" if not name else name.get("en") or next(iter(name.values())), country, homepage)

    def _country(self, location: Place) -> str:
        for address in self._list(*location, "address"):
            country, where = self._one(*address, "countryCode")
            item = self._item(country)
            if item == "":
                continue
            known = pycountry.countries.get(alpha_3=item) if len(item) == 3 else None
            code = codes.COUNTRIES.get(item) or (known.alpha_2 if known else item)
            if code in COUNTRIES:
                self._use(where)
                return code
            self._odd(where, item, "is no country; an office has to say it")
        return ""

    def _notes_text(self, owner: Values, path: str, name: str) -> dict[str, str] | None:
        """The text of a note; several notes are one text."""
        whole: dict[str, str] = {}
        for note, at in self._list(owner, path, name):
            for language, text in (self._text(note, at, "noteLiteral") or {}).items():
                whole[language] = f"{whole[language]} {text}" if language in whole else text
        return whole or None

    def _hours(self, owner: Values, path: str) -> int | float | None:
        value = owner.get("volumeOfLearning")
        if value is None:
            return None
        at = f"{path}.volumeOfLearning"
        hours = hours_of(str(value))
        if hours is None:
            meaning = "sixty months, for example," if str(value) == "P60M" else "something else than hours"
            right = f"PT{str(value)[1:-1]}H" if re.fullmatch(r"P\d+M", str(value)) else "PT60H"
            self._odd(
                at, str(value), f"as a duration this means {meaning} and is no workload; hours are written {right}"
            )
            return None
        self._use(at)
        return hours

    # The achievement

    def _achievement(self, claim: Place, specification: Place) -> Values:
        spec, at = specification
        values: Values = {"kind": "microCredential"} | self._values(
            "achievement",
            {
                "title": lambda: self._text(spec, at, "title"),
                "description": lambda: self._text(spec, at, "description"),
                "furtherInformation": lambda: self._notes_text(spec, at, "additionalNote"),
                "learningOutcomes": lambda: [self._outcome(*one) for one in self._list(spec, at, "learningOutcome")],
                "workloadHours": lambda: self._hours(spec, at),
                "eqfLevel": lambda: self._eqf(spec, at),
                "fieldsOfEducation": lambda: self._fields(spec, at),
                "language": lambda: self._languages(spec, at),
                "learningSetting": lambda: self._coded(spec, at, "learningSetting", codes.LEARNING_SETTING),
                "participation": lambda: self._modes(spec, at),
                "prerequisites": lambda: self._notes_text(spec, at, "entryRequirement"),
                "nqfLevel": lambda: self._nqf(spec, at),
                "qualityAssurance": lambda: [
                    self._accreditation(*one) for one in self._list(spec, at, "accreditation")
                ],
                "entitlesTo": lambda: [
                    e for one in self._list(spec, at, "entitlement") if (e := self._entitlement(*one))
                ],
            },
        )
        self._title_again(claim, values["title"])
        if values["nqfLevel"] is not None:
            values["levelBasis"] = "referenced"
            self._note_once("levelBasis is 'referenced', since the document names a national qualification level")
        elif values["eqfLevel"] is not None:
            values["levelBasis"] = "providerStated"
            self._note_once("levelBasis is 'providerStated', since the document names no national level")
        with self._about("achievement.ects"):
            values |= self._credits(spec, at)
        values |= self._assessment(claim)
        with self._about("achievement.workloadHours"):
            self._activity(claim, values["workloadHours"])
        return {name: value for name, value in values.items() if value not in (None, [], {})}

    def _modes(self, spec: Values, path: str) -> list[str]:
        return [
            code
            for mode, place in self._list(spec, path, "mode")
            if (code := self._code(mode, place, self.MODES, "modes of learning")) is not None
        ]

    def _nqf(self, spec: Values, path: str) -> str | None:
        nqf, place = self._one(spec, path, "nqfLevel")
        if not nqf:
            return None
        self._use(place)
        return label_of(nqf) or str(nqf.get("id"))

    def _title_again(self, claim: Place, title: dict[str, str] | None) -> None:
        again = claim[0].get("title")
        if again == title:
            self._use(f"{claim[1]}.title")

    def _outcome(self, outcome: Values, path: str) -> Values:
        skills = [
            (skill.get("id"), place)
            for skill, place in self._list(outcome, path, "relatedESCOSkill")
            if skill.get("id")
        ]
        for _, place in skills:
            self._use(place)
        made: Values = {"title": self._text(outcome, path, "title") or {}}
        if skills:
            made["escoSkills"] = [uri for uri, _ in skills]
        return made

    def _coded(self, owner: Values, path: str, name: str, known: Mapping[str, str]) -> str | None:
        value, at = self._one(owner, path, name)
        found: str | None = self._code(value, at, known, name) if value else None
        return found

    def _eqf(self, spec: Values, path: str) -> int | None:
        value, at = self._one(spec, path, "eqfLevel")
        return self._level(self._item(value), label_of(value), at) if value else None

    def _fields(self, spec: Values, path: str) -> list[str]:
        found = []
        for value, at in self._list(spec, path, self.SUBJECT):
            code, label = self._item(value), label_of(value)
            if (fault := isced_fault(code)) is not None:
                self._odd(at, code, fault)
            elif names_another(code, label):
                self._odd(at, f"{code} {label}", "is one field by its code and another by its label; say which it is")
            else:
                self._use(at)
                found.append(code)
        return found

    def _languages(self, spec: Values, path: str) -> list[str]:
        found = []
        for value, at in self._list(spec, path, "language"):
            if (code := self._code(value, at, self.LANGUAGES, "languages")) is not None:
                found.append(code)
        return found

    def _credits(self, spec: Values, path: str) -> Values:
        points: dict[int | float, str] = {}
        for credit, at in self._list(spec, path, "creditPoint"):
            framework, place = self._one(credit, at, "framework")
            if self._item(framework) != self.ECTS:
                self._odd(
                    place,
                    f"{self._item(framework)} {label_of(framework)}".strip(),
                    "is not ECTS; other credit frameworks are not converted",
                )
                continue
            if (point := self._number(credit, at, "point", "credits")) is not None:
                self._use(place)
                points[point] = at
        if len(points) > 1:
            self._odd(
                f"{path}.creditPoint", ", ".join(map(str, points)), "are several numbers of ECTS; say which it is"
            )
            return {}
        if points:
            return {"creditBearing": True, "ects": next(iter(points))}
        if not spec.get("creditPoint"):
            self._note_once("no credit points are named: the achievement is taken as not credit-bearing")
            return {"creditBearing": False}
        return {}

    def _assessment(self, claim: Place) -> Values:
        kinds: list[str] = []
        checks: set[tuple[str, bool]] = set()
        schemes: list[dict[str, str]] = []
        for proof, at in self._list(*claim, "provenBy"):
            with self._about("achievement.supervision"):
                check, where = self._one(proof, at, "idVerification")
                if check and (known := self._code(check, where, codes.SUPERVISION, "supervision and verification")):
                    checks.add(known)
                    self._sources.setdefault("achievement.identityVerified", where)
            for spec, place in self._list(proof, at, "specifiedBy"):
                with self._about("achievement.assessments"):
                    for value, where in self._list(spec, place, "dcType"):
                        if (code := self._code(value, where, codes.ASSESSMENT, "assessment types")) is not None:
                            kinds.append(code)
                with self._about("achievement.gradingScheme"):
                    scheme, where = self._one(spec, place, "gradingScheme")
                    if scheme and (title := self._text(scheme, where, "title")) and title not in schemes:
                        schemes.append(title)
        made: Values = {"assessments": list(dict.fromkeys(kinds))}
        if len(checks) > 1:
            with self._about("achievement.supervision"):
                self._odd(f"{claim[1]}.provenBy", "", "says several ways of supervision; say which it is")
        elif checks:
            made["supervision"], made["identityVerified"] = next(iter(checks))
        if len(schemes) > 1:
            with self._about("achievement.gradingScheme"):
                self._odd(f"{claim[1]}.provenBy", "", f"has {len(schemes)} grading schemes; say which is the award's")
        elif schemes:
            made["gradingScheme"] = {"title": schemes[0]}
        return made

    def _activity(self, claim: Place, stated: float | None) -> None:
        """The learning activity says the workload once more, sometimes oddly."""
        for activity, at in self._list(*claim, "influencedBy"):
            for spec, place in self._list(activity, at, "specifiedBy"):
                hours = self._hours(spec, place)
                if hours is not None and stated is not None and hours != stated:
                    self._note_once(f"{place}.volumeOfLearning ({hours} hours) is of an activity; {stated} were read")

    def _accreditation(self, value: Values, path: str) -> Values:
        kind, at = self._one(value, path, "dcType")
        agency, place = self._one(value, path, "accreditingAgent")
        name = self._text(agency, place, "legalName") or {}
        made: Values = {"agency": next(iter(name.values()), "")}
        if kind and (code := self._code(kind, at, codes.ACCREDITATION, "accreditation types")) is not None:
            made["type"] = code
        if (until := self._date(value, path, "expiryDate")) is not None:
            made["validUntil"] = until
        return made

    def _entitlement(self, value: Values, path: str) -> Values | None:
        kind = self._coded(value, path, "dcType", codes.ENTITLEMENT)
        status = self._coded(value, path, "entitlementStatus", codes.ENTITLEMENT_STATUS)
        text = self._text(value, path, "title")
        return {"type": kind, "status": status, "text": text} if kind and status and text else None

    # The credential

    def _credential(self, subject: Place, claim: Place) -> Values:
        person, at = subject
        return self._values(
            "credential",
            {
                "record": self._identifier,
                "family_name": lambda: self._family_name(person, at),
                "given_name": lambda: self._name(person, at, "givenName"),
                "date_of_birth": lambda: self._date(person, at, "dateOfBirth"),
                "awarding_date": lambda: self._awarded(claim),
                "valid_until": self._ends,
                "valid_from": self._begins,
                "grade": lambda: self._grade(claim),
                "national_id": lambda: self._national(person, at),
                "student": lambda: student_number(self._identifiers(person, at), self._odd, self._note_once),
            },
        )

    def _identifiers(self, person: Values, path: str) -> list[Identifier]:
        found = []
        for entry, at in self._list(person, path, "identifier"):
            self._use(at)
            agency = label_of(self._list(entry, at, "schemeAgency")[0][0]) if entry.get("schemeAgency") else ""
            kind = " ".join(label_of(one) for one, _ in self._list(entry, at, "dcType"))
            scheme = entry.get("schemeName")
            scheme = " ".join(map(str, scheme.values())) if isinstance(scheme, dict) else str(scheme or "")
            where = str(entry.get("schemeId") or "")
            words = " ".join(part for part in (scheme, kind, where) if part) or agency
            found.append(Identifier(words, str(entry.get("notation") or "").strip(), at))
        return found

    def _national(self, person: Values, path: str) -> str | None:
        national, place = self._one(person, path, "nationalID")
        if not national.get("notation"):
            return None
        self._use(place)
        return str(national["notation"])

    def _identifier(self) -> str | None:
        value = self._root.get("id")
        if not isinstance(value, str):
            return None
        self._use("$.id")
        return value

    def _name(self, person: Values, path: str, name: str) -> str | None:
        text = self._text(person, path, name)
        if text is None:
            return None
        if len(set(text.values())) > 1:
            self._odd(f"{path}.{name}", "", f"is written in {len(text)} ways; say which it is")
            return None
        return next(iter(text.values()))

    def _family_name(self, person: Values, path: str) -> str | None:
        """Return the family name; a whole name that contradicts it and the given name is asked about."""
        family = self._name(person, path, "familyName")
        whole = self._text(person, path, "fullName")
        if whole is not None:
            given = person.get("givenName")
            names = given.values() if isinstance(given, dict) else [given]
            stated = " ".join(name for name in names if isinstance(name, str))
            self._check_whole_name(f"{path}.fullName", list(whole.values()), family, stated)
        return family

    def _awarded(self, claim: Place) -> str | None:
        stated = [place for place in self._list(*claim, "awardedBy") if place[0].get("awardingDate") not in (None, "")]
        if not stated:
            return self._awarded_when_valid()
        days = [self._date(*place, "awardingDate") for place in stated]
        if len(set(days)) > 1 and None not in days:
            self._odd(f"{claim[1]}.awardedBy", ", ".join(map(str, days)), "are several awarding dates; say which it is")
        return days[0] if len(set(days)) == 1 else None

    def _grade(self, claim: Place) -> str | None:
        grades: dict[str, str] = {}
        proofs = self._list(*claim, "provenBy")
        for proof, at in [*proofs, *(part for place in proofs for part in self._list(*place, "hasPart"))]:
            self._check_status(proof, at)
            for text, where in self._noted_grades(proof, at):
                grades.setdefault(text, where)
        for text, where in self._noted_grades(*claim):
            grades.setdefault(text, where)
        if len(grades) > 1:
            detail = f"there are {len(grades)} grades; say which is the award's"
            self._odd(f"{claim[1]}.provenBy", "", detail)
            return None
        return next(iter(grades), None)

    def _noted_grades(self, owner: Values, path: str) -> Sequence[tuple[str, str]]:
        """The grades under `grade`: a note, several, or a text. One grade in several languages is one of them."""
        value = owner.get("grade")
        if isinstance(value, str | int | float) and not isinstance(value, bool):
            plain = self._plain(owner, path, "grade")
            return [(plain, f"{path}.grade")] if plain is not None else []
        found = []
        for note, at in self._list(owner, path, "grade"):
            if text := self._text(note, at, "noteLiteral"):
                found.append((text.get("en") or next(iter(text.values())), at))
                if len(set(text.values())) > 1:
                    self._note_once(f"{at} is written in several languages; one was read")
            elif note:
                self._odd(at, "", "is a grade without a text; say what the grade is")
        return found
