"""Decisions, assessments and agreements of this recognition office."""

from typing import Any, Self

import msgspec

from registry.domain.aggregate import Changed, Created, Thing, uuid_of
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
    """Which decision superseded this one. Not published: the other decision says it."""

    decision: str


class Decision(Thing):
    """A recognition decision about a person's learning."""

    TOPIC = "registry.decision"

    class Decided(Created):
        """It was made."""

        TOPIC = "registry.decision.decided"
        PUBLISHED = "recognition.decided.v1"
        DATA = RecognitionDecided

    class Withdrawn(Changed):
        """It was taken back."""

        TOPIC = "registry.decision.withdrawn"
        PUBLISHED = "recognition.withdrawn.v1"
        DATA = RecognitionWithdrawn

    class Superseded(Changed):
        """Another one stands for it."""

        TOPIC = "registry.decision.superseded"
        DATA = SupersededBy

    def __init__(self, data: RecognitionDecided) -> None:
        self.state: DecisionState = "inForce"
        self.data = data

    @classmethod
    def decide(cls, data: RecognitionDecided, superseded: "Decision | None") -> Self:
        """Decide; `superseded` is the decision that this one supersedes. Raises a refusal."""
        rules.decide(None, superseded.state if superseded is not None else None, data)
        decided = cls._create(cls.Decided, id=uuid_of(data.decision), data=data)
        if superseded is not None:
            superseded.change(cls.Superseded, SupersededBy(data.decision))
        return decided

    def withdraw(self, reason: WithdrawalReason) -> None:
        """Take it back."""
        rules.withdraw_decision(self.state, str(self.id))
        self.change(self.Withdrawn, RecognitionWithdrawn(str(self.id), reason))

    def on(self, data: Any) -> None:  # noqa: ANN401 - its own two kinds of event
        """Let a change take effect."""
        self.state = "superseded" if isinstance(data, SupersededBy) else "withdrawn"


class Assessment(Thing):
    """A statement about an achievement, with no learner in it."""

    TOPIC = "registry.assessment"

    class Assessed(Created):
        """It was stated."""

        TOPIC = "registry.assessment.assessed"
        PUBLISHED = "recognition.assessed.v1"
        DATA = RecognitionAssessed

    class Withdrawn(Changed):
        """It was taken back."""

        TOPIC = "registry.assessment.withdrawn"
        PUBLISHED = "recognition.assessment.withdrawn.v1"
        DATA = AssessmentWithdrawn

    def __init__(self, data: RecognitionAssessed) -> None:
        self.content = data
        self.state: AssessmentState = rules.assess(None, data.assessment)

    @classmethod
    def assess(cls, data: RecognitionAssessed) -> Self:
        """State it."""
        return cls._create(cls.Assessed, id=uuid_of(data.assessment), data=data)

    def withdraw(self, reason: WithdrawalReason) -> None:
        """Take it back."""
        rules.withdraw_assessment(self.state, str(self.id))
        self.change(self.Withdrawn, AssessmentWithdrawn(str(self.id), reason))

    def on(self, data: AssessmentWithdrawn) -> None:
        """Let a change take effect."""
        self.state = rules.withdraw_assessment(self.state, data.assessment)


class Agreement(Thing):
    """Automatic recognition of another member's achievements."""

    TOPIC = "registry.agreement"

    class Declared(Created):
        """It was declared."""

        TOPIC = "registry.agreement.declared"
        PUBLISHED = "agreement.declared.v1"
        DATA = AgreementDeclared

    class Withdrawn(Changed):
        """It ends."""

        TOPIC = "registry.agreement.withdrawn"
        PUBLISHED = "agreement.withdrawn.v1"
        DATA = AgreementWithdrawn

    def __init__(self, data: AgreementDeclared) -> None:
        self.withdrawn_from: str = rules.declare(None, data.agreement)

    @classmethod
    def declare(cls, data: AgreementDeclared) -> Self:
        """Declare it."""
        if data.valid_until is not None and data.valid_until < data.valid_from:
            raise DateOrder(
                f"it would end on {data.valid_until}, before it begins on {data.valid_from}", "$.data.validUntil"
            )
        return cls._create(cls.Declared, id=uuid_of(data.agreement), data=data)

    def withdraw(self, withdrawn_from: str) -> None:
        """Let it end on a day (`YYYY-MM-DD`)."""
        data = AgreementWithdrawn(str(self.id), withdrawn_from)
        rules.withdraw_agreement(self.withdrawn_from, data)
        self.change(self.Withdrawn, data)

    def on(self, data: AgreementWithdrawn) -> None:
        """Let a change take effect."""
        self.withdrawn_from = rules.withdraw_agreement(self.withdrawn_from, data)
