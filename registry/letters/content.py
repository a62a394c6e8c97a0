"""The content of a letter as data, without a language and without where the data came from."""

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
"""The tag of a text in an unknown language (BCP 47), for example a title on paper."""

MilderOutcome = Literal["partial", "conditional", "alternative"]
ChangedPart = Literal["outcome", "ects", "eqfLevel", "mode", "towards", "grounds", "conditions", "credentials"]
Standing = Literal["revoked", "suspended", "replaced", "denied", "undocumented"]
"""An objection to a qualification: its status, that its issuer denies it, or that no documents can be obtained."""
Line = Annotated[str, Meta(max_length=2_000)]
Words = Annotated[str, Meta(max_length=20_000)]


class Office(msgspec.Struct, frozen=True, omit_defaults=True, rename="camel"):
    """The office that decides: its letterhead, and the body that hears appeals."""

    legal_name: Line
    country: str
    locality: Line | None = None
    homepage: Line | None = None
    appeal_body: AppealBody | None = None
    address: list[Line] = msgspec.field(default_factory=list)
    """The postal address, line by line."""


class Addressee(msgspec.Struct, frozen=True, omit_defaults=True, rename="camel", forbid_unknown_fields=True):
    """The person who receives the letter. Personal data: from the vault or from a file, and stored nowhere else."""

    name: Annotated[str, Meta(min_length=1, max_length=2_000)]
    address: Annotated[list[Line], Meta(max_length=8)] = msgspec.field(default_factory=list)
    """The address, line by line."""
    date_of_birth: date | None = None
    reference: Line | None = None
    """The applicant's own reference."""


class Qualification(msgspec.Struct, frozen=True, omit_defaults=True, rename="camel"):
    """A credential that the decision rests on, as its issuer describes it."""

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
    """The source of an external credential's facts: the `office`, or a `document` that nobody verified."""
    standing: Standing | None = None
    """The objection to it when the decision was made; None: none."""
    standing_on: date | None = None
    """The day on which the office saw that, or the issuer said it."""


class GrantFindings(msgspec.Struct, frozen=True, omit_defaults=True, rename="camel"):
    """Findings of an assessment that explain a grant."""

    slight: dict[Aspect, Line] = msgspec.field(default_factory=dict)
    """The elements with a difference that is not substantial, and the office's explanation or an empty text."""
    not_possible: list[tuple[MilderOutcome, str]] = msgspec.field(default_factory=list)
    """For a refusal: the milder outcomes, each with the code of the reason why it was not possible."""
    measures: list[Condition] = msgspec.field(default_factory=list)
    """Steps that the applicant can take to have more recognised later."""
    words: dict[Aspect, Line] = msgspec.field(default_factory=dict)
    """The office's words on elements in which no difference was suggested."""


class LeftOutQualification(msgspec.Struct, frozen=True, omit_defaults=True, rename="camel"):
    """A qualification that was submitted and that the decision leaves out."""

    title: Text
    issuer: Line
    reason: Line
    member: bool = False
    """True if the issuer is a member; `issuer` is its short name until the letter is composed."""


class GrantChange(msgspec.Struct, frozen=True, omit_defaults=True, rename="camel"):
    """A part of a grant that differs from the decision before."""

    grant: int
    part: ChangedPart
    before: list[Text]
    """Texts by language, `und` for one that is the same in all; empty: nothing."""
    after: list[Text]


class DecisionEnd(msgspec.Struct, frozen=True, omit_defaults=True, rename="camel"):
    """The reason why a decision is no longer in force."""

    superseded_by: str | None = None
    withdrawn: date | None = None
    """The day on which it was withdrawn, where that is known."""


class LetterRequirements(msgspec.Struct, frozen=True, omit_defaults=True, rename="camel", forbid_unknown_fields=True):
    """The office's requirement in each element of a qualification, in the letter's language."""

    level: Line | None = None
    workload: Line | None = None
    quality: Line | None = None
    profile: Line | None = None
    learning_outcomes: Line | None = None


class LetterContent(msgspec.Struct, frozen=True, omit_defaults=True, rename="camel"):
    """One letter. The same content always makes the same bytes."""

    language: Language
    office: Office
    applicant: Addressee
    decision: str
    """The decision's id."""
    decision_date: date
    purpose: Purpose
    effect: Effect
    qualifications: list[Qualification]
    """One for each basis of the decision, in their order."""
    grants: list[Grant]
    towards: list[Text | None]
    """The title of the programme that each grant counts towards, in the order of `grants`."""
    reasons: dict[str, Words]
    """The text for each ground and condition of a grant, by its code, in the letter's language."""
    receipt: str
    """A C2SP tlog-proof of the decision."""
    disclosures: list[str] = msgspec.field(default_factory=list)
    """The disclosures that open the decision's digests; only the holder and the office have them."""
    letter_date: date | None = None
    """The date at the head, where it is not the decision's."""
    file_number: Line | None = None
    appeal_until: date | None = None
    """The last day for an appeal."""
    supersedes: str | None = None
    verify_url: Line | None = None
    """The address at which anybody can verify whether the decision is in force."""
    judged: list[GrantFindings | None] = msgspec.field(default_factory=list)
    """The findings for each grant. None, or an empty list: nothing was assessed."""
    compared_with: list[list[Text]] = msgspec.field(default_factory=list)
    """The programmes that the qualifications of each grant were compared with."""
    applied_for: list[Text] = msgspec.field(default_factory=list)
    """The programmes that the application names."""
    left: list[LeftOutQualification] = msgspec.field(default_factory=list)
    changes: list[GrantChange] | None = None
    """The differences from the decision that this one supersedes; None where it supersedes none."""
    ended: DecisionEnd | None = None
    """The reason why the decision is no longer in force; None: it is in force."""
    required: LetterRequirements | None = None
    """The office's requirements."""
    remarks: list[Words] = msgspec.field(default_factory=list)
    """Paragraphs that the office adds in its own words."""
