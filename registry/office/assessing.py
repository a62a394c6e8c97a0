"""From an assessment to the grants that are proposed by it: what is in the way is a refusal. Pure."""

from collections.abc import Sequence

import msgspec

from registry.domain.case import Case
from registry.domain.case_errors import AssessmentObjections, UnknownSubject
from registry.domain.case_events import Seen
from registry.office.assessment import Assessment, Proposed, objections
from registry.office.deciding import Facts
from registry.office.opening import key_of
from registry.wire.recognition import Basis, Grant


def check_assessment(case: Case, assessment: Assessment) -> None:
    """Whether an assessment is about this case. Raises `UnknownSubject`; what is still open in it may stay so."""
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


def as_known(assessment: Assessment, case: Case, facts: Facts, now: Sequence[Seen]) -> Assessment:
    """The assessment with what is known of its credentials by now, whatever it says of that itself: what a member's
    credential is of and worth, its status, and what the issuer answered.
    """
    status = {one.subject: one.status for one in now if one.status != "unknown"}
    assessed = []
    for number, one in enumerate(assessment.assessed):
        offered = one.offered
        key = key_of(case.subjects[number])
        if key is not None and (known := facts.get(key)) is not None:
            offered = msgspec.structs.replace(
                offered, issuer=known.member, member=True, achievement=known.achievement, ects=known.ects
            )
        if number in status:
            offered = msgspec.structs.replace(offered, status=status[number])
        if case.refuted(number):
            offered = msgspec.structs.replace(offered, authentic=False)
        assessed.append(msgspec.structs.replace(one, offered=offered))
    return msgspec.structs.replace(assessment, assessed=assessed)


def grants_of(assessment: Assessment | None, given: Sequence[Grant]) -> list[Grant]:
    """The grants that are given, or else those that the assessment proposes."""
    if given or assessment is None:
        return list(given)
    return [one.grant for one in assessment.proposed]


def check_proposal(assessment: Assessment | None, grants: Sequence[Grant], basis: Sequence[Basis]) -> None:
    """Whether grants can be proposed as the assessment has it. Raises `AssessmentObjections`, which says them all.

    Without an assessment anything but a refusal can: before one, what is milder must have been considered. A forgery
    is refused without.
    """
    if assessment is None:
        for number, grant in enumerate(grants):
            named = {(ground.aspect, ground.difference) for ground in grant.grounds or ()}
            if grant.outcome == "refused" and named != {("formal", "notAuthentic")}:
                raise AssessmentObjections(
                    "a refusal needs an assessment that says what milder outcomes were considered before it",
                    f"$.grants[{number}]",
                )
        return
    considered = [each for one in assessment.proposed for each in one.considered]
    whole = msgspec.structs.replace(
        assessment,
        proposed=[Proposed(grant, considered if grant.outcome == "refused" else []) for grant in grants],
    )
    if found := objections(whole, basis):
        detail = "; ".join(f"{one.path} {one.code}: {one.detail}" for one in found)
        raise AssessmentObjections(detail, found[0].path)
