"""The office's inbox: cases by due date, with saved filters as links, a search by name, and who works on what."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final, NamedTuple
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.response import Redirect

from projections.records.member_names import read_member_names
from registry.api.case_file import Assignment, NameSearch
from registry.http import Cursors, requires
from registry.office.cases import worklist
from registry.office.cases.case_list import count_changed, list_cases
from registry.office.cases.choices import STATES
from registry.office.cases.open_cases import (
    MAX_SEARCHED,
    OPEN_STATES,
    Agreement,
    CoveredCases,
    count_covered,
    find_by_country,
    find_covered,
)
from registry.office.cases.service import Office as RecognitionOffice
from registry.office.cases.worklist import AssignedCounts, CaseLine, Counts, WorklistQuery
from registry.server.pages.forms import Chosen, form_key, new_key
from registry.server.pages.kept_searches import keep_search, read_kept_search
from registry.server.pages.languages import language_of
from registry.server.pages.office.assignments import (
    MOST_CHOSEN,
    AssignedCases,
    assign_each,
    assign_if_unchanged,
    read_chosen,
)
from registry.server.pages.office.colleagues import list_colleagues, names_of
from registry.server.pages.office.desk import AtDesk, Desk, desk_routes
from registry.server.pages.office.inbox_filter import InboxFilter, read_address, read_filter
from registry.server.pages.office.own_agreements import read_own_agreements
from registry.server.pages.refusals import problem_of
from registry.server.pages.templates import Formats
from registry.values.countries import COUNTRIES
from registry.wire.today import utc_today

_PER_PAGE: Final = 25
_NOBODY: Final = "nobody"
"""A form in which a field may be chosen several times."""


class InboxPage(NamedTuple):
    """A page of the inbox."""

    lines: list[CaseLine]
    counts: Counts
    assigned: AssignedCounts
    changed: int
    covered: dict[str, int]
    """By agreement, the number of cases that wait for a proposal and that it covers."""
    next: str | None
    notes: list[str]
    today: date
    actors: dict[str, str]
    is_complete: bool
    """False if a filter did not look at all open cases."""

    @property
    def open_cases(self) -> int:
        """The number of open cases."""
        return sum(self.counts.states.get(state, 0) for state in OPEN_STATES)


@get("/office", include_in_schema=False, sync_to_thread=True, **requires("cases:read"))
def show_inbox(desk: AtDesk) -> Response[str]:
    """Show the cases that a filter selects, the most urgent first."""
    return render_inbox(desk, chosen=read_filter(desk.request.query_params))


@post("/office/search", include_in_schema=False, status_code=200, sync_to_thread=True, **requires("cases:read"))
def search(desk: AtDesk, data: Chosen) -> Response[Any]:
    """Lead to the cases of applicants of a name. Names are in no address, but the number of the search is."""
    name = " ".join(str(data.get("name", "")).split())
    if not name:
        return render_inbox(desk, fault="name")
    searched = msgspec.convert({"name": name[:200]}, NameSearch)
    number = keep_search(desk.request, desk.services, "office", {"name": searched.name})
    if number is None:
        return render_inbox(desk, name=searched.name)
    return Redirect(desk.pages.address(desk.request, f"/office/found/{number}", {}), status_code=303)


@get("/office/found/{search:uuid}", include_in_schema=False, sync_to_thread=True, **requires("cases:read"))
def show_found(desk: AtDesk, search: UUID) -> Response[str]:
    """Show the cases of applicants of a name. The session has the search under this number for a short time."""
    searched = read_kept_search(desk.request, desk.services, "office", search)
    return render_inbox(desk, fault="gone") if searched is None else render_inbox(desk, name=searched["name"])


@post("/office/assign", include_in_schema=False, sync_to_thread=True, **requires("cases:write"))
def assign_chosen(desk: AtDesk, data: Chosen) -> Response[Any]:
    """Give the chosen cases to a colleague, or to nobody."""
    chosen = read_address(str(data.get("back", "")))
    assignee = str(data.get("assignee", ""))
    cases = read_chosen(data)
    if not cases or assignee not in (_NOBODY, *(each.actor for each in list_colleagues(desk.services))):
        fault = "assignee" if cases else "chosen"
        return render_inbox(desk, chosen=chosen, fault=fault)
    key = form_key({"key": str(data.get("key", ""))})
    outcome = assign_each(desk, cases, None if assignee == _NOBODY else assignee, key)
    if outcome.refused:
        return render_inbox(desk, chosen=chosen, outcome=outcome)
    done = "assign" if outcome.assigned else "assign-none"
    return desk.pages.redirect(desk.request, "/office", done, **_back(chosen))


@post("/office/take", include_in_schema=False, sync_to_thread=True, **requires("cases:write"))
def take_from_inbox(desk: AtDesk, data: Chosen) -> Response[Any]:
    """Take a case of the list."""
    chosen, by = read_address(str(data.get("back", ""))), desk.me
    cases = read_chosen(data)
    if not cases:
        return render_inbox(desk, chosen=chosen, fault="chosen")
    try:
        key = form_key({"key": str(data.get("key", ""))})
        act = assign_if_unchanged(cases[0], by, by)
        desk.private.write_once(desk.request, f"{key}-{cases[0].case}", Assignment(by), act)
    except Exception as error:  # noqa: BLE001 - `problem_of` raises again what is a failure of the node
        problem = problem_of(desk.request, error)
        return render_inbox(desk, chosen=chosen, problem=problem)
    return desk.pages.redirect(desk.request, "/office", "take", **_back(chosen))


def render_inbox(
    desk: Desk,
    *,
    chosen: InboxFilter | None = None,
    name: str | None = None,
    fault: str = "",
    problem: Mapping[str, Any] | None = None,
    outcome: AssignedCases | None = None,
) -> Response[str]:
    """Return the inbox; with a name, the cases of applicants of that name; with an outcome, what was refused."""
    chosen = chosen or InboxFilter()
    with desk.views.snapshot() as snapshot:
        names = read_member_names(snapshot.connection)
        agreements = read_own_agreements(snapshot.connection, desk.own)
    page = _read_page(desk, chosen, agreements, name)
    formats = Formats(language_of(desk.request))
    status = problem["status"] if problem else 409 if outcome else {"": 200, "gone": 410}.get(fault, 422)
    return desk.pages.render(
        desk.request,
        "office/inbox.html",
        private=True,
        status=status,
        names=names,
        fragment="cases",
        chosen=chosen,
        page=page,
        name=name,
        fault=fault,
        problem=problem,
        outcome=outcome,
        agreements={each.agreement: each.content for each in agreements},
        colleagues=list_colleagues(desk.services),
        all_states=STATES,
        countries=sorted(((code, formats.country(code)) for code in COUNTRIES), key=lambda pair: pair[1]),
        searched=MAX_SEARCHED,
        most_found=MOST_CHOSEN,
        key=new_key(),
        me=desk.me,
        scopes=desk.request.user.scopes,
    )


def _read_page(desk: Desk, chosen: InboxFilter, agreements: Sequence[Agreement], name: str | None) -> InboxPage:
    office, me, today = desk.office, desk.me, utc_today()
    cursors = Cursors("inbox", *(item for item in chosen.conditions.items() if item[0] != "cursor"))
    after = None
    if chosen.cursor:
        day, case = cursors.decode(chosen.cursor, date, UUID)
        after = day, str(case)
    with desk.private.reading() as registry:
        reading = office.reading_from(registry)
        selected, is_complete = _select(reading, chosen, agreements)
        query = WorklistQuery(
            states=None if name is not None else chosen.states,
            overdue=chosen.overdue,
            assignee=me if chosen.mine else chosen.assignee,
            unassigned=chosen.unassigned,
            file_number=chosen.file_number,
            cases=selected,
        )
        listed = list_cases(
            reading, query, today=today, name=name, changed=chosen.changed, after=after,
            limit=_PER_PAGE if name is None else MOST_CHOSEN,
        )  # fmt: skip
        counts = worklist.count_cases(registry.cursor(), today=today, soon=office.setting.due_soon_days)
        last = listed.lines[-1].place if name is None and len(listed.lines) == _PER_PAGE else None
        return InboxPage(
            listed.lines,
            counts,
            worklist.count_assigned(registry.cursor(), me, OPEN_STATES),
            count_changed(reading),
            count_covered(reading, list(agreements)),
            None if last is None else cursors.encode([last[0].isoformat(), last[1]]),
            listed.notes,
            today,
            names_of(registry, (line.assignee for line in listed.lines)),
            is_complete,
        )


def _select(
    office: RecognitionOffice, chosen: InboxFilter, agreements: Sequence[Agreement]
) -> tuple[list[str] | None, bool]:
    """Return the cases that the country and the agreement of a filter select, and whether all were looked at."""
    selected: set[str] | None = None
    is_complete = True
    if chosen.country is not None:
        selection = find_by_country(office, chosen.country)
        selected, is_complete = set(selection.cases), selection.complete
    if chosen.agreement is not None:
        agreement = next((each for each in agreements if each.agreement == chosen.agreement), None)
        covered = CoveredCases([], complete=True) if agreement is None else find_covered(office, agreement)
        of_agreement = {str(each.case.id) for each in covered.cases}
        selected = of_agreement if selected is None else selected & of_agreement
        is_complete = is_complete and covered.complete
    return None if selected is None else sorted(selected), is_complete


def _back(chosen: InboxFilter) -> dict[str, Any]:
    return {name: value for name, value in chosen.conditions.items() if name != "cursor"}


ROUTES: Final = desk_routes(show_inbox, search, show_found, assign_chosen, take_from_inbox)
