"""From an assessment to the grants that are proposed by it: what is in the way is a refusal. Pure."""

from collections.abc import Collection, Sequence
from typing import Final

import msgspec

from registry.domain.case import Case
from registry.domain.case_errors import AssessmentObjections, UnknownSubject
from registry.domain.case_history import FORGED
from registry.office.assessments.assessment import Assessment, Offered, Proposed, objections, short_objections
from registry.office.assessments.comparing import compare_again
from registry.office.assessments.drafting import offered_of
from registry.office.ports import CredentialLookup
from registry.wire.recognition import Basis, Condition, Grant

_STOPS: Final = frozenset(
    {"forgeryNotRefused", "revoked", "suspended", "replaced", "levelNotStated", "creditsNotStated"}
)
"""Objections that a case knows as stops: those can be overridden with a reason (`registry.office.cases.stops`)."""


def check_assessment(case: Case, assessment: Assessment) -> None:
    """Check that an assessment is about this case. Raises `UnknownSubject`; what is open in it may stay open."""
    if len(assessment.assessed) != len(case.subjects):
        raise UnknownSubject(
            f"{len(assessment.assessed)} credentials are assessed, and the case is about {len(case.subjects)}: one"
            " for each, in their order",
            "$.assessed",
        )
    for name in ("purpose", "effect"):
        if getattr(assessment, name) != getattr(case.data, name):
            raise UnknownSubject(
                f"the case's {name} is {getattr(case.data, name)}, the assessment's {getattr(assessment, name)}",
                f"$.{name}",
            )


def as_known(assessment: Assessment, case: Case, lookup: CredentialLookup) -> Assessment:
    """Return the assessment with what is known of its credentials now, and with the suggestions that follow from it.

    Of a member's credential the log says everything; of any other the assessor does, and the issuer whether it is
    authentic.
    """
    assessed = []
    for number, one in enumerate(assessment.assessed):
        offered = offered_of(case, number, lookup)
        if not offered.member:
            offered = msgspec.structs.replace(one.offered, authentic=offered.authentic)
        elements = compare_again(one.elements, offered, one.requirement)
        assessed.append(msgspec.structs.replace(one, offered=offered, elements=elements))
    return msgspec.structs.replace(assessment, assessed=assessed)


def grants_of(assessment: Assessment | None, given: Sequence[Grant]) -> list[Grant]:
    """The grants that are given, or else those that the assessment proposes."""
    if given or assessment is None:
        return list(given)
    return [one.grant for one in assessment.proposed]


def measures_for(assessment: Assessment | None, grants: Sequence[Grant]) -> list[list[Condition]]:
    """Return for each grant what the applicant can do to have more recognised later, as the assessment says it."""
    by_grant = {} if assessment is None else {tuple(one.grant.from_): one.measures for one in assessment.proposed}
    return [by_grant.get(tuple(grant.from_), []) for grant in grants]


def check_proposal(
    case: Case,
    assessment: Assessment | None,
    offered: Sequence[Offered],
    grants: Sequence[Grant],
    basis: Sequence[Basis],
    undecided: Collection[int],
) -> None:
    """Check that grants can be proposed as the assessment has it. Raises `AssessmentObjections`, which lists them all.

    `undecided` are the numbers of the credentials that no grant is needed for. Without an assessment the grants are
    judged by what is known of the credentials (`offered`), and anything but a refusal can be proposed: before one, what
    is milder must have been considered. A forgery is refused without.
    """
    if assessment is None:
        for number, grant in enumerate(grants):
            named = {(ground.aspect, ground.difference) for ground in grant.grounds or ()}
            if grant.outcome == "refused" and named != FORGED:
                raise AssessmentObjections(
                    "a refusal needs an assessment that says what milder outcomes were considered before it",
                    f"$.grants[{number}]",
                )
        found = short_objections(case.data.purpose, offered, grants, basis)
    else:
        considered = [each for one in assessment.proposed for each in one.considered]
        whole = msgspec.structs.replace(
            assessment,
            proposed=[Proposed(grant, considered if grant.outcome == "refused" else []) for grant in grants],
        )
        without_grant = {f"$.assessed[{number}]" for number in undecided}
        found = [
            each
            for each in objections(whole, basis)
            if not (each.code == "nothingGranted" and each.path in without_grant)
        ]
    found = [each for each in found if each.code not in _STOPS]
    if found:
        detail = "; ".join(f"{one.path} {one.code}: {one.detail}" for one in found)
        raise AssessmentObjections(detail, found[0].path)
