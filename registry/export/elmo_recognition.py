"""Decisions on recognition in ELMO 2.0: on what they rest, what they grant, and which grant comes from which basis."""

from collections.abc import Sequence
from itertools import groupby
from typing import Final

from lxml import etree

from registry.export.dates import first_second
from registry.export.document import Copy
from registry.export.elmo_xml import add, add_identifiers, add_issuer, add_texts, number
from registry.export.facts import Organisation, PortableRecognition
from registry.wire.recognition import Basis, Grant, Outcome

_POSITIVE: Final[frozenset[Outcome]] = frozenset({"full"})
_NEGATIVE: Final[frozenset[Outcome]] = frozenset({"refused"})


def add_recognitions(root: etree._Element, recognitions: Sequence[PortableRecognition], copy: Copy) -> None:
    """Add a report for each member that decided, with its decisions."""
    ordered = sorted(recognitions, key=lambda recognition: recognition.decider.member)
    for _, decisions in groupby(ordered, key=lambda recognition: recognition.decider.member):
        of_member = list(decisions)
        report = add(root, "report")
        add_issuer(report, of_member[0].decider)
        for recognition in of_member:
            _add_recognition(report, recognition)
        add(report, "issueDate", first_second(copy.issued))


def status_of(grants: Sequence[Grant]) -> str:
    """Return ELMO's word for a decision: positive or negative as a whole, or partially positive."""
    outcomes = {grant.outcome for grant in grants}
    if outcomes <= _POSITIVE:
        return "Positive"
    return "Negative" if outcomes <= _NEGATIVE else "Partially Positive"


def _add_recognition(report: etree._Element, recognition: PortableRecognition) -> None:
    result = add(report, "resultOfRecognition")
    if recognition.titles:
        add_texts(result, "title", recognition.titles[0])
    add(result, "status", status_of(recognition.grants))
    add(result, "decisionDate", recognition.decided.isoformat())
    for index, basis in enumerate(recognition.basis):
        _add_basis(result, recognition, index, basis)
    for index, grant in enumerate(recognition.grants):
        if grant.outcome not in _NEGATIVE:
            _add_grant(result, recognition, index, grant)
    for index, grant in enumerate(recognition.grants):
        if grant.outcome not in _NEGATIVE:
            mapping = add(add(result, "recognitionMapping"), "mapping")
            source = add(mapping, "fromMapping")
            for basis_index in grant.from_:
                add(source, "ref", f"basis-{basis_index + 1}")
            add(add(mapping, "toMapping"), "ref", f"result-{index + 1}")


def _add_basis(result: etree._Element, recognition: PortableRecognition, index: int, basis: Basis) -> None:
    report = add(add(result, "recognitionBasis"), "recognitionReport")
    organisation = recognition.issuers[index] if index < len(recognition.issuers) else None
    if organisation is not None:
        add_issuer(report, organisation)
    else:
        _add_external_issuer(report, basis)
    titles = recognition.titles[index] if index < len(recognition.titles) else {}
    if basis.external is not None:
        titles = titles or {"und": basis.external.title}
    identifiers = {"local": f"basis-{index + 1}"}
    if basis.achievement is not None:
        ref = basis.achievement
        owner = organisation.origin if organisation is not None else ref.member
        identifiers["achievement"] = f"{owner}/{ref.achievement}/{ref.version}"
    _add_opportunity(report, identifiers, titles)
    # The day of the decision is known; the day on which the basis was issued is not a part of the decision.
    add(report, "issueDate", first_second(recognition.decided))


def _add_external_issuer(report: etree._Element, basis: Basis) -> None:
    """Add an issuer of which governance says nothing: as the decision names it."""
    issuer = add(report, "issuer")
    if basis.external is not None:
        add(issuer, "country", basis.external.country)
        name = basis.external.issuer_name
    else:
        name = basis.achievement.member if basis.achievement is not None else ""
    add(issuer, "identifier", name, type="name")
    add(issuer, "title", name)
    add(issuer, "url", "")


def _add_grant(result: etree._Element, recognition: PortableRecognition, index: int, grant: Grant) -> None:
    report = add(result, "recognitionResult")
    identifiers = {"local": f"result-{index + 1}"}
    titles = dict(grant.towards.title or {}) if grant.towards is not None else {}
    if grant.towards is not None and grant.towards.achievement is not None:
        identifiers["achievement"] = f"{_origin_of(recognition.decider, grant)}/{grant.towards.achievement}"
    if not titles and recognition.titles:
        titles = dict(recognition.titles[grant.from_[0]]) if grant.from_[0] < len(recognition.titles) else {}
    opportunity = _add_opportunity(report, identifiers, titles)
    instance = opportunity[-1][0]
    add(instance, "status", "passed")
    if grant.ects is not None:
        credit = add(instance, "credit")
        add(credit, "scheme", "ects")
        add(credit, "value", number(grant.ects))
    if grant.eqf_level is not None:
        level = add(instance, "level")
        add(level, "type", "EQF")
        add(level, "value", str(grant.eqf_level))


def _origin_of(decider: Organisation, grant: Grant) -> str:
    member = grant.towards.member if grant.towards is not None else None
    consortium = decider.origin.rpartition("/")[0]
    return decider.origin if member in (None, decider.member) else f"{consortium}/{member}"


def _add_opportunity(
    parent: etree._Element, identifiers: dict[str, str], titles: dict[str, str] | object
) -> etree._Element:
    opportunity = add(parent, "learningOpportunitySpecification")
    add_identifiers(opportunity, identifiers)
    texts = dict(titles) if isinstance(titles, dict) else {}
    add_texts(opportunity, "title", texts or {"und": identifiers["local"]})
    add(add(opportunity, "specifies"), "learningOpportunityInstance")
    return opportunity
