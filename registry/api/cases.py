"""Cases of the recognition office. The key or token says who acts, so an office gives each of its people one.

An answer to a write says nothing about the applicant, because answers are stored for requests that are sent again.
"""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Controller, HttpMethod, Request, Response, get, post, route
from litestar.di import NamedDependency
from litestar.params import Parameter, QueryParameter, SkipValidation

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
from registry.domain.case_events import CaseState
from registry.http import Cursors, FieldError, HttpProblem, requires
from registry.http.pagination import LIMIT, MOST
from registry.office.assessments.assessment import Assessment
from registry.office.cases import worklist
from registry.office.cases.assessment_draft import draft_of
from registry.office.cases.case_list import count_changed, list_cases
from registry.office.cases.case_view import show_case
from registry.office.cases.opening import Application
from registry.office.cases.service import Office as RecognitionOffice
from registry.office.cases.views import CaseUpdate, CaseView
from registry.office.cases.worklist import CaseLine, Counts, WorklistQuery
from registry.wire.forms import checker

_TAG = "Cases"
Office = NamedDependency[SkipValidation[RecognitionOffice]]
_PRINTABLE = r"^[^\x00-\x1f\x7f]+$"


class CasePage(msgspec.Struct, frozen=True, rename="camel"):
    """Counts of all cases, and a page of them."""

    counts: Counts
    items: list[CaseLine]
    next: str | None
    """Pass it as `cursor` to read the next page; null at the end."""
    changed: int
    """The number of decided cases with a credential that has changed since and that nobody acknowledged."""
    notes: list[str]
    """A note where the search did not look through all cases."""


class Cases(Controller):
    """The list of cases. Both routes are in one class: otherwise the framework wraps the path's first handler twice."""

    path = "/v1/cases"
    tags = [_TAG]  # noqa: RUF012 - the framework's own declaration

    @route(http_method=[HttpMethod.OPTIONS], status_code=204, include_in_schema=False, sync_to_thread=False)
    def allow_methods(self) -> Response[None]:
        """Return the allowed methods. The framework takes the first name of a path, and its own answer lacks some."""
        return Response(None, status_code=204, headers={"Allow": "GET, OPTIONS, POST"})

    @post(
        operation_id="openCase",
        summary="Open a case",
        status_code=201,
        sync_to_thread=True,
        **requires("cases:write"),
    )
    def open_case(
        self,
        private: PrivateSide,
        office: Office,
        request: Request[Any, Any, Any],
        data: Application,
        key: IdempotencyKey,
    ) -> Response[CaseUpdate]:
        """Open a case for one person's application about one or several credentials.

        The applicant's data is stored encrypted. Applicants are not matched by name: pass `student` or `learner` for a
        person who is known here.
        """
        return _move(private, office, request, data, key, lambda office, by: office.open(data, by), status=201)

    @get(
        operation_id="listCases",
        summary="The worklist",
        sync_to_thread=True,
        **requires("cases:read"),
    )
    def list_cases(
        self,
        private: PrivateSide,
        office: Office,
        *,
        in_state: Annotated[CaseState | None, QueryParameter(name="state")] = None,
        assessor: Annotated[str | None, Parameter(pattern=_PRINTABLE, max_length=80)] = None,
        assignee: Annotated[
            str | None, Parameter(pattern=_PRINTABLE, max_length=80, description="The person who works on them.")
        ] = None,
        unassigned: Annotated[bool, Parameter(description="Only cases that nobody works on.")] = False,
        changed: Annotated[
            bool,
            Parameter(
                description="Only decided cases with a credential that has changed since and that nobody acknowledged."
            ),
        ] = False,
        overdue: bool = False,
        due_within: Annotated[
            int | None, QueryParameter(name="dueWithin", ge=1, le=3660, description="Due within this number of days.")
        ] = None,
        learner: UUID | None = None,
        file_number: Annotated[str | None, QueryParameter(name="fileNumber", pattern=_PRINTABLE, max_length=60)] = None,
        cursor: Annotated[str, Parameter(max_length=500, description="`next` of the previous page.")] = "",
        limit: Annotated[int, Parameter(ge=1, le=MOST, description="The maximum number of items.")] = LIMIT,
    ) -> Response[CasePage]:
        """Return cases by due date, those without one at the end, with counts of all cases."""
        today = date.today()  # noqa: DTZ011 - a day on the office's calendar
        after = None
        cursors = Cursors(
            "cases", in_state, assessor, overdue, due_within, learner, file_number, assignee, unassigned, changed
        )
        if cursor:
            day, case = cursors.decode(cursor, date, UUID)
            after = day, str(case)
        query = WorklistQuery(
            state=in_state,
            assessor=assessor,
            overdue=overdue,
            due_by=today + timedelta(days=due_within) if due_within is not None else None,
            learner=None if learner is None else str(learner),
            file_number=file_number,
            assignee=assignee,
            unassigned=unassigned,
        )
        soon = office.setting.due_soon_days
        with private.reading() as registry:
            office = office.reading_from(registry)
            listed = list_cases(office, query, today=today, changed=changed, after=after, limit=limit)
            changed_cases = count_changed(office)
            counts = worklist.count_cases(registry.cursor(), today=today, soon=soon)
        last = listed.lines[-1].place if len(listed.lines) == limit else None
        next_cursor = None if last is None else cursors.encode([last[0].isoformat(), last[1]])
        return private.respond(CasePage(counts, listed.lines, next_cursor, changed_cases, listed.notes))


