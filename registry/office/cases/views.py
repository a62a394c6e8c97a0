"""What is shown of a case to who works on it, and what a letter about it is made from."""

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
    """What was known of it when the decision that stands was made."""


class EnquiryView(msgspec.Struct, frozen=True, rename="camel"):
    """An authenticity enquiry, and its answer."""

    enquiry: str
    subject: int
    issuer: str | None
    asked: str
    answered: str | None
    answer: IssuerAnswer | None


class OverrideView(msgspec.Struct, frozen=True, rename="camel"):
    """What speaks against a proposal, and why it was made all the same."""

    against: list[str]
    """The keys of the stops, such as `revoked:0`: a code, and the number of the credential."""
    reason: str
    by: str
    on: str
    accepted: bool
    """Whether the person who approved accepted it."""


class ComparedView(msgspec.Struct, frozen=True, rename="camel"):
    """A credential beside what is required of it, as a proposal rests on it."""

    subject: int
    towards: str | None
    """The title of what it was compared with; null where the assessment names nothing."""
    elements: list[Element]


class ProposalView(msgspec.Struct, frozen=True, rename="camel"):
    """A proposal that waits, with all that the person who approves it should see."""

    proposal_id: str
    """Whoever approves names it; another proposal has another one."""
    by: str
    on: str
    grants: list[Grant]
    towards: list[str | None]
    """The title of what each grant counts towards."""
    note: str | None
    """What the letter tells the applicant besides."""
    assessed: bool
    """Whether it rests on an assessment."""
    compared: list[ComparedView]
    considered: list[ConsideredOutcome]
    """Of a refusal: the milder outcomes, and why each was not possible."""
    measures: list[list[Condition]]
    """For each grant, what the applicant can do to have more recognised later."""
    notes: list[str]
    """What speaks against it, and what else whoever approves should know."""


class LeftView(msgspec.Struct, frozen=True, rename="camel"):
    """A credential that a proposal or a decision is not about."""

    subject: int
    reason: str


class Step(msgspec.Struct, frozen=True, rename="camel"):
    """Something that happened, as stored: codes, ids and days."""

    what: str
    on: str
    by: str
    data: Any


class CaseView(msgspec.Struct, frozen=True, rename="camel"):
    """A case, whole."""

    case: CaseLine
    effect: Effect
    towards: list[Towards]
    applicant: Applicant | None
    """None where they were erased; then nothing that was written is there either."""
    subjects: list[SubjectView]
    outstanding: list[Document]
    stopped_days: int
    enquiries: list[EnquiryView]
    proposal: list[Grant] | None
    """What was proposed last."""
    override: OverrideView | None
    """What the proposal overrides, for the person who approves."""
    left: list[LeftView]
    """The credentials that the proposal leaves out."""
    removed: list[int]
    """The numbers of credentials that a correction removed from the case."""
    decisions: list[RecognitionDecided]
    """As published; each supersedes the one before."""
    disclosures: list[str]
    """What the digests of the decision that stands are of: for the applicant."""
    warnings: list[str]
    written: list[Written]
    history: list[Step]
    holders: list[HolderCheck] = []
    """Of each credential, whether its holder is the applicant."""
    changes: list[CredentialChange] = []
    """What changed with its credentials since the decision that stands."""
    attachments: list[Attachment] = []
    """Its files: what it was opened with, and what was attached."""
    waiting: ProposalView | None = None
    """The proposal that waits for its approval or for the decision, as it is known now."""


class CaseUpdate(msgspec.Struct, frozen=True, rename="camel"):
    """What a move led to. Nothing in it is about the person."""

    case: str
    file_number: str
    state: CaseState
    due: date | None
    appeal_until: date | None
    warnings: list[str] = []
    enquiry: str | None = None
    """The id of the enquiry that was made."""
    decision: str | None = None
    """The id of the decision that was published, or withdrawn."""
    proposal_id: str | None = None
    """The id of the proposal that waits: whoever approves it names it."""
    asked: str | None = None
    """Whom an enquiry asks, and about which credential."""


class LetterFacts(msgspec.Struct, frozen=True, rename="camel"):
    """All that a letter to the applicant says about a decision."""

    office: str
    """The member whose office decided."""
    file_number: str
    applicant: Applicant
    data: RecognitionDecided
    """The decision as published."""
    subjects: list[SubjectView]
    """What its bases are, in their order."""
    disclosures: list[str]
    """One for each basis that the log names by digest, in their order."""
    appeal_until: date | None
    appealed: bool
    """Whether it was made on appeal."""
    opened: date
    completed: date | None
    note: str | None
    """What the assessor wrote for the applicant."""
    numbers: list[int] = []
    """Which of the case's credentials the decision's bases are, in their order."""
    assessment: Assessment | None = None
    """What the decision rests on; None: nothing was assessed."""
    left: list[LeftView] = []
    """The credentials that it is not about."""
    towards: list[Towards] = []
    """What the application says that it should count towards."""
    before: RecognitionDecided | None = None
    """The decision that it supersedes."""
    ended: DecisionEnd | None = None
    """Why it is not in force any more."""
    denied: dict[int, date] = {}
    """The credentials that their issuers had denied by then, by their numbers in the case, and when."""
