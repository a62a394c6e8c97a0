"""The assessment of a case's credentials: its draft, its refresh, and the grants that rest on it. Pure."""

from collections.abc import Collection, Mapping, Sequence
from typing import Final

import msgspec

from registry.domain.case import Case
from registry.domain.case_errors import AssessmentObjections, CaseProblem, UnknownSubject
from registry.domain.case_history import FORGED
from registry.office.assessments.assessment import AssessedCredential, Assessment, ProposedGrant
from registry.office.assessments.comparison import compare, refresh_elements
from registry.office.assessments.objections import find_grant_objections, find_objections
from registry.office.assessments.offered import Offered, Requirement
from registry.office.ports import CredentialLookup, Key
from registry.wire.recognition import Basis, Condition, Grant

_STOP_CODES: Final = frozenset(
    {"forgeryNotRefused", "revoked", "suspended", "replaced", "levelNotStated", "creditsNotStated"}
)
"""Objections that are stops in a case, where a reason can override them (`registry.office.cases.stops`)."""


def draft_assessment(
    case: Case, lookup: CredentialLookup, requirement: Requirement, stated: Mapping[int, Offered] | None = None
) -> Assessment:
    """Return an assessment to begin with: the five elements of each credential, no findings and no grants.

    `stated` has the facts that uploaded documents state, by the numbers of their credentials.
    """
    offered = describe_subjects(case, lookup, stated or {})
    assessed = [AssessedCredential(each, requirement, compare(each, requirement)) for each in offered]
    return Assessment(case.data.purpose, case.data.effect, assessed, [])


def describe_subjects(case: Case, lookup: CredentialLookup, stated: Mapping[int, Offered]) -> list[Offered]:
    """Return what is known of each of a case's credentials: from the log, or else as a document states it."""
    references = [subject.credential for subject in case.subjects if subject.credential is not None]
    keys = [(reference.member, reference.credential) for reference in references]
    on_log = lookup.describe_credentials(keys) if keys else {}
    return [_describe_subject(case, number, lookup, on_log, stated.get(number)) for number in range(len(case.subjects))]


def _describe_subject(
    case: Case, number: int, lookup: CredentialLookup, on_log: Mapping[Key, Offered], stated: Offered | None
) -> Offered:
    subject = case.subjects[number]
    authentic = {"authentic": True, "notAuthentic": False}.get(case.last_answer(number) or "")
    external = subject.external
    if external is not None:
        facts = stated or Offered(issuer=external.issuer_name, member=False, title={"en": external.title})
        return msgspec.structs.replace(
            facts,
            issuer=external.issuer_name,
            member=False,
            country=external.country,
            evidence=subject.evidence,
            authentic=authentic,
        )
    ref = subject.credential
    assert ref is not None  # noqa: S101 - a subject is external or a member's credential
    offered = on_log.get((ref.member, ref.credential))
    if offered is None and subject.achievement is not None:
        offered = lookup.describe_achievement(subject.achievement)
    if offered is None:
        offered = Offered(issuer=ref.member, member=True, title={"en": f"credential {ref.credential}"})
    if authentic is not None:
        offered = msgspec.structs.replace(offered, authentic=authentic)
    return msgspec.structs.replace(offered, evidence=subject.evidence)


def check_assessment(case: Case, assessment: Assessment) -> None:
    """Check that an assessment is about this case; it may have objections. Raises `UnknownSubject`."""
    if len(assessment.assessed) != len(case.subjects):
        raise UnknownSubject(
            f"credentials in the assessment: {len(assessment.assessed)}, in the case: {len(case.subjects)}. Assess each"
            " of them, in their order",
            "$.assessed",
        )
    for name in ("purpose", "effect"):
        if getattr(assessment, name) != getattr(case.data, name):
            raise UnknownSubject(
                f"the case's {name} is {getattr(case.data, name)}, the assessment's {getattr(assessment, name)}",
                f"$.{name}",
            )


def refresh_assessment(assessment: Assessment, case: Case, lookup: CredentialLookup) -> Assessment:
    """Return the assessment with the facts of its credentials as they are now, and the suggestions from these.

    All facts of a member's credential come from the log. Of an external one the assessor states them, but for its
    authenticity, which is the issuer's answer. The assessment has passed `check_assessment`.
    """
    refreshed = []
    for assessed, offered in zip(assessment.assessed, describe_subjects(case, lookup, {}), strict=True):
        facts = offered if offered.member else msgspec.structs.replace(assessed.offered, authentic=offered.authentic)
        elements = refresh_elements(assessed.elements, facts, assessed.requirement)
        refreshed.append(msgspec.structs.replace(assessed, offered=facts, elements=elements))
    return msgspec.structs.replace(assessment, assessed=refreshed)


def choose_grants(assessment: Assessment | None, grants: Sequence[Grant]) -> list[Grant]:
    """Return these grants, or those that the assessment proposes where there are none."""
    if grants or assessment is None:
        return list(grants)
    return [proposed.grant for proposed in assessment.proposed]


def find_measures(assessment: Assessment | None, grants: Sequence[Grant]) -> list[list[Condition]]:
    """Return for each grant the assessment's steps that the applicant can take to have more recognised later."""
    if assessment is None:
        return [[] for _ in grants]
    by_credentials = {tuple(proposed.grant.from_): proposed.measures for proposed in assessment.proposed}
    return [by_credentials.get(tuple(grant.from_), []) for grant in grants]


def check_proposal(
    case: Case,
    assessment: Assessment | None,
    offered: Sequence[Offered],
    grants: Sequence[Grant],
    basis: Sequence[Basis],
    undecided: Collection[int],
) -> None:
    """Check that grants can be proposed on the assessment. Raises `AssessmentObjections`, which lists all objections.

    `undecided` are the numbers of the credentials that need no grant. Without an assessment the grants are judged by
    what is known of the credentials (`offered`). Then a refusal cannot be proposed, since the milder outcomes were not
    considered; a forgery is refused without.
    """
    if assessment is None:
        _check_refusals(grants)
        objections = find_grant_objections(case.data.purpose, offered, grants, basis)
    else:
        considered = [outcome for proposed in assessment.proposed for outcome in proposed.considered]
        proposed = [ProposedGrant(grant, considered if grant.outcome == "refused" else []) for grant in grants]
        without_grant = {f"$.assessed[{number}]" for number in undecided}
        objections = [
            objection
            for objection in find_objections(msgspec.structs.replace(assessment, proposed=proposed), basis)
            if not (objection.code == "nothingGranted" and objection.path in without_grant)
        ]
    objections = [objection for objection in objections if objection.code not in _STOP_CODES]
    if objections:
        detail = "; ".join(f"{objection.path} {objection.code}: {objection.detail}" for objection in objections)
        problems = [CaseProblem(objection.path, objection.detail) for objection in objections]
        raise AssessmentObjections(detail, objections[0].path, problems)


def _check_refusals(grants: Sequence[Grant]) -> None:
    for number, grant in enumerate(grants):
        grounds = {(ground.aspect, ground.difference) for ground in grant.grounds or ()}
        if grant.outcome == "refused" and grounds != FORGED:
            raise AssessmentObjections(
                "a refusal needs an assessment that says which milder outcomes were considered before it",
                f"$.grants[{number}]",
            )
