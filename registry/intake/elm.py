"""A European Digital Credential in the European Learning Model v3 (JSON-LD), as the Commission's tools write it.

Read is the compacted form of the EDC application profile: terms by their short names, a single value or a list
of them, texts by language, concepts as objects with an `id`. No context is fetched.
"""

import re
from collections.abc import Mapping
from functools import partial
from typing import ClassVar, Final

from registry.intake import elm_codes as codes
from registry.intake.document import Award, Values
from registry.intake.isced import names_another
from registry.intake.json_document import JsonDocument, label_of
from registry.intake.report import IntakeError

_HOURS: Final = re.compile(r"PT(\d{1,6})H(?:(\d{1,4})M)?")

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
        """Whether it looks like one of these."""
        subject = document.get("credentialSubject")
        return isinstance(subject, dict) and "hasClaim" in subject

    def _read(self) -> None:
        subject = self._one(self._root, "$", "credentialSubject")
        issuer = self._one(self._root, "$", "issuer")
        self._issued_by(issuer)
        for claim in self._list(*subject, "hasClaim"):
            specification = self._one(*claim, "specifiedBy")
            if specification[0]:
                self._add(partial(self._award, subject, claim, specification))
        if not self.awards:
            raise IntakeError(
                f"{self.name} describes no achievement: there is no credentialSubject.hasClaim.specifiedBy"
            )
        if len(self.awards) > 1:
            # The document has one id and several credentials: each is known by its place besides.
            for number, award in enumerate(self.awards, 1):
                if "record" in award.credential:
                    award.credential["record"] += f" #{number}"

    def _award(self, subject: Place, claim: Place, specification: Place) -> Award:
        found = []
        for identifier, at in self._list(*specification, "identifier"):
            if (code := self._plain(identifier, at, "notation")) is not None:
                self._use(at)
                found.append(code)
        achievement = self._achievement(claim, specification)
        return Award(self.name, claim[1], achievement, self._credential(subject, claim), found)

    def _issued_by(self, issuer: Place) -> None:
        name = self._text(*issuer, "legalName")
        if name:
            self.issuer.name = name.get("en") or next(iter(name.values()))
        location, at = self._one(*issuer, "location")
        address, place = self._one(location, at, "address")
        country, where = self._one(address, place, "countryCode")
        code = self._item(country)
        if code in codes.COUNTRIES:
            self._use(where)
            self.issuer.country = codes.COUNTRIES[code]

    def _notes_text(self, owner: Values, path: str, name: str) -> dict[str, str] | None:
        note, at = self._one(owner, path, name)
        return self._text(note, at, "noteLiteral") if note else None

    def _hours(self, owner: Values, path: str) -> int | float | None:
        value = owner.get("volumeOfLearning")
        if value is None:
            return None
        at = f"{path}.volumeOfLearning"
        match = _HOURS.fullmatch(str(value))
        if match is None:
            meaning = "sixty months, for example," if str(value) == "P60M" else "something else than hours"
            right = f"PT{str(value)[1:-1]}H" if re.fullmatch(r"P\d+M", str(value)) else "PT60H"
            self._odd(
                at, str(value), f"as a duration this means {meaning} and is no workload; hours are written {right}"
            )
            return None
        self._use(at)
        minutes = int(match[2] or 0)
        return int(match[1]) if not minutes else round(int(match[1]) + minutes / 60, 2)

    # The achievement

    def _achievement(self, claim: Place, specification: Place) -> Values:
        spec, at = specification
        values: Values = {
            "kind": "microCredential",
            "title": self._text(spec, at, "title"),
            "description": self._text(spec, at, "description"),
            "furtherInformation": self._notes_text(spec, at, "additionalNote"),
            "learningOutcomes": [self._outcome(*item) for item in self._list(spec, at, "learningOutcome")],
            "workloadHours": self._hours(spec, at),
            "eqfLevel": self._eqf(spec, at),
            "fieldsOfEducation": self._fields(spec, at),
            "language": self._languages(spec, at),
            "learningSetting": self._coded(spec, at, "learningSetting", codes.LEARNING_SETTING),
            "participation": [
                code
                for mode, place in self._list(spec, at, "mode")
                if (code := self._code(mode, place, self.MODES, "modes of learning")) is not None
            ],
            "prerequisites": self._notes_text(spec, at, "entryRequirement"),
        }
        self._title_again(claim, values["title"])
        nqf, place = self._one(spec, at, "nqfLevel")
        if nqf:
            self._use(place)
            values["nqfLevel"] = label_of(nqf) or str(nqf.get("id"))
            values["levelBasis"] = "referenced"
            self.notes.append("levelBasis is 'referenced', since the document names a national qualification level")
        elif values["eqfLevel"] is not None:
            values["levelBasis"] = "providerStated"
            self.notes.append("levelBasis is 'providerStated', since the document names no national level")
        values |= self._credits(spec, at)
        values |= self._assessment(claim)
        self._activity(claim)
        values["qualityAssurance"] = [self._accreditation(*item) for item in self._list(spec, at, "accreditation")]
        values["entitlesTo"] = [e for item in self._list(spec, at, "entitlement") if (e := self._entitlement(*item))]
        return {name: value for name, value in values.items() if value not in (None, [], {})}

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
            if not re.fullmatch(r"\d{2,4}", code):
                self._odd(at, code, "is no ISCED-F 2013 code of 2 to 4 digits")
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
        for credit, at in self._list(spec, path, "creditPoint"):
            framework, place = self._one(credit, at, "framework")
            if self._item(framework) != self.ECTS:
                self._odd(
                    place,
                    f"{self._item(framework)} {label_of(framework)}".strip(),
                    "is not ECTS; other credit frameworks are not converted",
                )
                continue
            if (point := self._number(credit, at, "point", "credits")) is None:
                continue
            self._use(place)
            return {"creditBearing": True, "ects": point}
        if not spec.get("creditPoint"):
            self.notes.append("no credit points are named: the achievement is taken as not credit-bearing")
            return {"creditBearing": False}
        return {}

    def _assessment(self, claim: Place) -> Values:
        kinds: list[str] = []
        made: Values = {}
        for proof, at in self._list(*claim, "provenBy"):
            check, where = self._one(proof, at, "idVerification")
            if check and (known := self._code(check, where, codes.SUPERVISION, "supervision and verification")):
                made["supervision"], made["identityVerified"] = known
            for spec, place in self._list(proof, at, "specifiedBy"):
                for value, where in self._list(spec, place, "dcType"):
                    if (code := self._code(value, where, codes.ASSESSMENT, "assessment types")) is not None:
                        kinds.append(code)
                scheme, where = self._one(spec, place, "gradingScheme")
                if scheme and (title := self._text(scheme, where, "title")):
                    made["gradingScheme"] = {"title": title}
        return made | {"assessments": kinds}

    def _activity(self, claim: Place) -> None:
        """The learning activity says the workload once more, sometimes oddly: reported, and not used."""
        for activity, at in self._list(*claim, "influencedBy"):
            spec, place = self._one(activity, at, "specifiedBy")
            if spec:
                self._hours(spec, place)

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
        made: Values = {
            "record": self._identifier(),
            "family_name": self._name(person, at, "familyName"),
            "given_name": self._name(person, at, "givenName"),
            "date_of_birth": self._date(person, at, "dateOfBirth"),
            "awarding_date": self._awarded(claim),
            "valid_until": self._date(self._root, "$", "expirationDate") or self._date(self._root, "$", "validUntil"),
            "valid_from": self._begins(),
            "grade": self._grade(claim),
        }
        national, place = self._one(person, at, "nationalID")
        if national.get("notation"):
            self._use(place)
            made["national_id"] = str(national["notation"])
        number, place = self._one(person, at, "identifier")
        if number.get("notation"):
            self._use(place)
            made["student"] = str(number["notation"])
        return {name: value for name, value in made.items() if value is not None}

    def _identifier(self) -> str | None:
        value = self._root.get("id")
        if not isinstance(value, str):
            return None
        self._use("$.id")
        return value

    def _name(self, person: Values, path: str, name: str) -> str | None:
        text = self._text(person, path, name)
        return next(iter(text.values())) if text else None

    def _awarded(self, claim: Place) -> str | None:
        process, at = self._one(*claim, "awardedBy")
        date = self._date(process, at, "awardingDate")
        if date is None and "validFrom" in self._root:
            date = self._date(self._root, "$", "validFrom")
            if date is not None:
                self.notes.append("the awarding date is the credential's validFrom: no other is named")
        return date

    def _grade(self, claim: Place) -> str | None:
        grades = []
        for proof, at in self._list(*claim, "provenBy"):
            if text := self._notes_text(proof, at, "grade"):
                grades.append((next(iter(text.values())), at))
        if len({grade for grade, _ in grades}) > 1:
            self._odd(f"{claim[1]}.provenBy", "", "gives more than one grade; say which is the award's")
            return None
        return grades[0][0] if grades else None
