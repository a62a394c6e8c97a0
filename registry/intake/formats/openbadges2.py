"""Open Badges 2.0 (JSON-LD): an assertion with its badge class inside, and the extensions that edubadges add.

An assertion names its recipient by an address or its hash, and no person: the importer is asked for the person.
Credits, level and outcomes are in extensions (`extensions:ECTSExtension`, `extensions:EQFExtension`,
`extensions:LearningOutcomeExtension`). The badge class has to be in the file: nothing is fetched.
"""

from typing import ClassVar, Final

from registry.intake.formats.award import Award, Issuer
from registry.intake.formats.completions import ISSUER, Values
from registry.intake.formats.identifiers import Identifier, student_number
from registry.intake.formats.json_document import JsonDocument
from registry.intake.rows.report import IntakeError
from registry.values.codes import eqf_fault

_EXTENSION: Final = "extensions:{}Extension"


class OpenBadge2(JsonDocument):
    """An assertion, which is one award."""

    FORMAT: ClassVar[str] = "Open Badges 2.0"
    STRUCTURE: ClassVar[frozenset[str]] = JsonDocument.STRUCTURE | {"image", "verification", "verify", "salt"}

    @classmethod
    def recognises(cls, document: Values) -> bool:
        """Return True if a document states this type."""
        types = document.get("type")
        return "badge" in document and "Assertion" in (types if isinstance(types, list) else [types])

    def _read(self) -> None:
        if isinstance(self._root.get("badge"), str):
            raise IntakeError(
                f"{self.name} names its badge class by an address alone, and nothing is fetched; put the badge class"
                " itself into `badge`"
            )
        classes = self._list_objects(self._root, self._at, "badge")
        if len(classes) != 1:
            raise IntakeError(f"{self.name} has {len(classes)} badge classes; one is expected")
        self._badge = classes[0]
        stated = self._badge[0].get("issuer")
        if isinstance(stated, str):
            self._mark_used(f"{self._badge[1]}.issuer")
            self.notes.append(f"the issuer is named by an address alone ({stated[:120]})")
            self.issuer = Issuer(homepage=stated)
        else:
            with self._about(ISSUER):
                issuer = self._get_object(*self._badge, "issuer")
                homepage = self._read_text(*issuer, "url") or str(issuer[0].get("id") or "")
                self.issuer = Issuer(self._read_text(*issuer, "name") or "", "", homepage)
        self._add_award(self._read_award)

    def _read_award(self) -> Award:
        self._check_status(*self._badge)
        codes = [self._read_text(*self._badge, "id") or ""]
        return Award(self.name, self._badge[1], self._read_achievement(), self._read_credential(), codes)

    def _read_achievement(self) -> Values:
        badge = self._badge
        criteria = badge[0].get("criteria")
        with self._about("achievement.furtherInformation"):
            narrative = self._get_object(*badge, "criteria") if isinstance(criteria, dict | list) else ({}, "")
        values: Values = {"kind": "microCredential"} | self._read_fields(
            "achievement",
            {
                "title": lambda: self._read_undetermined(badge[0], badge[1], "name"),
                "description": lambda: self._read_undetermined(badge[0], badge[1], "description"),
                "furtherInformation": lambda: self._read_undetermined(narrative[0], narrative[1], "narrative"),
                "ects": lambda: self._read_extension("ECTS", "ECTS"),
                "eqfLevel": self._read_eqf_level,
                "learningOutcomes": self._read_outcomes,
            },
        )
        if values["ects"] is not None:
            values["creditBearing"] = True
        if values["eqfLevel"] is not None:
            values["levelBasis"] = "providerStated"
        return values

    def _read_undetermined(self, owner: Values, path: str, name: str) -> dict[str, str] | None:
        text = self._read_text(owner, path, name)
        return None if text is None else {"und": text}

    def _read_extension(self, extension: str, name: str) -> int | float | None:
        owner, at = self._get_object(*self._badge, _EXTENSION.format(extension))
        return self._read_number(owner, at, name, "credits") if name in owner else None

    def _read_eqf_level(self) -> int | None:
        level = self._read_extension("EQF", "EQF")
        if level is not None and (fault := eqf_fault(level)) is not None:
            self._ask(f"{self._badge[1]}.{_EXTENSION.format('EQF')}", str(level), fault)
            return None
        return None if level is None else int(level)

    def _read_outcomes(self) -> list[Values]:
        owner, at = self._get_object(*self._badge, _EXTENSION.format("LearningOutcome"))
        text = self._read_undetermined(owner, at, "LearningOutcome")
        return [] if text is None else [{"title": text}]

    def _read_credential(self) -> Values:
        return self._read_fields(
            "credential",
            {
                "record": lambda: self._read_text(self._root, self._at, "id"),
                "awarding_date": self._read_start_as_award,
                "valid_until": self._read_end,
                "valid_from": self._read_begin,
                "grade": self._read_grade,
                "student": lambda: student_number(self._read_recipients(), self._ask, self._note_once),
            },
        )

    def _read_grade(self) -> str | None:
        owner, at = self._get_object(self._root, self._at, _EXTENSION.format("Grade"))
        return self._read_text(
            owner, at, next((name for name in owner if name not in ("type", "@context", "id")), "Grade")
        )

    def _read_recipients(self) -> list[Identifier]:
        identifiers = []
        for recipient, at in self._list_objects(self._root, self._at, "recipient"):
            self._mark_used(at)
            if recipient.get("hashed") is True:
                self._note_once(f"{at} is hashed: the person cannot be recognised")
                continue
            kind = str(recipient.get("type") or "")
            scheme = {"email": "e-mail", "url": "uuid", "telephone": "phone number"}.get(kind, kind)
            identifiers.append(Identifier(scheme, str(recipient.get("identity") or "").strip(), at))
        return identifiers
