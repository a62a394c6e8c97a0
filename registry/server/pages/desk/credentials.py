"""The university's own credentials: found by what the log says of them, or by whom they are about.

A search by a person goes by POST, because addresses are kept in histories and logs.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final, Literal, NamedTuple
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.response import Redirect

from projections.api.reading import Snapshot, Views
from projections.credentials.own_credentials import (
    AwardedAchievement,
    CredentialQuery,
    Line,
    Place,
    count_by_status,
    count_matching,
    list_awarded_achievements,
    page,
    page_of_newest,
)
from projections.records.member_names import read_member_names
from registry.accounts.services import AccountServices
from registry.api.private_side import PrivateSide
from registry.http import Cursors, FieldError, HttpProblem, requires
from registry.learners.name_search import normalise_name
from registry.server.pages.desk.change_form import MAX_OF_FILTER
from registry.server.pages.desk.credential_rows import OwnRow, read_rows, shown_status
from registry.server.pages.desk.person_search import MAX_TEXT, Found, find_credentials, find_exact
from registry.server.pages.forms import Typed, read_search
from registry.server.pages.frame import Pages
from registry.server.pages.kept_searches import keep_search, read_kept_search
from registry.server.pages.languages import language_of
from registry.server.pages.templates import Formats
from registry.wire.credentials import Status
from registry.wire.today import utc_today

PER_PAGE: Final = 25
Sort = Literal["awarded", "newest", "name"]
"""The order of a list: by awarding day or place on the log, both descending, or by the learner's name."""
_SEARCHED: Final = ("who", "after", "achievement", "status", "from", "until", "sort")
"""The fields of a search by person."""


class CredentialFilter(msgspec.Struct, frozen=True, omit_defaults=True):
    """The filter of the list, as its address has it."""

    achievement: UUID | None = None
    status: Status | None = None
    begin: date | None = msgspec.field(default=None, name="from")
    end: date | None = msgspec.field(default=None, name="until")
    learner: UUID | None = None
    sort: Sort = "awarded"
    """By name only what was found by a person."""
    cursor: str | None = None

    def query(self, member: str) -> CredentialQuery:
        """Return the search of the views that the filter stands for."""
        return CredentialQuery(
            member=member,
            achievement=None if self.achievement is None else str(self.achievement),
            status=self.status,
            begin=self.begin,
            end=self.end,
            learners=None if self.learner is None else [str(self.learner)],
        )

    def conditions(self) -> dict[str, str]:
        """Return what narrows the list, as the address has it."""
        values: Mapping[str, Any] = msgspec.to_builtins(self)
        return {name: str(value) for name, value in values.items() if name not in ("sort", "cursor")}


def check_order(chosen: CredentialFilter) -> None:
    """Raise `HttpProblem` for a list by name: only what was found by a person has names to be ordered by."""
    if chosen.sort == "name":
        error = FieldError("query sort", "only what was found by a person is listed by name", "sort")
        raise HttpProblem("unprocessable", errors=[error])


class CredentialPage(NamedTuple):
    """A page of the list, and what stands above it."""

    rows: list[OwnRow]
    next: str | None
    matching: int
    """Credentials that the filter selects, one more than can be changed at once at most; 0 without a filter."""
    counts: dict[str, int]
    achievements: list[AwardedAchievement]


@get("/desk/credentials", include_in_schema=False, sync_to_thread=True, **requires("learners:read"))
def list_credentials(
    request: Request[Any, Any, Any], private: PrivateSide, views: Views, pages: Pages
) -> Response[str]:
    """Show the credentials that a filter selects, the last awards first, or those that came on the log last."""
    chosen = read_search(request.query_params, CredentialFilter)
    check_order(chosen)
    member = request.app.state.member
    with views.snapshot() as snapshot, private.reading() as registry:
        lines, following = _read_lines(snapshot, chosen, member)
        matching = 0
        if chosen.conditions():
            matching = count_matching(snapshot.connection, chosen.query(member), MAX_OF_FILTER + 1)
        shown = CredentialPage(
            read_rows(snapshot, registry, member, [line.credential for line in lines]),
            following,
            matching,
            count_by_status(snapshot.connection, member),
            list_awarded_achievements(snapshot.connection, member),
        )
        return _render(request, pages, chosen, shown, snapshot.position, names=read_member_names(snapshot.connection))


def _read_lines(snapshot: Snapshot, chosen: CredentialFilter, member: str) -> tuple[list[Line], str | None]:
    """Return a page of the list, and the cursor of the next one."""
    query, connection = chosen.query(member), snapshot.connection
    cursors = Cursors("own credentials", chosen.conditions(), chosen.sort)
    if chosen.sort == "newest":
        before = None
        if chosen.cursor:
            [before] = cursors.decode(chosen.cursor, int)
        lines = page_of_newest(connection, query, before, PER_PAGE + 1)
    else:
        after = None
        if chosen.cursor:
            day, credential = cursors.decode(chosen.cursor, date, UUID)
            after = Place(day, str(credential))
        lines = page(connection, query, after, PER_PAGE + 1)
    if len(lines) <= PER_PAGE:
        return lines, None
    last = lines[PER_PAGE - 1]
    return lines[:PER_PAGE], cursors.encode([last.leaf] if chosen.sort == "newest" else list(last.place))


