"""Open Badges 3.0 (JSON-LD), with the ECTS and EQF extensions that national profiles add.

A badge says its credits as `ECTS` (or its hours of study as `SBU`), its level and quality assurance as alignments,
and how it was taught and assessed in words. It names no learning outcomes: those are asked for, as is whatever the
words leave open (`onsite or blended` is one of two). `creditsAvailable` of the standard does not say which credits.
"""

import re
from typing import Any, ClassVar, Final

from registry.intake.document import Award, Values
from registry.intake.json_document import JsonDocument
from registry.intake.report import IntakeError

_TYPES: Final = frozenset({"OpenBadgeCredential", "AchievementCredential"})
_LANGUAGE: Final = re.compile(r"([a-z]{2,3})(-[A-Za-z0-9]{2,8})*")
_PARTICIPATION: Final = {code.lower(): code for code in ("onsite", "online", "blended", "hybrid", "workBased")}
_ASSESSMENT: Final = {
    "testing": "testing",
    "portfolio": "portfolio",
    "recognition of prior learning": "recognitionOfPriorLearning",
}
_SUPERVISION: Final = {
    # words: (supervision, what they say of the identity's verification)
    "unsupervised": ("none", None),
    "unsupervised without identity verification": ("none", False),
    "unsupervised with identity verification": ("none", True),
    "supervised online": ("online", None),
    "supervised onsite": ("onsite", None),
    "online with identity verification": ("online", True),
    "online without identity verification": ("online", False),
    "onsite with identity verification": ("onsite", True),
    "onsite without identity verification": ("onsite", False),
}  # fmt: skip
_QUALITY: Final = (
    "names a decision about quality and its page, and neither the agency nor what was assured; give qualityAssurance"
)


