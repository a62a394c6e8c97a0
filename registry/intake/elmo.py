"""EMREX ELMO 1 and 2 (XML): a learner's results, each learning opportunity that was passed being an award.

A transcript holds degree programmes, modules and courses, one in another; classes (a lecture, a lab) are parts of a
course and no award of their own. ELMO has no word for learning outcomes, assessment, supervision or quality
assurance, and does not say what kind of achievement a course is: those are asked for. ELMO 2 adds decisions on
recognition, which are no awards of the issuer's and are not taken in.
"""

from typing import ClassVar, Final

from lxml import etree

from registry.intake.document import Award, Values
from registry.intake.report import IntakeError
from registry.intake.xml_document import XmlDocument, local

_NAMESPACE: Final = "https://github.com/emrex-eu/elmo-schemas/tree/v"
_KINDS: Final = {"Degree Programme": "degree", "Module": "module"}
_OPPORTUNITY: Final = "learningOpportunitySpecification"
_INSTANCE: Final = ("specifies", "learningOpportunityInstance")
_STUDENT: Final = ("local", "student", "studentNumber", "studentId", "institutional")
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
        """Whether it is one, of any version."""
        return local(root) == "elmo" and (etree.QName(root).namespace or "").startswith(_NAMESPACE)

    def _read(self) -> None:
        learner = self._first(self._root, "learner")
        if learner is None:
            raise IntakeError(f"{self.name} names no learner")
        for signature in self._all(self._root, "Signature"):
            self.signed = True
            self._use(signature)
        for one in self._root.iter(*(f"{{*}}{name}" for name in _UNREAD)):
            if any(owner in self._used for owner in one.iterancestors()):
                continue
            self._use(one)
            self.notes.append(f"{self._path(one)} was not read: {_UNREAD[local(one)]}")
        person = self._person(learner)
        for report in self._all(self._root, "report"):
            self._issued_by(report)
            schemes = {one.get("localId"): one for one in self._all(report, "gradingScheme")}
            for opportunity in self._all(report, _OPPORTUNITY):
                self._walk(opportunity, person, schemes)
        if not self.awards:
            raise IntakeError(f"{self.name} holds no result that was passed: there is nothing to take in")

    def _issued_by(self, report: etree._Element) -> None:
        issuer = self._first(report, "issuer")
        titles = self._texts(issuer, "title") if issuer is not None else None
        name = (titles or {}).get("en") or next(iter((titles or {}).values()), "")
        if self.issuer.name and self.issuer.name != name:
            self.notes.append(f"results of several universities: {self.issuer.name}, {name}")
        self.issuer.name = self.issuer.name or name
        self.issuer.country = self.issuer.country or self._plain(issuer, "country") or ""

    def _walk(self, opportunity: etree._Element, person: Values, schemes: dict[str | None, etree._Element]) -> None:
        kind = self._plain(opportunity, "type")
        status = self._plain(opportunity, *_INSTANCE, "status")
        path = self._path(opportunity)
        if kind == "Class":
            self.notes.append(f"{path} is a class, a part of a course and no award of its own")
        elif status not in (None, "passed"):
            self.notes.append(f"{path} is {status}, and not passed")
        else:
            if status is None:
                self.notes.append(f"{path} has no status, which in ELMO means passed")
            self._add(lambda: self._award(opportunity, kind, person, schemes))
        for part in self._all(opportunity, "hasPart"):
            for one in self._all(part, _OPPORTUNITY):
                self._walk(one, person, schemes)

    def _award(
        self,
        opportunity: etree._Element,
        kind: str | None,
        person: Values,
        schemes: dict[str | None, etree._Element],
    ) -> Award:
        instance = self._first(opportunity, *_INSTANCE)
        given = self._identifiers(opportunity)
        codes = [given.pop("local", ""), *(f"{scheme}:{value}" for scheme, value in given.items())]
        achievement: Values = {
            "kind": _KINDS.get(kind or ""),
            "title": self._texts(opportunity, "title"),
            "description": self._texts(opportunity, "description"),
            "fieldsOfEducation": self._fields(opportunity),
        }
        credential = dict(person)
        if instance is not None:
            achievement |= self._credits(instance) | self._levels(instance)
            if (language := self._plain(instance, "languageOfInstruction")) is not None:
                achievement["language"] = [language]
            achievement["gradingScheme"] = self._scheme(instance, schemes)
            named = self._identifiers(instance)
            credential["record"] = next((f"{scheme}:{value}" for scheme, value in named.items()), None)
            credential["awarding_date"] = self._day(instance, "date")
            credential["grade"] = self._grade(instance)
        return Award(self.name, self._path(opportunity), achievement, credential, codes)

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
        if not (code.isascii() and code.isdigit() and 2 <= len(code) <= 4):
            self._used.discard(element)
            self._odd(self._path(element), code, "is no ISCED-F 2013 code of 2 to 4 digits")
            return []
        return [code]

    def _credits(self, instance: etree._Element) -> Values:
        values: Values = {}
        for credit in self._all(instance, "credit"):
            scheme = self._plain(credit, "scheme") or ""
            if scheme.lower() != "ects":
                self._odd(self._path(credit), scheme, "is not ECTS; other credits are not converted")
            elif "ects" in values:
                self._odd(self._path(credit), scheme, "is a second number of ECTS; the first was read")
            elif value := self._decimal(credit, "value", "credits"):
                values |= {"creditBearing": True, "ects": value}
        if not self._all(instance, "credit"):
            self._odd(self._path(instance), "", "names no credits; say whether it bears any, and its hours if not")
        return values

    def _levels(self, instance: etree._Element) -> Values:
        values: Values = {}
        for level in self._all(instance, "level"):
            kind, value = (self._plain(level, "type") or "").upper(), self._plain(level, "value")
            if kind == "EQF" and value is not None and value in tuple("12345678"):
                values["eqfLevel"] = int(value)
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

    def _scheme(self, instance: etree._Element, schemes: dict[str | None, etree._Element]) -> Values | None:
        element, name = self._first(instance, "gradingSchemeLocalId"), self._plain(instance, "gradingSchemeLocalId")
        if element is None or name is None:
            return None
        if name not in schemes:
            self._used.discard(element)
            self._odd(self._path(element), name, "is no gradingScheme of the report")
            return None
        return {"title": self._texts(schemes[name], "description") or {"und": name}}

    # The credential

    def _person(self, learner: etree._Element) -> Values:
        values: Values = {
            "family_name": self._plain(learner, "familyName"),
            "given_name": self._plain(learner, "givenNames"),
            "date_of_birth": self._day(learner, "bday") or self._day(learner, "dateOfBirth"),
        }
        for one in self._all(learner, "identifier"):
            kind = one.get("type")
            field = "national_id" if kind == "nationalIdentifier" else "student" if kind in _STUDENT else None
            if field is not None and (text := " ".join((one.text or "").split())):
                self._use(one)
                values[field] = text
        return values

    def _grade(self, instance: etree._Element) -> str | None:
        """The result as the university writes it; without a scheme nobody knows what it is on, and that is said."""
        grade = self._plain(instance, "resultLabel")
        if grade is not None and self._first(instance, "gradingSchemeLocalId") is None:
            self.notes.append(f"{self._path(instance)}/resultLabel has no grading scheme; it was read as it stands")
        return grade
