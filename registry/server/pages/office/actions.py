"""The forms of a case. Each is one action of the API, with the fields of a form in the place of JSON.

An action that succeeds leads back to the case (303). One that is refused shows the case again, with the reason and with
what was typed.
"""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final, NamedTuple
from uuid import UUID

import msgspec
from litestar import Request, Response, Router, post
from litestar.di import NamedDependency, Provide
from litestar.enums import RequestEncodingType
from litestar.handlers import HTTPRouteHandler
from litestar.params import Body, SkipValidation

from projections.api.reading import Views
from registry.api.case_actions import Office, perform
from registry.api.case_bodies import Approval, AssessmentGiven, Dated, DocumentsAsked, DocumentsCame, Noted, Proposal
from registry.api.case_file import Assignment, assign_to
from registry.api.private_side import PrivateSide
from registry.http import HttpProblem, requires
from registry.office.cases.service import Office as RecognitionOffice
from registry.office.cases.views import CaseUpdate
from registry.server.pages.forms import form_key
from registry.server.pages.frame import Pages
from registry.server.pages.office.case import CasePage, read_case, render_case
from registry.server.pages.office.decision_form import read_decision
from registry.server.pages.refusals import problem_of

Typed = Annotated[dict[str, str], Body(media_type=RequestEncodingType.URL_ENCODED)]
_LISTS: Final = {"documents"}
"""Fields of forms that are lists of one, as a form with one choice sends them."""


class CaseForm(NamedTuple):
    """The case that a form is about, and what a route receives to act on it."""

    request: Request[Any, Any, Any]
    private: PrivateSide
    office: RecognitionOffice
    views: Views
    pages: Pages
    case: UUID

    def read(self) -> CasePage:
        """Return the case as it is now."""
        return read_case(self.private, self.office, self.views, self.case)

    def perform(self, body: msgspec.Struct, key: str, act: Callable[[RecognitionOffice, str], CaseUpdate]) -> None:
        """Carry out an action of the API once."""
        perform(self.private, self.office, self.request, body, key, act)


def _case_form(
    request: Request[Any, Any, Any], private: PrivateSide, office: Office, views: Views, pages: Pages, case: UUID
) -> CaseForm:
    return CaseForm(request, private, office, views, pages, case)


Form = NamedDependency[SkipValidation[CaseForm]]


class Action(NamedTuple):
    """An action of a case as a form."""

    name: str
    scope: str
    body: type[msgspec.Struct]
    act: Callable[[RecognitionOffice, str, Any, str], CaseUpdate]
    """Receives the office, the case's id, the body, and who acts."""


_ACTIONS: Final = (
    Action("complete", "cases:write", Dated, lambda office, case, data, by: office.complete(case, by, data.on)),
    Action(
        "request-documents", "cases:write", DocumentsAsked,
        lambda office, case, data, by: office.request_documents(case, data.documents, by, data.on, data.note),
    ),
    Action(
        "receive-documents", "cases:write", DocumentsCame,
        lambda office, case, data, by: office.receive_documents(case, data.documents, by, data.on),
    ),
    Action(
        "approve", "cases:approve", Approval,
        lambda office, case, data, by: office.approve(
            case, by, data.on, proposal_id=data.proposal_id, accept_override=data.accept_override
        ),
    ),
    Action(
        "return", "cases:approve", Noted,
        lambda office, case, data, by: office.return_(case, by, data.on, data.note),
    ),
    Action("decide", "cases:approve", Dated, lambda office, case, data, by: office.decide(case, by, data.on)),
    Action("amend", "cases:approve", Dated, lambda office, case, data, by: office.amend(case, by, data.on)),
    Action("appeal", "cases:write", Noted, lambda office, case, data, by: office.appeal(case, by, data.on, data.note)),
    Action("close", "cases:write", Dated, lambda office, case, data, by: office.close(case, by, data.on)),
)  # fmt: skip


def _handler(action: Action) -> HTTPRouteHandler:
    @post(
        f"/office/cases/{{case:uuid}}/{action.name}",
        name=f"office-{action.name}",
        include_in_schema=False,
        sync_to_thread=True,
        **requires(action.scope),
    )
    def handle(form: Form, data: Typed) -> Response[Any]:
        def act() -> None:
            body = msgspec.convert(_values(data), action.body, strict=False)
            form.perform(body, form_key(data), lambda office, by: action.act(office, str(form.case), body, by))

        return _carry_out(form, data, action.name, act)

    return handle


@post("/office/cases/{case:uuid}/propose", include_in_schema=False, sync_to_thread=True, **requires("cases:write"))
def propose(form: Form, data: Typed) -> Response[Any]:
    """Record the assessment of the decision form; where the form says so, propose its grants for approval."""
    saved = False

    def act() -> None:
        nonlocal saved
        case = str(form.case)
        draft = form.read().assessment
        if draft is None:
            raise HttpProblem("conflict", "the case is in a state in which nothing can be proposed")
        assessment = read_decision(data, draft)
        body = AssessmentGiven(msgspec.to_builtins(assessment))
        form.perform(body, f"{form_key(data)}-assess", lambda office, by: office.assess(case, assessment, by))
        saved = True
        if data.get("do") != "propose":
            return
        proposal = Proposal(note=data.get("letter-note") or None, override=data.get("override") or None)
        form.perform(
            proposal,
            f"{form_key(data)}-propose",
            lambda office, by: office.propose(case, [], by, None, proposal.note, override=proposal.override),
        )

    name = "propose" if data.get("do") == "propose" else "save"
    return _carry_out(form, data, name, act, lambda: saved)


@post("/office/cases/{case:uuid}/take", include_in_schema=False, sync_to_thread=True, **requires("cases:write"))
def take(form: Form, data: Typed) -> Response[Any]:
    """Assign the case to the person who asks for it."""
    by = form.request.user.actor

    def act() -> None:
        form.private.write_once(form.request, form_key(data), Assignment(by), assign_to(str(form.case), by, by))

    return _carry_out(form, data, "take", act)


def _carry_out(
    form: CaseForm,
    typed: Mapping[str, str],
    name: str,
    act: Callable[[], None],
    saved: Callable[[], bool] = lambda: False,
) -> Response[Any]:
    """Act, and lead to the case. A refusal is shown on the page of the case; `saved` tells if a draft was stored."""
    try:
        act()
    except Exception as error:  # noqa: BLE001 - `problem_of` raises again what is a failure of the node
        problem = {**problem_of(form.request, error), "saved": saved()}
        page = form.read()
        return render_case(form.request, form.pages, page, problem=problem, typed=typed, status=problem["status"])
    return form.pages.redirect(form.request, f"/office/cases/{form.case}", name)


def _values(typed: Mapping[str, str]) -> dict[str, Any]:
    values: dict[str, Any] = {name: value for name, value in typed.items() if value and name not in ("key", "csrf")}
    return {name: [value] if name in _LISTS else value for name, value in values.items()}


ROUTES: Final = [
    Router(
        "/",
        route_handlers=[propose, take, *map(_handler, _ACTIONS)],
        dependencies={"form": Provide(_case_form, sync_to_thread=False)},
    )
]
