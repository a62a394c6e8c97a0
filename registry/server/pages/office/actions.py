"""The forms of a case. Each is one action of the API, with the fields of a form in the place of JSON.

An action that succeeds leads back to the case (303). One that is refused shows the case again, with the reason and with
what was typed.
"""

import re
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final, NamedTuple

import msgspec
from litestar import Response, post
from litestar.enums import RequestEncodingType
from litestar.handlers import HTTPRouteHandler
from litestar.params import Body

from registry.api.case_bodies import (
    AnswerGiven,
    Approval,
    Dated,
    DocumentsAsked,
    DocumentsCame,
    EnquiryAsked,
    Noted,
    Proposal,
)
from registry.api.case_file import Acknowledgement, Assignment, HandedIn, acknowledge_in, disclose_in
from registry.http import FieldError, HttpProblem, requires
from registry.office.assessments.assessment import Assessment
from registry.office.cases.decision_draft import DecisionDraft
from registry.office.cases.service import Office as RecognitionOffice
from registry.office.cases.views import CaseUpdate
from registry.server.pages.forms import content_of, form_key, read_version
from registry.server.pages.office.assignments import ChosenCase, assign_if_unchanged
from registry.server.pages.office.case_page import CaseForm, Form, case_routes, render_case
from registry.server.pages.office.colleagues import list_colleagues
from registry.server.pages.office.decision_form import STOPS_SHOWN, read_decision, read_draft, read_left
from registry.server.pages.refusals import problem_of

Typed = Annotated[dict[str, str | list[str]], Body(media_type=RequestEncodingType.URL_ENCODED)]
_LISTS: Final = {"documents"}
"""Fields of forms of which several may be chosen."""
_NEEDED: Final = {"return": "note", "request-documents": "documents", "receive-documents": "documents"}
"""Actions whose form is refused where a field is empty."""
_NOT_OF_BODY: Final = ("version", "before")
_BLANK_LINES: Final = re.compile(r"\n\s*\n")


class _Draft(msgspec.Struct, frozen=True):
    """The content that the decision form stores before anything is proposed."""

    assessment: Assessment
    beside: DecisionDraft


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
    Action(
        "enquire", "cases:write", EnquiryAsked,
        lambda office, case, data, by: office.enquire(case, data.subject, by, data.on, data.note),
    ),
    Action(
        "answer", "cases:write", AnswerGiven,
        lambda office, case, data, by: office.answer(case, str(data.enquiry), data.answer, by, data.on, data.note),
    ),
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
            _check_filled(action.name, data)
            body = msgspec.convert(_values(data), action.body, strict=False)
            key, version = form_key(plain(data)), version_of(data)
            form.perform(body, key, version, lambda office, by: action.act(office, str(form.case), body, by))

        return carry_out(form, data, action.name, act)

    return handle


@post("/office/cases/{case:uuid}/propose", include_in_schema=False, sync_to_thread=True, **requires("cases:write"))
def propose(form: Form, data: Typed) -> Response[Any]:
    """Record the assessment of the decision form; where the form says so, propose its grants for approval."""
    saved = False

    def act() -> None:
        nonlocal saved
        case, typed, key, version = str(form.case), plain(data), form_key(plain(data)), version_of(data)
        draft = form.read(typed.get("against") or None).assessment
        if draft is None:
            raise HttpProblem("conflict", "the case is in a state in which nothing can be proposed")
        proposes = typed.get("do") == "propose"
        assessment, beside = read_decision(typed, draft), read_draft(typed, draft)
        leave = read_left(typed, draft) if proposes else []
        form.perform(
            _Draft(assessment, beside),
            f"{key}-assess",
            version,
            lambda office, by: office.assess(case, assessment, by, draft=beside),
        )
        saved = True
        if not proposes:
            return
        # A reason that comes from a stored draft may be older than a stop, so it counts where the stops were shown.
        override = beside.override if typed.get(STOPS_SHOWN) else None
        proposal = Proposal(note=beside.note or None, override=override or None, leave=leave)
        form.perform(
            proposal,
            f"{key}-propose",
            version + 1,
            lambda office, by: office.propose(
                case, [], by, None, proposal.note, leave=proposal.leave, override=proposal.override
            ),
        )

    name = "propose" if data.get("do") == "propose" else "save"
    return carry_out(form, data, name, act, lambda: saved)


@post("/office/cases/{case:uuid}/take", include_in_schema=False, sync_to_thread=True, **requires("cases:write"))
def take(form: Form, data: Typed) -> Response[Any]:
    """Assign the case to the person who asks for it."""
    by = form.me

    def act() -> None:
        _assign(form, data, by)

    return carry_out(form, data, "take", act)


