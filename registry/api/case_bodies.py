"""Requests' bodies of cases: what a move takes."""

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
    """A move of which nothing more is to be said."""

    on: date | None = None
    """The day on which it happened; today where it is left out."""


class Noted(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, rename="camel"):
    """A move, and words for the file."""

    on: date | None = None
    note: Words | None = None


class DocumentsAsked(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, rename="camel"):
    """What the applicant is asked for."""

    documents: Some[Document]
    on: date | None = None
    note: Words | None = None


class DocumentsCame(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, rename="camel"):
    """What came of it."""

    documents: Some[Document]
    on: date | None = None


class CorrectionGiven(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, rename="camel"):
    """What is corrected in the file."""

    correction: Correction
    on: date | None = None


class EnquiryAsked(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, rename="camel"):
    """A question to an issuer."""

    subject: Annotated[int, Meta(ge=0, le=1000)] | None = None
    """Which credential of the case, from 0 on; needed where it has several."""
    on: date | None = None
    note: Words | None = None


class AnswerGiven(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, rename="camel"):
    """What the issuer answered."""

    enquiry: UUID
    answer: IssuerAnswer
    on: date | None = None
    note: Words | None = None


class AssessmentGiven(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, rename="camel"):
    """An assessment of all of the case's credentials, in their order."""

    assessment: dict[str, Any]
    """As `draftAssessment` gives it, with the differences that you name and the grants that you propose."""
    on: date | None = None

    def whole(self) -> Assessment:
        """The assessment itself. Raises `HttpProblem` where it is none."""
        return content_of(self.assessment, Assessment)


class Proposal(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, rename="camel"):
    """What to grant; where no grants are given, what the last assessment proposes."""

    grants: Annotated[list[Grant], Meta(max_length=50)] = []
    on: date | None = None
    note: Words | None = None
    """For the applicant; the letter says it."""
    leave: Annotated[list[Leave], Meta(max_length=50)] = []
    """The credentials that are left out, each with the reason that the letter prints."""
    override: Reason | None = None
    """Why this is proposed although something speaks against it. Kept encrypted; the person who approves reads it."""


class Approval(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, rename="camel"):
    """Agreement with the proposal that this person has read."""

    proposal_id: Annotated[str, Meta(min_length=1, max_length=64)]
    """The id of the proposal, as the case has it in `waiting`. Where it has another one by now, nothing is approved."""
    accept_override: bool = False
    """Whether this person read the reason for that proposal's override, and accepts it."""
    on: date | None = None


class Withdrawal(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, rename="camel"):
    """The application is taken back, or for a reason the decision."""

    reason: WithdrawalReason | None = None
    on: date | None = None


BODIES = (
    Application, Dated, Noted, DocumentsAsked, DocumentsCame, EnquiryAsked, AnswerGiven, AssessmentGiven,
    CorrectionGiven, Proposal, Approval, Withdrawal,
)  # fmt: skip