class OpenBadge(JsonDocument):
    """A badge, read: one achievement, one credential."""

    FORMAT: ClassVar[str] = "Open Badges 3.0"
    STRUCTURE: ClassVar[frozenset[str]] = JsonDocument.STRUCTURE | {"image", "criteria.id"}

    @classmethod
    def recognises(cls, document: Values) -> bool:
        """Whether it says that it is one, or is made like one."""
        types, subject = document.get("type"), document.get("credentialSubject")
        said = _TYPES & {one for one in types if isinstance(one, str)} if isinstance(types, list) else types in _TYPES
        return bool(said) or (isinstance(subject, dict) and "achievement" in subject)

    def _read(self) -> None:
        root = self._root, "$"
        issuer = self._one(*root, "issuer")
        self.issuer.name = self._plain(*issuer, "name") or ""
        address = self._one(*issuer, "address")
        country = self._plain(*address, "addressCountryCode") or ""
        self.issuer.country = country if re.fullmatch("[A-Z]{2}", country) else ""
        self._subject = self._one(*root, "credentialSubject")
        self._achieved = self._one(*self._subject, "achievement")
        if not self._achieved[0]:
            raise IntakeError(f"{self.name} describes no achievement: there is no credentialSubject.achievement")
        self._add(lambda: Award(self.name, self._achieved[1], self._achievement(), self._credential(), self._codes()))

    def _codes(self) -> list[str]:
        """What the university may call the achievement: its code, its programme's number, its address."""
        names = ("humanCode", "educationProgramIdentifier", "id")
        found = [self._plain(*self._achieved, name) or "" for name in names]
        for entry, at in self._list(*self._achieved, "otherIdentifier"):
            found.append(self._plain(entry, at, "identifier") or "")
        return found

    # The achievement

    def _achievement(self) -> Values:
        achieved = self._achieved
        language = self._language()
        values: Values = {"kind": "microCredential"}
        for name, field in (("name", "title"), ("description", "description")):
            if (text := self._plain(*achieved, name)) is not None:
                values[field] = {language: text}
        criteria = self._one(*achieved, "criteria")
        if (text := self._plain(*criteria, "narrative")) is not None:
            values["furtherInformation"] = {language: text}
        values |= self._workload()
        for alignment, at in self._list(*achieved, "alignment"):
            kind = alignment.get("targetType")
            if kind == "ext:EQF":
                label = str(alignment.get("targetName", ""))
                values["eqfLevel"] = self._level(str(alignment.get("targetCode", "")), label, at)
                values["levelBasis"] = "providerStated"
            elif kind == "ext:QualityAssurance":
                self._odd(at, str(alignment.get("targetCode", "")), _QUALITY)
        values["participation"] = [
            code for code in (self._worded("participationType", _PARTICIPATION),) if code is not None
        ]
        values["assessments"] = [code for code in (self._worded("assessmentType", _ASSESSMENT),) if code is not None]
        return values | self._supervision() | self._grading(language)

    def _language(self) -> str:
        said = str(self._achieved[0].get("inLanguage", "")).strip()
        match = _LANGUAGE.fullmatch(said)
        if match is None:
            if said:
                self._odd(f"{self._achieved[1]}.inLanguage", said, "is no language like en or nl-NL")
            return "und"
        self._use(f"{self._achieved[1]}.inLanguage")
        self.notes.append(f"inLanguage ({said}) is the badge's own language; that of instruction is not named")
        return match[1]

    def _workload(self) -> Values:
        achieved, at = self._achieved
        values: Values = {}
        if "ECTS" in achieved:
            if (ects := self._number(achieved, at, "ECTS", "credits")) is not None:
                values |= {"creditBearing": True, "ects": ects}
        elif "creditsAvailable" not in achieved:
            self.notes.append("no credits are named: the achievement is taken as not credit-bearing")
            values["creditBearing"] = False
        if "SBU" in achieved:
            values["workloadHours"] = self._number(achieved, at, "SBU", "hours of study")
        for owner, place, name in ((achieved, at, "creditsAvailable"), (*self._subject, "creditsEarned")):
            if name in owner:
                self._credits(owner, place, name, values.get("ects"))
        return values

    def _credits(self, owner: Values, path: str, name: str, ects: object) -> None:
        number = self._number(owner, path, name, "credits")
        if ects is None:
            self._odd(f"{path}.{name}", str(owner[name]), "does not say which credits; only ECTS are taken, as `ECTS`")
        elif number != ects:
            self._odd(f"{path}.{name}", str(owner[name]), f"disagrees with ECTS, which is {ects}; say which it is")

    def _worded(self, name: str, known: dict[str, Any]) -> Any:  # noqa: ANN401 - the map's values
        said = self._plain(*self._achieved, name)
        if said is None:
            return None
        found = known.get(said.strip().lower())
        if found is None:
            detail = "may be either; say which" if " or " in said else f"is none of {', '.join(known)}; say which it is"
            self._odd(f"{self._achieved[1]}.{name}", said, detail)
        return found

    def _supervision(self) -> Values:
        achieved, at = self._achieved
        words = self._worded("supervisionType", _SUPERVISION)
        supervision, verified = words if words is not None else (None, None)
        checked: Any = achieved.get("identityChecked")
        if checked is not None and not isinstance(checked, bool):
            self._odd(f"{at}.identityChecked", "", "is neither true nor false")
            checked = None
        if checked is not None:
            self._use(f"{at}.identityChecked")
            if verified is not None and verified != checked:
                self._odd(f"{at}.identityChecked", str(checked).lower(), "disagrees with supervisionType; say which")
                return {"supervision": supervision}
        return {"supervision": supervision, "identityVerified": checked if verified is None else verified}

    def _grading(self, language: str) -> Values:
        found = self._list(*self._achieved, "resultDescription")
        if len(found) != 1:
            return {}
        [(description, at)] = found
        title = self._plain(description, at, "name")
        if title is None:
            return {}
        scheme: Values = {"title": {language: title}}
        for name, field in (("valueMin", "min"), ("valueMax", "max"), ("requiredValue", "pass")):
            if (value := self._plain(description, at, name)) is not None:
                scheme[field] = value
        return {"gradingScheme": scheme}

    # The credential

    def _credential(self) -> Values:
        root = self._root, "$"
        person = self._subject
        made: Values = {
            "record": self._plain(*root, "id"),
            "family_name": self._plain(*person, "familyName"),
            "given_name": self._plain(*person, "givenName"),
            "date_of_birth": self._date(*person, "dateOfBirth"),
            "awarding_date": self._date(*root, "awardedDate"),
            "valid_until": self._date(*root, "validUntil"),
            "valid_from": self._begins(),
            "grade": self._grade(),
        }
        if "awardedDate" not in self._root and (day := self._date(*root, "validFrom")) is not None:
            made["awarding_date"] = day
            self.notes.append("the awarding date is the credential's validFrom: no other is named")
        for entry, at in self._list(*person, "identifier"):
            field = {"sisSourcedId": "student", "nationalIdentityNumber": "national_id"}.get(
                str(entry.get("identityType"))
            )
            if field is not None and entry.get("hashed") is not True:
                self._use(at)
                made[field] = str(entry.get("identityHash", ""))
        return made

    def _grade(self) -> str | None:
        """The result's value, where there is one result and the badge says what scale it is on."""
        results = [(one, at) for one, at in self._list(*self._subject, "result") if "value" in one]
        described = {one.get("id") for one, _ in self._list(*self._achieved, "resultDescription") if "id" in one}
        if len(results) != 1:
            if results:
                self._odd(f"{self._subject[1]}.result", f"{len(results)} of them", "say which is the award's grade")
            return None
        [(result, at)] = results
        if "resultDescription" in result and str(result["resultDescription"]) not in map(str, described):
            self._odd(f"{at}.resultDescription", "", "names no resultDescription of the badge; say what the grade is")
            return None
        if "resultDescription" in result:
            self._use(f"{at}.resultDescription")
        return self._plain(result, at, "value")
