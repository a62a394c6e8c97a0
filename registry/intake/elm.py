"""A European Digital Credential in the European Learning Model v3 (JSON-LD), as the Commission's tools write it.

Read is the compacted form of the EDC application profile: terms by their short names, a single value or a list
of them, texts by language, concepts as objects with an `id`. No context is fetched.

One document holds an achievement and a person's credential of it. What it says in a way that has no certain
meaning is reported and not guessed; what nothing was made of is listed by its path; what Annex I still wants
is asked for by name, and given beside the document (`registry import FILE --complete FILE`).
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from registry.intake import elm_codes as codes
from registry.intake.report import IntakeError, Problem
from registry.requests import IssueRequest
from registry.wire.achievements import AchievementContent

_HOURS: Final = re.compile(r"PT(\d+)H(?:(\d+)M)?")
_DATE: Final = re.compile(r"(\d{4}-\d\d-\d\d)(?:T00:00:00(?:\.0+)?Z)?")
_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT")
_MAX: Final = 8 * 1024 * 1024
_STRUCTURE: Final = frozenset({"type", "@context", "inScheme", "notation", "prefLabel", "credentialSchema"})

Values = dict[str, Any]


class ElmDocument:
    """A document, read: the achievement's values, the credential's values, and what is to be said of both."""

    def __init__(self, name: str, document: Values) -> None:
        self.name = name
        self.problems: list[Problem] = []
        self.notes: list[str] = []
        self._root = document
        self._used: set[str] = set()
        subject = self._one(document, "$", "credentialSubject")
        claim = self._one(subject[0], subject[1], "hasClaim")
        specification = self._one(claim[0], claim[1], "specifiedBy")
        if not specification[0]:
            raise IntakeError(f"{name} describes no achievement: there is no credentialSubject.hasClaim.specifiedBy")
        self.achievement = self._achievement(claim, specification)
        self.credential = self._credential(subject, claim)

    @classmethod
    def read(cls, path: Path) -> "ElmDocument":
        """Read a file. Raises `IntakeError` where it is none of these documents."""
        if path.stat().st_size > _MAX:
            raise IntakeError(f"{path} has over {_MAX:,} bytes; one document holds one credential")
        try:
            document = json.loads(path.read_bytes())
        except (ValueError, RecursionError) as error:
            raise IntakeError(f"{path} is not JSON: {error}") from error
        if not isinstance(document, dict) or "credentialSubject" not in document:
            raise IntakeError(f"{path} is no European Digital Credential: it has no credentialSubject")
        try:
            return cls(str(path), document)
        except RecursionError as error:
            raise IntakeError(f"{path} nests too deep") from error

    # What comes of it

    def missing(self, completions: Mapping[str, Any], publisher: str) -> list[str]:
        """What Annex I, or issuing, still wants, as paths into the completions."""
        achievement = self._completed("achievement", completions)
        credential = self._completed("credential", completions)
        wanted = [
            f"achievement.{field.encode_name}"
            for field in msgspec.structs.fields(AchievementContent)
            if field.required and field.encode_name not in {**achievement, **_given("", publisher)}
        ]
        return wanted + [
            f"credential.{name}"
            for name in ("record", "student", "family_name", "given_name", "date_of_birth", "awarding_date")
            if not credential.get(name)
        ]

    def content(self, identifier: str, publisher: str, completions: Mapping[str, Any]) -> AchievementContent:
        """The achievement's first version. Raises `IntakeError` where something is missing or wrong."""
        values = {**self._completed("achievement", completions), **_given(identifier, publisher)}
        try:
            return msgspec.convert(values, AchievementContent)
        except msgspec.ValidationError as error:
            raise IntakeError(f"{self.name}: the achievement: {error}") from error

    def request(self, achievement: str, completions: Mapping[str, Any]) -> IssueRequest:
        """The credential, to be issued for that achievement."""
        values = {"version": None, **self._completed("credential", completions), "achievement": achievement}
        try:
            return msgspec.convert(values, IssueRequest)
        except msgspec.ValidationError as error:
            raise IntakeError(f"{self.name}: the credential: {error}") from error

    def _completed(self, part: str, completions: Mapping[str, Any]) -> Values:
        read = self.achievement if part == "achievement" else self.credential
        return {**read, **completions.get(part, {})}

    def unmapped(self) -> list[str]:
        """The paths of all that was said and not used, binary contents and bare structure aside."""
        return sorted(self._unused(self._root, "$"))

    def _unused(self, value: Any, path: str) -> list[str]:  # noqa: ANN401 - any JSON value
        if path in self._used:
            return []
        if isinstance(value, dict):
            if set(value) <= {"id", "type"}:
                return []
            concept = "prefLabel" in value and "inScheme" in value
            if concept:
                return [path]
            return [
                leaf
                for name, inner in value.items()
                if name not in _STRUCTURE and not (name == "id" and str(inner).startswith("urn:"))
                for leaf in self._unused(inner, f"{path}.{name}")
            ]
        if isinstance(value, list):
            return [leaf for i, inner in enumerate(value) for leaf in self._unused(inner, f"{path}[{i}]")]
        return [path]

    # Reading

    def _list(self, owner: Values, path: str, name: str) -> list[tuple[Values, str]]:
        """The objects under a name, with their paths; what is no object is reported."""
        value = owner.get(name)
        if value is None:
            return []
        items = [(item, f"{path}.{name}[{i}]") for i, item in enumerate(value)] if isinstance(value, list) else None
        found = []
        for item, at in items if items is not None else [(value, f"{path}.{name}")]:
            if isinstance(item, dict):
                found.append((item, at))
            else:
                self._odd(at, "", "is no object, where the application profile has one")
        return found

    def _one(self, owner: Values, path: str, name: str) -> tuple[Values, str]:
        """The first object under a name; an empty one where there is none."""
        found = self._list(owner, path, name)
        if len(found) > 1:
            self._odd(f"{path}.{name}", f"{len(found)} of them", "one was expected; the first was read")
        return found[0] if found else ({}, f"{path}.{name}")

    def _text(self, owner: Values, path: str, name: str) -> dict[str, str] | None:
        value, at = self._one(owner, path, name)
        if not value:
            return None
        self._used.add(at)
        return {language: " ".join(map(str, t)) if isinstance(t, list) else str(t) for language, t in value.items()}

    def _notes_text(self, owner: Values, path: str, name: str) -> dict[str, str] | None:
        note, at = self._one(owner, path, name)
        return self._text(note, at, "noteLiteral") if note else None

    def _code(self, value: Values, path: str, known: Mapping[str, Any], what: str) -> Any:  # noqa: ANN401 - the map's values
        item = str(value.get("id", "")).rsplit("/", 1)[-1]
        if item in known:
            self._used.add(path)
            return known[item]
        self._odd(
            path, f"{item} {_label(value)}".strip(), f"is no item of the controlled list of {what}; say which it is"
        )
        return None

    def _odd(self, path: str, value: str, detail: str) -> None:
        self.problems.append(Problem(path, path.rsplit(".", 1)[-1], value[:80], detail))

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
        self._used.add(at)
        minutes = int(match[2] or 0)
        return int(match[1]) if not minutes else round(int(match[1]) + minutes / 60, 2)

    def _date(self, owner: Values, path: str, name: str) -> str | None:
        value = owner.get(name)
        if value is None:
            return None
        match = _DATE.fullmatch(str(value))
        if match is not None:
            self._used.add(f"{path}.{name}")
            return match[1]
        detail = "is not a date; write YYYY-MM-DD"
        if _MOMENT.match(str(value)):
            detail = "is a moment, and midnight somewhere is another day elsewhere; say which day it is"
        self._odd(f"{path}.{name}", "" if name == "dateOfBirth" else str(value), detail)
        return None

    # The achievement

    def _achievement(self, claim: tuple[Values, str], specification: tuple[Values, str]) -> Values:
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
                if (code := self._code(mode, place, codes.PARTICIPATION, "modes of learning")) is not None
            ],
            "prerequisites": self._notes_text(spec, at, "entryRequirement"),
        }
        self._title_again(claim, values["title"])
        nqf, place = self._one(spec, at, "nqfLevel")
        if nqf:
            self._used.add(place)
            values["nqfLevel"] = _label(nqf) or str(nqf.get("id"))
            values["levelBasis"] = "referenced"
            self.notes.append("levelBasis is 'referenced', since the document names a national qualification level")
        elif values["eqfLevel"] is not None:
            values["levelBasis"] = "providerStated"
            self.notes.append("levelBasis is 'providerStated', since the document names no national level")
        values |= self._credits(spec, at)
        values |= self._assessment(claim)
        values |= self._activity(claim)
        values["qualityAssurance"] = [self._accreditation(*item) for item in self._list(spec, at, "accreditation")]
        values["entitlesTo"] = [e for item in self._list(spec, at, "entitlement") if (e := self._entitlement(*item))]
        return {name: value for name, value in values.items() if value not in (None, [], {})}

    def _title_again(self, claim: tuple[Values, str], title: dict[str, str] | None) -> None:
        again = claim[0].get("title")
        if again == title:
            self._used.add(f"{claim[1]}.title")

    def _outcome(self, outcome: Values, path: str) -> Values:
        skills = [
            (skill.get("id"), place)
            for skill, place in self._list(outcome, path, "relatedESCOSkill")
            if skill.get("id")
        ]
        self._used.update(place for _, place in skills)
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
        level = str(value.get("id", "")).rsplit("/", 1)[-1] if value else ""
        if not value:
            return None
        if level not in set("12345678"):
            self._odd(at, level, "is no level of the EQF (1 to 8)")
            return None
        self._used.add(at)
        return int(level)

    def _fields(self, spec: Values, path: str) -> list[str]:
        found = []
        for value, at in self._list(spec, path, "thematicArea"):
            code = str(value.get("id", "")).rsplit("/", 1)[-1]
            if re.fullmatch(r"\d{2,4}", code):
                self._used.add(at)
                found.append(code)
            else:
                self._odd(at, code, "is no ISCED-F 2013 code of 2 to 4 digits")
        return found

    def _languages(self, spec: Values, path: str) -> list[str]:
        found = []
        for value, at in self._list(spec, path, "language"):
            if (code := self._code(value, at, codes.LANGUAGES, "languages")) is not None:
                found.append(code)
        return found

    def _credits(self, spec: Values, path: str) -> Values:
        for credit, at in self._list(spec, path, "creditPoint"):
            framework, place = self._one(credit, at, "framework")
            if str(framework.get("id", "")).rsplit("/", 1)[-1] != codes.ECTS:
                self._odd(
                    place, str(framework.get("id", ""))[-40:], "is not ECTS; other credit frameworks are not converted"
                )
                continue
            point = str(credit.get("point", ""))
            if not re.fullmatch(r"\d{1,6}(\.\d{1,2})?", point):
                self._odd(f"{at}.point", point, "is not a number of credits like 5 or 2.5")
                continue
            self._used |= {place, f"{at}.point"}
            return {"creditBearing": True, "ects": float(point) if "." in point else int(point)}
        if not spec.get("creditPoint"):
            self.notes.append("no credit points are named: the achievement is taken as not credit-bearing")
            return {"creditBearing": False}
        return {}

    def _assessment(self, claim: tuple[Values, str]) -> Values:
        kinds: list[str] = []
        made: Values = {}
        for proof, at in self._list(claim[0], claim[1], "provenBy"):
            spec, place = self._one(proof, at, "specifiedBy")
            for value, where in self._list(spec, place, "dcType"):
                if (code := self._code(value, where, codes.ASSESSMENT, "assessment types")) is not None:
                    kinds.append(code)
            check, where = self._one(proof, at, "idVerification")
            if check and (known := self._code(check, where, codes.SUPERVISION, "supervision and verification")):
                made["supervision"], made["identityVerified"] = known
            scheme, where = self._one(spec, place, "gradingScheme")
            if scheme and (title := self._text(scheme, where, "title")):
                made["gradingScheme"] = {"title": title}
        return made | {"assessments": kinds}

    def _activity(self, claim: tuple[Values, str]) -> Values:
        """The learning activity says the workload once more, sometimes oddly: reported, and not used."""
        for activity, at in self._list(claim[0], claim[1], "influencedBy"):
            spec, place = self._one(activity, at, "specifiedBy")
            if spec:
                self._hours(spec, place)
        return {}

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

    def _credential(self, subject: tuple[Values, str], claim: tuple[Values, str]) -> Values:
        person, at = subject
        made: Values = {
            "record": self._identifier(),
            "family_name": self._name(person, at, "familyName"),
            "given_name": self._name(person, at, "givenName"),
            "date_of_birth": self._date(person, at, "dateOfBirth"),
            "awarding_date": self._awarded(claim),
            "valid_until": self._date(self._root, "$", "expirationDate") or self._date(self._root, "$", "validUntil"),
            "grade": self._grade(claim),
        }
        national, place = self._one(person, at, "nationalID")
        if national.get("notation"):
            self._used.add(place)
            made["national_id"] = str(national["notation"])
        number, place = self._one(person, at, "identifier")
        if number.get("notation"):
            self._used.add(place)
            made["student"] = str(number["notation"])
        return {name: value for name, value in made.items() if value is not None}

    def _identifier(self) -> str | None:
        value = self._root.get("id")
        if not isinstance(value, str):
            return None
        self._used.add("$.id")
        return value

    def _name(self, person: Values, path: str, name: str) -> str | None:
        text = self._text(person, path, name)
        return next(iter(text.values())) if text else None

    def _awarded(self, claim: tuple[Values, str]) -> str | None:
        process, at = self._one(claim[0], claim[1], "awardedBy")
        date = self._date(process, at, "awardingDate")
        if date is None and "validFrom" in self._root:
            date = self._date(self._root, "$", "validFrom")
            if date is not None:
                self.notes.append("the awarding date is the credential's validFrom: no other is named")
        return date

    def _grade(self, claim: tuple[Values, str]) -> str | None:
        for proof, at in self._list(claim[0], claim[1], "provenBy"):
            if (text := self._notes_text(proof, at, "grade")) is not None:
                return next(iter(text.values()))
        return None


def _label(concept: Values) -> str:
    labels = concept.get("prefLabel")
    return str(next(iter(labels.values()), "")) if isinstance(labels, dict) else ""


def _given(identifier: str, publisher: str) -> Values:
    return {"achievement": identifier, "version": 1, "awardingBodies": [publisher]}
