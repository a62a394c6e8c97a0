"""Recognition decisions, assessments and agreements: data of events on the decider's log."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from registry.wire.forms import (
    Amount,
    AtLeastOne,
    Country,
    CredentialRef,
    Credits,
    Date,
    Digest,
    Fault,
    Field,
    Level,
    Member,
    Ref,
    Text,
    Uuid,
    Version,
    VersionedRef,
)

Purpose = Literal["admission", "creditTransfer", "stacking", "employment"]
Effect = Literal["binding", "advisory"]
Outcome = Literal["full", "partial", "conditional", "alternative", "refused"]
Mode = Literal["recognised", "credited", "ownCurriculum"]
Evidence = Literal["onLog", "verifiedFile", "paper", "other"]
WithdrawalReason = Literal["decidedInError", "credentialInvalid", "onAppeal", "administrative"]
GradeTransfer = Literal["none", "passOnly", "ectsTable", "formula", "nationalTable"]
Aspect = Literal["level", "workload", "quality", "profile", "learningOutcomes", "formal"]
Difference = Literal[
    "lowerLevel", "levelNotEstablished", "noAccessToRequestedLevel",
    "substantiallyLess", "notEstablished",
    "providerNotRecognised", "notQualityAssured", "assessmentNotSummative", "notSupervised",
    "identityNotVerified",
    "differentField", "differentOrientation", "coreComponentMissing", "practiceMissing", "researchMissing",
    "entryRequirementMissing",
    "keyOutcomeMissing", "insufficientDepth", "notDescribed", "outdated",
    "notAuthentic", "notHeldByApplicant", "revoked", "documentsIncomplete", "alreadyCredited",
    "ownShareRequired", "notCompetent",
]  # fmt: skip

DIFFERENCES: dict[str, frozenset[str]] = {
    "level": frozenset({"lowerLevel", "levelNotEstablished", "noAccessToRequestedLevel"}),
    "workload": frozenset({"substantiallyLess", "notEstablished"}),
    "quality": frozenset({
        "providerNotRecognised", "notQualityAssured", "assessmentNotSummative", "notSupervised",
        "identityNotVerified",
    }),
    "profile": frozenset({
        "differentField", "differentOrientation", "coreComponentMissing", "practiceMissing",
        "researchMissing", "entryRequirementMissing",
    }),
    "learningOutcomes": frozenset({"keyOutcomeMissing", "insufficientDepth", "notDescribed", "outdated"}),
    "formal": frozenset({
        "notAuthentic", "notHeldByApplicant", "revoked", "documentsIncomplete", "alreadyCredited",
        "ownShareRequired", "notCompetent",
    }),
}  # fmt: skip
"""The differences of each aspect: the closed list of the EAR manual's substantial differences."""


class External(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, rename="camel"):
    """A credential that no member issued."""

    issuer_name: str
    country: Country
    title: str


class Basis(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, rename="camel"):
    """A basis of a decision: a member's achievement with its credential, or an external credential."""

    evidence: Evidence
    achievement: VersionedRef | None = None
    credential: CredentialRef | None = None
    credential_digest: Digest | None = None
    external: External | None = None

    def fault(self) -> Fault | None:
        """One kind of basis, and one way of naming the credential."""
        if self.external is not None:
            if self.achievement or self.credential or self.credential_digest is not None:
                return "", "a basis is a member's achievement or something external, not both"
            return None
        if self.achievement is None:
            return ".achievement", "a basis names an achievement or something external"
        if (self.credential is None) == (self.credential_digest is None):
            return "", "a basis names its credential openly or by digest, one of the two"
        if self.credential is not None and self.credential.member != self.achievement.member:
            return ".credential.member", "the credential is of the member whose achievement it is"
        return None


