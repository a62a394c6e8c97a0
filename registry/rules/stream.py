"""The effect of an event of a member's stream on that member's state.

A consumer collects the `AffectedKeys` of a batch of events, reads the state behind all of them at once, and calls
`apply` for each event in stream order. An aggregate's command, a consumer's batch and the check of a seal all use
these two, so that each rule is in one place.
"""

from typing import Any, NamedTuple

from registry.rules import achievements, credentials, issuing_keys, recognition
from registry.rules.achievements import Achievement
from registry.rules.credentials import Credential
from registry.rules.issuing_keys import IssuingKeyState
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
from registry.wire.issuing_keys import IssuingKeyAnnounced, IssuingKeyEnded
from registry.wire.recognition import (
    AgreementDeclared,
    AgreementWithdrawn,
    AssessmentWithdrawn,
    RecognitionAssessed,
    RecognitionDecided,
    RecognitionWithdrawn,
)

Joined = tuple[str, str, int]
"""Another member's achievement, and its version, that this member awards too."""


class MemberState:
    """The state of one member's achievements, credentials, decisions and so on, by id.

    It holds all of them, or those that a batch of events needs.

    The values are immutable. A change replaces the value, so that a comparison by `is` shows whether there was one.
    """

    __slots__ = (
        "achievements",
        "agreements",
        "assessments",
        "credentials",
        "decisions",
        "erased",
        "issuing_keys",
        "joined",
    )

    def __init__(self) -> None:
        self.achievements: dict[str, Achievement] = {}
        self.credentials: dict[str, Credential] = {}
        self.decisions: dict[str, DecisionState] = {}
        self.assessments: dict[str, AssessmentState] = {}
        self.agreements: dict[str, str] = {}
        self.joined: set[Joined] = set()
        self.erased: set[str] = set()
        self.issuing_keys: dict[str, IssuingKeyState] = {}


class AffectedKeys(NamedTuple):
    """The keys of the state that events may read or change.

    `issued` are the credentials that events create. They are nearly always new, and the primary key of their table
    shows that more cheaply than a query beforehand; so they are kept apart from `credentials`, which must be read.
    """

    issued: set[str]
    achievements: set[str]
    credentials: set[str]
    decisions: set[str]
    assessments: set[str]
    agreements: set[str]
    joined: set[Joined]
    learners: set[str]
    issuing_keys: set[str]

    @classmethod
    def empty(cls) -> "AffectedKeys":
        """Return a collection without any key."""
        return cls(set(), set(), set(), set(), set(), set(), set(), set(), set())

    def add(self, event: Event[Any]) -> None:
        """Add the keys that this event reads, changes or creates."""
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
        elif isinstance(data, IssuingKeyAnnounced | IssuingKeyEnded):
            self.issuing_keys.add(data.key)


def joined_key(data: AchievementJoined) -> Joined:
    """Return the key of a joined achievement."""
    ref = data.achievement
    return ref.member, ref.achievement, ref.version


def apply(state: MemberState, event: Event[Any]) -> None:
    """Apply an event to the state. Raises a `Refusal` where a rule forbids it; the state is unchanged then."""
    data = event.data
    if isinstance(data, CredentialIssued):
        by_id = state.credentials
        issued, replaced = credentials.issue(
            by_id.get(data.credential),
            state.achievements.get(data.achievement),
            by_id.get(data.replaces) if data.replaces is not None else None,
            data,
        )
        by_id[data.credential] = issued
        if replaced is not None and data.replaces is not None:
            by_id[data.replaces] = replaced
    elif isinstance(data, CredentialSuspended):
        _change_status(state, data.credential, "suspended")
    elif isinstance(data, CredentialReinstated):
        _change_status(state, data.credential, "active")
    elif isinstance(data, CredentialRevoked):
        _change_status(state, data.credential, "revoked")
    elif isinstance(data, AchievementContent):
        rule = achievements.publish if event.type == "achievement.published.v1" else achievements.revise
        state.achievements[data.achievement] = rule(state.achievements.get(data.achievement), data)
    elif isinstance(data, AchievementRetired):
        existing = state.achievements.get(data.achievement)
        state.achievements[data.achievement] = achievements.retire(existing, data.achievement)
    elif isinstance(data, AchievementJoined):
        key = joined_key(data)
        achievements.join(key in state.joined, data.achievement.achievement)
        state.joined.add(key)
    elif isinstance(data, LearnerErased):
        credentials.erase(data.learner in state.erased, data.learner)
        state.erased.add(data.learner)
    elif isinstance(data, IssuingKeyAnnounced):
        state.issuing_keys[data.key] = issuing_keys.announce(state.issuing_keys.get(data.key), data.key)
    elif isinstance(data, IssuingKeyEnded):
        state.issuing_keys[data.key] = issuing_keys.end(state.issuing_keys.get(data.key), data)
    elif not isinstance(data, StatusSealed):  # a seal is evidence: it changes nothing and is never refused
        _apply_recognition(state, data)


def _change_status(state: MemberState, credential: str, to: Status) -> None:
    existing = state.credentials.get(credential)
    state.credentials[credential] = credentials.change_status(existing, credential, to)


def _apply_recognition(state: MemberState, data: Any) -> None:  # noqa: ANN401 - six event types
    if isinstance(data, RecognitionDecided):
        before = state.decisions.get(data.supersedes) if data.supersedes is not None else None
        decided, superseded = recognition.decide(state.decisions.get(data.decision), before, data)
        state.decisions[data.decision] = decided
        if superseded is not None and data.supersedes is not None:
            state.decisions[data.supersedes] = superseded
    elif isinstance(data, RecognitionWithdrawn):
        existing = state.decisions.get(data.decision)
        state.decisions[data.decision] = recognition.withdraw_decision(existing, data.decision)
    elif isinstance(data, RecognitionAssessed):
        stated = state.assessments.get(data.assessment)
        state.assessments[data.assessment] = recognition.assess(stated, data.assessment)
    elif isinstance(data, AssessmentWithdrawn):
        stated = state.assessments.get(data.assessment)
        state.assessments[data.assessment] = recognition.withdraw_assessment(stated, data.assessment)
    elif isinstance(data, AgreementDeclared):
        declared = state.agreements.get(data.agreement)
        state.agreements[data.agreement] = recognition.declare(declared, data.agreement)
    elif isinstance(data, AgreementWithdrawn):
        declared = state.agreements.get(data.agreement)
        state.agreements[data.agreement] = recognition.withdraw_agreement(declared, data)
    else:  # pragma: no cover - every known type has its rule; a new one must not pass unnoticed
        raise TypeError(f"no rule for {type(data).__name__}")


def changed_credential(event: Event[Any]) -> str | None:
    """Return the existing credential whose status this event changes, if it changes one."""
    data = event.data
    if isinstance(data, CredentialIssued):
        return data.replaces
    if isinstance(data, CredentialSuspended | CredentialReinstated | CredentialRevoked):
        return data.credential
    return None
