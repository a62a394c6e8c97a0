"""EMREX ELMO 2.0 and 1.7 (XML): a transcript of a learner's credentials, with decisions on recognition in 2.0.

A stack contains its parts in `hasPart`. What ELMO has no field for is in `Exported.omitted`. The file is not signed:
in EMREX the server that sends a transcript signs it.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from lxml import etree

from registry.documents.elmo_schema import NAMESPACE, ElmoVersion
from registry.export.dates import first_second
from registry.export.document import Copy, Exported, ExportError
from registry.export.elmo_omissions import list_omissions, list_portfolio_omissions
from registry.export.elmo_recognition import add_recognitions
from registry.export.elmo_xml import add, add_identifiers, add_issuer, add_texts, number
from registry.export.facts import Organisation, PortableCredential, PortablePart, Portfolio
from registry.wire.achievements import AchievementContent

MEDIA_TYPE: Final = "application/xml"
_TYPES: Final = {"degree": "Degree Programme", "module": "Module", "microCredential": "Course"}
"""ELMO's word for a kind of achievement. A programme that leads to no degree has none."""
_LEVEL: Final = re.compile(r"(?P<framework>.+?),? (?:level )?(?P<level>\S+)")


def export_elmo(portfolio: Portfolio, copy: Copy, version: ElmoVersion = "2.0") -> Exported:
    """Return the transcript of a learner. Raises `ExportError`.

    A credential that is a part of another one of the portfolio is written once, inside of that one. Ids of the log are
    written where the copy's tie is `open`.
    """
    credentials = [credential for credential in portfolio.credentials if credential.status == "active"]
    if not credentials and not (portfolio.recognitions and version == "2.0"):
        raise ExportError("An ELMO transcript needs an active credential, and this portfolio has none.")
    root = etree.Element(f"{{{NAMESPACE}}}elmo", nsmap={None: NAMESPACE})  # type: ignore[dict-item] # the stubs know no default namespace
    add(root, "generatedDate", first_second(copy.issued))
    _add_learner(root, portfolio.person, version)
    if credentials:
        _Report(root, portfolio.issuer, credentials, copy).write()
    if version == "2.0":
        add_recognitions(root, portfolio.recognitions, copy)
    omitted = [
        *list_portfolio_omissions(portfolio, version),
        *(omission for credential in credentials for omission in list_omissions(credential, copy)),
    ]
    content = etree.tostring(root, encoding="UTF-8", xml_declaration=True, pretty_print=True)
    return Exported(content, MEDIA_TYPE, "xml", tuple(dict.fromkeys(omitted)))


def export_old_elmo(portfolio: Portfolio, copy: Copy) -> Exported:
    """Return the transcript of a learner in version 1.7, for systems that read no newer one. Raises `ExportError`."""
    return export_elmo(portfolio, copy, "1.7")


def _add_learner(root: etree._Element, person: Mapping[str, Any], version: ElmoVersion) -> None:
    missing = [name for name in ("givenName", "familyName") if not person.get(name)]
    if missing:
        raise ExportError(f"ELMO needs the learner's {' and '.join(missing)}. Correct the learner's names first.")
    learner = add(root, "learner")
    identifiers = {"nationalIdentifier": person.get("nationalId"), "local": person.get("studentNumber")}
    add_identifiers(learner, identifiers)
    add(learner, "givenNames", person["givenName"])
    add(learner, "familyName", person["familyName"])
    if version == "2.0":
        # Version 2.0.0 of the schema requires it of everybody, although it is meant for other alphabets than the Latin.
        add(learner, "alternativeName", f"{person['givenName']} {person['familyName']}")
    if person.get("dateOfBirth"):
        add(learner, "bday" if version == "1.7" else "dateOfBirth", person["dateOfBirth"])


