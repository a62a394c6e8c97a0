"""Statements of the office about achievements of other members: precedents without an applicant."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple
from uuid import UUID

import msgspec
from litestar import Response, get, post

from projections.catalogue import search
from projections.catalogue.search import CatalogueQuery, Offer
from projections.recognition.assessments import AssessmentView, assessments
from projections.records.member_names import read_member_names
from registry.api.assessments import TakenBack, state_in, take_back_in
from registry.http import HttpProblem, requires
from registry.http.responses import Position
from registry.office.assessments.assessment import WHY_NOT
from registry.server.pages.forms import form_key, new_key
from registry.server.pages.office.actions import Typed, plain
from registry.server.pages.office.desk import AtDesk, Desk, desk_routes
from registry.server.pages.office.statement_form import (
    EFFECTS,
    GROUNDS,
    MODES,
    OUTCOMES,
    PURPOSES,
    StatementForm,
    considered_of,
    read_form,
    statement_of,
)
from registry.server.pages.office.withdrawal import REASONS
from registry.server.pages.refusals import problem_of
from registry.vault.vault import random_id
from registry.wire.today import utc_today

_MOST_OFFERS: Final = 200
_MOST_STATEMENTS: Final = 200


class _Read(NamedTuple):
    rows: list[AssessmentView]
    titles: dict[str, dict[str, str]]
    """Titles of achievements by id, of the members that the page is about."""
    offers: list[Offer]
    names: dict[str, str]
    position: Position


@get("/office/assessments", include_in_schema=False, sync_to_thread=True, **requires("cases:read"))
def list_statements(desk: AtDesk) -> Response[Any]:
    """List the office's statements, the newest first."""
    return _render(desk, "office/statements.html", _read(desk))


@get("/office/assessments/new", include_in_schema=False, sync_to_thread=True, **requires("recognition:write"))
def show_form(desk: AtDesk) -> Response[Any]:
    """Show the form of a statement. All of it is in the address."""
    form = read_form(desk.request.query_params)
    return _render(desk, "office/statement_form.html", _read(desk, form.member), form=form)


@get("/office/assessments/confirm", include_in_schema=False, sync_to_thread=True, **requires("recognition:write"))
def confirm(desk: AtDesk) -> Response[Any]:
    """Say what publishing a statement does, before it is done."""
    form = read_form(desk.request.query_params)
    try:
        statement_of(form, random_id())
        considered_of(form)
    except msgspec.ValidationError as error:
        problem = problem_of(desk.request, error)
        return _render(desk, "office/statement_form.html", _read(desk, form.member), form=form, problem=problem)
    return _render(desk, "office/statement_confirm.html", _read(desk, form.member), form=form)


@post("/office/assessments", include_in_schema=False, sync_to_thread=True, **requires("recognition:write"))
def publish(desk: AtDesk, data: Typed) -> Response[Any]:
    """Publish a statement."""
    form = read_form(plain(data))
    try:
        content = statement_of(form, random_id())
        act = state_in(desk.lookup, content, considered_of(form))
        desk.private.write_once(desk.request, form_key(plain(data)), form, act)
    except Exception as error:  # noqa: BLE001 - `problem_of` raises again what is a failure of the node
        problem = problem_of(desk.request, error)
        return _render(desk, "office/statement_form.html", _read(desk, form.member), form=form, problem=problem)
    return desk.pages.redirect(desk.request, "/office/assessments", "statement")


@get("/office/assessments/{assessment:uuid}/withdraw", include_in_schema=False, sync_to_thread=True,
     **requires("recognition:write"))  # fmt: skip
def confirm_withdrawal(desk: AtDesk, assessment: UUID) -> Response[Any]:
    """Say what the withdrawal of a statement does, and ask for the reason."""
    return _render_withdrawal(desk, str(assessment))


@post("/office/assessments/{assessment:uuid}/withdraw", include_in_schema=False, sync_to_thread=True,
      **requires("recognition:write"))  # fmt: skip
def withdraw(desk: AtDesk, assessment: UUID, data: Typed) -> Response[Any]:
    """Withdraw a statement."""
    typed = plain(data)
    try:
        body = msgspec.convert({"reason": typed.get("reason", "")}, TakenBack)
        desk.private.write_once(desk.request, form_key(typed), body, take_back_in(str(assessment), body))
    except Exception as error:  # noqa: BLE001 - `problem_of` raises again what is a failure of the node
        return _render_withdrawal(desk, str(assessment), problem_of(desk.request, error))
    return desk.pages.redirect(desk.request, "/office/assessments", "statement-withdrawn")


def _render_withdrawal(desk: Desk, assessment: str, problem: Mapping[str, Any] | None = None) -> Response[Any]:
    read = _read(desk, assessment=assessment)
    row = next(iter(read.rows), None)
    if row is None:
        raise HttpProblem("not-found", "this office stated no such assessment, as far as this node has read")
    return _render(desk, "office/statement_withdraw.html", read, row=row, problem=problem)


def _read(desk: Desk, member: str = "", assessment: str | None = None) -> _Read:
    """Return the newest statements, or one of them, with the offers of a member."""
    with desk.views.snapshot() as snapshot:
        names = read_member_names(snapshot.connection)
        rows = assessments(snapshot.connection, desk.own, assessment, limit=_MOST_STATEMENTS + 1)
        members = {row.of_member for row in rows[:_MOST_STATEMENTS]} | ({member} & names.keys())
        offers = {
            each: search.search(snapshot.connection, CatalogueQuery(member=each), limit=_MOST_OFFERS).items
            for each in sorted(members)
        }
    titles = {offer.achievement: offer.title for several in offers.values() for offer in several}
    return _Read(rows, titles, offers.get(member, []), names, snapshot.position)


def _render(
    desk: Desk,
    template: str,
    read: _Read,
    *,
    form: StatementForm | None = None,
    row: AssessmentView | None = None,
    problem: Mapping[str, Any] | None = None,
) -> Response[Any]:
    return desk.pages.render(
        desk.request,
        template,
        position=read.position,
        names=read.names,
        status=problem["status"] if problem else 200,
        rows=read.rows[:_MOST_STATEMENTS],
        is_complete=len(read.rows) <= _MOST_STATEMENTS,
        titles=read.titles,
        offers=read.offers,
        own=desk.own,
        form=form,
        row=row,
        problem=problem,
        key=new_key(),
        today=utc_today(),
        purposes=PURPOSES,
        outcomes=OUTCOMES,
        modes=MODES,
        effects=EFFECTS,
        grounds=GROUNDS,
        why_not={outcome: sorted(codes) for outcome, codes in WHY_NOT.items()},
        reasons=REASONS,
        scopes=desk.request.user.scopes,
    )


ROUTES: Final = desk_routes(list_statements, show_form, confirm, publish, confirm_withdrawal, withdraw)
