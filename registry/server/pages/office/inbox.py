"""The office's inbox: all cases by due date, with saved filters as links."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final, NamedTuple
from uuid import UUID

import msgspec
from litestar import Request, Response, get

from projections.api.reading import Views
from projections.records.member_names import read_member_names
from registry.api.case_actions import Office
from registry.api.private_side import PrivateSide
from registry.http import Cursors, FieldError, HttpProblem, requires
from registry.office.cases import worklist
from registry.office.cases.case_list import count_changed, list_cases
from registry.office.cases.choices import STATES
from registry.office.cases.worklist import CaseLine, Counts, WorklistQuery
from registry.server.pages.forms import read_search
from registry.server.pages.frame import Pages
from registry.wire.today import utc_today

_PER_PAGE: Final = 25
OPEN_STATES: Final = ("collecting", "waiting", "assessing", "proposed", "approved", "appealed")


class InboxFilter(msgspec.Struct, frozen=True, rename="camel"):
    """The filter of the inbox, as its address has it."""

    state: str | None = None
    mine: bool = False
    unassigned: bool = False
    overdue: bool = False
    changed: bool = False
    file_number: str | None = None
    cursor: str | None = None


class InboxPage(NamedTuple):
    """A page of the inbox."""

    lines: list[CaseLine]
    counts: Counts
    changed: int
    next: str | None
    notes: list[str]
    today: date


@get("/office", include_in_schema=False, sync_to_thread=True, **requires("cases:read"))
def show_inbox(
    request: Request[Any, Any, Any], private: PrivateSide, office: Office, views: Views, pages: Pages
) -> Response[str]:
    """Show the cases that a filter selects, the most urgent first."""
    chosen = read_search(request.query_params, InboxFilter)
    if chosen.state is not None and chosen.state not in STATES:
        raise HttpProblem(
            "unprocessable", errors=[FieldError("query state", f"is one of {', '.join(STATES)}", "state")]
        )
    page = _read_page(private, office, chosen, request.user.actor)
    with views.snapshot() as snapshot:
        names = read_member_names(snapshot.connection)
    return pages.render(
        request,
        "office/inbox.html",
        private=True,
        names=names,
        fragment="cases",
        chosen=chosen,
        page=page,
        open_cases=sum(page.counts.states.get(state, 0) for state in OPEN_STATES),
        me=request.user.actor,
    )


def _read_page(private: PrivateSide, office: Office, chosen: InboxFilter, me: str) -> InboxPage:
    today = utc_today()
    query = WorklistQuery(
        state=chosen.state,
        overdue=chosen.overdue,
        assignee=me if chosen.mine else None,
        unassigned=chosen.unassigned,
        file_number=chosen.file_number,
    )
    cursors = Cursors("inbox", *_conditions(chosen).items())
    after = None
    if chosen.cursor:
        day, case = cursors.decode(chosen.cursor, date, UUID)
        after = day, str(case)
    with private.reading() as registry:
        reading = office.reading_from(registry)
        listed = list_cases(reading, query, today=today, changed=chosen.changed, after=after, limit=_PER_PAGE)
        counts = worklist.count_cases(registry.cursor(), today=today, soon=office.setting.due_soon_days)
        changed = count_changed(reading)
    last = listed.lines[-1].place if len(listed.lines) == _PER_PAGE else None
    following = None if last is None else cursors.encode([last[0].isoformat(), last[1]])
    return InboxPage(listed.lines, counts, changed, following, listed.notes, today)


def _conditions(chosen: InboxFilter) -> Mapping[str, Any]:
    return {name: value for name, value in msgspec.to_builtins(chosen).items() if name != "cursor"}


ROUTES: Final = [show_inbox]