@post("/office/cases/{case:uuid}/assign", include_in_schema=False, sync_to_thread=True, **requires("cases:write"))
def assign(form: Form, data: Typed) -> Response[Any]:
    """Assign the case to a colleague, or to nobody."""
    assignee = plain(data).get("assignee", "")

    def act() -> None:
        if assignee and assignee not in {each.actor for each in list_colleagues(form.services)}:
            raise HttpProblem("unprocessable", errors=[FieldError("assignee", "does not work on cases", "assignee")])
        _assign(form, data, assignee or None)

    return carry_out(form, data, "assign-one", act)


@post("/office/cases/{case:uuid}/acknowledge", include_in_schema=False, sync_to_thread=True, **requires("cases:write"))
def acknowledge(form: Form, data: Typed) -> Response[Any]:
    """Acknowledge what changed since the decision."""

    def act() -> None:
        act_once = acknowledge_in(form.office, str(form.case), form.me)
        form.private.write_once(form.request, form_key(plain(data)), Acknowledgement(), act_once)

    return carry_out(form, data, "acknowledge", act)


@post("/office/cases/{case:uuid}/disclosures", include_in_schema=False, sync_to_thread=True, **requires("cases:write"))
def hand_in_disclosures(form: Form, data: Typed) -> Response[Any]:
    """Compare the applicant with what disclosures prove of a credential's holder."""
    text = plain(data).get("disclosures", "")

    def act() -> None:
        body = msgspec.convert(
            {"disclosures": [block.split() for block in _BLANK_LINES.split(text) if block.strip()]}, HandedIn
        )
        if not body.disclosures:
            raise HttpProblem("unprocessable", errors=[FieldError("disclosures", "is empty", "disclosures")])
        act_once = disclose_in(form.office, str(form.case), body, form.me)
        form.private.write_once(form.request, form_key(plain(data)), body, act_once)

    return carry_out(form, data, "disclosures", act)


def _assign(form: CaseForm, data: Mapping[str, str | list[str]], assignee: str | None) -> None:
    """Assign a case, unless somebody else did since the form was made."""
    typed = plain(data)
    chosen = ChosenCase(str(form.case), typed.get("before", ""))
    act = assign_if_unchanged(chosen, assignee, form.me)
    form.private.write_once(form.request, form_key(typed), Assignment(assignee), act)


def carry_out(
    form: CaseForm,
    data: Mapping[str, str | list[str]],
    name: str,
    act: Callable[[], None],
    saved: Callable[[], bool] = lambda: False,
) -> Response[Any]:
    """Act, and lead to the case. A refusal is shown on the page of the case; `saved` tells if a draft was stored."""
    try:
        act()
    except Exception as error:  # noqa: BLE001 - `problem_of` raises again what is a failure of the node
        problem = {**problem_of(form.request, error), "saved": saved()}
        return render_case(form, form.read(plain(data).get("against") or None), problem=problem, typed=plain(data))
    return form.pages.redirect(form.request, f"/office/cases/{form.case}", name)


def _check_filled(name: str, data: Mapping[str, str | list[str]]) -> None:
    """Raise `HttpProblem` where a form lacks what its action needs. The page names the field in its own words."""
    field = _NEEDED.get(name)
    if field is not None and not plain(data).get(field, "").strip():
        raise HttpProblem("unprocessable", errors=[FieldError(field, "is empty", field)], empty=name)


def plain(data: Mapping[str, str | list[str]]) -> dict[str, str]:
    """Return the fields of a form with one value each; of several, the last."""
    return {name: value if isinstance(value, str) else value[-1] for name, value in data.items()}


def version_of(data: Mapping[str, str | list[str]]) -> int:
    """Return the version of the case that the form was made from. Raises `HttpProblem` where it carries none."""
    version = read_version(plain(data).get("version", ""))
    if version is None:
        raise HttpProblem(
            "invalid", errors=[FieldError("version", "the form lacks its version; open the page again", "version")]
        )
    return version


def _values(data: Mapping[str, str | list[str]]) -> dict[str, Any]:
    """Return the body of an action that a form makes."""
    typed = content_of(plain(data))
    values: dict[str, Any] = {name: value for name, value in typed.items() if value and name not in _NOT_OF_BODY}
    for name in _LISTS & data.keys():
        chosen = data[name]
        values[name] = [chosen] if isinstance(chosen, str) else chosen
    return values


ROUTES: Final = [case_routes(propose, take, assign, acknowledge, hand_in_disclosures, *map(_handler, _ACTIONS))]