class Towards(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, rename="camel"):
    """The programme or course that it should count towards: a ref, or its title."""

    member: Member | None = None
    achievement: Uuid | None = None
    min_version: Version | None = None
    title: Text | None = None

    def fault(self) -> Fault | None:
        """Return a fault unless there is either a whole ref or a title."""
        named = self.member is not None and self.achievement is not None
        partly = self.member is not None or self.achievement is not None or self.min_version is not None
        if named != partly or named == (self.title is not None):
            return "", "either a member and its achievement, or a title"
        return None


class Ground(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, rename="camel"):
    """A substantial difference in one aspect, or a formal ground."""

    aspect: Aspect
    difference: Difference


class Condition(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, rename="camel"):
    """A condition that is still to be met, with its credits and date."""

    code: Literal[
        "additionalCredits", "bridgingCourse", "examination", "interview", "languageProof",
        "practicalTraining", "originalDocuments", "minimumResult",
    ]  # fmt: skip
    ects: Credits | None = None
    achievement: Ref | None = None
    by: Date | None = None


class Grant(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, rename="camel"):
    """One grant on some of the bases; `from_` are their indices."""

    from_: AtLeastOne[Annotated[int, Meta(ge=0)]] = msgspec.field(name="from")
    outcome: Outcome
    mode: Mode
    grade_transfer: GradeTransfer
    towards: Towards | None = None
    ects: Credits | None = None
    eqf_level: Level | None = None
    grounds: list[Ground] | None = None
    conditions: list[Condition] | None = None

    def fault(self, bases: int) -> Fault | None:
        """Return the first fault: an index out of range, or grounds or conditions that lack."""
        for position, index in enumerate(self.from_):
            if index >= bases:
                return f".from[{position}]", f"there is no basis {index}"
        if self.towards is not None and (fault := self.towards.fault()) is not None:
            return f".towards{fault[0]}", fault[1]
        if (fault := ground_fault(self.outcome, self.grounds)) is not None:
            return fault
        if self.outcome == "conditional" and not self.conditions:
            return ".conditions", "a conditional outcome names its conditions"
        return None


def ground_fault(outcome: Outcome, grounds: list[Ground] | None) -> Fault | None:
    """Return a fault where an outcome other than `full` has no grounds, or a difference is not of its aspect."""
    if outcome != "full" and not grounds:
        return ".grounds", f"the outcome {outcome} names its grounds"
    for index, ground in enumerate(grounds or ()):
        if ground.difference not in DIFFERENCES[ground.aspect]:
            return f".grounds[{index}].difference", f"{ground.difference} is not a difference in {ground.aspect}"
    return None


def _effect_fault(purpose: Purpose, effect: Effect) -> Fault | None:
    if purpose == "employment" and effect != "advisory":
        return ".effect", "a statement for employment is advisory"
    return None


class RecognitionDecided(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, rename="camel"):
    """`recognition.decided.v1`: a decision about a person's learning, in ELMO 2.0's shape."""

    decision: Uuid
    purpose: Purpose
    effect: Effect
    basis: AtLeastOne[Basis]
    grants: AtLeastOne[Grant]
    decision_date: Date
    supersedes: Uuid | None = None

    @property
    def subject(self) -> str:
        """The id that the event is about."""
        return self.decision

    def fault(self, publisher: str) -> Fault | None:  # noqa: ARG002 - one shape for all events
        """Return the first fault of a basis or grant, or of a credential that the decision may not name."""
        for index, basis in enumerate(self.basis):
            if (fault := basis.fault()) is not None:
                return f".basis[{index}]{fault[0]}", fault[1]
        for index, grant in enumerate(self.grants):
            if (fault := grant.fault(len(self.basis))) is not None:
                return f".grants[{index}]{fault[0]}", fault[1]
        if (fault := _effect_fault(self.purpose, self.effect)) is not None:
            return fault
        may_name = self.purpose in ("creditTransfer", "stacking") and all(
            grant.outcome != "refused" for grant in self.grants
        )
        for index, basis in enumerate(self.basis):
            if basis.credential is not None and not may_name:
                return f".basis[{index}].credential", "such a decision names the credential by digest only"
        return None


