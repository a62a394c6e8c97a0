"""One event of a member's stream against the things it touches: which they are, and what becomes of them.

A batch of events asks `touches` for all its things, has them read at once, and lets `apply` take the events
in stream order. The same two functions serve an aggregate's command, a consumer's batch and the check of a
seal, so that a rule stands in one place.
"""

from typing import Any, NamedTuple

from registry.rules import achievements, credentials, recognition
from registry.rules.achievements import Achievement
from registry.rules.credentials import Credential
from registry.rules.recognition import AssessmentState, DecisionState
from registry.wire.achievements import AchievementContent, AchievementJoined, AchievementRetired
from registry.wire.credentials import (
    CredentialIssued,
    CredentialReinstated,
    CredentialRevoked,
    CredentialSuspended,
    LearnerErased,
    Status,
    StatusSealed,
)
from registry.wire.events import Event
from registry.wire.recognition import (
    AgreementDeclared,
    AgreementWithdrawn,
    AssessmentWithdrawn,
    RecognitionAssessed,
    RecognitionDecided,
    RecognitionWithdrawn,
)

Joined = tuple[str, str, int]
"""Another member's achievement and version that this one awards too."""


class Things:
    """What is known of one member's things: those that a batch touches, or all, by id.

    The values are immutable; a thing that changes is replaced, so that `is` tells whether it did.
    """

    __slots__ = ("achievements", "agreements", "assessments", "credentials", "decisions", "erased", "joined")

    def __init__(self) -> None:
        self.achievements: dict[str, Achievement] = {}
        self.credentials: dict[str, Credential] = {}
        self.decisions: dict[str, DecisionState] = {}
        self.assessments: dict[str, AssessmentState] = {}
        self.agreements: dict[str, str] = {}
        self.joined: set[Joined] = set()
        self.erased: set[str] = set()


class Touched(NamedTuple):
    """The keys of the things that events may look at or change.

    `issued` are the credentials that events create. Nearly always they are new, which their table's own key
    shows for less than a look beforehand; so they stand apart from those that must be looked at.
    """

    issued: set[str]
    achievements: set[str]
    credentials: set[str]
    decisions: set[str]
    assessments: set[str]
    agreements: set[str]
    joined: set[Joined]
    learners: set[str]

    @classmethod
    def none(cls) -> "Touched":
        """Nothing yet."""
        return cls(set(), set(), set(), set(), set(), set(), set(), set())

    def add(self, event: Event[Any]) -> None:
        """Add what this event touches, the thing that it creates included."""
        data = event.data
        if isinstance(data, CredentialIssued):
            self.issued.add(data.credential)
            self.achievements.add(data.achievement)
            self.learners.add(data.learner)
            if data.replaces is not None:
                self.credentials.add(data.replaces)
        elif isinstance(data, CredentialSuspended | CredentialReinstated | CredentialRevoked):
            self.credentials.add(data.credential)
        elif isinstance(data, AchievementContent | AchievementRetired):
            self.achievements.add(data.achievement)
        elif isinstance(data, AchievementJoined):
            self.joined.add(joined_key(data))
        elif isinstance(data, RecognitionDecided):
            self.decisions.add(data.decision)
            if data.supersedes is not None:
                self.decisions.add(data.supersedes)
        elif isinstance(data, RecognitionWithdrawn):
            self.decisions.add(data.decision)
        elif isinstance(data, RecognitionAssessed | AssessmentWithdrawn):
            self.assessments.add(data.assessment)
        elif isinstance(data, AgreementDeclared | AgreementWithdrawn):
            self.agreements.add(data.agreement)
        elif isinstance(data, LearnerErased):
            self.learners.add(data.learner)


def joined_key(data: AchievementJoined) -> Joined:
    """What a joining is known by."""
    ref = data.achievement
    return ref.member, ref.achievement, ref.version


def apply(things: Things, event: Event[Any]) -> None:
    """Let an event take effect on the things it touches. Raises a `Refusal`, and then nothing has changed."""
    data = event.data
    if isinstance(data, CredentialIssued):
        known = things.credentials
        issued, replaced = credentials.issue(
            known.get(data.credential),
            things.achievements.get(data.achievement),
            known.get(data.replaces) if data.replaces is not None else None,
            data,
        )
        known[data.credential] = issued
        if replaced is not None and data.replaces is not None:
            known[data.replaces] = replaced
    elif isinstance(data, CredentialSuspended):
        _change_status(things, data.credential, "suspended")
    elif isinstance(data, CredentialReinstated):
        _change_status(things, data.credential, "active")
    elif isinstance(data, CredentialRevoked):
        _change_status(things, data.credential, "revoked")
    elif isinstance(data, AchievementContent):
        rule = achievements.publish if event.type == "achievement.published.v1" else achievements.revise
        things.achievements[data.achievement] = rule(things.achievements.get(data.achievement), data)
    elif isinstance(data, AchievementRetired):
        found = things.achievements.get(data.achievement)
        things.achievements[data.achievement] = achievements.retire(found, data.achievement)
    elif isinstance(data, AchievementJoined):
        key = joined_key(data)
        achievements.join(key in things.joined, data.achievement.achievement)
        things.joined.add(key)
    elif isinstance(data, LearnerErased):
        credentials.erase(data.learner in things.erased, data.learner)
        things.erased.add(data.learner)
    elif not isinstance(data, StatusSealed):  # a seal is evidence: it changes nothing and is never refused
        _apply_recognition(things, data)


def _change_status(things: Things, credential: str, to: Status) -> None:
    existing = things.credentials.get(credential)
    things.credentials[credential] = credentials.change_status(existing, credential, to)


def _apply_recognition(things: Things, data: Any) -> None:  # noqa: ANN401 - six event types
    if isinstance(data, RecognitionDecided):
        before = things.decisions.get(data.supersedes) if data.supersedes is not None else None
        state, superseded = recognition.decide(things.decisions.get(data.decision), before, data)
        things.decisions[data.decision] = state
        if superseded is not None and data.supersedes is not None:
            things.decisions[data.supersedes] = superseded
    elif isinstance(data, RecognitionWithdrawn):
        found = things.decisions.get(data.decision)
        things.decisions[data.decision] = recognition.withdraw_decision(found, data.decision)
    elif isinstance(data, RecognitionAssessed):
        stated = things.assessments.get(data.assessment)
        things.assessments[data.assessment] = recognition.assess(stated, data.assessment)
    elif isinstance(data, AssessmentWithdrawn):
        stated = things.assessments.get(data.assessment)
        things.assessments[data.assessment] = recognition.withdraw_assessment(stated, data.assessment)
    elif isinstance(data, AgreementDeclared):
        declared = things.agreements.get(data.agreement)
        things.agreements[data.agreement] = recognition.declare(declared, data.agreement)
    elif isinstance(data, AgreementWithdrawn):
        declared = things.agreements.get(data.agreement)
        things.agreements[data.agreement] = recognition.withdraw_agreement(declared, data)
    else:  # pragma: no cover - every known type has its rule; a new one must not pass unnoticed
        raise TypeError(f"no rule for {type(data).__name__}")


def changed_credential(event: Event[Any]) -> str | None:
    """The credential that existed before and whose status this event changes, where it takes effect."""
    data = event.data
    if isinstance(data, CredentialIssued):
        return data.replaces
    if isinstance(data, CredentialSuspended | CredentialReinstated | CredentialRevoked):
        return data.credential
    return None
