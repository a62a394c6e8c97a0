"""The two sides that an assessment compares: what is offered for recognition, and what the office requires.

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
"""The share of the required credits below which the workload is suggested as a difference."""


class IssuerAccreditation(msgspec.Struct, frozen=True, omit_defaults=True, rename="camel"):
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
    """Known facts of a credential, its achievement and its issuer."""

    issuer: str
    """A member's short name, or the name of an external issuer."""
    member: bool
    """True if a member issued it."""
    title: Text
    achievement: VersionedRef | None = None
    """None for an external credential."""
    awarding_bodies: list[Member] = []
    """The members that award it, as the issuer says; the issuer is one of them."""
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
    """The issuer's standing, as governance says: `active`, `suspended` or `withdrawn`."""
    issuer_now: str | None = None
    accredited: bool | None = None
    """True if an accreditation covers this level and field on the day of awarding; None where the issuer has none."""
    accreditations: list[IssuerAccreditation] = []
    awarding_date: Date | None = None
    valid_until: Date | None = None
    status: str | None = None
    """`active`, `suspended`, `revoked` or `replaced`; None for an external credential."""
    flags: list[str] = []
    evidence: Evidence = "other"
    authentic: bool | None = None
    """The issuer's answer, or what the log proves; None while it is not known. False: a forgery."""
    language: list[str] = []
    """The languages of teaching."""
    stated_in: str | None = None
    """The format of the uploaded document that states these facts, which nobody verified. None: the log or the office
    states them."""

    @classmethod
    def of_version(cls, member: str, content: AchievementContent, **facts: Any) -> Self:  # noqa: ANN401 - fields by name
        """Return what a version of a member's achievement offers; `facts` are fields that its content does not have."""
        ref = VersionedRef(member, content.achievement, content.version)
        return cls(**{**_shared_fields(cls, content), "issuer": member, "member": True, "achievement": ref, **facts})


class Requirement(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """A programme's or a course's requirement. What is left out is not required."""

    towards: Towards | None = None
    """An achievement, or a title."""
    ects: Credits | None = None
    workload_share: float = SUBSTANTIAL_SHARE
    eqf_level: Level | None = None
    access_to: Level | None = None
    """The level to which admission is requested; the level below it is required."""
    fields_of_education: list[Field] = []
    learning_outcomes: list[LearningOutcome] = []
    """The important ones, not all of a course."""
    summative: bool = False
    """True if somebody else than the learner must have assessed what was learnt."""
    supervised: bool = False
    identity_verified: bool = False
    practice: bool = False
    research: bool = False
    max_age_months: int | None = None
    language: list[str] = []
    """The accepted languages of teaching; empty: any."""


def is_blank(requirement: Requirement) -> bool:
    """Return whether nothing is required."""
    return msgspec.structs.replace(requirement, towards=None) == Requirement()


def requirement_of(member: str, content: AchievementContent) -> Requirement:
    """Return the requirement of one of the member's own achievements, as a start that the office may change."""
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
"""Kinds of assessment in which only the learner judges what was learnt."""


def _shared_fields(target: type[msgspec.Struct], source: msgspec.Struct) -> dict[str, Any]:
    """Return the values of a struct's fields that another kind of struct has by the same name."""
    names = set(target.__struct_fields__) & set(source.__struct_fields__)
    return {name: getattr(source, name) for name in names}
