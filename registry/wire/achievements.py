"""Achievements that can be awarded: Annex I of the Council Recommendation of 16 June 2022, as data of events.

Codes map to the controlled lists of the European Learning Model; `registry/intake/formats/elm.py` has the lists' ids.
"""

from collections.abc import Iterator
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from registry.wire.forms import (
    FINITE,
    Amount,
    AtLeastOne,
    Credits,
    Date,
    Fault,
    Field,
    Language,
    Level,
    Member,
    Number,
    Ref,
    Text,
    Uuid,
    Version,
    VersionedRef,
)

Kind = Literal["microCredential", "module", "programme", "degree"]
Participation = Literal[
    "onsite", "online", "blended", "hybrid", "workBased", "projectBased", "researchLab", "volunteering"
]
AssessmentType = Literal[
    "peerAssessment", "markedAssignment", "continuousEvaluation", "portfolio", "groupPerformance",
    "practicalAssessment", "writtenExamination", "attendance", "projectWork", "peerReview", "quiz",
    "problemBased", "oralExamination", "artefact", "presentation", "selfAssessment", "guidedSelfAssessment",
    "testing", "recognitionOfPriorLearning",
]  # fmt: skip
Supervision = Literal["none", "online", "onsite", "unspecified"]
QualityAssuranceType = Literal["institutionalLicence", "programmeLicence", "institutionalQA", "programmeQA", "internal"]


class LearningOutcome(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, rename="camel"):
    """One thing that the learner can do afterwards; `esco_skills` are ESCO URIs."""

    title: Text
    esco_skills: list[str] | None = None


class GradingScheme(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, rename="camel"):
    """The scale by which the achievement is graded. The grades themselves are claims, and are never on the log."""

    title: Text
    min: Number | str | None = None
    max: Number | str | None = None
    pass_: Number | str | None = msgspec.field(default=None, name="pass")
    values: list[str] | None = None


class QualityAssurance(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, rename="camel"):
    """An agency or internal process that assures the quality."""

    type: QualityAssuranceType
    agency: str
    report: str | None = None
    valid_until: Date | None = None


class Entitlement(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, rename="camel"):
    """An occupation, further learning or a membership to which the achievement gives access."""

    type: Literal["occupation", "learningOpportunity", "membership"]
    status: Literal["prospective", "actual"]
    text: Text


class Partner(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, rename="camel"):
    """An organisation that helps to provide or assess, and is not a member."""

    name: str
    role: Literal["provider", "assessor"]


class Choice(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, rename="camel"):
    """A number of credits, or of achievements, to be chosen from these."""

    from_: AtLeastOne[Ref] = msgspec.field(name="from")
    min_ects: Credits | None = None
    min_count: Annotated[int, Meta(ge=1), FINITE] | None = None


class OpenElective(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, rename="camel"):
    """Electives: any achievement in these fields at these levels counts, up to `max_ects`."""

    fields_of_education: list[Field]
    eqf_levels: list[Level]
    max_ects: Credits


class LevelShare(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, rename="camel"):
    """The credits that must be at an EQF level or above."""

    eqf_level: Level
    ects: Credits


class SharingLimit(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, rename="camel"):
    """The number of credits up to which parts may count elsewhere too."""

    max_ects: Credits


class Composition(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, rename="camel"):
    """The parts that stack into this achievement. A breach across members is flagged, not refused."""

    required: list[Ref]
    choices: list[Choice]
    min_ects: Credits
    sharing: Literal["forbidden", "allowed"] | SharingLimit
    open: OpenElective | None = None
    capstone: Ref | None = None
    min_own_ects: Credits | None = None
    max_credited_ects: Credits | None = None
    min_ects_at_level: list[LevelShare] | None = None
    excludes: list[list[Ref]] | None = None
    max_age_months: Annotated[int, Meta(ge=0), FINITE] | None = None


class AchievementContent(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, rename="camel"):
    """`achievement.published.v1` and `achievement.revised.v1`: the whole content, each time."""

    achievement: Uuid
    version: Version
    kind: Kind
    title: Text
    learning_outcomes: AtLeastOne[LearningOutcome]
    credit_bearing: bool
    fields_of_education: AtLeastOne[Field]
    language: AtLeastOne[Language]
    learning_setting: Literal["formal", "nonFormal"]
    participation: AtLeastOne[Participation]
    assessments: AtLeastOne[AssessmentType]
    supervision: Supervision
    identity_verified: bool
    quality_assurance: AtLeastOne[QualityAssurance]
    stackability: Literal["standalone", "stackable"]
    awarding_bodies: AtLeastOne[Member]
    description: Text | None = None
    further_information: Text | None = None
    ects: Credits | None = None
    workload_hours: Amount | None = None
    hours_per_ects: Amount | None = None
    eqf_level: Level | None = None
    nqf_level: str | None = None
    level_basis: Literal["referenced", "providerStated"] | None = None
    qf_ehea_cycle: str | None = None
    grading_scheme: GradingScheme | None = None
    entitles_to: list[Entitlement] | None = None
    prerequisites: Text | None = None
    partners: list[Partner] | None = None
    composition: Composition | None = None

    @property
    def subject(self) -> str:
        """The id that the event is about."""
        return self.achievement

    def fault(self, publisher: str) -> Fault | None:
        """Return the first contradiction between the fields, judged from the event and its source alone."""
        return next(self.faults(publisher), None)

    def faults(self, publisher: str) -> Iterator[Fault]:
        """Yield every contradiction between the fields."""
        if self.credit_bearing:
            if not self.ects:
                yield ".ects", "credit-bearing learning has an ECTS value above 0"
            if self.eqf_level is None:
                yield ".eqfLevel", "credit-bearing learning has an EQF level"
        else:
            if self.ects is not None:
                yield ".ects", "non-credit learning has no ECTS value"
            if self.workload_hours is None:
                yield ".workloadHours", "non-credit learning names its workload in hours"
        if self.level_basis is None and (self.eqf_level is not None or self.nqf_level is not None):
            yield ".levelBasis", "an achievement with a level says what the level rests on"
        if publisher not in self.awarding_bodies:
            yield ".awardingBodies", f"the publisher, {publisher}, is one of the awarding bodies"
        for index, choice in enumerate(self.composition.choices if self.composition else ()):
            if (choice.min_ects is None) == (choice.min_count is None):
                yield f".composition.choices[{index}]", "a choice has either minEcts or minCount"


class AchievementRetired(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, rename="camel"):
    """`achievement.retired.v1`: it is no longer issued or revised."""

    achievement: Uuid

    @property
    def subject(self) -> str:
        """The id that the event is about."""
        return self.achievement

    def fault(self, publisher: str) -> Fault | None:  # noqa: ARG002 - one shape for all events
        """Return no fault: the fields' own forms are all that is checked."""
        return None


class AchievementJoined(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, rename="camel"):
    """`achievement.joined.v1`: this member awards another's achievement together with it."""

    achievement: VersionedRef

    @property
    def subject(self) -> str:
        """The id that the event is about."""
        return self.achievement.achievement

    def fault(self, publisher: str) -> Fault | None:
        """Return a fault where the achievement is the publisher's own."""
        if self.achievement.member == publisher:
            return ".achievement.member", "a member joins another member's achievement, not its own"
        return None