def _sort(rows: list[OwnRow], sort: Sort) -> list[OwnRow]:
    """Return what was found by a person in an order. It comes by awarding day."""
    if sort == "name":
        return sorted(rows, key=lambda row: normalise_name(row.name))
    return sorted(rows, key=lambda row: -row.view.leaf) if sort == "newest" else rows


@post(
    "/desk/credentials/find", include_in_schema=False, sync_to_thread=True, status_code=200, **requires("learners:read")
)
def find(
    request: Request[Any, Any, Any],
    private: PrivateSide,
    views: Views,
    pages: Pages,
    services: AccountServices,
    data: Typed,
) -> Response[Any]:
    """Lead to the credentials of a person, a record or a number, among those that the filter selects."""
    text = data.get("who", "").strip()
    read_search({name: value for name, value in data.items() if name != "cursor"}, CredentialFilter)
    if not text or len(text) > MAX_TEXT or "\0" in text:
        return _show_found(request, private, views, pages, data, fault="empty" if not text else "too-long")
    with views.snapshot() as snapshot, private.reading() as registry:
        exact = None if data.get("after") else find_exact(snapshot, registry, request.app.state.member, text)
    if exact is not None and len(exact.credentials) == 1 and exact.kind in ("credential", "record"):
        path = f"/desk/credentials/{exact.credentials[0]}"
        return Redirect(pages.address(request, path, {}), status_code=303)
    number = keep_search(request, services, "desk", {name: data[name] for name in _SEARCHED if data.get(name)})
    if number is None:
        return _show_found(request, private, views, pages, data)
    return Redirect(pages.address(request, f"/desk/credentials/found/{number}", {}), status_code=303)


@get("/desk/credentials/found/{search:uuid}", include_in_schema=False, sync_to_thread=True, **requires("learners:read"))
def show_found(
    request: Request[Any, Any, Any],
    private: PrivateSide,
    views: Views,
    pages: Pages,
    services: AccountServices,
    search: UUID,
) -> Response[str]:
    """Show what a search by person finds. The session has it under this number for a short time."""
    typed = read_kept_search(request, services, "desk", search)
    return _show_found(request, private, views, pages, typed or {}, fault="gone" if typed is None else None)


def _show_found(
    request: Request[Any, Any, Any],
    private: PrivateSide,
    views: Views,
    pages: Pages,
    typed: Mapping[str, str],
    *,
    fault: str | None = None,
) -> Response[str]:
    """Show what a search by person finds; with a fault, that nothing was searched."""
    text = typed.get("who", "").strip()
    chosen = read_search({name: value for name, value in typed.items() if name != "cursor"}, CredentialFilter)
    member = request.app.state.member
    with views.snapshot() as snapshot, private.reading() as registry:
        result = Found([], None, 0, "")
        if fault is None:
            result = find_credentials(snapshot, registry, chosen.query(member), text, typed.get("after", ""))
        shown = CredentialPage(
            _sort(read_rows(snapshot, registry, member, result.credentials), chosen.sort),
            None,
            0,
            count_by_status(snapshot.connection, member),
            list_awarded_achievements(snapshot.connection, member),
        )
        return _render(
            request,
            pages,
            chosen,
            shown,
            snapshot.position,
            names=read_member_names(snapshot.connection),
            status={None: 200, "gone": 410}.get(fault, 422),
            result=result,
            typed=text[:MAX_TEXT],
            is_continued=bool(typed.get("after")),
            fault=fault,
        )


def _render(
    request: Request[Any, Any, Any],
    pages: Pages,
    chosen: CredentialFilter,
    shown: CredentialPage,
    position: str,
    *,
    names: Mapping[str, str],
    status: int = 200,
    result: Found | None = None,
    typed: str = "",
    is_continued: bool = False,
    fault: str | None = None,
) -> Response[str]:
    today, formats = utc_today(), Formats(language_of(request))
    return pages.render(
        request,
        "desk/credentials.html",
        private=True,
        position=position,
        names=names,
        status=status,
        fragment="credentials",
        chosen=chosen,
        conditions=chosen.conditions(),
        page=shown,
        most=MAX_OF_FILTER,
        achievements=sorted(shown.achievements, key=lambda each: formats.nearest(each.title).text.casefold()),
        found=result,
        typed=typed,
        is_continued=is_continued,
        fault=fault,
        total=sum(shown.counts.values()),
        scopes=request.user.scopes,
        status_of=lambda view: shown_status(view.status, view.valid_until, today),
    )


ROUTES: Final = [list_credentials, find, show_found]
