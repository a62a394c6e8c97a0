"""One case: its file, the comparison, the decision form, what waits for approval, and its history."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple
from uuid import UUID, uuid4

from litestar import Request, Response, get

from projections.api.reading import Views
from registry.api.case_actions import Office
from registry.api.letters import Letters
from registry.api.private_side import PrivateSide
from registry.http import requires
from registry.office.assessments.assessment import Assessment
from registry.office.cases.assessment_draft import last_assessment_or_draft
from registry.office.cases.case_view import show_case
from registry.office.cases.choices import DOCUMENTS
from registry.office.cases.views import CaseView
from registry.server.pages.frame import Pages
from registry.server.pages.office.beside_case import BesideCase, read_beside
from registry.server.pages.office.decision_form import CONDITIONS, GRADE_TRANSFERS, MODES, OUTCOMES
from registry.wire.recognition import DIFFERENCES
from registry.wire.today import utc_today

DECIDABLE: Final = ("assessing", "appealed")
"""The states in which a decision can be proposed."""


class CasePage(NamedTuple):
    """A case with the assessment that its form begins with."""

    view: CaseView
    assessment: Assessment | None
    beside: BesideCase


def read_case(private: PrivateSide, office: Office, views: Views, case: UUID) -> CasePage:
    """Return what the page of a case shows. Raises the office's errors for an unknown case."""
    with private.reading() as registry:
        reading = office.reading_from(registry)
        view = show_case(reading, str(case))
        assessment = None
        if view.case.state in DECIDABLE and view.applicant is not None:
            assessment = last_assessment_or_draft(reading, str(case))
    return CasePage(view, assessment, read_beside(views, view))


def render_case(
    request: Request[Any, Any, Any],
    pages: Pages,
    page: CasePage,
    *,
    problem: Mapping[str, Any] | None = None,
    typed: Mapping[str, str] | None = None,
    status: int = 200,
) -> Response[str]:
    """Return the page; with a problem, what was typed stays in the form."""
    return pages.render(
        request,
        "office/case.html",
        private=True,
        status=status,
        names=page.beside.names,
        page=page,
        view=page.view,
        own=request.app.state.member,
        problem=problem,
        typed=typed or {},
        key=str(uuid4()),
        scopes=request.user.scopes,
        me=request.user.actor,
        outcomes=OUTCOMES,
        modes=MODES,
        grade_transfers=GRADE_TRANSFERS,
        conditions=CONDITIONS,
        documents=DOCUMENTS,
        today=utc_today(),
        differences={aspect: sorted(codes) for aspect, codes in DIFFERENCES.items()},
    )


@get("/office/cases/{case:uuid}", include_in_schema=False, sync_to_thread=True, **requires("cases:read"))
def show(
    request: Request[Any, Any, Any], private: PrivateSide, office: Office, views: Views, pages: Pages, case: UUID
) -> Response[str]:
    """Show one case."""
    return render_case(request, pages, read_case(private, office, views, case))


@get("/office/cases/{case:uuid}/letter", include_in_schema=False, sync_to_thread=True, **requires("cases:read"))
def show_letter(letters: Letters, case: UUID) -> Response[bytes]:
    """Return the letter that the state of the case calls for, to read in the browser."""
    _, letter = letters.of_case(str(case), None)
    headers = {"Cache-Control": "no-store", "Content-Disposition": 'inline; filename="letter.pdf"'}
    return Response(letter, media_type="application/pdf", headers=headers)


ROUTES: Final = [show, show_letter]
