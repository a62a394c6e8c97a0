"""What is offered for recognition, and what the office requires: the two sides that an assessment compares.

`Offered` is filled from the views where a member issued the credential, and from documents where it is external.
What is not known stays None, and is never guessed.
"""

from typing import Any, Final, Literal, Self

import msgspec

from registry.wire.achievements import AchievementContent, LearningOutcome, QualityAssurance, Supervision
from registry.wire.forms import Country, Credits, Date, Field, Level, Member, Text, VersionedRef
from registry.wire.governance import Accreditation
from registry.wire.recognition import Evidence, Towards

SUBSTANTIAL_SHARE: Final = 0.8
"""Below this share of the credits that are asked for, a lack of workload is worth naming."""


class Accredited(msgspec.Struct, frozen=True, omit_defaults=True, rename="camel"):
    """An accreditation of the issuer, checked against the day of awarding, the level and the field."""

    agency: str
    type: str
    decision: str
    status: str
    covers: bool
    """True if it was valid that day, positive, and for this level and field."""
    valid_from: Date | None = None
    valid_until: Date | None = None
    deqar_report: str | None = None

    @classmethod
    def of_accreditation(cls, accreditation: Accreditation, *, covers: bool) -> Self:
        """Return an accreditation as governance has it, and whether it covers what is offered."""
        return cls(covers=covers, **_shared_fields(cls, accreditation))


class Offered(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """What is known of a credential's achievement, its issuer, and the credential itself."""

    issuer: str
    """A member's short name, or the name of whoever issued it."""
    member: bool
    """Whether a member issued it."""
    title: Text
    achievement: VersionedRef | None = None
    """None where no member issued it."""
    awarding_bodies: list[Member] = []
    """The members that award it, as its own says; the issuer is one of them."""
    country: Country | None = None
    kind: str | None = None
    credit_bearing: bool | None = None
    ects: Credits | None = None
    workload_hours: float | None = None
    eqf_level: Level | None = None
    nqf_level: str | None = None
    level_basis: Literal["referenced", "providerStated"] | None = None
    fields_of_education: list[Field] = []
    learning_outcomes: list[LearningOutcome] = []
    assessments: list[str] = []
    participation: list[str] = []
    supervision: Supervision | None = None
    identity_verified: bool | None = None
    quality_assurance: list[QualityAssurance] = []
    issuer_when_issued: str | None = None
    """The issuer's standing as governance says: `active`, `suspended` or `withdrawn`."""
    issuer_now: str | None = None
    accredited: bool | None = None
    """For this level and field on the day of awarding; None where nothing is said of the issuer's accreditation."""
    accreditations: list[Accredited] = []
    awarding_date: Date | None = None
    valid_until: Date | None = None
    status: str | None = None
    """`active`, `suspended`, `revoked` or `replaced`; None where no member issued it."""
    flags: list[str] = []
    evidence: Evidence = "other"
    authentic: bool | None = None
    """As the issuer answered, or the log shows; None while nobody knows. False: it is forged."""
    language: list[str] = []
    """The languages that it was taught in."""
    stated_in: str | None = None
    """The format of the uploaded document that states this; nothing of it is verified. None: the log says it, or the
    office established it."""

    @classmethod
    def of_version(cls, member: str, content: AchievementContent, **facts: Any) -> Self:  # noqa: ANN401 - fields by name
        """Return what a version of a member's achievement offers; `facts` are fields that its content does not have."""
        ref = VersionedRef(member, content.achievement, content.version)
        return cls(**{**_shared_fields(cls, content), "issuer": member, "member": True, "achievement": ref, **facts})


class Requirement(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """What the office asks for: a programme's or course's own figures. What is left out is not asked for."""

    towards: Towards | None = None
    """An achievement, or a title."""
    ects: Credits | None = None
    workload_share: float = SUBSTANTIAL_SHARE
    eqf_level: Level | None = None
    access_to: Level | None = None
    """The level that admission is asked to: one needs the level below it."""
    fields_of_education: list[Field] = []
    learning_outcomes: list[LearningOutcome] = []
    """Those that matter; not all that a course has."""
    summative: bool = False
    """Whether what was learnt must have been assessed, and not by the learner alone."""
    supervised: bool = False
    identity_verified: bool = False
    practice: bool = False
    research: bool = False
    max_age_months: int | None = None
    language: list[str] = []
    """The languages of teaching that will do; empty: any."""


def is_blank(requirement: Requirement) -> bool:
    """Whether nothing is asked for."""
    return msgspec.structs.replace(requirement, towards=None) == Requirement()


def requirement_of(member: str, content: AchievementContent) -> Requirement:
    """What an own achievement asks of what should count as it. The office changes what it sees otherwise."""
    return Requirement(
        towards=Towards(member, content.achievement),
        ects=content.ects,
        eqf_level=content.eqf_level,
        fields_of_education=content.fields_of_education,
        learning_outcomes=content.learning_outcomes,
        summative=any(kind not in UNJUDGED for kind in content.assessments),
        supervised=content.supervision in ("online", "onsite"),
        identity_verified=content.identity_verified,
        practice="workBased" in content.participation,
        research="researchLab" in content.participation,
    )


UNJUDGED: Final = frozenset({"attendance", "selfAssessment", "guidedSelfAssessment"})
"""Assessments after which nobody but the learner has judged what was learnt."""


def _shared_fields(target: type[msgspec.Struct], source: msgspec.Struct) -> dict[str, Any]:
    """Return the values of a struct's fields that another kind of struct has by the same name."""
    names = set(target.__struct_fields__) & set(source.__struct_fields__)
    return {name: getattr(source, name) for name in names}
