"""Suspending, reinstating and revoking credentials: asked on a page that shows what hangs on each, then done.

One credential changes at once. Several go as a batch of status changes, which a second person releases where the
node's settings say so, and whose page tells how many changed.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post

from projections.api.reading import Views
from projections.credentials.dependents import NOTHING, Dependents, read_dependents
from projections.records.member_names import read_member_names
from registry.api.credentials import make_change
from registry.api.idempotency import Answer
from registry.api.prepared_rows import send_rows
from registry.api.private_side import PrivateSide, Write
from registry.api.receiving import Receiving
from registry.application.registry import Registry
from registry.application.status_changes import STATUS_AFTER
from registry.batches.imports.handing_over import NDJSON
from registry.http import HttpProblem, requires
from registry.server.pages.desk.change_form import (
    MAX_OF_FILTER,
    REASONS,
    ChangeOrder,
    Chosen,
    Effect,
    effect_of,
    read_chosen,
    read_order,
    read_typed,
    states_text,
)
from registry.server.pages.desk.credential_rows import OwnRow, read_rows
from registry.server.pages.desk.credentials import CredentialFilter
from registry.server.pages.desk.filter_choice import FilterChoice, choose_all
from registry.server.pages.desk.last_changer import find_changer
from registry.server.pages.desk.waiting_changes import find_waiting
from registry.server.pages.forms import Typed, form_key, new_key, read_search
from registry.server.pages.frame import Pages
from registry.server.pages.refusals import problem_of

_MAX_NAMED: Final = 10
"""Credentials of which is looked up who changed them, where a form is out of date."""


class ChosenRow(NamedTuple):
    """A credential that was chosen."""

    row: OwnRow
    dependents: Dependents
    status: str
    """The status as this node stored it, which the log may not have yet."""
    version: int
    """The number of events that this node has stored of it."""
    effect: Effect


class ChangePage(NamedTuple):
    """The credentials that would be changed, and what hangs on each."""

    chosen: Chosen
    rows: list[ChosenRow]
    names: dict[str, str]
    unknown: int
    """The number of ids that are no credentials of this university, as far as the views have read."""
    position: str

    @property
    def affected(self) -> int:
        """The number of credentials that would change."""
        return sum(each.effect == "changes" for each in self.rows)

    @property
    def states(self) -> str:
        """The versions that the page was made from."""
        return states_text([each.version for each in self.rows])


def read_change(private: PrivateSide, views: Views, member: str, chosen: Chosen) -> ChangePage:
    """Return what a change would do to each of the credentials."""
    with views.snapshot() as snapshot, private.reading() as registry:
        rows = read_rows(snapshot, registry, member, chosen.credentials)
        dependents = read_dependents(snapshot.connection, member, chosen.credentials)
        shown = []
        for row in rows:
            stored = registry.credentials.get(row.view.credential)
            status = stored.state.status
            shown.append(
                ChosenRow(
                    row, dependents.get(row.view.credential, NOTHING), status, stored.version,
                    effect_of(chosen.change, status),
                )
            )  # fmt: skip
        names = read_member_names(snapshot.connection)
        return ChangePage(chosen, shown, names, len(chosen.credentials) - len(rows), snapshot.position)


def _render(
    request: Request[Any, Any, Any],
    pages: Pages,
    receiving: Receiving,
    page: ChangePage,
    *,
    choice: FilterChoice | None = None,
    problem: Mapping[str, Any] | None = None,
    typed: Mapping[str, str] | None = None,
    status: int = 200,
) -> Response[str]:
    return pages.render(
        request,
        "desk/change.html",
        private=True,
        status=status if page.rows or choice is not None else 422,
        position=page.position,
        names=page.names,
        page=page,
        change=page.chosen.change,
        reasons=REASONS[page.chosen.change],
        problem=problem,
        waiting=find_waiting(receiving.batch_store, [each.row.view.credential for each in page.rows]),
        fields={fault["field"]: fault for fault in (problem or {}).get("errors", ()) if fault.get("field")},
        typed=typed or {},
        key=new_key(),
        choice=choice,
        most=MAX_OF_FILTER,
        second_person=_waits(receiving, page.chosen),
    )


@get(
    "/desk/credentials/change",
    include_in_schema=False,
    sync_to_thread=True,
    **requires("credentials:write", "learners:read"),
)
def ask(
    request: Request[Any, Any, Any], private: PrivateSide, views: Views, pages: Pages, receiving: Receiving
) -> Response[str]:
    """Show what a change would do, and ask for the reason."""
    typed, member = request.query_params, request.app.state.member
    if typed.get("all") == "true":
        choice = choose_all(views, member, typed.get("do", ""), read_search(typed, CredentialFilter))
        page = read_change(private, views, member, choice.chosen)
        return _render(request, pages, receiving, page, choice=choice)
    chosen = read_chosen(typed.get("do", ""), [str(each) for each in typed.getall("credential", [])])
    return _render(request, pages, receiving, read_change(private, views, member, chosen))


@post(
    "/desk/credentials/{credential:uuid}/change",
    include_in_schema=False,
    sync_to_thread=True,
    **requires("credentials:write", "learners:read"),
)
def change_one(
    request: Request[Any, Any, Any],
    private: PrivateSide,
    views: Views,
    pages: Pages,
    receiving: Receiving,
    credential: UUID,
    data: Typed,
) -> Response[Any]:
    """Change the status of one credential at once, or ask a second person to, where the node's settings say so."""
    data = {**data, "credentials": str(credential)}
    if data.get("do") in receiving.second_person:
        return _send_several(request, private, views, pages, receiving, data)

    def act() -> Response[Any]:
        order = read_order(data)
        change = order.change_of(str(credential))

        def make(write: Write) -> Answer:
            _refuse_stale(write.registry, [str(credential)], data, request.user.actor)
            return make_change(write, change, STATUS_AFTER[change.change])

        answer = private.write_once(request, form_key(data), change, make)
        done = "credential-unchanged" if _value(answer, "unchanged") else f"credential-{change.change}"
        return pages.redirect(request, f"/desk/credentials/{credential}", done)

    return _carry_out(request, private, views, pages, receiving, data, act)


