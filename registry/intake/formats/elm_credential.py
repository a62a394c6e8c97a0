"""The credential of a claim in the European Learning Model: the person, the days and the grade."""

from collections.abc import Sequence

from registry.intake.formats.completions import Values
from registry.intake.formats.identifiers import Identifier, student_number
from registry.intake.formats.json_document import JsonDocument, label_of

Place = tuple[Values, str]
"""An object, and its path."""


class ElmCredentialReader(JsonDocument):
    """Base of documents in this model: reads the credential of a claim."""

    def _read_credential(self, subject: Place, claim: Place) -> Values:
        person, at = subject
        return self._read_fields(
            "credential",
            {
                "record": self._read_id,
                "family_name": lambda: self._read_family_name(person, at),
                "given_name": lambda: self._read_name(person, at, "givenName"),
                "date_of_birth": lambda: self._read_day(person, at, "dateOfBirth"),
                "awarding_date": lambda: self._read_awarding_date(claim),
                "valid_until": self._read_end,
                "valid_from": self._read_begin,
                "grade": lambda: self._read_grade(claim),
                "national_id": lambda: self._read_national_id(person, at),
                "student": lambda: student_number(self._read_identifiers(person, at), self._ask, self._note_once),
            },
        )

    def _read_identifiers(self, person: Values, path: str) -> list[Identifier]:
        identifiers = []
        for entry, at in self._list_objects(person, path, "identifier"):
            self._mark_used(at)
            agency = label_of(self._list_objects(entry, at, "schemeAgency")[0][0]) if entry.get("schemeAgency") else ""
            kind = " ".join(label_of(concept) for concept, _ in self._list_objects(entry, at, "dcType"))
            scheme = entry.get("schemeName")
            scheme = " ".join(map(str, scheme.values())) if isinstance(scheme, dict) else str(scheme or "")
            where = str(entry.get("schemeId") or "")
            words = " ".join(part for part in (scheme, kind, where) if part) or agency
            identifiers.append(Identifier(words, str(entry.get("notation") or "").strip(), at))
        return identifiers

    def _read_national_id(self, person: Values, path: str) -> str | None:
        national, place = self._get_object(person, path, "nationalID")
        if not national.get("notation"):
            return None
        self._mark_used(place)
        return str(national["notation"])

    def _read_id(self) -> str | None:
        value = self._root.get("id")
        if not isinstance(value, str):
            return None
        self._mark_used("$.id")
        return value

    def _read_name(self, person: Values, path: str, name: str) -> str | None:
        text = self._read_texts(person, path, name)
        if text is None:
            return None
        if len(set(text.values())) > 1:
            self._ask(f"{path}.{name}", "", f"is written in {len(text)} ways; say which it is")
            return None
        return next(iter(text.values()))

    def _read_family_name(self, person: Values, path: str) -> str | None:
        """Return the family name; ask about a whole name that contradicts it and the given name."""
        family_name = self._read_name(person, path, "familyName")
        whole = self._read_texts(person, path, "fullName")
        if whole is not None:
            given_name = person.get("givenName")
            names = given_name.values() if isinstance(given_name, dict) else [given_name]
            stated = " ".join(name for name in names if isinstance(name, str))
            self._check_whole_name(f"{path}.fullName", list(whole.values()), family_name, stated)
        return family_name

    def _read_awarding_date(self, claim: Place) -> str | None:
        stated = [
            place for place in self._list_objects(*claim, "awardedBy") if place[0].get("awardingDate") not in (None, "")
        ]
        if not stated:
            return self._read_start_as_award()
        days = [self._read_day(*place, "awardingDate") for place in stated]
        if len(set(days)) > 1 and None not in days:
            self._ask(f"{claim[1]}.awardedBy", ", ".join(map(str, days)), "are several awarding dates; say which it is")
        return days[0] if len(set(days)) == 1 else None

    def _read_grade(self, claim: Place) -> str | None:
        grades: dict[str, str] = {}
        proofs = self._list_objects(*claim, "provenBy")
        for proof, at in [*proofs, *(part for place in proofs for part in self._list_objects(*place, "hasPart"))]:
            self._check_status(proof, at)
            for text, where in self._list_grades(proof, at):
                grades.setdefault(text, where)
        for text, where in self._list_grades(*claim):
            grades.setdefault(text, where)
        if len(grades) > 1:
            detail = f"there are {len(grades)} grades; say which is the award's"
            self._ask(f"{claim[1]}.provenBy", "", detail)
            return None
        return next(iter(grades), None)

    def _list_grades(self, owner: Values, path: str) -> Sequence[tuple[str, str]]:
        """Return the grades under `grade`, which is a note, a list of notes, or a text, each with its path.

        A grade that is written in several languages is one grade.
        """
        value = owner.get("grade")
        if isinstance(value, str | int | float) and not isinstance(value, bool):
            plain = self._read_text(owner, path, "grade")
            return [(plain, f"{path}.grade")] if plain is not None else []
        grades = []
        for note, at in self._list_objects(owner, path, "grade"):
            if text := self._read_texts(note, at, "noteLiteral"):
                grades.append((text.get("en") or next(iter(text.values())), at))
                if len(set(text.values())) > 1:
                    self._note_once(f"{at} is written in several languages; one was read")
            elif note:
                self._ask(at, "", "is a grade without a text; say what the grade is")
        return grades
