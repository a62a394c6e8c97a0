"""What a letter says, in data: no language is in it yet, and nothing that it was taken from."""

from datetime import date
from typing import Annotated, Final, Literal, get_args

import msgspec
from msgspec import Meta

from registry.wire.achievements import QualityAssurance
from registry.wire.forms import Text
from registry.wire.governance import AppealBody
from registry.wire.recognition import Aspect, Condition, Effect, Evidence, Grant, Purpose

Language = Literal["en", "nl", "pt", "sv", "de", "fr"]
LANGUAGES: Final[tuple[Language, ...]] = get_args(Language)

UNDETERMINED: Final = "und"
"""The language of a text of which nobody said it (BCP 47), as of titles that stand on paper."""

MilderOutcome = Literal["partial", "conditional", "alternative"]
ChangedPart = Literal["outcome", "ects", "eqfLevel", "mode", "towards", "grounds", "conditions", "credentials"]
Standing = Literal["revoked", "suspended", "replaced", "denied", "undocumented"]
"""What is to be known of a qualification before how it was seen: its status, that its issuer does not confirm it, or
that no documents can be had."""
Line = Annotated[str, Meta(max_length=2_000)]
Words = Annotated[str, Meta(max_length=20_000)]


class Office(msgspec.Struct, frozen=True, omit_defaults=True, rename="camel"):
    """Who decides: the letterhead, and where its decisions are appealed."""

    legal_name: Line
    country: str
    locality: Line | None = None
    homepage: Line | None = None
    appeal_body: AppealBody | None = None
    address: list[Line] = msgspec.field(default_factory=list)
    """Where people write to, line by line."""


class Addressee(msgspec.Struct, frozen=True, omit_defaults=True, rename="camel", forbid_unknown_fields=True):
    """Whom the letter is to. It is personal data: from the vault or from a file, and kept nowhere else."""

    name: Annotated[str, Meta(min_length=1, max_length=2_000)]
    address: Annotated[list[Line], Meta(max_length=8)] = msgspec.field(default_factory=list)
    """The address, line by line."""
    date_of_birth: date | None = None
    reference: Line | None = None
    """The applicant's own reference."""


class Qualification(msgspec.Struct, frozen=True, omit_defaults=True, rename="camel"):
    """What the decision rests on, as its issuer describes it."""

    title: Text
    issuer: Line
    country: str
    evidence: Evidence
    awarded: date | None = None
    ects: float | None = None
    workload_hours: float | None = None
    eqf_level: int | None = None
    nqf_level: str | None = None
    fields_of_education: list[str] = msgspec.field(default_factory=list)
    learning_outcomes: list[Text] = msgspec.field(default_factory=list)
    quality_assurance: list[QualityAssurance] = msgspec.field(default_factory=list)
    source: Literal["office", "document"] | None = None
    """Who says so, of what no member issued: `office` established it, a `document` states it unverified."""
    standing: Standing | None = None
    """What spoke against it when the decision was made; None: nothing."""
    standing_on: date | None = None
    """The day on which that was seen, or the issuer said it."""


class GrantFindings(msgspec.Struct, frozen=True, omit_defaults=True, rename="camel"):
    """What was looked at before a grant was made."""

    slight: dict[Aspect, Line] = msgspec.field(default_factory=dict)
    """The elements that differ from what is asked for, but not substantially; and why, where the office says it."""
    not_possible: list[tuple[MilderOutcome, str]] = msgspec.field(default_factory=list)
    """Of a refusal: the milder outcomes, each with the code of why it was not possible."""
    measures: list[Condition] = msgspec.field(default_factory=list)
    """What the applicant can do to have more recognised later."""
    words: dict[Aspect, Line] = msgspec.field(default_factory=dict)
    """What the office says of elements in which nothing was worth a look."""


class LeftOutQualification(msgspec.Struct, frozen=True, omit_defaults=True, rename="camel"):
    """A qualification that was submitted and is not decided about."""

    title: Text
    issuer: Line
    reason: Line
    member: bool = False
    """Whether the issuer is a member, and `issuer` its short name until the letter is composed."""


class GrantChange(msgspec.Struct, frozen=True, omit_defaults=True, rename="camel"):
    """A part of a grant that is another than in the decision before."""

    grant: int
    part: ChangedPart
    before: list[Text]
    """In words, by language; `und` where it is the same in all. Empty: nothing."""
    after: list[Text]


class DecisionEnd(msgspec.Struct, frozen=True, omit_defaults=True, rename="camel"):
    """Why a decision is not in force any more."""

    superseded_by: str | None = None
    withdrawn: date | None = None
    """The day on which it was withdrawn, where that is known."""


class LetterRequirements(msgspec.Struct, frozen=True, omit_defaults=True, rename="camel", forbid_unknown_fields=True):
    """What the office asks for in each element of a qualification, in the letter's language."""

    level: Line | None = None
    workload: Line | None = None
    quality: Line | None = None
    profile: Line | None = None
    learning_outcomes: Line | None = None


class LetterContent(msgspec.Struct, frozen=True, omit_defaults=True, rename="camel"):
    """One letter. The same content makes the same bytes."""

    language: Language
    office: Office
    applicant: Addressee
    decision: str
    """The decision's id."""
    decision_date: date
    purpose: Purpose
    effect: Effect
    qualifications: list[Qualification]
    """By the indices of the decision's basis."""
    grants: list[Grant]
    towards: list[Text | None]
    """The title of what each grant counts towards, by the indices of `grants`."""
    reasons: dict[str, Words]
    """What is said for each ground and condition that a grant has, by its code, in the letter's language."""
    receipt: str
    """A C2SP tlog-proof of the decision."""
    disclosures: list[str] = msgspec.field(default_factory=list)
    """What the decision's digests stand for; its holder and the office alone have them."""
    letter_date: date | None = None
    """The date at its head, where it is not the decision's."""
    file_number: Line | None = None
    appeal_until: date | None = None
    """The last day for an appeal."""
    supersedes: str | None = None
    verify_url: Line | None = None
    """Where anybody sees whether the decision is in force."""
    judged: list[GrantFindings | None] = msgspec.field(default_factory=list)
    """What was looked at for each grant. None, or nothing in the list: nothing was assessed."""
    compared_with: list[list[Text]] = msgspec.field(default_factory=list)
    """The programmes that the qualifications of each grant were compared with."""
    applied_for: list[Text] = msgspec.field(default_factory=list)
    """The programmes that the application names."""
    left: list[LeftOutQualification] = msgspec.field(default_factory=list)
    changes: list[GrantChange] | None = None
    """What is another than in the decision that this one supersedes; None where it supersedes none."""
    ended: DecisionEnd | None = None
    """Why the decision is not in force any more; None: it is in force."""
    required: LetterRequirements | None = None
    """What the office asks for."""
    remarks: list[Words] = msgspec.field(default_factory=list)
    """What the office adds in its own words, a paragraph each."""
