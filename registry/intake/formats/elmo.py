"""EMREX ELMO 1 and 2 (XML): a learner's results. Each learning opportunity that was passed is an award.

A transcript has degree programmes, modules and courses, one inside another. Classes (a lecture, a lab) are parts of a
course and no awards. ELMO has no fields for learning outcomes, assessment, supervision or quality assurance, and does
not say what kind of achievement a course is: the importer is asked for them. ELMO 2 adds decisions on recognition,
which are not awards of the issuer and are not taken in.
"""

import re
from collections import Counter
from functools import partial
from typing import ClassVar, Final

from lxml import etree

from registry.intake.formats.award import Award, Issuer
from registry.intake.formats.completions import ISSUER, Values
from registry.intake.formats.identifiers import Identifier, student_number
from registry.intake.formats.xml_document import XmlDocument, local
from registry.intake.rows.report import IntakeError
from registry.values.codes import country_fault, isced_fault, language_fault

_NAMESPACE: Final = "https://github.com/emrex-eu/elmo-schemas/tree/v"
_KINDS: Final = {"Degree Programme": "degree", "Module": "module"}
_OPPORTUNITY: Final = "learningOpportunitySpecification"
_INSTANCE: Final = ("specifies", "learningOpportunityInstance")
_PASSED: Final = "passed"
_NOT_PASSED: Final = ("failed", "in-progress")
"""The standard's words for a result that is not an award."""
_LEVELS: Final = 40
"""Depth to which parts are read."""
_NATIONAL: Final = ("nationalIdentifier", "nationalidentifier", "national")
_UNREAD: Final = {
    "extension": "it may hold anything",
    "attachment": "what people read is not data",
    "diplomaSupplement": "its sections are texts for people",
    "resultOfRecognition": "a decision on recognition is not an award of the issuer's",
}
_CYCLES: Final = {"Bachelor": 6, "Master": 7, "PhD": 8}