@post(
    "/desk/credentials/change",
    include_in_schema=False,
    sync_to_thread=True,
    **requires("credentials:write", "learners:read"),
)
def change_several(
    request: Request[Any, Any, Any],
    private: PrivateSide,
    views: Views,
    pages: Pages,
    receiving: Receiving,
    data: Typed,
) -> Response[Any]:
    """Hand several changes over as a batch."""
    return _send_several(request, private, views, pages, receiving, data)


def _send_several(
    request: Request[Any, Any, Any],
    private: PrivateSide,
    views: Views,
    pages: Pages,
    receiving: Receiving,
    data: Typed,
) -> Response[Any]:
    def act() -> Response[Any]:
        order, key = read_order(data), form_key(data)

        def send(write: Write) -> Answer:
            _refuse_stale(write.registry, order.chosen.credentials, data, request.user.actor)
            _refuse_asked(receiving, order.chosen)
            return Answer(202, _send(receiving, order, request.user.actor, key))

        batch = _value(private.write_once(request, key, data, send), "batch")
        done = "changes-sent" if _waits(receiving, order.chosen) else "changes-begun"
        return pages.redirect(request, f"/desk/changes/{batch}", done)

    return _carry_out(request, private, views, pages, receiving, data, act)


def _send(receiving: Receiving, order: ChangeOrder, by: str, key: str) -> Any:  # noqa: ANN401 - the answer's content
    name = f"{order.chosen.change} {len(order.chosen.credentials)}"
    return send_rows(
        receiving, name, "statusChanges", NDJSON, order.rows(), by, key,
        awaits_release=order.chosen.change in receiving.second_person,
    )  # fmt: skip


def _waits(receiving: Receiving, chosen: Chosen) -> bool:
    """Return whether a change waits for a second person."""
    return chosen.change in receiving.second_person or 0 < receiving.release_above < len(chosen.credentials)


def _value(answer: Response[Any], name: str) -> Any:  # noqa: ANN401 - any JSON value
    """Return a field of an answer, which is a struct the first time and JSON when it is repeated."""
    return msgspec.to_builtins(answer.content)[name]


def _refuse_stale(registry: Registry, credentials: Sequence[str], typed: Mapping[str, str], me: str) -> None:
    """Raise `HttpProblem` if a credential is not as the form showed it, with who changed it, where that is known."""
    stated = typed.get("states", "")
    stored = registry.recorder.read_versions(registry.cursor(), [UUID(each) for each in credentials])
    versions = [stored.get(UUID(each), 0) for each in credentials]
    if stated == states_text(versions):
        return
    shown = stated.split(",")
    changed = [each for place, each in enumerate(credentials) if shown[place : place + 1] != [str(versions[place])]]
    changers = {find_changer(registry, each) for each in changed[:_MAX_NAMED]}
    if changers == {me}:
        detail = "You changed this in another tab. It is shown as it is now."
    elif changers - {me, None}:
        detail = "Somebody else changed one of these credentials meanwhile. It is shown as it is now."
    else:
        detail = "One of these credentials was changed meanwhile. It is shown as it is now."
    raise HttpProblem("conflict", detail)


def _refuse_asked(receiving: Receiving, chosen: Chosen) -> None:
    """Raise `HttpProblem` if the same change of one of the credentials waits for a second person already."""
    if any(each.change == chosen.change for each in find_waiting(receiving.batch_store, chosen.credentials)):
        raise HttpProblem("conflict", "This change was asked for already, and waits for a colleague.")


def _carry_out(
    request: Request[Any, Any, Any],
    private: PrivateSide,
    views: Views,
    pages: Pages,
    receiving: Receiving,
    typed: Mapping[str, str],
    act: Any,  # noqa: ANN401 - a function without arguments
) -> Response[Any]:
    """Act; where that is refused, show the form again with the reason and with what was typed."""
    try:
        response: Response[Any] = act()
    except Exception as error:  # noqa: BLE001 - `problem_of` raises again what is a failure of the node
        problem = problem_of(request, error)
        page = read_change(private, views, request.app.state.member, read_typed(typed))
        return _render(request, pages, receiving, page, problem=problem, typed=typed, status=problem["status"])
    return response


ROUTES: Final = [ask, change_one, change_several]