class RecognitionWithdrawn(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, rename="camel"):
    """`recognition.withdrawn.v1`."""

    decision: Uuid
    reason: WithdrawalReason

    @property
    def subject(self) -> str:
        """The id that the event is about."""
        return self.decision

    def fault(self, publisher: str) -> Fault | None:  # noqa: ARG002 - one shape for all events
        """Return no fault: the fields' own forms are all that is checked."""
        return None


class RecognitionAssessed(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, rename="camel"):
    """`recognition.assessed.v1`: an assessment of an achievement, without a learner."""

    assessment: Uuid
    achievement: VersionedRef
    purpose: Purpose
    outcome: Outcome
    mode: Mode
    effect: Effect
    towards: Towards | None = None
    ects: Credits | None = None
    eqf_level: Level | None = None
    grounds: list[Ground] | None = None
    valid_until: Date | None = None

    @property
    def subject(self) -> str:
        """The id that the event is about."""
        return self.assessment

    def fault(self, publisher: str) -> Fault | None:  # noqa: ARG002 - one shape for all events
        """Return a fault where grounds lack, or a statement for employment is binding."""
        if self.towards is not None and (fault := self.towards.fault()) is not None:
            return f".towards{fault[0]}", fault[1]
        return ground_fault(self.outcome, self.grounds) or _effect_fault(self.purpose, self.effect)


class AssessmentWithdrawn(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, rename="camel"):
    """`recognition.assessment.withdrawn.v1`."""

    assessment: Uuid
    reason: WithdrawalReason

    @property
    def subject(self) -> str:
        """The id that the event is about."""
        return self.assessment

    def fault(self, publisher: str) -> Fault | None:  # noqa: ARG002 - one shape for all events
        """Return no fault: the fields' own forms are all that is checked."""
        return None


class AchievementFilter(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, rename="camel"):
    """All of a member's achievements at one of these levels and in one of these fields."""

    eqf_levels: AtLeastOne[Level] | None = None
    fields_of_education: AtLeastOne[Field] | None = None


class AgreementDeclared(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, rename="camel"):
    """`agreement.declared.v1`: automatic recognition of another member's achievements."""

    agreement: Uuid
    with_: Member = msgspec.field(name="with")
    achievements: AtLeastOne[VersionedRef] | AchievementFilter
    include_revisions: bool
    purpose: Purpose
    outcome: Literal["full", "partial", "conditional", "alternative"]
    ects_ratio: Amount
    valid_from: Date
    towards: Towards | None = None
    valid_until: Date | None = None

    @property
    def subject(self) -> str:
        """The id that the event is about."""
        return self.agreement

    def fault(self, publisher: str) -> Fault | None:
        """Return a fault where the agreement is not with another member, or not about that member's achievements."""
        if self.with_ == publisher:
            return ".with", "an agreement is with another member"
        if self.towards is not None and (fault := self.towards.fault()) is not None:
            return f".towards{fault[0]}", fault[1]
        if isinstance(self.achievements, AchievementFilter):
            if self.achievements.eqf_levels is None and self.achievements.fields_of_education is None:
                return ".achievements", "name levels, fields of education, or achievements"
            return None
        for index, ref in enumerate(self.achievements):
            if ref.member != self.with_:
                return f".achievements[{index}].member", f"the agreement is with {self.with_}"
        return None


class AgreementWithdrawn(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, rename="camel"):
    """`agreement.withdrawn.v1`: it does not cover credentials awarded from that day on."""

    agreement: Uuid
    withdrawn_from: Date

    @property
    def subject(self) -> str:
        """The id that the event is about."""
        return self.agreement

    def fault(self, publisher: str) -> Fault | None:  # noqa: ARG002 - one shape for all events
        """Return no fault: the fields' own forms are all that is checked."""
        return None
