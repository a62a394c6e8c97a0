"""Cases of the recognition office. Who acts is whose key or token it is: an office gives each of its people one.

An answer to a write has nothing about the person in it, since answers are kept for requests that are sent again.
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
from registry.office.cases import listing, showing, worklist
from registry.office.cases.beginning import draft_of
from registry.office.cases.opening import CaseAsked
from registry.office.cases.service import Office as RecognitionOffice
from registry.office.cases.views import CaseView, Moved
from registry.office.cases.worklist import CaseLine, Counts, WorklistQuery
from registry.wire.forms import checker

_TAG = "Cases"
Office = NamedDependency[SkipValidation[RecognitionOffice]]
_SAID = r"^[^\x00-\x1f\x7f]+$"


class CasePage(msgspec.Struct, frozen=True, rename="camel"):
    """The office at a glance, and a page of its cases."""

    counts: Counts
    items: list[CaseLine]
    next: str | None
    """Give it as `cursor` to read on; null at the end."""
    changed: int
    """How many decided cases have a credential that changed since, which nobody acknowledged."""
    notes: list[str]
    """Says it where a search did not look through all cases."""


class Cases(Controller):
    """All cases. Its two routes stand together: the framework wraps a path's first handler twice otherwise."""

    path = "/v1/cases"
    tags = [_TAG]  # noqa: RUF012 - the framework's own declaration

    @route(http_method=[HttpMethod.OPTIONS], status_code=204, include_in_schema=False, sync_to_thread=False)
    def allowed(self) -> Response[None]:
        """Which methods there are. The framework's own answer knows the first one only."""
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
        data: CaseAsked,
        key: IdempotencyKey,
    ) -> Response[Moved]:
        """An application of one person about one or several credentials.

        The applicant goes to the vault, and is told from nobody else by names: give `student` or `learner` for somebody
        who is known here.
        """
        return _move(private, office, request, data, key, lambda office, by: office.open(data, by), status=201)

    @get(
        operation_id="listCases",
        summary="The worklist",
        sync_to_thread=True,
        **requires("cases:read"),
    )
    def listed(
        self,
        private: PrivateSide,
        office: Office,
        *,
        in_state: Annotated[CaseState | None, QueryParameter(name="state")] = None,
        assessor: Annotated[str | None, Parameter(pattern=_SAID, max_length=80)] = None,
        assignee: Annotated[
            str | None, Parameter(pattern=_SAID, max_length=80, description="Who works on them.")
        ] = None,
        unassigned: Annotated[bool, Parameter(description="Only those that nobody works on.")] = False,
        changed: Annotated[
            bool,
            Parameter(description="Only decided cases whose credential changed since, and nobody acknowledged it."),
        ] = False,
        overdue: bool = False,
        due_within: Annotated[
            int | None, QueryParameter(name="dueWithin", ge=1, le=3660, description="Due within so many days.")
        ] = None,
        learner: UUID | None = None,
        file_number: Annotated[str | None, QueryParameter(name="fileNumber", pattern=_SAID, max_length=60)] = None,
        cursor: Annotated[str, Parameter(max_length=500, description="`next` of the page before.")] = "",
        limit: Annotated[int, Parameter(ge=1, le=MOST, description="How many at most.")] = LIMIT,
    ) -> Response[CasePage]:
        """The earliest due date first, those without one at the end; with counts of all that there is."""
        today = date.today()  # noqa: DTZ011 - a day on the office's calendar
        after = None
        cursors = Cursors(
            "cases", in_state, assessor, overdue, due_within, learner, file_number, assignee, unassigned, changed
        )
        if cursor:
            day, case = cursors.decode(cursor, date, UUID)
            after = day, str(case)
        asked = WorklistQuery(
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
            listed = listing.list_cases(office, asked, today=today, changed=changed, after=after, limit=limit)
            found, waiting = listed.lines, listing.count_changed(office)
            counts = worklist.counts(registry.cursor(), today=today, soon=soon)
        last = found[-1].place if len(found) == limit else None
        return private.respond(
            CasePage(
                counts,
                found,
                None if last is None else cursors.encode([last[0].isoformat(), last[1]]),
                waiting,
                listed.notes,
            )
        )


class OneCase(Controller):
    """One case, and what is done with it."""

    path = "/v1/cases/{case:uuid}"
    tags = [_TAG]  # noqa: RUF012 - the framework's own declaration

    @get(operation_id="getCase", summary="One case", sync_to_thread=True, **requires("cases:read"))
    def one(self, private: PrivateSide, office: Office, case: UUID) -> Response[CaseView]:
        """All of it: the applicant, the credentials then and now, what was written, what happened."""
        with private.reading() as registry:
            shown = showing.show(office.reading_from(registry), str(case))
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
                description="An own achievement's id, or a profile's name; else what the case counts towards.",
            ),
        ] = None,
    ) -> Response[Assessment]:
        """The five elements of each credential beside what is required, with nothing named and nothing proposed."""
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
    ) -> Response[Moved]:  # fmt: skip
        """The clock stands until all have come."""
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
    ) -> Response[Moved]:  # fmt: skip
        """With the last that was asked for the clock goes on."""
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
    ) -> Response[Moved]:  # fmt: skip
        """The clock starts; `due` says when a decision is due."""
        return _move(private, office, request, data, key, lambda office, by: office.complete(str(case), by, data.on))

    @post(
        "/correct", operation_id="correctCase", summary="Correct the file", status_code=200, sync_to_thread=True,
        **requires("cases:write"),
    )  # fmt: skip
    def correct(
        self, private: PrivateSide, office: Office, request: Request[Any, Any, Any], case: UUID, data: CorrectionGiven,
        key: IdempotencyKey,
    ) -> Response[Moved]:  # fmt: skip
        """The applicant, what the case is for, or which credentials it is about. A proposal is returned first."""
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
    ) -> Response[Moved]:  # fmt: skip
        """`enquiry` is what the answer is given to; `asked` says whom it asks about which credential."""
        return _move(
            private, office, request, data, key,
            lambda office, by: office.enquire(str(case), data.subject, by, data.on, data.note),
        )  # fmt: skip

    @post(
        "/answer", operation_id="answerEnquiry", summary="An issuer answered", status_code=200,
        sync_to_thread=True, **requires("cases:write"),
    )  # fmt: skip
    def answered(
        self, private: PrivateSide, office: Office, request: Request[Any, Any, Any], case: UUID, data: AnswerGiven,
        key: IdempotencyKey,
    ) -> Response[Moved]:  # fmt: skip
        """Once for each enquiry."""
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
    ) -> Response[Moved]:  # fmt: skip
        """The last one counts. What is still open in it is said when it is proposed."""
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
    ) -> Response[Moved]:  # fmt: skip
        """Read as a verifier will, and compared with the assessment and with precedents, which `warnings` name.

        Something that speaks against it stops it: a credential that is not active, an issuer that denies it, another
        holder, a suggested difference that the assessment does not answer. `override` says why it is proposed all the
        same.
        """
        return _move(
            private, office, request, data, key,
            lambda office, by: office.propose(
                str(case), data.grants, by, data.on, data.note, leave=data.leave, override=data.override
            ),
        )  # fmt: skip

    @post(
        "/approve", operation_id="approveProposal", summary="Agree with the proposal", status_code=200,
        sync_to_thread=True, **requires("cases:approve"),
    )  # fmt: skip
    def approve(
        self, private: PrivateSide, office: Office, request: Request[Any, Any, Any], case: UUID, data: Approval,
        key: IdempotencyKey,
    ) -> Response[Moved]:  # fmt: skip
        """By another person than who proposed it, who names the proposal and accepts its override after reading both.

        The case has the proposal in `waiting`: its id, its grants, what was compared, and notes. The answer is 409
        `proposal-changed` where it has another proposal by now.
        """
        return _move(
            private, office, request, data, key,
            lambda office, by: office.approve(
                str(case), by, data.on, proposal_id=data.proposal_id, accept_override=data.accept_override
            ),
        )  # fmt: skip

    @post(
        "/return", operation_id="returnProposal", summary="Give the proposal back", status_code=200,
        sync_to_thread=True, **requires("cases:approve"),
    )  # fmt: skip
    def returned(
        self, private: PrivateSide, office: Office, request: Request[Any, Any, Any], case: UUID, data: Noted,
        key: IdempotencyKey,
    ) -> Response[Moved]:  # fmt: skip
        """To be made anew."""
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
    ) -> Response[Moved]:  # fmt: skip
        """The approved proposal becomes a decision on the log, by digest where EVENTS wants it."""
        return _move(private, office, request, data, key, lambda office, by: office.decide(str(case), by, data.on))

    @post(
        "/appeal", operation_id="appealCase", summary="The applicant appeals", status_code=200,
        sync_to_thread=True, **requires("cases:write"),
    )  # fmt: skip
    def appeal(
        self, private: PrivateSide, office: Office, request: Request[Any, Any, Any], case: UUID, data: Noted,
        key: IdempotencyKey,
    ) -> Response[Moved]:  # fmt: skip
        """Propose anew then, approve and amend."""
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
    ) -> Response[Moved]:  # fmt: skip
        """The approved proposal supersedes the decision that stands."""
        return _move(private, office, request, data, key, lambda office, by: office.amend(str(case), by, data.on))

    @post(
        "/withdraw", operation_id="withdrawCase", summary="Take back the application or the decision",
        status_code=200, sync_to_thread=True, **requires("cases:approve"),
    )  # fmt: skip
    def withdraw(
        self, private: PrivateSide, office: Office, request: Request[Any, Any, Any], case: UUID, data: Withdrawal,
        key: IdempotencyKey,
    ) -> Response[Moved]:  # fmt: skip
        """A decision is taken back for a reason, which is published; an application without."""
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
    ) -> Response[Moved]:  # fmt: skip
        """When no appeal can be lodged any more."""
        return _move(private, office, request, data, key, lambda office, by: office.close(str(case), by, data.on))


def _move(
    private: PrivateSide,
    office: RecognitionOffice,
    request: Request[Any, Any, Any],
    data: msgspec.Struct,
    key: str,
    act: Callable[[RecognitionOffice, str], Moved],
    *,
    status: int = 200,
) -> Response[Moved]:
    """Make a move, once; the answer is stored with what it is about."""
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
