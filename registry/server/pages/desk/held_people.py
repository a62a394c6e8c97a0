"""Rows that are held because their student number is known with another person: who is who, decided by a person."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, get_args

import msgspec
from litestar import Request, Response, get, post

from registry.api.learners import HeldDecision, decide_row
from registry.api.private_side import PrivateSide
from registry.application.held_row import Decision
from registry.application.held_row_decision import HeldRowChanged
from registry.application.held_rows import HeldRows, Place
from registry.http import Cursors, FieldError, HttpProblem, requires
from registry.server.pages.forms import Typed, form_key, new_key
from registry.server.pages.frame import Pages
from registry.server.pages.refusals import problem_of

PER_PAGE: Final = 10


def _render(
    request: Request[Any, Any, Any],
    private: PrivateSide,
    pages: Pages,
    *,
    problem: Mapping[str, Any] | None = None,
    chosen: Mapping[str, str] | None = None,
    status: int = 200,
) -> Response[str]:
    after, cursors = None, Cursors("held-rows")
    if problem is None and (cursor := str(request.query_params.get("cursor", ""))):
        after = Place(*cursors.decode(cursor, datetime, bytes))
    with private.reading() as registry:
        waiting = HeldRows(registry)
        page, total = waiting.page(after, PER_PAGE), waiting.count()
    return pages.render(
        request,
        "desk/held_rows.html",
        private=True,
        status=status,
        rows=page.rows,
        total=total,
        next=None if page.next is None else cursors.encode(page.next),
        problem=problem,
        chosen=chosen or {},
        key=new_key(),
    )


@get("/desk/held-rows", include_in_schema=False, sync_to_thread=True, **requires("learners:decide"))
def list_held(request: Request[Any, Any, Any], private: PrivateSide, pages: Pages) -> Response[str]:
    """Show held rows, each with the person in the vault and the person that the row states."""
    return _render(request, private, pages)


@post("/desk/held-rows", include_in_schema=False, sync_to_thread=True, **requires("learners:decide"))
def decide(request: Request[Any, Any, Any], private: PrivateSide, pages: Pages, data: Typed) -> Response[Any]:
    """Decide whether a held row is about the known person or about another one."""
    try:
        decision = _read_decision(data)
        if decision.decision == "same-person" and data.get("confirmed") != "true":
            return _confirm(request, private, pages, decision, form_key(data))
        answer = decide_row(private, request, decision, form_key(data))
    except Exception as error:  # noqa: BLE001 - `problem_of` raises again what is a failure of the node
        problem = problem_of(request, error)
        return _render(request, private, pages, problem=problem, chosen=data, status=problem["status"])
    unchanged = msgspec.to_builtins(answer.content)["unchanged"]
    return pages.redirect(request, "/desk/held-rows", "held-unchanged" if unchanged else f"held-{data['decision']}")


def _confirm(
    request: Request[Any, Any, Any], private: PrivateSide, pages: Pages, decision: HeldDecision, key: str
) -> Response[str]:
    """Show how the learner changes, and ask. Raises `Refusal` where the row is not as it was shown."""
    with private.reading() as registry:
        row = HeldRows(registry).read(decision.record)
    if row.version != decision.version:
        raise HeldRowChanged
    born = row.stated.date_of_birth or row.known.date_of_birth
    after = msgspec.structs.replace(row.stated, date_of_birth=born)
    return pages.render(request, "desk/held_confirm.html", private=True, row=row, after=after, key=key)


def _read_decision(typed: Mapping[str, str]) -> HeldDecision:
    if typed.get("decision") not in get_args(Decision):
        fault = FieldError("decision", "choose whether it is the same person or another one", "decision")
        raise HttpProblem("unprocessable", errors=[fault])
    return msgspec.convert({name: typed.get(name, "") for name in ("record", "version", "decision")}, HeldDecision)


ROUTES: Final = [list_held, decide]
