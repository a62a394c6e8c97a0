"""EMREX ELMO 1 and 2 (XML): a learner's results, each learning opportunity that was passed being an award.

A transcript holds degree programmes, modules and courses, one in another; classes (a lecture, a lab) are parts of a
course and no award of their own. ELMO has no word for learning outcomes, assessment, supervision or quality
assurance, and does not say what kind of achievement a course is: those are asked for. ELMO 2 adds decisions on
recognition, which are no awards of the issuer's and are not taken in.
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
"""The standard's other words for a result: it is no award."""
_LEVELS: Final = 40
"""So deep parts are read."""
_NATIONAL: Final = ("nationalIdentifier", "nationalidentifier", "national")
_UNREAD: Final = {
    "extension": "it may hold anything",
    "attachment": "what people read is not data",
    "diplomaSupplement": "its sections are texts for people",
    "resultOfRecognition": "a decision on recognition is no award of the issuer's",
}
_CYCLES: Final = {"Bachelor": 6, "Master": 7, "PhD": 8}


class ElmoDocument(XmlDocument):
    """A transcript, read."""

    FORMAT: ClassVar[str] = "EMREX ELMO"

    @classmethod
    def recognises(cls, root: etree._Element) -> bool:
        """Return True if it is one, of any version."""
        return local(root) == "elmo" and (etree.QName(root).namespace or "").startswith(_NAMESPACE)

    def _read(self) -> None:
        learners = self._all(self._root, "learner")
        if len(learners) != 1:
            found = f"names {len(learners)} learners; send a transcript each" if learners else "names no learner"
            raise IntakeError(f"{self.name} {found}")
        self._learner = learners[0]
        for signature in self._all(self._root, "Signature"):
            self.signed = True
            self._use(signature)
            self.notes.append(
                f"{self._path(signature)}: the document's signature was not checked (unverified); its content was read"
                " as it is"
            )
        for one in self._root.iter(*(f"{{*}}{name}" for name in _UNREAD)):
            if any(owner in self._used for owner in one.iterancestors()):
                continue
            self._use(one)
            self.notes.append(f"{self._path(one)} was not read: {_UNREAD[local(one)]}")
        for report in self._all(self._root, "report"):
            with self._about(ISSUER):
                self._issued_by(report)
            self._schemes = {one.get("localId"): one for one in self._all(report, "gradingScheme")}
            for opportunity in self._all(report, _OPPORTUNITY):
                self._walk(opportunity, _LEVELS)
        if not self.awards:
            raise IntakeError(f"{self.name} holds no result that was passed: there is nothing to take in")
        self._number_repeated()

    def _issued_by(self, report: etree._Element) -> None:
        issuers = self._all(report, "issuer")
        if len(issuers) > 1:
            self._odd(self._path(report), "", f"names {len(issuers)} issuers; say which of them issued it")
        issuer = issuers[0] if len(issuers) == 1 else None
        titles = self._texts(issuer, "title") if issuer is not None else None
        name = (titles or {}).get("en") or next(iter((titles or {}).values()), "")
        if self.issuer.name and self.issuer.name != name:
            self.notes.append(f"results of several universities: {self.issuer.name}, {name}")
        country = self._plain(issuer, "country") or ""
        if country and issuer is not None and (fault := country_fault(country)) is not None:
            self._odd(f"{self._path(issuer)}/country", country, fault)
            country = ""
        self._issuer = Issuer(name, country, self._plain(issuer, "url") or "")
        if not self.issuer.name:
            self.issuer = self._issuer

    def _walk(self, opportunity: etree._Element, levels: int) -> list[Award]:
        """Take in what was passed, parts before what they are parts of.

        Returns the award; where the opportunity itself is none, those of its parts.
        """
        if levels == 0:
            raise IntakeError(f"{self.name} nests parts deeper than {_LEVELS} levels")
        parts = [
            award
            for part in self._all(opportunity, "hasPart")
            for one in self._all(part, _OPPORTUNITY)
            for award in self._walk(one, levels - 1)
        ]
        with self._about("achievement.kind"):
            kind = self._plain(opportunity, "type")
        path = self._path(opportunity)
        if kind == "Class":
            self.notes.append(f"{path} is a class, a part of a course and no award of its own")
            self._leave_out(opportunity, f"{path} is a class, a part of a course and no award of its own")
            return parts
        specified = self._all(opportunity, _INSTANCE[0])
        instances = [one for owner in specified for one in self._all(owner, _INSTANCE[1])]
        awards = []
        taken: list[etree._Element | None] = [*instances] if instances else [None]
        for instance in taken:
            status = self._status(instance)
            where = self._path(instance) if instance is not None and len(instances) > 1 else path
            if status in _NOT_PASSED:
                self.notes.append(f"{where} is {status}, and not passed")
                self._leave_out(opportunity, f"{where} is {status}, and not passed")
            elif status != _PASSED and instance is not None and self._all(instance, "status"):
                awards.append(self._add(partial(self._uncertain, opportunity, where, status)))
            else:
                if status is None:
                    self.notes.append(f"{where} has no status, which in ELMO means passed")
                awards.append(self._add(partial(self._award, opportunity, instance, kind)))
        if awards:
            awards[-1].parts = parts
        return awards or parts

    def _leave_out(self, opportunity: etree._Element, why: str) -> None:
        for code in _codes(self._identifiers(opportunity)):
            self.left_out[code] = why

    def _status(self, instance: etree._Element | None) -> str | None:
        """Return whether it was passed, in the standard's word for it where that is meant, else in the document's.

        None where it says nothing, or several things.
        """
        found = self._all(instance, "status")
        texts = {" ".join((one.text or "").split()) for one in found} - {""}
        for one in found:
            self._use(one)
        if len(texts) != 1:
            return None
        [text] = texts
        word = re.sub(r"[\s_-]+", "-", text.casefold())
        if word not in (_PASSED, *_NOT_PASSED):
            return text
        if word != text:
            self.notes.append(f"{self._path(found[0])}: the status {text!r:.40} was read as {word}")
        return word

    def _uncertain(self, opportunity: etree._Element, where: str, status: str | None) -> Award:
        """Return an award that is refused: it is not known whether it was passed."""
        words = ", ".join((_PASSED, *_NOT_PASSED))
        detail = "has no certain status" if status is None else f"has a status that is none of {words}"
        self._refuse(where, status or "", f"{detail}, and is not taken for passed; correct it in the document")
        codes = _codes(self._identifiers(opportunity))
        return Award(self.name, where, {"title": self._texts(opportunity, "title")}, {}, codes)

    def _award(self, opportunity: etree._Element, instance: etree._Element | None, kind: str | None) -> Award:
        codes = _codes(self._identifiers(opportunity))
        achievement: Values = {"kind": _KINDS.get(kind or "")} | self._values(
            "achievement",
            {
                "title": lambda: self._texts(opportunity, "title"),
                "description": lambda: self._texts(opportunity, "description"),
                "fieldsOfEducation": lambda: self._fields(opportunity),
            },
        )
        credential = self._person(self._learner)
        if instance is not None:
            with self._about("achievement.ects"):
                achievement |= self._credits(instance)
            with self._about("achievement.eqfLevel"):
                achievement |= self._levels(instance)
            achievement |= self._values(
                "achievement",
                {
                    "language": lambda: self._language(instance),
                    "gradingScheme": lambda: self._scheme(instance),
                },
            )
            named = self._identifiers(instance)
            credential["record"] = next((f"{scheme}:{value}" for scheme, value in named.items()), None)
            credential |= self._values(
                "credential",
                {"awarding_date": lambda: self._day(instance, "date"), "grade": lambda: self._grade(instance)},
            )
        award = Award(self.name, self._path(opportunity), achievement, credential, codes)
        award.issuer = self._issuer
        return award

    def _number_repeated(self) -> None:
        """A result that was taken again stands twice, maybe on one day: each is a record of its own."""
        seen = Counter[tuple[object, ...]]()
        for award in self.awards:
            key = award.credential.get("record"), tuple(award.codes), award.credential.get("awarding_date")
            seen[key] += 1
            award.repeated = seen[key]
            if award.repeated > 1 and "record" in award.credential:
                award.credential["record"] += f" #{award.repeated}"

    def _identifiers(self, owner: etree._Element) -> dict[str, str]:
        found: dict[str, str] = {}
        for one in self._all(owner, "identifier"):
            if text := " ".join((one.text or "").split()):
                self._use(one)
                found.setdefault(one.get("type", ""), text)
        return found

    # The achievement

    def _fields(self, opportunity: etree._Element) -> list[str]:
        element, code = self._first(opportunity, "iscedCode"), self._plain(opportunity, "iscedCode")
        if element is None or code is None:
            return []
        if (fault := isced_fault(code)) is not None:
            self._used.discard(element)
            self._odd(self._path(element), code, fault)
            return []
        return [code]

    def _language(self, instance: etree._Element) -> list[str] | None:
        tag = self._plain(instance, "languageOfInstruction")
        if tag is None:
            return None
        if (fault := language_fault(tag)) is not None:
            self._odd(f"{self._path(instance)}/languageOfInstruction", tag, fault)
            return None
        return [tag]

    def _credits(self, instance: etree._Element) -> Values:
        values: Values = {}
        for credit in self._all(instance, "credit"):
            scheme = self._plain(credit, "scheme") or ""
            if scheme.lower() != "ects":
                self._odd(self._path(credit), scheme, "is not ECTS; other credits are not converted")
            elif value := self._decimal(credit, "value", "credits"):
                if values.get("ects", value) != value:
                    said = f"{values['ects']}, {value}"
                    self._odd(self._path(credit), said, "are several numbers of ECTS; say which it is")
                values |= {"creditBearing": True, "ects": value}
                self._sources["achievement.ects"] = f"{self._path(credit)}/value"
        if not self._all(instance, "credit"):
            self._odd(self._path(instance), "", "names no credits; say whether it bears any, and its hours if not")
        return values

    def _levels(self, instance: etree._Element) -> Values:
        values: Values = {}
        for level in self._all(instance, "level"):
            kind, value = (self._plain(level, "type") or "").upper(), self._plain(level, "value")
            if kind == "EQF" and value is not None and value in tuple("12345678"):
                if values.get("eqfLevel", int(value)) != int(value):
                    self._odd(self._path(level), value, "is a second level of the EQF; say which it is")
                values["eqfLevel"] = int(value)
                self._sources["achievement.eqfLevel"] = f"{self._path(level)}/value"
                values.setdefault("levelBasis", "providerStated")
            elif kind == "NQF" and value is not None:
                name = self._plain(level, "description")
                values |= {"nqfLevel": f"{name or 'NQF'}, level {value}", "levelBasis": "referenced"}
            else:
                self._odd(self._path(level), f"{kind} {value or ''}".strip(), "is no level of the EQF (1 to 8) or NQF")
        for cycle in (self._first(credit, "level") for credit in self._all(instance, "credit")):
            said = _CYCLES.get(self._plain(cycle.getparent(), "level") or "") if cycle is not None else None
            if cycle is not None and said is not None and said != values.get("eqfLevel", said):
                detail = f"is level {said} of the EQF, and the level given is {values['eqfLevel']}; that was read"
                self._odd(self._path(cycle), cycle.text or "", detail)
        return values

    def _scheme(self, instance: etree._Element) -> Values | None:
        element, name = self._first(instance, "gradingSchemeLocalId"), self._plain(instance, "gradingSchemeLocalId")
        if element is None or name is None:
            return None
        if name not in self._schemes:
            self._used.discard(element)
            self._odd(self._path(element), name, "is no gradingScheme of the report")
            return None
        return {"title": self._texts(self._schemes[name], "description") or {"und": name}}

    # The credential

    def _person(self, learner: etree._Element) -> Values:
        return self._values(
            "credential",
            {
                "family_name": lambda: self._plain(learner, "familyName"),
                "given_name": lambda: self._plain(learner, "givenNames"),
                "date_of_birth": lambda: self._born(learner),
                "national_id": lambda: self._national(learner),
                "student": lambda: student_number(self._numbers(learner), self._odd, self._note_once),
            },
        )

    def _born(self, learner: etree._Element) -> str | None:
        days = {name: self._day(learner, name) for name in ("bday", "dateOfBirth") if self._all(learner, name)}
        if len(set(days.values())) > 1 and None not in days.values():
            self._odd(f"{self._path(learner)}/dateOfBirth", "", "is another day than bday; say which it is")
        return next(iter(days.values())) if len(set(days.values())) == 1 else None

    def _numbers(self, learner: etree._Element) -> list[Identifier]:
        found = []
        for one in self._all(learner, "identifier"):
            kind, text = one.get("type", ""), " ".join((one.text or "").split())
            if kind not in _NATIONAL and text:
                self._use(one)
                found.append(Identifier(kind, text, self._path(one)))
        return found

    def _national(self, learner: etree._Element) -> str | None:
        numbers = {}
        for one in self._all(learner, "identifier"):
            if one.get("type") in _NATIONAL and (text := " ".join((one.text or "").split())):
                self._use(one)
                numbers[text] = one
        if len(numbers) > 1:
            self._odd(f"{self._path(learner)}/identifier", "", f"there are {len(numbers)} national numbers; say which")
            return None
        return next(iter(numbers), None)

    def _grade(self, instance: etree._Element) -> str | None:
        """The result as the university writes it; without a scheme nobody knows what it is on, and that is said."""
        grade = self._plain(instance, "resultLabel")
        if grade is not None and self._first(instance, "gradingSchemeLocalId") is None:
            self._note_once(f"{self._path(instance)}/resultLabel has no grading scheme; it was read as it stands")
        return grade


def _codes(identifiers: dict[str, str]) -> list[str]:
    """Return what the university may call an achievement, its own code first."""
    others = [f"{scheme}:{value}" for scheme, value in identifiers.items() if scheme != "local"]
    return [identifiers.get("local", ""), *others]
