"""Open Badges 3.0 (JSON-LD), with the ECTS and EQF extensions that national profiles add.

A badge says its credits as `ECTS` (or its hours of study as `SBU`), its level and quality assurance as alignments,
and how it was taught and assessed in words. It names no learning outcomes: those are asked for, as is whatever the
words leave open (`onsite or blended` is one of two). `creditsAvailable` of the standard does not say which credits.
"""

import re
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, ClassVar, Final

from registry.intake.formats.award import Award, Issuer
from registry.intake.formats.completions import ISSUER, Values
from registry.intake.formats.grade_scales import grade_fault, is_below
from registry.intake.formats.identifiers import NAME, Identifier, student_number
from registry.intake.formats.json_document import JsonDocument
from registry.intake.rows.report import IntakeError
from registry.values.codes import country_fault, language_fault
from registry.values.persons import normalise_name

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

Place = tuple[Values, str]
"""An object, and its path."""


class OpenBadge(JsonDocument):
    """A badge, read: each achievement of each of its subjects is an award."""

    FORMAT: ClassVar[str] = "Open Badges 3.0"
    STRUCTURE: ClassVar[frozenset[str]] = JsonDocument.STRUCTURE | {"image", "criteria.id"}

    @classmethod
    def recognises(cls, document: Values) -> bool:
        """Return True if it says that it is one, or has the form of one."""
        types, subject = document.get("type"), document.get("credentialSubject")
        words = {one for one in (types if isinstance(types, list) else [types]) if isinstance(one, str)}
        subjects = subject if isinstance(subject, list) else [subject]
        return bool(_TYPES & words) or any(isinstance(one, dict) and "achievement" in one for one in subjects)

    def _read(self) -> None:
        with self._about(ISSUER):
            self._issued_by()
        for subject in self._list(self._root, self._at, "credentialSubject"):
            self._check_status(*subject)
            achieved = self._list(*subject, "achievement")
            for one in achieved:
                self._add(partial(self._award, subject, one, achieved))
        if not self.awards:
            raise IntakeError(f"{self.name} describes no achievement: there is no credentialSubject.achievement")
        self._number_records(self.awards)

    def holder_identity(self) -> dict[str, str]:
        """Return the holder's name and e-mail address where the badge identifies them by these, in the clear."""
        found: dict[str, str] = {}
        names = {"name": "familyName", "emailAddress": "email"}
        for subject in self._list(self._root, self._at, "credentialSubject"):
            for entry, _ in self._list(*subject, "identifier"):
                field, value = names.get(str(entry.get("identityType"))), entry.get("identityHash")
                if field is not None and isinstance(value, str) and value.strip() and entry.get("hashed") is not True:
                    found.setdefault(field, normalise_name(value))
        return found

    def _issued_by(self) -> None:
        stated = self._root.get("issuer")
        if isinstance(stated, str):
            self._use(f"{self._at}.issuer")
            self.notes.append(f"the issuer is named by an address alone ({stated[:120]})")
            self.issuer = Issuer(homepage=stated)
            return
        issuer = self._one(self._root, self._at, "issuer")
        address = self._one(*issuer, "address")
        country = self._plain(*address, "addressCountryCode") or ""
        if country and (fault := country_fault(country)) is not None:
            self._odd(f"{address[1]}.addressCountryCode", country, fault)
            country = ""
        homepage = self._plain(*issuer, "url") or str(issuer[0].get("id") or "")
        self.issuer = Issuer(self._plain(*issuer, "name") or "", country, homepage)

    def _award(self, subject: Place, achieved: Place, siblings: Sequence[Place]) -> Award:
        """`siblings` are all achievements of the subject, this one among them."""
        self._subject, self._achieved, self._siblings = subject, achieved, siblings
        codes = self._codes()
        return Award(self.name, achieved[1], self._achievement(), self._credential(), codes)

    def _codes(self) -> list[str]:
        """Return names of the university for the achievement: its code, its programme's number, its address."""
        names = ("humanCode", "educationProgramIdentifier", "id")
        found = [self._plain(*self._achieved, name) or "" for name in names]
        for entry, at in self._list(*self._achieved, "otherIdentifier"):
            found.append(self._plain(entry, at, "identifier") or "")
        return found

    # The achievement

    def _achievement(self) -> Values:
        achieved = self._achieved
        language = self._language()
        self._check_status(*achieved)
        with self._about("achievement.furtherInformation"):
            criteria = self._one(*achieved, "criteria")
        values: Values = {"kind": "microCredential"} | self._values(
            "achievement",
            {
                "title": lambda: self._in_language(language, achieved, "name"),
                "description": lambda: self._in_language(language, achieved, "description"),
                "furtherInformation": lambda: self._in_language(language, criteria, "narrative"),
            },
        )
        with self._about("achievement.ects"):
            values |= self._workload()
        for alignment, at in self._list(*achieved, "alignment"):
            values |= self._aligned(alignment, at, values)
        read = self._values(
            "achievement",
            {
                "participation": lambda: self._worded("participationType", _PARTICIPATION),
                "assessments": lambda: self._worded("assessmentType", _ASSESSMENT),
            },
        )
        values |= {name: [code] for name, code in read.items() if code is not None}
        values |= self._supervision()
        with self._about("achievement.gradingScheme"):
            values |= self._grading(language)
        return values

    def _in_language(self, language: str, owner: Place, name: str) -> dict[str, str] | None:
        text = self._plain(*owner, name)
        return None if text is None else {language: text}

    def _aligned(self, alignment: Values, at: str, before: Values) -> Values:
        """Read an alignment: a level, or a decision about quality. Other alignments have no place here."""
        kind, code = alignment.get("targetType"), str(alignment.get("targetCode", ""))
        if kind == "ext:EQF":
            with self._about("achievement.eqfLevel"):
                level = self._level(code, str(alignment.get("targetName", "")), at)
                if level is not None and before.get("eqfLevel", level) != level:
                    self._odd(at, code, f"is another level than {before['eqfLevel']}, which is stated too; say which")
                return {"eqfLevel": level, "levelBasis": "providerStated"}
        if kind == "ext:QualityAssurance":
            with self._about("achievement.qualityAssurance"):
                self._odd(at, code, _QUALITY)
        return {}

    def _language(self) -> str:
        """The language of the badge's texts; `und` where none is named, or none that is known."""
        said = str(self._achieved[0].get("inLanguage") or "").strip()
        if not said:
            return "und"
        at = f"{self._achieved[1]}.inLanguage"
        match = _LANGUAGE.fullmatch(said)
        if match is None or language_fault(said) is not None:
            with self._about("achievement.title"):
                self._odd(at, said, "is no language like en or nl-NL; say the title by its language")
            return "und"
        self._use(at)
        self._note_once(f"inLanguage ({said}) is the badge's own language; that of instruction is not named")
        return match[1]

    def _workload(self) -> Values:
        achieved, at = self._achieved
        values: Values = {}
        if "ECTS" in achieved:
            if (ects := self._number(achieved, at, "ECTS", "credits")) is not None:
                values |= {"creditBearing": True, "ects": ects}
        elif "creditsAvailable" not in achieved:
            self._note_once("no credits are named: the achievement is taken as not credit-bearing")
            values["creditBearing"] = False
        if "SBU" in achieved:
            with self._about("achievement.workloadHours"):
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
        with self._about("achievement.supervision"):
            words = self._worded("supervisionType", _SUPERVISION)
        supervision, verified = words if words is not None else (None, None)
        with self._about("achievement.identityVerified"):
            checked: Any = achieved.get("identityChecked")
            if checked is not None and not isinstance(checked, bool):
                self._odd(f"{at}.identityChecked", str(checked), "is neither true nor false")
                checked = None
            if checked is not None:
                self._use(f"{at}.identityChecked")
                if verified is not None and verified != checked:
                    self._odd(
                        f"{at}.identityChecked", str(checked).lower(), "disagrees with supervisionType; say which"
                    )
                    return {"supervision": supervision}
            elif verified is not None:
                self._source(f"{at}.supervisionType")
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
        person = self._subject
        return self._values(
            "credential",
            {
                "record": lambda: self._plain(self._root, self._at, "id"),
                "family_name": self._family_name,
                "given_name": lambda: self._plain(*person, "givenName"),
                "date_of_birth": lambda: self._date(*person, "dateOfBirth"),
                "awarding_date": self._awarded,
                "valid_until": self._ends,
                "valid_from": self._begins,
                "grade": self._grade,
                "student": lambda: student_number(self._identifiers(), self._odd, self._note_once),
                "national_id": self._national,
            },
        )

    def _family_name(self) -> str | None:
        """Return the family name; a whole name that contradicts it and the given name is asked about.

        A whole name is the subject's `name`, or an identifier that is a name.
        """
        person = self._subject
        family, whole = self._plain(*person, "familyName"), self._plain(*person, "name")
        given = person[0].get("givenName")
        wholes = {} if whole is None else {f"{person[1]}.name": whole}
        wholes |= {one.path: one.value for one in self._identifiers() if one.scheme == NAME and one.value}
        for path, stated in wholes.items():
            self._check_whole_name(path, [stated], family, given if isinstance(given, str) else None)
        return family

    def _awarded(self) -> str | None:
        if self._root.get("awardedDate") not in (None, ""):
            return self._date(self._root, self._at, "awardedDate")
        return self._awarded_when_valid()

    def _identifiers(self) -> list[Identifier]:
        """The learner's identifiers as the badge states them, but for national ones and what is hashed."""
        found = []
        for entry, at in self._list(*self._subject, "identifier"):
            kind = str(entry.get("identityType") or "")
            if kind == "nationalIdentityNumber":
                continue
            self._use(at)
            if entry.get("hashed") is True:
                self._note_once(f"{at} is hashed: the person cannot be recognised")
                continue
            text = str(entry.get("identityHash") or "").strip()
            found.append(Identifier(kind, text, at))
        return found

    def _national(self) -> str | None:
        numbers = {}
        for entry, at in self._list(*self._subject, "identifier"):
            if entry.get("identityType") == "nationalIdentityNumber" and entry.get("hashed") is not True:
                self._use(at)
                numbers[str(entry.get("identityHash", ""))] = at
        if len(numbers) > 1:
            detail = f"there are {len(numbers)} national numbers; say which it is"
            self._odd(f"{self._subject[1]}.identifier", "", detail)
            return None
        return next(iter(numbers), None)

    def _grade(self) -> str | None:
        """The result's value, where there is one result and the badge says what scale it is on."""
        described = self._scales(self._achieved)
        results = self._results(set(described))
        for result, at in results:
            self._check_status(result, at)
            self._check_passed(result, at, described)
        graded = [(one, at) for one, at in results if "value" in one or "achievedLevel" in one]
        if len(graded) != 1:
            if graded:
                self._odd(f"{self._subject[1]}.result", "", f"there are {len(graded)}; say which is the award's grade")
            return None
        [(result, at)] = graded
        scale = result.get("resultDescription")
        if scale is not None and str(scale) not in described:
            self._odd(f"{at}.resultDescription", "", "names no resultDescription of the badge; say what the grade is")
            return None
        if scale is not None:
            self._use(f"{at}.resultDescription")
        if "achievedLevel" in result:
            self._odd(f"{at}.achievedLevel", "", "is a level of a rubric; say what the grade is")
            return None
        grade = self._plain(result, at, "value")
        if grade is None:
            self._odd(f"{at}.value", "", "is an empty result; say what the grade is")
            return None
        fault = self._scale_fault(grade, None if scale is None else described[str(scale)])
        if fault is not None:
            self._odd(f"{at}.value", grade, f"{fault}; say what the grade is")
            return None
        return grade

    def _check_passed(self, result: Values, at: str, described: Mapping[str, Values]) -> None:
        """Refuse a result that is below what its own scale requires."""
        named = result.get("resultDescription")
        scales = self._all_scales()
        scale = described.get(str(named)) if named is not None else scales[0] if len(scales) == 1 else None
        if scale is None:
            return
        for name, required in (("value", "requiredValue"), ("achievedLevel", "requiredLevel")):
            if is_below(result.get(name), scale.get(required), scale):
                least = str(scale[required])[:80]
                self._refuse(f"{at}.{name}", "", f"is below the {required} of its scale, {least}; it is not issued")

    def _scale_fault(self, grade: str, scale: Values | None) -> str | None:
        """Return how a grade is none of its scale; where it names none, of the only one that the badge has."""
        scales = self._all_scales()
        if scale is None:
            if len(scales) > 1:
                return f"names none of the {len(scales)} scales of the badge"
            if not scales:
                return None
            [scale] = scales
        return grade_fault(grade, scale)

    def _all_scales(self) -> list[Values]:
        return [scale for scale, _ in self._list(*self._achieved, "resultDescription")]

    def _results(self, described: set[str]) -> Sequence[Place]:
        """The results of this achievement: where a subject has several, those on one of its scales."""
        results = self._list(*self._subject, "result")
        if len(self._siblings) == 1:
            return results
        of_any = {scale for achieved in self._siblings for scale in self._scales(achieved)}
        for result, at in results:
            if str(result.get("resultDescription")) not in of_any:
                self._odd(at, "", "does not say which of the achievements it is a result of; say what the grade is")
        return [place for place in results if str(place[0].get("resultDescription")) in described]

    def _scales(self, achieved: Place) -> dict[str, Values]:
        """The scales of an achievement, by their ids."""
        found = self._list(*achieved, "resultDescription")
        return {str(one["id"]): one for one, _ in found if one.get("id") is not None}