class ElmoDocument(XmlDocument):
    """A transcript."""

    FORMAT: ClassVar[str] = "EMREX ELMO"

    @classmethod
    def recognises(cls, root: etree._Element) -> bool:
        """Return True if it is one, of any version."""
        return local(root) == "elmo" and (etree.QName(root).namespace or "").startswith(_NAMESPACE)

    def _read(self) -> None:
        learners = self._find_all(self._root, "learner")
        if len(learners) != 1:
            fault = f"names {len(learners)} learners; send one transcript for each" if learners else "names no learner"
            raise IntakeError(f"{self.name} {fault}")
        self._learner = learners[0]
        for signature in self._find_all(self._root, "Signature"):
            self.signed = True
            self._mark_used(signature)
            self.notes.append(
                f"{self._path_of(signature)}: the document's signature was not checked (unverified); its content was"
                " read as it is"
            )
        for element in self._root.iter(*(f"{{*}}{name}" for name in _UNREAD)):
            if any(owner in self._used for owner in element.iterancestors()):
                continue
            self._mark_used(element)
            self.notes.append(f"{self._path_of(element)} was not read: {_UNREAD[local(element)]}")
        for report in self._find_all(self._root, "report"):
            with self._about(ISSUER):
                self._read_issuer(report)
            self._schemes = {element.get("localId"): element for element in self._find_all(report, "gradingScheme")}
            for opportunity in self._find_all(report, _OPPORTUNITY):
                self._read_opportunity(opportunity, _LEVELS)
        if not self.awards:
            raise IntakeError(f"{self.name} holds no result that was passed: there is nothing to take in")
        self._number_repeated()

    def _read_issuer(self, report: etree._Element) -> None:
        issuers = self._find_all(report, "issuer")
        if len(issuers) > 1:
            self._ask(self._path_of(report), "", f"names {len(issuers)} issuers; say which of them issued it")
        issuer = issuers[0] if len(issuers) == 1 else None
        titles = self._read_texts(issuer, "title") if issuer is not None else None
        name = (titles or {}).get("en") or next(iter((titles or {}).values()), "")
        if self.issuer.name and self.issuer.name != name:
            self.notes.append(f"results of several universities: {self.issuer.name}, {name}")
        country = self._read_text(issuer, "country") or ""
        if country and issuer is not None and (fault := country_fault(country)) is not None:
            self._ask(f"{self._path_of(issuer)}/country", country, fault)
            country = ""
        self._issuer = Issuer(name, country, self._read_text(issuer, "url") or "")
        if not self.issuer.name:
            self.issuer = self._issuer

    def _read_opportunity(self, opportunity: etree._Element, levels: int) -> list[Award]:
        """Add the awards of an opportunity and of its parts, the parts first.

        Return its own awards; where it has none, those of its parts.
        """
        if levels == 0:
            raise IntakeError(f"{self.name} nests parts deeper than {_LEVELS} levels")
        parts = [
            award
            for part in self._find_all(opportunity, "hasPart")
            for inner in self._find_all(part, _OPPORTUNITY)
            for award in self._read_opportunity(inner, levels - 1)
        ]
        with self._about("achievement.kind"):
            kind = self._read_text(opportunity, "type")
        path = self._path_of(opportunity)
        if kind == "Class":
            self.notes.append(f"{path} is a class, a part of a course and no award of its own")
            self._leave_out(opportunity, f"{path} is a class, a part of a course and no award of its own")
            return parts
        specified = self._find_all(opportunity, _INSTANCE[0])
        instances = [inner for owner in specified for inner in self._find_all(owner, _INSTANCE[1])]
        awards = []
        results: list[etree._Element | None] = [*instances] if instances else [None]
        for instance in results:
            status = self._read_status(instance)
            where = self._path_of(instance) if instance is not None and len(instances) > 1 else path
            if status in _NOT_PASSED:
                self.notes.append(f"{where} is {status}, and not passed")
                self._leave_out(opportunity, f"{where} is {status}, and not passed")
            elif status != _PASSED and instance is not None and self._find_all(instance, "status"):
                awards.append(self._add_award(partial(self._refuse_uncertain, opportunity, where, status)))
            else:
                if status is None:
                    self.notes.append(f"{where} has no status, which in ELMO means passed")
                awards.append(self._add_award(partial(self._read_award, opportunity, instance, kind)))
        if awards:
            awards[-1].parts = parts
        return awards or parts

    def _leave_out(self, opportunity: etree._Element, why: str) -> None:
        for code in _codes(self._identifiers_of(opportunity)):
            self.left_out[code] = why

    def _read_status(self, instance: etree._Element | None) -> str | None:
        """Return the status of a result: the standard's word, or the document's own if the standard has none like it.

        None where no status is stated, or several.
        """
        elements = self._find_all(instance, "status")
        texts = {" ".join((element.text or "").split()) for element in elements} - {""}
        for element in elements:
            self._mark_used(element)
        if len(texts) != 1:
            return None
        [text] = texts
        word = re.sub(r"[\s_-]+", "-", text.casefold())
        if word not in (_PASSED, *_NOT_PASSED):
            return text
        if word != text:
            self.notes.append(f"{self._path_of(elements[0])}: the status {text!r:.40} was read as {word}")
        return word

    def _refuse_uncertain(self, opportunity: etree._Element, where: str, status: str | None) -> Award:
        """Return an award that is refused, because its status is not certain."""
        words = ", ".join((_PASSED, *_NOT_PASSED))
        detail = "has no certain status" if status is None else f"has a status that is not one of {words}"
        self._refuse(where, status or "", f"{detail}, and is not taken for passed; correct it in the document")
        codes = _codes(self._identifiers_of(opportunity))
        return Award(self.name, where, {"title": self._read_texts(opportunity, "title")}, {}, codes)

    def _read_award(self, opportunity: etree._Element, instance: etree._Element | None, kind: str | None) -> Award:
        codes = _codes(self._identifiers_of(opportunity))
        achievement: Values = {"kind": _KINDS.get(kind or "")} | self._read_fields(
            "achievement",
            {
                "title": lambda: self._read_texts(opportunity, "title"),
                "description": lambda: self._read_texts(opportunity, "description"),
                "fieldsOfEducation": lambda: self._read_fields_of_education(opportunity),
            },
        )
        credential = self._read_person(self._learner)
        if instance is not None:
            with self._about("achievement.ects"):
                achievement |= self._read_credits(instance)
            with self._about("achievement.eqfLevel"):
                achievement |= self._read_levels(instance)
            achievement |= self._read_fields(
                "achievement",
                {
                    "language": lambda: self._read_language(instance),
                    "gradingScheme": lambda: self._read_grading_scheme(instance),
                },
            )
            named = self._identifiers_of(instance)
            credential["record"] = next((f"{scheme}:{value}" for scheme, value in named.items()), None)
            credential |= self._read_fields(
                "credential",
                {
                    "awarding_date": lambda: self._read_day(instance, "date"),
                    "grade": lambda: self._read_grade(instance),
                },
            )
        award = Award(self.name, self._path_of(opportunity), achievement, credential, codes)
        award.issuer = self._issuer
        return award

    def _number_repeated(self) -> None:
        """Number awards of one achievement on one day: each result of a repeated course has its own record."""
        counts = Counter[tuple[object, ...]]()
        for award in self.awards:
            key = award.credential.get("record"), tuple(award.codes), award.credential.get("awarding_date")
            counts[key] += 1
            award.repeated = counts[key]
            if award.repeated > 1 and "record" in award.credential:
                award.credential["record"] += f" #{award.repeated}"

    def _identifiers_of(self, owner: etree._Element) -> dict[str, str]:
        identifiers: dict[str, str] = {}
        for element in self._find_all(owner, "identifier"):
            if text := " ".join((element.text or "").split()):
                self._mark_used(element)
                identifiers.setdefault(element.get("type", ""), text)
        return identifiers

    # The achievement

    def _read_fields_of_education(self, opportunity: etree._Element) -> list[str]:
        element, code = self._find_first(opportunity, "iscedCode"), self._read_text(opportunity, "iscedCode")
        if element is None or code is None:
            return []
        if (fault := isced_fault(code)) is not None:
            self._used.discard(element)
            self._ask(self._path_of(element), code, fault)
            return []
        return [code]

    def _read_language(self, instance: etree._Element) -> list[str] | None:
        tag = self._read_text(instance, "languageOfInstruction")
        if tag is None:
            return None
        if (fault := language_fault(tag)) is not None:
            self._ask(f"{self._path_of(instance)}/languageOfInstruction", tag, fault)
            return None
        return [tag]

    def _read_credits(self, instance: etree._Element) -> Values:
        values: Values = {}
        for credit in self._find_all(instance, "credit"):
            scheme = self._read_text(credit, "scheme") or ""
            if scheme.lower() != "ects":
                self._ask(self._path_of(credit), scheme, "is not ECTS; other credits are not converted")
            elif value := self._read_number(credit, "value", "credits"):
                if values.get("ects", value) != value:
                    points = f"{values['ects']}, {value}"
                    self._ask(self._path_of(credit), points, "are several numbers of ECTS; say which it is")
                values |= {"creditBearing": True, "ects": value}
                self._sources["achievement.ects"] = f"{self._path_of(credit)}/value"
        if not self._find_all(instance, "credit"):
            self._ask(self._path_of(instance), "", "names no credits; say whether it bears any, and its hours if not")
        return values

    def _read_levels(self, instance: etree._Element) -> Values:
        values: Values = {}
        for level in self._find_all(instance, "level"):
            kind, value = (self._read_text(level, "type") or "").upper(), self._read_text(level, "value")
            if kind == "EQF" and value is not None and value in tuple("12345678"):
                if values.get("eqfLevel", int(value)) != int(value):
                    self._ask(self._path_of(level), value, "is a second level of the EQF; say which it is")
                values["eqfLevel"] = int(value)
                self._sources["achievement.eqfLevel"] = f"{self._path_of(level)}/value"
                values.setdefault("levelBasis", "providerStated")
            elif kind == "NQF" and value is not None:
                name = self._read_text(level, "description")
                values |= {"nqfLevel": f"{name or 'NQF'}, level {value}", "levelBasis": "referenced"}
            else:
                self._ask(
                    self._path_of(level), f"{kind} {value or ''}".strip(), "is not a level of the EQF (1 to 8) or NQF"
                )
        for cycle in (self._find_first(credit, "level") for credit in self._find_all(instance, "credit")):
            level_of_cycle = (
                _CYCLES.get(self._read_text(cycle.getparent(), "level") or "") if cycle is not None else None
            )
            if (
                cycle is not None
                and level_of_cycle is not None
                and level_of_cycle != values.get("eqfLevel", level_of_cycle)
            ):
                detail = (
                    f"is level {level_of_cycle} of the EQF, and the level given is {values['eqfLevel']}; that was read"
                )
                self._ask(self._path_of(cycle), cycle.text or "", detail)
        return values

    def _read_grading_scheme(self, instance: etree._Element) -> Values | None:
        element, name = (
            self._find_first(instance, "gradingSchemeLocalId"),
            self._read_text(instance, "gradingSchemeLocalId"),
        )
        if element is None or name is None:
            return None
        if name not in self._schemes:
            self._used.discard(element)
            self._ask(self._path_of(element), name, "is not a gradingScheme of the report")
            return None
        return {"title": self._read_texts(self._schemes[name], "description") or {"und": name}}

    # The credential

    def _read_person(self, learner: etree._Element) -> Values:
        return self._read_fields(
            "credential",
            {
                "family_name": lambda: self._read_text(learner, "familyName"),
                "given_name": lambda: self._read_text(learner, "givenNames"),
                "date_of_birth": lambda: self._read_date_of_birth(learner),
                "national_id": lambda: self._read_national_id(learner),
                "student": lambda: student_number(self._read_identifiers(learner), self._ask, self._note_once),
            },
        )

    def _read_date_of_birth(self, learner: etree._Element) -> str | None:
        days = {
            name: self._read_day(learner, name) for name in ("bday", "dateOfBirth") if self._find_all(learner, name)
        }
        if len(set(days.values())) > 1 and None not in days.values():
            self._ask(f"{self._path_of(learner)}/dateOfBirth", "", "is another day than bday; say which it is")
        return next(iter(days.values())) if len(set(days.values())) == 1 else None

    def _read_identifiers(self, learner: etree._Element) -> list[Identifier]:
        identifiers = []
        for element in self._find_all(learner, "identifier"):
            kind, text = element.get("type", ""), " ".join((element.text or "").split())
            if kind not in _NATIONAL and text:
                self._mark_used(element)
                identifiers.append(Identifier(kind, text, self._path_of(element)))
        return identifiers

    def _read_national_id(self, learner: etree._Element) -> str | None:
        numbers = {}
        for element in self._find_all(learner, "identifier"):
            if element.get("type") in _NATIONAL and (text := " ".join((element.text or "").split())):
                self._mark_used(element)
                numbers[text] = element
        if len(numbers) > 1:
            self._ask(
                f"{self._path_of(learner)}/identifier", "", f"there are {len(numbers)} national numbers; say which"
            )
            return None
        return next(iter(numbers), None)

    def _read_grade(self, instance: etree._Element) -> str | None:
        """Return the result as the university writes it; note where its grading scheme is not stated."""
        grade = self._read_text(instance, "resultLabel")
        if grade is not None and self._find_first(instance, "gradingSchemeLocalId") is None:
            self._note_once(f"{self._path_of(instance)}/resultLabel has no grading scheme; it was read as it stands")
        return grade


def _codes(identifiers: dict[str, str]) -> list[str]:
    """Return the codes that the university may have for an achievement, its own code first."""
    others = [f"{scheme}:{value}" for scheme, value in identifiers.items() if scheme != "local"]
    return [identifiers.get("local", ""), *others]
