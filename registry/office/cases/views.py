"""Views of a case for officers, and the facts of a letter about it."""

from datetime import date
from typing import Any

import msgspec

from registry.domain.case_events import CaseState, Document, IssuerAnswer, KnownStatus, Subject
from registry.letters.content import DecisionEnd
from registry.office.assessments.assessment import Assessment, ConsideredOutcome
from registry.office.assessments.comparison import Element
from registry.office.cases.applicants import Applicant
from registry.office.cases.attachments import Attachment
from registry.office.cases.changes import CredentialChange
from registry.office.cases.holder import HolderCheck
from registry.office.cases.rows import Written
from registry.office.cases.worklist import CaseLine
from registry.office.ports import CredentialFacts
from registry.wire.recognition import Condition, Effect, Grant, RecognitionDecided, Towards


class SubjectView(msgspec.Struct, frozen=True, rename="camel"):
    """A credential of a case."""

    subject: Subject
    now: CredentialFacts | None
    """None where no member issued it, or where it has not arrived."""
    at_decision: KnownStatus | None
    """The status that was known when the decision in force was made."""


class EnquiryView(msgspec.Struct, frozen=True, rename="camel"):
    """An authenticity enquiry, and its answer."""

    enquiry: str
    subject: int
    issuer: str | None
    enquired: str = msgspec.field(name="asked")
    answered: str | None
    answer: IssuerAnswer | None


class OverrideView(msgspec.Struct, frozen=True, rename="camel"):
    """The stops that a proposal overrides, and the reason."""

    against: list[str]
    """The keys of the stops, such as `revoked:0`: a code, and the number of the credential."""
    reason: str
    by: str
    on: str
    accepted: bool
    """True if the person who approved accepted it."""


class ComparedView(msgspec.Struct, frozen=True, rename="camel"):
    """The comparison of a credential with a requirement, on which a proposal rests."""

    subject: int
    towards: str | None
    """The title of the programme that it was compared with; null where the assessment names none."""
    elements: list[Element]


class ProposalView(msgspec.Struct, frozen=True, rename="camel"):
    """A proposal that waits, for the person who approves it."""

    proposal_id: str
    """The id that the approval names. Every proposal has another one."""
    by: str
    on: str
    grants: list[Grant]
    towards: list[str | None]
    """The title of the programme that each grant counts towards."""
    note: str | None
    """A text for the applicant, which the letter prints."""
    assessed: bool
    """True if it rests on an assessment that compared something: one without any requirement is none."""
    compared: list[ComparedView]
    considered: list[ConsideredOutcome]
    """For a refusal: the milder outcomes, and why each was not possible."""
    measures: list[list[Condition]]
    """For each grant, the steps that the applicant can take to have more recognised later."""
    notes: list[str]
    """Stops and notes for the person who approves."""


class LeftView(msgspec.Struct, frozen=True, rename="camel"):
    """A credential that a proposal or a decision leaves out."""

    subject: int
    reason: str


class Step(msgspec.Struct, frozen=True, rename="camel"):
    """An event of the case, as stored: codes, ids and days."""

    what: str
    on: str
    by: str
    data: Any


class CaseView(msgspec.Struct, frozen=True, rename="camel"):
    """A whole case."""

    case: CaseLine
    effect: Effect
    towards: list[Towards]
    applicant: Applicant | None
    """None where they were erased; then the texts are gone, too."""
    subjects: list[SubjectView]
    outstanding: list[Document]
    stopped_days: int
    enquiries: list[EnquiryView]
    proposal: list[Grant] | None
    """The grants that were proposed last."""
    override: OverrideView | None
    """The stops that the proposal overrides, for the person who approves."""
    left: list[LeftView]
    """The credentials that the proposal leaves out."""
    removed: list[int]
    """The numbers of credentials that a correction removed from the case."""
    decisions: list[RecognitionDecided]
    """As published; each supersedes the one before."""
    disclosures: list[str]
    """The disclosures that open the digests of the decision in force, for the applicant."""
    warnings: list[str]
    written: list[Written]
    history: list[Step]
    holders: list[HolderCheck] = []
    """For each credential, the comparison of its holder with the applicant."""
    changes: list[CredentialChange] = []
    """Changes of its credentials since the decision in force."""
    attachments: list[Attachment] = []
    """The files that it was opened with, and those that were attached."""
    waiting: ProposalView | None = None
    """The proposal that waits for its approval or for the decision, reviewed now."""


class CaseUpdate(msgspec.Struct, frozen=True, rename="camel"):
    """The result of an action on a case. Nothing in it is about the person."""

    case: str
    file_number: str
    state: CaseState
    due: date | None
    appeal_until: date | None
    warnings: list[str] = []
    enquiry: str | None = None
    """The id of the enquiry that was recorded."""
    decision: str | None = None
    """The id of the decision that was published, or withdrawn."""
    proposal_id: str | None = None
    """The id of the proposal that waits, which the approval names."""
    addressee: str | None = msgspec.field(default=None, name="asked")
    """The issuer that an enquiry asks, and the credential that it is about."""


class LetterFacts(msgspec.Struct, frozen=True, rename="camel"):
    """The facts of the letter to the applicant about a decision."""

    office: str
    """The member whose office decided."""
    file_number: str
    applicant: Applicant
    data: RecognitionDecided
    """The decision as published."""
    subjects: list[SubjectView]
    """The credentials of the case."""
    disclosures: list[str]
    """One for each basis that the log names by digest, in their order."""
    appeal_until: date | None
    appealed: bool
    """True if it was made on appeal."""
    opened: date
    completed: date | None
    note: str | None
    """The assessor's text for the applicant."""
    numbers: list[int] = []
    """The numbers in the case of the decision's bases, in their order."""
    assessment: Assessment | None = None
    """The assessment that the decision rests on; None: nothing was assessed."""
    left: list[LeftView] = []
    """The credentials that it leaves out."""
    towards: list[Towards] = []
    """The programmes that the application names."""
    before: RecognitionDecided | None = None
    """The decision that it supersedes."""
    ended: DecisionEnd | None = None
    """The reason why it is no longer in force."""
    denied: dict[int, date] = {}
    """The days on which issuers had denied credentials by then, by the numbers of these in the case."""
