"""Statements about an achievement, with no applicant (`recognition.assessed`): checked as any assessment is."""

from collections.abc import Sequence
from datetime import date

import msgspec

from registry.application.registry import Registry
from registry.application.transaction import Transaction
from registry.domain.errors import UnknownAchievement
from registry.office.assessments.assessment import (
    Assessed,
    Assessment,
    Considered,
    Objection,
    Offered,
    Proposed,
    compare,
    objections,
)
from registry.office.assessments.offered import Requirement
from registry.office.errors import NotReady
from registry.office.ports import CredentialLookup
from registry.wire.recognition import Condition, Effect, Grant, Purpose, RecognitionAssessed, RecognitionDecided


def state(
    registry: Registry,
    lookup: CredentialLookup,
    data: RecognitionAssessed,
    considered: Sequence[Considered] = (),
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
    if found := objections_to(offered, data, considered):
        raise NotReady(found)
    registry.assess(data, transaction)


def objections_to(
    offered: Offered, data: RecognitionAssessed, considered: Sequence[Considered] = ()
) -> list[Objection]:
    """What is in the way of stating this today; paths are those of the statement."""
    found = _found(offered, data.purpose, data.effect, grant_of(data), considered)
    today = date.today().isoformat()  # noqa: DTZ011 - a day on the office's calendar
    if data.valid_until is not None and data.valid_until < today:
        detail = f"{data.valid_until} is over; name the last day on which it shall hold, or leave it out"
        found.append(Objection("$.validUntil", "alreadyOver", detail))
    return found


def check_decision(
    offered: Offered,
    data: RecognitionDecided,
    considered: Sequence[Considered] = (),
    requirement: Requirement | None = None,
) -> None:
    """Check a decision on one credential that rests on no case, as an assessment is checked. Raises `NotReady`.

    `requirement` is what the office says that the programme asks for; None where it says nothing. Nothing can be
    overridden here: that takes two persons and a file, and so a case.
    """
    grant = data.grants[0]
    found = _found(offered, data.purpose, data.effect, grant, considered)
    if requirement is not None and grant.outcome != "refused":
        named = {ground.difference for ground in grant.grounds or ()}
        found += [
            Objection(
                "$.grants[0].grounds",
                one.difference,
                f"in {element.name}, {one.difference} is worth a look ({one.because}); name it as a ground, or open a"
                " case, where an assessment says why it is not substantial",
            )
            for element in compare(offered, requirement)
            for one in element.suggested
            if one.difference not in named
        ]
    formal = any(ground.aspect == "formal" for ground in grant.grounds or ())
    if offered.flags and not (grant.outcome == "refused" and formal):
        detail = f"the credential is {', '.join(offered.flags)}; open a case, where two persons decide about it"
        found.append(Objection("$.basis[0].credential", "flagged", detail))
    if found:
        raise NotReady(found)


def _found(
    offered: Offered, purpose: Purpose, effect: Effect, grant: Grant, considered: Sequence[Considered]
) -> list[Objection]:
    asked = Requirement(towards=grant.towards)
    elements = [
        msgspec.structs.replace(each, named=[one.difference for one in grant.grounds or () if one.aspect == each.name])
        for each in compare(offered, asked)
    ]
    whole = Assessment(purpose, effect, [Assessed(offered, asked, elements)], [Proposed(grant, list(considered))])
    # Its form is judged as that of the event.
    return [
        msgspec.structs.replace(each, path=each.path.replace("proposed[0].grant.", "").replace("proposed[0].", ""))
        for each in objections(whole)
        if each.code != "form"
    ]


def grant_of(data: RecognitionAssessed, conditions: Sequence[Condition] = ()) -> Grant:
    """What a statement comes to for one credential."""
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