class OneCase(Controller):
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
        return _move(
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
        return _move(
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
        return _move(private, office, request, data, key, lambda office, by: office.complete(str(case), by, data.on))

    @post(
        "/correct", operation_id="correctCase", summary="Correct the file", status_code=200, sync_to_thread=True,
        **requires("cases:write"),
    )  # fmt: skip
    def correct(
        self, private: PrivateSide, office: Office, request: Request[Any, Any, Any], case: UUID, data: CorrectionGiven,
        key: IdempotencyKey,
    ) -> Response[CaseUpdate]:  # fmt: skip
        """Correct the applicant, the purpose of the case, or its credentials. A proposal is returned first."""
        return _move(
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
        return _move(
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
        return _move(
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
        return _move(
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
        return _move(
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
        return _move(
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
        return _move(
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
        return _move(private, office, request, data, key, lambda office, by: office.decide(str(case), by, data.on))

    @post(
        "/appeal", operation_id="appealCase", summary="The applicant appeals", status_code=200,
        sync_to_thread=True, **requires("cases:write"),
    )  # fmt: skip
    def appeal(
        self, private: PrivateSide, office: Office, request: Request[Any, Any, Any], case: UUID, data: Noted,
        key: IdempotencyKey,
    ) -> Response[CaseUpdate]:  # fmt: skip
        """Record that the applicant appeals. Then propose again, approve, and amend."""
        return _move(
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
        return _move(private, office, request, data, key, lambda office, by: office.amend(str(case), by, data.on))

    @post(
        "/withdraw", operation_id="withdrawCase", summary="Withdraw the application or the decision",
        status_code=200, sync_to_thread=True, **requires("cases:approve"),
    )  # fmt: skip
    def withdraw(
        self, private: PrivateSide, office: Office, request: Request[Any, Any, Any], case: UUID, data: Withdrawal,
        key: IdempotencyKey,
    ) -> Response[CaseUpdate]:  # fmt: skip
        """Withdraw a decision, with a reason that is published; or an application, without a reason."""
        return _move(
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
        return _move(private, office, request, data, key, lambda office, by: office.close(str(case), by, data.on))


def _move(
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
            moved = act(office.within(transaction), request.user.actor)
            location = f"/v1/cases/{moved.case}" if status == 201 else None
            return write.commit(transaction, Answer(status, moved, location))

    return private.write_once(request, key, data, write_case)


ROUTES: list[type[Controller]] = [Cases, OneCase]
