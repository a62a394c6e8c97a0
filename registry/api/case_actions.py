"""One case of the recognition office, and the actions on it."""

from collections.abc import Callable
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Controller, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import Parameter, SkipValidation

from registry.api.case_bodies import (
    AnswerGiven,
    Approval,
    AssessmentGiven,
    CorrectionGiven,
    Dated,
    DocumentsAsked,
    DocumentsCame,
    EnquiryAsked,
    Noted,
    Proposal,
    Withdrawal,
)
from registry.api.idempotency import Answer
from registry.api.private_side import IdempotencyKey, PrivateSide, Write
from registry.http import FieldError, HttpProblem, requires
from registry.office.assessments.assessment import Assessment
from registry.office.cases.assessment_draft import draft_of
from registry.office.cases.case_view import show_case
from registry.office.cases.service import Office as RecognitionOffice
from registry.office.cases.views import CaseUpdate, CaseView
from registry.wire.forms import checker

_TAG = "Cases"
Office = NamedDependency[SkipValidation[RecognitionOffice]]
"""The office, as the application passes it to a route."""


class CaseActions(Controller):
    """One case, and the actions on it."""

    path = "/v1/cases/{case:uuid}"
    tags = [_TAG]  # noqa: RUF012 - the framework's own declaration

    @get(operation_id="getCase", summary="One case", sync_to_thread=True, **requires("cases:read"))
    def get_case(self, private: PrivateSide, office: Office, case: UUID) -> Response[CaseView]:
        """Return the whole case: applicant, credentials as they were and as they are now, texts, history."""
        with private.reading() as registry:
            shown = show_case(office.reading_from(registry), str(case))
        return private.respond(shown)

    @get("/draft", operation_id="draftAssessment", summary="An assessment to begin with", sync_to_thread=True,
         **requires("cases:read"))  # fmt: skip
    def draft(
        self,
        private: PrivateSide,
        office: Office,
        case: UUID,
        against: Annotated[
            str | None,
            Parameter(
                max_length=200,
                description="The id of one of your own achievements, or the name of a profile. The default is what the"
                " case counts towards.",
            ),
        ] = None,
    ) -> Response[Assessment]:
        """Return the five elements of each credential with the requirements, and without differences or grants."""
        with private.reading() as registry:
            draft = draft_of(office.reading_from(registry), str(case), against)
        return private.respond(draft)

    @post(
        "/request-documents", operation_id="requestDocuments", summary="Ask the applicant for documents",
        status_code=200, sync_to_thread=True, **requires("cases:write"),
    )  # fmt: skip
    def request_documents(
        self, private: PrivateSide, office: Office, request: Request[Any, Any, Any], case: UUID, data: DocumentsAsked,
        key: IdempotencyKey,
    ) -> Response[CaseUpdate]:  # fmt: skip
        """Ask for documents. The time for the decision stops until all of them have come."""
        return perform(
            private, office, request, data, key,
            lambda office, by: office.request_documents(str(case), data.documents, by, data.on, data.note),
        )  # fmt: skip

    @post(
        "/receive-documents", operation_id="receiveDocuments", summary="Documents came", status_code=200,
        sync_to_thread=True, **requires("cases:write"),
    )  # fmt: skip
    def receive_documents(
        self, private: PrivateSide, office: Office, request: Request[Any, Any, Any], case: UUID, data: DocumentsCame,
        key: IdempotencyKey,
    ) -> Response[CaseUpdate]:  # fmt: skip
        """Record documents that came. With the last one that was asked for, the time for the decision goes on."""
        return perform(
            private, office, request, data, key,
            lambda office, by: office.receive_documents(str(case), data.documents, by, data.on),
        )  # fmt: skip

    @post(
        "/complete", operation_id="completeCase", summary="The file is complete", status_code=200,
        sync_to_thread=True, **requires("cases:write"),
    )  # fmt: skip
    def complete(
        self, private: PrivateSide, office: Office, request: Request[Any, Any, Any], case: UUID, data: Dated,
        key: IdempotencyKey,
    ) -> Response[CaseUpdate]:  # fmt: skip
        """Start the time for the decision; `due` is the day on which the decision is due."""
        return perform(private, office, request, data, key, lambda office, by: office.complete(str(case), by, data.on))

    @post(
        "/correct", operation_id="correctCase", summary="Correct the file", status_code=200, sync_to_thread=True,
        **requires("cases:write"),
    )  # fmt: skip
    def correct(
        self, private: PrivateSide, office: Office, request: Request[Any, Any, Any], case: UUID, data: CorrectionGiven,
        key: IdempotencyKey,
    ) -> Response[CaseUpdate]:  # fmt: skip
        """Correct the applicant, the purpose of the case, or its credentials. A proposal is returned first."""
        return perform(
            private, office, request, data, key,
            lambda office, by: office.correct(str(case), data.correction, by, data.on),
        )  # fmt: skip

    @post(
        "/enquire", operation_id="enquireIssuer", summary="Ask an issuer whether a credential is authentic",
        status_code=200, sync_to_thread=True, **requires("cases:write"),
    )  # fmt: skip
    def enquire(
        self, private: PrivateSide, office: Office, request: Request[Any, Any, Any], case: UUID, data: EnquiryAsked,
        key: IdempotencyKey,
    ) -> Response[CaseUpdate]:  # fmt: skip
        """Record an enquiry. `enquiry` is its id, which the answer names; `asked` says whom it asks about what."""
        return perform(
            private, office, request, data, key,
            lambda office, by: office.enquire(str(case), data.subject, by, data.on, data.note),
        )  # fmt: skip

    @post(
        "/answer", operation_id="answerEnquiry", summary="An issuer answered", status_code=200,
        sync_to_thread=True, **requires("cases:write"),
    )  # fmt: skip
    def answer(
        self, private: PrivateSide, office: Office, request: Request[Any, Any, Any], case: UUID, data: AnswerGiven,
        key: IdempotencyKey,
    ) -> Response[CaseUpdate]:  # fmt: skip
        """Record the issuer's answer to an enquiry. Each enquiry has one answer."""
        return perform(
            private, office, request, data, key,
            lambda office, by: office.answer(str(case), str(data.enquiry), data.answer, by, data.on, data.note),
        )  # fmt: skip

    @post(
        "/assess", operation_id="assessCase", summary="Record an assessment", status_code=200,
        sync_to_thread=True, **requires("cases:write"),
    )  # fmt: skip
    def assess(
        self, private: PrivateSide, office: Office, request: Request[Any, Any, Any], case: UUID, data: AssessmentGiven,
        key: IdempotencyKey,
    ) -> Response[CaseUpdate]:  # fmt: skip
        """Record an assessment. The last one counts. What is open in it is reported when a decision is proposed."""
        assessment = data.whole()
        return perform(
            private, office, request, data, key, lambda office, by: office.assess(str(case), assessment, by, data.on)
        )  # fmt: skip

    @post(
        "/propose", operation_id="proposeDecision", summary="Propose what to grant", status_code=200,
        sync_to_thread=True, **requires("cases:write"),
    )  # fmt: skip
    def propose(
        self, private: PrivateSide, office: Office, request: Request[Any, Any, Any], case: UUID, data: Proposal,
        key: IdempotencyKey,
    ) -> Response[CaseUpdate]:  # fmt: skip
        """Propose what to grant. It is checked as a verifier will check it, and compared with the assessment and with
        precedents, which `warnings` name.

        A stop prevents the proposal: a credential that is not active, an issuer that denies it, another holder, a
        suggested difference that the assessment does not answer. `override` says why it is proposed in spite of that.
        """
        return perform(
            private, office, request, data, key,
            lambda office, by: office.propose(
                str(case), data.grants, by, data.on, data.note, leave=data.leave, override=data.override
            ),
        )  # fmt: skip

    @post(
        "/approve", operation_id="approveProposal", summary="Approve the proposal", status_code=200,
        sync_to_thread=True, **requires("cases:approve"),
    )  # fmt: skip
    def approve(
        self, private: PrivateSide, office: Office, request: Request[Any, Any, Any], case: UUID, data: Approval,
        key: IdempotencyKey,
    ) -> Response[CaseUpdate]:  # fmt: skip
        """Approve a proposal as another person than the one who proposed it, after reading it and its override.

        The case has the proposal in `waiting`: its id, its grants, the comparison, and notes. If the case has another
        proposal by now, the answer is 409 `proposal-changed`.
        """
        return perform(
            private, office, request, data, key,
            lambda office, by: office.approve(
                str(case), by, data.on, proposal_id=data.proposal_id, accept_override=data.accept_override
            ),
        )  # fmt: skip

    @post(
        "/return", operation_id="returnProposal", summary="Return the proposal", status_code=200,
        sync_to_thread=True, **requires("cases:approve"),
    )  # fmt: skip
    def return_proposal(
        self, private: PrivateSide, office: Office, request: Request[Any, Any, Any], case: UUID, data: Noted,
        key: IdempotencyKey,
    ) -> Response[CaseUpdate]:  # fmt: skip
        """Return the proposal to the person who made it, for another one."""
        return perform(
            private, office, request, data, key, lambda office, by: office.return_(str(case), by, data.on, data.note)
        )

    @post(
        "/decide", operation_id="decideCase", summary="Publish the decision", status_code=200,
        sync_to_thread=True, **requires("cases:approve"),
    )  # fmt: skip
    def decide(
        self, private: PrivateSide, office: Office, request: Request[Any, Any, Any], case: UUID, data: Dated,
        key: IdempotencyKey,
    ) -> Response[CaseUpdate]:  # fmt: skip
        """Publish the approved proposal as a decision. A decision that must not name its credential names a digest."""
        return perform(private, office, request, data, key, lambda office, by: office.decide(str(case), by, data.on))

    @post(
        "/appeal", operation_id="appealCase", summary="The applicant appeals", status_code=200,
        sync_to_thread=True, **requires("cases:write"),
    )  # fmt: skip
    def appeal(
        self, private: PrivateSide, office: Office, request: Request[Any, Any, Any], case: UUID, data: Noted,
        key: IdempotencyKey,
    ) -> Response[CaseUpdate]:  # fmt: skip
        """Record that the applicant appeals. Then propose again, approve, and amend."""
        return perform(
            private, office, request, data, key, lambda office, by: office.appeal(str(case), by, data.on, data.note)
        )

    @post(
        "/amend", operation_id="amendDecision", summary="Publish an amended decision", status_code=200,
        sync_to_thread=True, **requires("cases:approve"),
    )  # fmt: skip
    def amend(
        self, private: PrivateSide, office: Office, request: Request[Any, Any, Any], case: UUID, data: Dated,
        key: IdempotencyKey,
    ) -> Response[CaseUpdate]:  # fmt: skip
        """Publish the approved proposal as a decision that supersedes the one in force."""
        return perform(private, office, request, data, key, lambda office, by: office.amend(str(case), by, data.on))

    @post(
        "/withdraw", operation_id="withdrawCase", summary="Withdraw the application or the decision",
        status_code=200, sync_to_thread=True, **requires("cases:approve"),
    )  # fmt: skip
    def withdraw(
        self, private: PrivateSide, office: Office, request: Request[Any, Any, Any], case: UUID, data: Withdrawal,
        key: IdempotencyKey,
    ) -> Response[CaseUpdate]:  # fmt: skip
        """Withdraw a decision, with a reason that is published; or an application, without a reason."""
        return perform(
            private, office, request, data, key,
            lambda office, by: office.withdraw(str(case), by, data.on, reason=data.reason),
        )  # fmt: skip

    @post(
        "/close", operation_id="closeCase", summary="Close the file", status_code=200, sync_to_thread=True,
        **requires("cases:write"),
    )  # fmt: skip
    def close(
        self, private: PrivateSide, office: Office, request: Request[Any, Any, Any], case: UUID, data: Dated,
        key: IdempotencyKey,
    ) -> Response[CaseUpdate]:  # fmt: skip
        """Close the file, when no appeal is possible any more."""
        return perform(private, office, request, data, key, lambda office, by: office.close(str(case), by, data.on))


def perform(
    private: PrivateSide,
    office: RecognitionOffice,
    request: Request[Any, Any, Any],
    data: msgspec.Struct,
    key: str,
    act: Callable[[RecognitionOffice, str], CaseUpdate],
    *,
    status: int = 200,
) -> Response[CaseUpdate]:
    """Carry out an action once; its answer is stored in the same transaction."""
    check = checker(type(data))
    if check is not None and (fault := check(data)) is not None:
        raise HttpProblem("unprocessable", errors=[FieldError(f"${fault[0]}", fault[1])])

    def write_case(write: Write) -> Answer:
        with write.registry.transaction() as transaction:
            update = act(office.within(transaction), request.user.actor)
            location = f"/v1/cases/{update.case}" if status == 201 else None
            return write.commit(transaction, Answer(status, update, location))

    return private.write_once(request, key, data, write_case)
