"""The forms of a case. Each is one action of the API, with the fields of a form in the place of JSON.

An action that succeeds leads back to the case (303). One that is refused shows the case again, with the reason and with
what was typed.
"""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final, NamedTuple
from uuid import UUID

import msgspec
from litestar import Request, Response, post
from litestar.enums import RequestEncodingType
from litestar.handlers import HTTPRouteHandler
from litestar.params import Body
from litestar.response import Redirect

from registry.api.case_actions import Office, perform
from registry.api.case_bodies import Approval, AssessmentGiven, Dated, DocumentsAsked, DocumentsCame, Noted, Proposal
from registry.api.case_file import Assignment, assign_to
from registry.api.private_side import PrivateSide
from registry.http import requires
from registry.http.forwarded import base_path_of
from registry.office.cases.service import Office as RecognitionOffice
from registry.office.cases.views import CaseUpdate
from registry.server.pages.frame import Pages
from registry.server.pages.office.case import read_case, render_case
from registry.server.pages.office.decision_form import read_decision
from registry.server.pages.refusals import problem_of

Typed = Annotated[dict[str, str], Body(media_type=RequestEncodingType.URL_ENCODED)]
_LISTS: Final = {"documents"}
"""Fields of forms that are lists of one, as a form with one choice sends them."""


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
    def handle(
        request: Request[Any, Any, Any], private: PrivateSide, office: Office, pages: Pages, case: UUID, data: Typed
    ) -> Response[Any]:
        def act() -> None:
            body = msgspec.convert(_values(data), action.body, strict=False)
            perform(
                private, office, request, body, _key(data),
                lambda current, by: action.act(current, str(case), body, by),
            )  # fmt: skip

        return _carry_out(request, private, office, pages, case, data, action.name, act)

    return handle


@post("/office/cases/{case:uuid}/propose", include_in_schema=False, sync_to_thread=True, **requires("cases:write"))
def propose(
    request: Request[Any, Any, Any], private: PrivateSide, office: Office, pages: Pages, case: UUID, data: Typed
) -> Response[Any]:
    """Record the assessment of the decision form; where the form says so, propose its grants for approval."""

    def act() -> None:
        draft = read_case(private, office, case).assessment
        if draft is None:
            return
        assessment = read_decision(data, draft)
        given = AssessmentGiven(msgspec.to_builtins(assessment))
        perform(
            private, office, request, given, f"{_key(data)}-assess",
            lambda current, by: current.assess(str(case), assessment, by),
        )  # fmt: skip
        if data.get("do") != "propose":
            return
        proposal = Proposal(note=data.get("letter-note") or None, override=data.get("override") or None)
        perform(
            private, office, request, proposal, f"{_key(data)}-propose",
            lambda current, by: current.propose(str(case), [], by, None, proposal.note, override=proposal.override),
        )  # fmt: skip

    return _carry_out(request, private, office, pages, case, data, str(data.get("do", "save")), act)


@post("/office/cases/{case:uuid}/take", include_in_schema=False, sync_to_thread=True, **requires("cases:write"))
def take(
    request: Request[Any, Any, Any], private: PrivateSide, office: Office, pages: Pages, case: UUID, data: Typed
) -> Response[Any]:
    """Assign the case to the person who asks for it."""
    by = request.user.actor

    def act() -> None:
        private.write_once(request, _key(data), Assignment(by), assign_to(str(case), by, by))

    return _carry_out(request, private, office, pages, case, data, "take", act)


def _carry_out(
    request: Request[Any, Any, Any],
    private: PrivateSide,
    office: RecognitionOffice,
    pages: Pages,
    case: UUID,
    typed: Mapping[str, str],
    name: str,
    act: Callable[[], None],
) -> Response[Any]:
    """Act, and lead to the case. A refusal is shown on the page of the case."""
    try:
        act()
    except Exception as error:  # noqa: BLE001 - `problem_of` raises again what is a failure of the node
        problem = problem_of(request, error)
        page = read_case(private, office, case)
        return render_case(request, pages, page, problem=problem, typed=typed, status=int(problem["status"]))
    return Redirect(f"{base_path_of(request.scope)}/office/cases/{case}?done={name}", status_code=303)


def _key(typed: Mapping[str, str]) -> str:
    """Return the key that the form carries, so that a form that is sent twice acts once."""
    return typed.get("key", "")[:100] or "form"


def _values(typed: Mapping[str, str]) -> dict[str, Any]:
    values: dict[str, Any] = {name: value for name, value in typed.items() if value and name not in ("key", "csrf")}
    return {name: [value] if name in _LISTS else value for name, value in values.items()}


ROUTES: Final = [propose, take, *map(_handler, _ACTIONS)]
