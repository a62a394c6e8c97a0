"""The withdrawal of an application or of a published decision, with its confirm page: it cannot be undone."""

from collections.abc import Mapping
from typing import Any, Final, get_args

import msgspec
from litestar import Response, get, post

from registry.api.case_bodies import Withdrawal
from registry.http import requires
from registry.server.pages.forms import form_key, new_key
from registry.server.pages.office.actions import Typed, plain, version_of
from registry.server.pages.office.case_page import CaseForm, Form, case_routes, open_wish
from registry.server.pages.refusals import problem_of
from registry.wire.recognition import WithdrawalReason

REASONS: Final[tuple[str, ...]] = get_args(WithdrawalReason)


@get("/office/cases/{case:uuid}/withdraw", include_in_schema=False, sync_to_thread=True, **requires("cases:approve"))
def confirm(form: Form) -> Response[Any]:
    """Say what a withdrawal does, and ask for the reason."""
    return _render(form)


@post("/office/cases/{case:uuid}/withdraw", include_in_schema=False, sync_to_thread=True, **requires("cases:approve"))
def withdraw(form: Form, data: Typed) -> Response[Any]:
    """Withdraw the application or, with a reason, the decision; the first of two persons only asks for it."""
    typed, case = plain(data), str(form.case)
    try:
        body = msgspec.convert({"reason": typed.get("reason") or None}, Withdrawal)
        form.perform(
            body,
            form_key(typed),
            version_of(data),
            lambda office, by: office.withdraw(case, by, body.on, reason=body.reason),
        )
    except Exception as error:  # noqa: BLE001 - `problem_of` raises again what is a failure of the node
        return _render(form, problem_of(form.request, error), typed)
    state = form.read().view.case.state
    done = "withdraw" if state == "withdrawn" else "withdraw-asked"
    return form.pages.redirect(form.request, f"/office/cases/{case}", done)


def _render(
    form: CaseForm, problem: Mapping[str, Any] | None = None, typed: Mapping[str, str] | None = None
) -> Response[Any]:
    page = form.read()
    return form.pages.render(
        form.request,
        "office/withdraw.html",
        private=True,
        status=problem["status"] if problem else 200,
        names=page.beside.names,
        page=page,
        view=page.view,
        wish=open_wish(page.view),
        reasons=REASONS,
        problem=problem,
        typed=typed or {},
        key=new_key(),
        me=form.me,
        two_persons=form.office.setting.two_persons,
    )


ROUTES: Final = [case_routes(confirm, withdraw)]
