"""Decisions, assessments and agreements of this recognition office."""

from typing import Any, Self

import msgspec

from registry.domain.aggregate import Changed, Created, MemberAggregate, uuid_of
from registry.domain.case_errors import DateOrder
from registry.rules import recognition as rules
from registry.rules.recognition import AssessmentState, DecisionState
from registry.wire.recognition import (
    AgreementDeclared,
    AgreementWithdrawn,
    AssessmentWithdrawn,
    RecognitionAssessed,
    RecognitionDecided,
    RecognitionWithdrawn,
    WithdrawalReason,
)


class SupersededBy(msgspec.Struct, frozen=True, gc=False):
    """The decision that superseded this one. Not published, since the other decision says it."""

    decision: str


class Decision(MemberAggregate):
    """A recognition decision about a person's learning."""

    TOPIC = "registry.decision"

    class Decided(Created):
        """The decision was published."""

        TOPIC = "registry.decision.decided"
        PUBLISHED = "recognition.decided.v1"
        DATA = RecognitionDecided

    class Withdrawn(Changed):
        """The decision was withdrawn."""

        TOPIC = "registry.decision.withdrawn"
        PUBLISHED = "recognition.withdrawn.v1"
        DATA = RecognitionWithdrawn

    class Superseded(Changed):
        """Another decision takes its place."""

        TOPIC = "registry.decision.superseded"
        DATA = SupersededBy

    def __init__(self, data: RecognitionDecided) -> None:
        self.state: DecisionState = "inForce"
        self.data = data

    @classmethod
    def decide(cls, data: RecognitionDecided, superseded: "Decision | None") -> Self:
        """Decide; `superseded` is the decision whose place this one takes. Raises a refusal."""
        rules.decide(None, superseded.state if superseded is not None else None, data)
        decided = cls._create(cls.Decided, id=uuid_of(data.decision), data=data)
        if superseded is not None:
            superseded.change(cls.Superseded, SupersededBy(data.decision))
        return decided

    def withdraw(self, reason: WithdrawalReason) -> None:
        """Withdraw the decision."""
        rules.withdraw_decision(self.state, str(self.id))
        self.change(self.Withdrawn, RecognitionWithdrawn(str(self.id), reason))

    def on(self, data: Any) -> None:  # noqa: ANN401 - either of its events
        """Apply an event's data to the state."""
        self.state = "superseded" if isinstance(data, SupersededBy) else "withdrawn"


class Assessment(MemberAggregate):
    """A statement about an achievement, without a learner."""

    TOPIC = "registry.assessment"

    class Assessed(Created):
        """The assessment was published."""

        TOPIC = "registry.assessment.assessed"
        PUBLISHED = "recognition.assessed.v1"
        DATA = RecognitionAssessed

    class Withdrawn(Changed):
        """The assessment was withdrawn."""

        TOPIC = "registry.assessment.withdrawn"
        PUBLISHED = "recognition.assessment.withdrawn.v1"
        DATA = AssessmentWithdrawn

    def __init__(self, data: RecognitionAssessed) -> None:
        self.content = data
        self.state: AssessmentState = rules.assess(None, data.assessment)

    @classmethod
    def assess(cls, data: RecognitionAssessed) -> Self:
        """State an assessment."""
        return cls._create(cls.Assessed, id=uuid_of(data.assessment), data=data)

    def withdraw(self, reason: WithdrawalReason) -> None:
        """Withdraw the assessment."""
        rules.withdraw_assessment(self.state, str(self.id))
        self.change(self.Withdrawn, AssessmentWithdrawn(str(self.id), reason))

    def on(self, data: AssessmentWithdrawn) -> None:
        """Apply an event's data to the state."""
        self.state = rules.withdraw_assessment(self.state, data.assessment)


class Agreement(MemberAggregate):
    """Automatic recognition of another member's achievements."""

    TOPIC = "registry.agreement"

    class Declared(Created):
        """The agreement was declared."""

        TOPIC = "registry.agreement.declared"
        PUBLISHED = "agreement.declared.v1"
        DATA = AgreementDeclared

    class Withdrawn(Changed):
        """The office ended the agreement."""

        TOPIC = "registry.agreement.withdrawn"
        PUBLISHED = "agreement.withdrawn.v1"
        DATA = AgreementWithdrawn

    def __init__(self, data: AgreementDeclared) -> None:
        self.withdrawn_from: str = rules.declare(None, data.agreement)

    @classmethod
    def declare(cls, data: AgreementDeclared) -> Self:
        """Declare an agreement. Raises `DateOrder` where it would end before it begins."""
        if data.valid_until is not None and data.valid_until < data.valid_from:
            raise DateOrder(
                f"it would end on {data.valid_until}, before it begins on {data.valid_from}", "$.data.validUntil"
            )
        return cls._create(cls.Declared, id=uuid_of(data.agreement), data=data)

    def withdraw(self, withdrawn_from: str) -> None:
        """End it on a day (`YYYY-MM-DD`)."""
        data = AgreementWithdrawn(str(self.id), withdrawn_from)
        rules.withdraw_agreement(self.withdrawn_from, data)
        self.change(self.Withdrawn, data)

    def on(self, data: AgreementWithdrawn) -> None:
        """Apply an event's data to the state."""
        self.withdrawn_from = rules.withdraw_agreement(self.withdrawn_from, data)