class _Report:
    """The report of one issuer: its results, the date, and the grading schemes that the results refer to."""

    def __init__(
        self, root: etree._Element, issuer: Organisation, credentials: list[PortableCredential], copy: Copy
    ) -> None:
        self._root = root
        self._issuer = issuer
        self._credentials = {credential.credential: credential for credential in credentials}
        self._copy = copy
        self._schemes: dict[str, Mapping[str, str]] = {}

    def write(self) -> None:
        """Write the report."""
        report = add(self._root, "report")
        add_issuer(report, self._issuer)
        inner = {
            part.part.credential
            for credential in self._credentials.values()
            for part in credential.parts
            if part.part.member == self._issuer.member
        }
        for credential in self._credentials.values():
            if credential.credential not in inner:
                self._add_credential(report, credential)
        add(report, "issueDate", first_second(self._copy.issued))
        for scheme, title in self._schemes.items():
            add_texts(add(report, "gradingScheme", localId=scheme), "description", title)

    def _add_credential(self, parent: etree._Element, credential: PortableCredential) -> None:
        achievement = credential.achievement
        opportunity = _add_opportunity(parent, achievement, self._issuer)
        instance = add(add(opportunity, "specifies"), "learningOpportunityInstance")
        if self._copy.tie == "open":
            add_identifiers(instance, {"log": f"{credential.issuer.origin}/{credential.credential}"})
        add(instance, "date", credential.awarding_date.isoformat())
        add(instance, "status", "passed")
        grade = credential.claims.get("grade")
        if achievement.grading_scheme is not None:
            add(instance, "gradingSchemeLocalId", self._scheme_of(achievement.grading_scheme.title))
        if grade:
            add(instance, "resultLabel", str(grade))
        _add_credits(instance, credential.ects)
        _add_levels(instance, achievement)
        add(instance, "languageOfInstruction", achievement.language[0])
        for part in credential.parts:
            own = self._credentials.get(part.part.credential)
            if own is not None and part.part.member == self._issuer.member:
                self._add_credential(add(opportunity, "hasPart"), own)
            elif part.achievement is not None:
                _add_part(opportunity, part, part.achievement)

    def _scheme_of(self, title: Mapping[str, str]) -> str:
        """Return the local id of a grading scheme."""
        for scheme, title_of_scheme in self._schemes.items():
            if title_of_scheme == title:
                return scheme
        scheme = f"scheme-{len(self._schemes) + 1}"
        self._schemes[scheme] = title
        return scheme


def _add_part(whole: etree._Element, part: PortablePart, achievement: AchievementContent) -> None:
    """Add a part whose date and grade this university does not know."""
    opportunity = _add_opportunity(add(whole, "hasPart"), achievement, part.issuer)
    instance = add(add(opportunity, "specifies"), "learningOpportunityInstance")
    add(instance, "status", "passed")
    _add_credits(instance, part.part.ects)
    _add_levels(instance, achievement)
    add(instance, "languageOfInstruction", achievement.language[0])


def _add_opportunity(
    parent: etree._Element, achievement: AchievementContent, issuer: Organisation | None
) -> etree._Element:
    opportunity = add(parent, "learningOpportunitySpecification")
    owner = issuer.origin if issuer is not None else achievement.awarding_bodies[0]
    add_identifiers(opportunity, {"achievement": f"{owner}/{achievement.achievement}/{achievement.version}"})
    add_texts(opportunity, "title", achievement.title)
    if (kind := _TYPES.get(achievement.kind)) is not None:
        add(opportunity, "type", kind)
    add(opportunity, "iscedCode", achievement.fields_of_education[0])
    add_texts(opportunity, "description", achievement.description or {})
    add_texts(opportunity, "descriptionHtml", dict(_outcomes_as_html(achievement)))
    return opportunity


def _outcomes_as_html(achievement: AchievementContent) -> Iterator[tuple[str, str]]:
    """Yield the description with the learning outcomes as HTML, by language: ELMO has no field for outcomes."""
    languages = dict.fromkeys(language for outcome in achievement.learning_outcomes for language in outcome.title)
    for language in languages:
        outcomes = "".join(
            f"<li>{_escape(outcome.title[language])}</li>"
            for outcome in achievement.learning_outcomes
            if language in outcome.title
        )
        described = _escape((achievement.description or {}).get(language, ""))
        yield language, f"<p>{described}</p><ul>{outcomes}</ul>" if described else f"<ul>{outcomes}</ul>"


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _add_credits(instance: etree._Element, ects: float | None) -> None:
    if ects is not None:
        credit = add(instance, "credit")
        add(credit, "scheme", "ects")
        add(credit, "value", number(ects))


def _add_levels(instance: etree._Element, achievement: AchievementContent) -> None:
    if achievement.eqf_level is not None:
        level = add(instance, "level")
        add(level, "type", "EQF")
        add(level, "value", str(achievement.eqf_level))
    if achievement.nqf_level:
        match = _LEVEL.fullmatch(achievement.nqf_level)
        level = add(instance, "level")
        add(level, "type", "NQF")
        if match is not None:
            add(level, "description", match["framework"])
        add(level, "value", match["level"] if match is not None else achievement.nqf_level)
