"""Open Badges 3.0 (JSON-LD), with the ECTS and EQF extensions that national profiles add.

A badge states its credits as `ECTS` (or its hours of study as `SBU`), its level and quality assurance as alignments,
and in words how it was taught and assessed. It states no learning outcomes: the importer is asked for them, and for
what the words leave open (`onsite or blended`). `creditsAvailable` of the standard does not say which credits.
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
    """A badge: each achievement of each of its subjects is an award."""

    FORMAT: ClassVar[str] = "Open Badges 3.0"
    STRUCTURE: ClassVar[frozenset[str]] = JsonDocument.STRUCTURE | {"image", "criteria.id"}

    @classmethod
    def recognises(cls, document: Values) -> bool:
        """Return True if a document states this type, or has its form."""
        types, subject = document.get("type"), document.get("credentialSubject")
        words = {each for each in (types if isinstance(types, list) else [types]) if isinstance(each, str)}
        subjects = subject if isinstance(subject, list) else [subject]
        return bool(_TYPES & words) or any(isinstance(each, dict) and "achievement" in each for each in subjects)

    def _read(self) -> None:
        with self._about(ISSUER):
            self._read_issuer()
        for subject in self._list_objects(self._root, self._at, "credentialSubject"):
            self._check_status(*subject)
            achieved = self._list_objects(*subject, "achievement")
            for place in achieved:
                self._add_award(partial(self._read_award, subject, place, achieved))
        if not self.awards:
            raise IntakeError(f"{self.name} describes no achievement: there is no credentialSubject.achievement")
        self._number_records(self.awards)

    def holder_identity(self) -> dict[str, str]:
        """Return the holder's name and e-mail address where the badge states them, not hashed."""
        identity: dict[str, str] = {}
        names = {"name": "familyName", "emailAddress": "email"}
        for subject in self._list_objects(self._root, self._at, "credentialSubject"):
            for entry, _ in self._list_objects(*subject, "identifier"):
                field, value = names.get(str(entry.get("identityType"))), entry.get("identityHash")
                if field is not None and isinstance(value, str) and value.strip() and entry.get("hashed") is not True:
                    identity.setdefault(field, normalise_name(value))
        return identity

    def _read_issuer(self) -> None:
        stated = self._root.get("issuer")
        if isinstance(stated, str):
            self._mark_used(f"{self._at}.issuer")
            self.notes.append(f"the issuer is named by an address alone ({stated[:120]})")
            self.issuer = Issuer(homepage=stated)
            return
        issuer = self._get_object(self._root, self._at, "issuer")
        address = self._get_object(*issuer, "address")
        country = self._read_text(*address, "addressCountryCode") or ""
        if country and (fault := country_fault(country)) is not None:
            self._ask(f"{address[1]}.addressCountryCode", country, fault)
            country = ""
        homepage = self._read_text(*issuer, "url") or str(issuer[0].get("id") or "")
        self.issuer = Issuer(self._read_text(*issuer, "name") or "", country, homepage)

    def _read_award(self, subject: Place, achieved: Place, siblings: Sequence[Place]) -> Award:
        """`siblings` are all achievements of the subject, this one among them."""
        self._subject, self._achieved, self._siblings = subject, achieved, siblings
        codes = self._read_codes()
        return Award(self.name, achieved[1], self._read_achievement(), self._read_credential(), codes)

    def _read_codes(self) -> list[str]:
        """Return the university's codes of the achievement: its code, its programme's number, its address."""
        names = ("humanCode", "educationProgramIdentifier", "id")
        codes = [self._read_text(*self._achieved, name) or "" for name in names]
        for entry, at in self._list_objects(*self._achieved, "otherIdentifier"):
            codes.append(self._read_text(entry, at, "identifier") or "")
        return codes

    # The achievement

    def _read_achievement(self) -> Values:
        achieved = self._achieved
        language = self._read_language()
        self._check_status(*achieved)
        with self._about("achievement.furtherInformation"):
            criteria = self._get_object(*achieved, "criteria")
        values: Values = {"kind": "microCredential"} | self._read_fields(
            "achievement",
            {
                "title": lambda: self._read_in_language(language, achieved, "name"),
                "description": lambda: self._read_in_language(language, achieved, "description"),
                "furtherInformation": lambda: self._read_in_language(language, criteria, "narrative"),
            },
        )
        with self._about("achievement.ects"):
            values |= self._read_workload()
        for alignment, at in self._list_objects(*achieved, "alignment"):
            values |= self._read_alignment(alignment, at, values)
        read = self._read_fields(
            "achievement",
            {
                "participation": lambda: self._read_word("participationType", _PARTICIPATION),
                "assessments": lambda: self._read_word("assessmentType", _ASSESSMENT),
            },
        )
        values |= {name: [code] for name, code in read.items() if code is not None}
        values |= self._read_supervision()
        with self._about("achievement.gradingScheme"):
            values |= self._read_grading_scheme(language)
        return values

    def _read_in_language(self, language: str, owner: Place, name: str) -> dict[str, str] | None:
        text = self._read_text(*owner, name)
        return None if text is None else {language: text}

    def _read_alignment(self, alignment: Values, at: str, before: Values) -> Values:
        """Read an alignment: a level, or a decision about quality. Other alignments have no place here."""
        kind, code = alignment.get("targetType"), str(alignment.get("targetCode", ""))
        if kind == "ext:EQF":
            with self._about("achievement.eqfLevel"):
                level = self._read_level(code, str(alignment.get("targetName", "")), at)
                if level is not None and before.get("eqfLevel", level) != level:
                    self._ask(at, code, f"is another level than {before['eqfLevel']}, which is stated too; say which")
                return {"eqfLevel": level, "levelBasis": "providerStated"}
        if kind == "ext:QualityAssurance":
            with self._about("achievement.qualityAssurance"):
                self._ask(at, code, _QUALITY)
        return {}

    def _read_language(self) -> str:
        """Return the language of the badge's texts; `und` where none is stated, or no known one."""
        language = str(self._achieved[0].get("inLanguage") or "").strip()
        if not language:
            return "und"
        at = f"{self._achieved[1]}.inLanguage"
        match = _LANGUAGE.fullmatch(language)
        if match is None or language_fault(language) is not None:
            with self._about("achievement.title"):
                self._ask(at, language, "is not a language like en or nl-NL; say the title by its language")
            return "und"
        self._mark_used(at)
        self._note_once(f"inLanguage ({language}) is the badge's own language; that of instruction is not named")
        return match[1]

    def _read_workload(self) -> Values:
        achieved, at = self._achieved
        values: Values = {}
        if "ECTS" in achieved:
            if (ects := self._read_number(achieved, at, "ECTS", "credits")) is not None:
                values |= {"creditBearing": True, "ects": ects}
        elif "creditsAvailable" not in achieved:
            self._note_once("no credits are named: the achievement is taken as not credit-bearing")
            values["creditBearing"] = False
        if "SBU" in achieved:
            with self._about("achievement.workloadHours"):
                values["workloadHours"] = self._read_number(achieved, at, "SBU", "hours of study")
        for owner, place, name in ((achieved, at, "creditsAvailable"), (*self._subject, "creditsEarned")):
            if name in owner:
                self._compare_credits(owner, place, name, values.get("ects"))
        return values

    def _compare_credits(self, owner: Values, path: str, name: str, ects: object) -> None:
        number = self._read_number(owner, path, name, "credits")
        if ects is None:
            self._ask(f"{path}.{name}", str(owner[name]), "does not say which credits; only ECTS are taken, as `ECTS`")
        elif number != ects:
            self._ask(f"{path}.{name}", str(owner[name]), f"disagrees with ECTS, which is {ects}; say which it is")

    def _read_word(self, name: str, words: dict[str, Any]) -> Any:  # noqa: ANN401 - the map's values
        text = self._read_text(*self._achieved, name)
        if text is None:
            return None
        value = words.get(text.strip().lower())
        if value is None:
            detail = (
                "may be either; say which" if " or " in text else f"is not one of {', '.join(words)}; say which it is"
            )
            self._ask(f"{self._achieved[1]}.{name}", text, detail)
        return value

    def _read_supervision(self) -> Values:
        achieved, at = self._achieved
        with self._about("achievement.supervision"):
            words = self._read_word("supervisionType", _SUPERVISION)
        supervision, verified = words if words is not None else (None, None)
        with self._about("achievement.identityVerified"):
            checked: Any = achieved.get("identityChecked")
            if checked is not None and not isinstance(checked, bool):
                self._ask(f"{at}.identityChecked", str(checked), "is neither true nor false")
                checked = None
            if checked is not None:
                self._mark_used(f"{at}.identityChecked")
                if verified is not None and verified != checked:
                    self._ask(
                        f"{at}.identityChecked", str(checked).lower(), "disagrees with supervisionType; say which"
                    )
                    return {"supervision": supervision}
            elif verified is not None:
                self._note_source(f"{at}.supervisionType")
        return {"supervision": supervision, "identityVerified": checked if verified is None else verified}

    def _read_grading_scheme(self, language: str) -> Values:
        descriptions = self._list_objects(*self._achieved, "resultDescription")
        if len(descriptions) != 1:
            return {}
        [(description, at)] = descriptions
        title = self._read_text(description, at, "name")
        if title is None:
            return {}
        scheme: Values = {"title": {language: title}}
        for name, field in (("valueMin", "min"), ("valueMax", "max"), ("requiredValue", "pass")):
            if (value := self._read_text(description, at, name)) is not None:
                scheme[field] = value
        return {"gradingScheme": scheme}

    # The credential

    def _read_credential(self) -> Values:
        person = self._subject
        return self._read_fields(
            "credential",
            {
                "record": lambda: self._read_text(self._root, self._at, "id"),
                "family_name": self._read_family_name,
                "given_name": lambda: self._read_text(*person, "givenName"),
                "date_of_birth": lambda: self._read_day(*person, "dateOfBirth"),
                "awarding_date": self._read_awarding_date,
                "valid_until": self._read_end,
                "valid_from": self._read_begin,
                "grade": self._read_grade,
                "student": lambda: student_number(self._read_identifiers(), self._ask, self._note_once),
                "national_id": self._read_national_id,
            },
        )

    def _read_family_name(self) -> str | None:
        """Return the family name; ask about a whole name that contradicts it and the given name.

        A whole name is the subject's `name`, or an identifier that is a name.
        """
        person = self._subject
        family_name, whole = self._read_text(*person, "familyName"), self._read_text(*person, "name")
        given_name = person[0].get("givenName")
        wholes = {} if whole is None else {f"{person[1]}.name": whole}
        wholes |= {
            identifier.path: identifier.value
            for identifier in self._read_identifiers()
            if identifier.scheme == NAME and identifier.value
        }
        for path, stated in wholes.items():
            self._check_whole_name(path, [stated], family_name, given_name if isinstance(given_name, str) else None)
        return family_name

    def _read_awarding_date(self) -> str | None:
        if self._root.get("awardedDate") not in (None, ""):
            return self._read_day(self._root, self._at, "awardedDate")
        return self._read_start_as_award()

    def _read_identifiers(self) -> list[Identifier]:
        """Return the learner's identifiers, without national and hashed ones."""
        identifiers = []
        for entry, at in self._list_objects(*self._subject, "identifier"):
            kind = str(entry.get("identityType") or "")
            if kind == "nationalIdentityNumber":
                continue
            self._mark_used(at)
            if entry.get("hashed") is True:
                self._note_once(f"{at} is hashed: the person cannot be recognised")
                continue
            text = str(entry.get("identityHash") or "").strip()
            identifiers.append(Identifier(kind, text, at))
        return identifiers

    def _read_national_id(self) -> str | None:
        numbers = {}
        for entry, at in self._list_objects(*self._subject, "identifier"):
            if entry.get("identityType") == "nationalIdentityNumber" and entry.get("hashed") is not True:
                self._mark_used(at)
                numbers[str(entry.get("identityHash", ""))] = at
        if len(numbers) > 1:
            detail = f"there are {len(numbers)} national numbers; say which it is"
            self._ask(f"{self._subject[1]}.identifier", "", detail)
            return None
        return next(iter(numbers), None)

    def _read_grade(self) -> str | None:
        """Return the value of the one result; ask where there are several, or its scale is not clear."""
        described = self._index_scales(self._achieved)
        results = self._list_results(set(described))
        for result, at in results:
            self._check_status(result, at)
            self._check_passed(result, at, described)
        graded = [(each, at) for each, at in results if "value" in each or "achievedLevel" in each]
        if len(graded) != 1:
            if graded:
                self._ask(f"{self._subject[1]}.result", "", f"there are {len(graded)}; say which is the award's grade")
            return None
        [(result, at)] = graded
        scale = result.get("resultDescription")
        if scale is not None and str(scale) not in described:
            self._ask(f"{at}.resultDescription", "", "names no resultDescription of the badge; say what the grade is")
            return None
        if scale is not None:
            self._mark_used(f"{at}.resultDescription")
        if "achievedLevel" in result:
            self._ask(f"{at}.achievedLevel", "", "is a level of a rubric; say what the grade is")
            return None
        grade = self._read_text(result, at, "value")
        if grade is None:
            self._ask(f"{at}.value", "", "is an empty result; say what the grade is")
            return None
        fault = self._find_scale_fault(grade, None if scale is None else described[str(scale)])
        if fault is not None:
            self._ask(f"{at}.value", grade, f"{fault}; say what the grade is")
            return None
        return grade

    def _check_passed(self, result: Values, at: str, described: Mapping[str, Values]) -> None:
        """Refuse a result that is lower than its own scale requires."""
        named = result.get("resultDescription")
        scales = self._list_scales()
        scale = described.get(str(named)) if named is not None else scales[0] if len(scales) == 1 else None
        if scale is None:
            return
        for name, required in (("value", "requiredValue"), ("achievedLevel", "requiredLevel")):
            if is_below(result.get(name), scale.get(required), scale):
                least = str(scale[required])[:80]
                self._refuse(f"{at}.{name}", "", f"is below the {required} of its scale, {least}")

    def _find_scale_fault(self, grade: str, scale: Values | None) -> str | None:
        """Return why a grade is not on its scale; where it names no scale, on the only one of the badge."""
        scales = self._list_scales()
        if scale is None:
            if len(scales) > 1:
                return f"names none of the {len(scales)} scales of the badge"
            if not scales:
                return None
            [scale] = scales
        return grade_fault(grade, scale)

    def _list_scales(self) -> list[Values]:
        return [scale for scale, _ in self._list_objects(*self._achieved, "resultDescription")]

    def _list_results(self, described: set[str]) -> Sequence[Place]:
        """Return the results of this achievement; of a subject with several achievements, those on its scales."""
        results = self._list_objects(*self._subject, "result")
        if len(self._siblings) == 1:
            return results
        of_any = {scale for achieved in self._siblings for scale in self._index_scales(achieved)}
        for result, at in results:
            if str(result.get("resultDescription")) not in of_any:
                self._ask(at, "", "does not say which of the achievements it is a result of; say what the grade is")
        return [place for place in results if str(place[0].get("resultDescription")) in described]

    def _index_scales(self, achieved: Place) -> dict[str, Values]:
        """Return the scales of an achievement, by their ids."""
        scales = self._list_objects(*achieved, "resultDescription")
        return {str(scale["id"]): scale for scale, _ in scales if scale.get("id") is not None}
