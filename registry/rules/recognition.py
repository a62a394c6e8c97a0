"""Rules of decisions, assessments and agreements (docs/events.md, "Decisions and assessments" and "Agreements")."""

from typing import Literal

from registry.rules.errors import (
    Duplicate,
    IllegalTransition,
    UnknownAgreement,
    UnknownAssessment,
    UnknownDecision,
)
from registry.wire.recognition import AgreementWithdrawn, RecognitionDecided

DecisionState = Literal["inForce", "superseded", "withdrawn"]
AssessmentState = Literal["inForce", "withdrawn"]


def decide(
    existing: DecisionState | None, superseded: DecisionState | None, data: RecognitionDecided
) -> tuple[DecisionState, DecisionState | None]:
    """Return the new decision's state, and that of the one it supersedes (None where it supersedes none).

    `superseded` is the state of the decision that `data.supersedes` names, None where there is none.
    """
    if existing is not None:
        raise Duplicate(f"decision {data.decision} exists", "$.data.decision")
    if data.supersedes is None:
        return "inForce", None
    if superseded is None:
        raise UnknownDecision(f"no decision {data.supersedes} was made", "$.data.supersedes")
    if superseded != "inForce":
        raise IllegalTransition(f"decision {data.supersedes} is {superseded}", "$.data.supersedes")
    return "inForce", "superseded"


def withdraw_decision(existing: DecisionState | None, decision: str) -> DecisionState:
    """Withdraw a decision, which must be in force."""
    if existing is None:
        raise UnknownDecision(f"no decision {decision} was made", "$.data.decision")
    if existing != "inForce":
        raise IllegalTransition(f"decision {decision} is {existing}", "$.data.decision")
    return "withdrawn"


def assess(existing: AssessmentState | None, assessment: str) -> AssessmentState:
    """State an assessment of an achievement."""
    if existing is not None:
        raise Duplicate(f"assessment {assessment} exists", "$.data.assessment")
    return "inForce"


def withdraw_assessment(existing: AssessmentState | None, assessment: str) -> AssessmentState:
    """Withdraw an assessment, once."""
    if existing is None:
        raise UnknownAssessment(f"no assessment {assessment} was made", "$.data.assessment")
    if existing != "inForce":
        raise IllegalTransition(f"assessment {assessment} is {existing}", "$.data.assessment")
    return "withdrawn"


def declare(existing: str | None, agreement: str) -> str:
    """Declare an agreement. Its state is the day from which it is withdrawn, '' while it is not."""
    if existing is not None:
        raise Duplicate(f"agreement {agreement} exists", "$.data.agreement")
    return ""


def withdraw_agreement(existing: str | None, data: AgreementWithdrawn) -> str:
    """Withdraw an agreement from a day on, once."""
    if existing is None:
        raise UnknownAgreement(f"no agreement {data.agreement} was declared", "$.data.agreement")
    if existing:
        raise IllegalTransition(f"agreement {data.agreement} is withdrawn from {existing} already", "$.data.agreement")
    return data.withdrawn_from
