"""Cases of the recognition office. The key or token says who acts, so an office gives each of its people one.

An answer to a write says nothing about the applicant, because answers are stored for requests that are sent again.
"""

from datetime import date, timedelta
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Controller, HttpMethod, Request, Response, get, post, route
from litestar.params import Parameter, QueryParameter

from registry.api.case_actions import CaseActions, Office, perform
from registry.api.private_side import IdempotencyKey, PrivateSide
from registry.domain.case_events import CaseState
from registry.http import Cursors, requires
from registry.http.pagination import LIMIT, MOST
from registry.office.cases import worklist
from registry.office.cases.case_list import count_changed, list_cases
from registry.office.cases.opening import Application
from registry.office.cases.views import CaseUpdate
from registry.office.cases.worklist import CaseLine, Counts, WorklistQuery
from registry.wire.today import utc_today

_TAG = "Cases"
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
        return perform(private, office, request, data, key, lambda office, by: office.open(data, by), status=201)

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
        today = utc_today()
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


ROUTES: list[type[Controller]] = [Cases, CaseActions]
