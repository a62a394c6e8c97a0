"""Statements about an achievement without an applicant (`recognition.assessed`), checked as any assessment."""

from collections.abc import Sequence

import msgspec

from registry.application.registry import Registry
from registry.application.transaction import Transaction
from registry.domain.errors import UnknownAchievement
from registry.office.assessments.assessment import (
    AssessedCredential,
    Assessment,
    ConsideredOutcome,
    ProposedGrant,
)
from registry.office.assessments.comparison import compare
from registry.office.assessments.objections import find_objections
from registry.office.assessments.offered import Offered, Requirement
from registry.office.errors import NotReady, Objection
from registry.office.ports import CredentialLookup
from registry.wire.recognition import Condition, Effect, Grant, Purpose, RecognitionAssessed, RecognitionDecided
from registry.wire.today import utc_today


def state_assessment(
    registry: Registry,
    lookup: CredentialLookup,
    data: RecognitionAssessed,
    considered: Sequence[ConsideredOutcome] = (),
    transaction: Transaction | None = None,
) -> None:
    """State an assessment of a member's achievement.

    Raises `UnknownAchievement` where it has not arrived here, `NotReady`, and the rules' refusals.
    """
    ref = data.achievement
    offered = lookup.describe_achievement(ref)
    if offered is None:
        raise UnknownAchievement(
            f"{ref.member}/{ref.achievement} version {ref.version} has not arrived here: has {ref.member} published it,"
            " and has this node read that?",
            "$.data.achievement",
        )
    if objections := find_statement_objections(offered, data, considered):
        raise NotReady(objections)
    registry.recognition.assess(data, transaction)


def find_statement_objections(
    offered: Offered, data: RecognitionAssessed, considered: Sequence[ConsideredOutcome] = ()
) -> list[Objection]:
    """Return the objections to stating this today; their paths are those of the statement."""
    objections = _find_objections(offered, data.purpose, data.effect, grant_of(data), considered)
    today = utc_today().isoformat()
    if data.valid_until is not None and data.valid_until < today:
        detail = f"{data.valid_until} is over; name the last day on which it is valid, or leave it out"
        objections.append(Objection("$.validUntil", "alreadyOver", detail))
    return objections


def check_decision(
    offered: Offered,
    data: RecognitionDecided,
    considered: Sequence[ConsideredOutcome] = (),
    requirement: Requirement | None = None,
) -> None:
    """Check a decision on one credential without a case, as an assessment is checked. Raises `NotReady`.

    `requirement` is the programme's; None where the office states none. Nothing can be overridden here, because that
    takes two persons and therefore a case.
    """
    grant = data.grants[0]
    objections = _find_objections(offered, data.purpose, data.effect, grant, considered)
    if requirement is not None and grant.outcome != "refused":
        grounds = {ground.difference for ground in grant.grounds or ()}
        objections += [
            Objection(
                "$.grants[0].grounds",
                suggestion.difference,
                f"in {element.name}, {suggestion.difference} is worth a look ({suggestion.because}); name it as a"
                " ground, or open a case, where an assessment says why it is not substantial",
            )
            for element in compare(offered, requirement)
            for suggestion in element.suggested
            if suggestion.difference not in grounds
        ]
    formal = any(ground.aspect == "formal" for ground in grant.grounds or ())
    if offered.flags and not (grant.outcome == "refused" and formal):
        detail = f"the credential is {', '.join(offered.flags)}; open a case, where two persons decide about it"
        objections.append(Objection("$.basis[0].credential", "flagged", detail))
    if objections:
        raise NotReady(objections)


def _find_objections(
    offered: Offered, purpose: Purpose, effect: Effect, grant: Grant, considered: Sequence[ConsideredOutcome]
) -> list[Objection]:
    requirement = Requirement(towards=grant.towards)
    elements = [
        msgspec.structs.replace(each, named=[g.difference for g in grant.grounds or () if g.aspect == each.name])
        for each in compare(offered, requirement)
    ]
    assessed = [AssessedCredential(offered, requirement, elements)]
    assessment = Assessment(purpose, effect, assessed, [ProposedGrant(grant, list(considered))])
    # The form of the grant is checked with the event's.
    return [
        msgspec.structs.replace(each, path=each.path.replace("proposed[0].grant.", "").replace("proposed[0].", ""))
        for each in find_objections(assessment)
        if each.code != "form"
    ]


def grant_of(data: RecognitionAssessed, conditions: Sequence[Condition] = ()) -> Grant:
    """Return the grant that a statement makes on one credential."""
    return Grant(
        from_=[0],
        outcome=data.outcome,
        mode=data.mode,
        grade_transfer="none",
        towards=data.towards,
        ects=data.ects,
        eqf_level=data.eqf_level,
        grounds=data.grounds,
        conditions=list(conditions) or None,
    )
