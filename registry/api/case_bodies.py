"""Bodies of requests that change a case."""

from datetime import date
from typing import Annotated, Any, TypeVar
from uuid import UUID

import msgspec
from msgspec import Meta

from registry.api.bodies import content_of
from registry.domain.case_events import Document, IssuerAnswer
from registry.office.assessments.assessment import Assessment
from registry.office.cases.corrections import Correction
from registry.office.cases.opening import Application, Words
from registry.office.cases.proposal_messages import Leave, Reason
from registry.wire.recognition import Grant, WithdrawalReason

T = TypeVar("T")
Some = Annotated[list[T], Meta(min_length=1, max_length=50)]


class Dated(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, rename="camel"):
    """An action that needs nothing but its day."""

    on: date | None = None
    """The day on which it happened; today by default."""


class Noted(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, rename="camel"):
    """An action, and a note for the file."""

    on: date | None = None
    note: Words | None = None


class DocumentsAsked(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, rename="camel"):
    """Documents that the office asks the applicant for."""

    documents: Some[Document]
    on: date | None = None
    note: Words | None = None


class DocumentsCame(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, rename="camel"):
    """Documents that the applicant sent."""

    documents: Some[Document]
    on: date | None = None


class CorrectionGiven(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, rename="camel"):
    """A correction of the file."""

    correction: Correction
    on: date | None = None


class EnquiryAsked(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, rename="camel"):
    """A question to an issuer."""

    subject: Annotated[int, Meta(ge=0, le=1000)] | None = None
    """The number of the credential in the case, counted from 0. Required where the case has several."""
    on: date | None = None
    note: Words | None = None


class AnswerGiven(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, rename="camel"):
    """The issuer's answer."""

    enquiry: UUID
    answer: IssuerAnswer
    on: date | None = None
    note: Words | None = None


class AssessmentGiven(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, rename="camel"):
    """An assessment of all of the case's credentials, in their order."""

    assessment: dict[str, Any]
    """The answer of `draftAssessment`, with the differences that you name and the grants that you propose."""
    on: date | None = None

    def whole(self) -> Assessment:
        """Return the assessment. Raises `HttpProblem` where it is not one."""
        return content_of(self.assessment, Assessment)


class Proposal(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, rename="camel"):
    """A proposal of what to grant. Without grants it is what the last assessment proposes."""

    grants: Annotated[list[Grant], Meta(max_length=50)] = []
    on: date | None = None
    note: Words | None = None
    """A note for the applicant, which the letter prints."""
    leave: Annotated[list[Leave], Meta(max_length=50)] = []
    """The credentials that are left out, each with the reason that the letter prints."""
    override: Reason | None = None
    """Why this is proposed in spite of a stop. It is stored encrypted, and the person who approves reads it."""


class Approval(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, rename="camel"):
    """Agreement with the proposal that this person has read."""

    proposal_id: Annotated[str, Meta(min_length=1, max_length=64)]
    """The id of the proposal, from the case's `waiting`. If the case has another one by now, nothing is approved."""
    accept_override: bool = False
    """True if this person has read the reason for the proposal's override, and accepts it."""
    on: date | None = None


class Withdrawal(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, rename="camel"):
    """The withdrawal of an application; with a reason, of a decision."""

    reason: WithdrawalReason | None = None
    on: date | None = None


BODIES = (
    Application, Dated, Noted, DocumentsAsked, DocumentsCame, EnquiryAsked, AnswerGiven, AssessmentGiven,
    CorrectionGiven, Proposal, Approval, Withdrawal,
)  # fmt: skip
