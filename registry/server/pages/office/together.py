"""Cases that an agreement covers, decided in one go: one person proposes them, another approves and publishes them.

Each case is an act of its own: one that cannot be decided so delays no other, and says why.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple
from uuid import UUID

from litestar import Response, get, post

from projections.records.member_names import read_member_names
from registry.api.case_actions import perform
from registry.api.case_bodies import Approval, Dated, Proposal
from registry.http import FieldError, HttpProblem, requires
from registry.office.cases.case_list import describe
from registry.office.cases.open_cases import Agreement, CoveredCase, find_covered
from registry.office.cases.service import Office
from registry.office.cases.versions import check_version
from registry.office.cases.worklist import CaseLine
from registry.server.pages.forms import Chosen, form_key, new_key, read_version
from registry.server.pages.office.colleagues import names_of
from registry.server.pages.office.desk import AtDesk, Desk, desk_routes
from registry.server.pages.office.own_agreements import read_own_agreements
from registry.server.pages.refusals import problem_of
from registry.wire.forms import check_uuid
from registry.wire.today import utc_today

_MOST: Final = 100


class Row(NamedTuple):
    """A case that the agreement covers, as a row of the page."""

    line: CaseLine
    covered: CoveredCase
    version: int


class Refused(NamedTuple):
    """A case that was not decided, and why."""

    file_number: str
    problem: dict[str, Any]


class TogetherPage(NamedTuple):
    """The cases that an agreement covers, by what they wait for."""

    agreement: Agreement
    to_propose: list[Row]
    to_approve: list[Row]
    """Proposed by somebody else, with the grants of the agreement."""
    own: list[Row]
    """Proposed by the reader, so another person approves them."""
    names: dict[str, str]
    actors: dict[str, str]
    is_complete: bool


@get("/office/together/{agreement:uuid}", include_in_schema=False, sync_to_thread=True, **requires("cases:read"))
def show(desk: AtDesk, agreement: UUID) -> Response[Any]:
    """Show the cases that an agreement covers."""
    return _render(desk, _read(desk, str(agreement)))


@post(
    "/office/together/{agreement:uuid}/propose",
    include_in_schema=False,
    sync_to_thread=True,
    **requires("cases:write"),
)
def propose(desk: AtDesk, agreement: UUID, data: Chosen) -> Response[Any]:
    """Propose the chosen cases as the agreement has it."""

    def act(row: Row, key: str) -> None:
        grants = row.covered.grants
        _perform(desk, row, key, Proposal(grants), lambda office, by: office.propose(row.line.case, grants, by))

    return _act_on_each(desk, str(agreement), data, "propose-together", act)


@post(
    "/office/together/{agreement:uuid}/approve",
    include_in_schema=False,
    sync_to_thread=True,
    **requires("cases:approve"),
)
def approve(desk: AtDesk, agreement: UUID, data: Chosen) -> Response[Any]:
    """Approve the chosen proposals and publish their decisions."""

    def act(row: Row, key: str) -> None:
        case, proposal = row.line.case, row.covered.case.proposal_id or ""
        if row.line.state == "proposed":
            _perform(
                desk,
                row,
                f"{key}-approve",
                Approval(proposal),
                lambda office, by: office.approve(case, by, proposal_id=proposal),
            )
            row = row._replace(version=row.version + 1)
        publish = Office.amend if row.covered.case.decisions else Office.decide
        _perform(desk, row, f"{key}-decide", Dated(), lambda office, by: publish(office, case, by))

    return _act_on_each(desk, str(agreement), data, "approve-together", act)


def _perform(desk: Desk, row: Row, key: str, body: Any, act: Callable[[Office, str], Any]) -> None:  # noqa: ANN401 - a body of the API
    def act_on_version(office: Office, by: str) -> Any:  # noqa: ANN401 - the action's own answer
        check_version(office.registry, row.line.case, row.version)
        return act(office, by)

    perform(desk.private, desk.office, desk.request, body, key, act_on_version)


def _act_on_each(
    desk: Desk,
    agreement: str,
    data: dict[str, str | list[str]],
    done: str,
    act: Callable[[Row, str], None],
) -> Response[Any]:
    """Act on each chosen case at the version that the person saw. What is refused is shown with its reason."""
    page = _read(desk, agreement)
    key = form_key({"key": str(data.get("key", ""))})
    chosen = data.get("case", [])
    versions = dict(_split(each) for each in ([chosen] if isinstance(chosen, str) else chosen)[:_MOST])
    rows = {row.line.case: row for row in (*page.to_propose, *page.to_approve, *page.own)}
    refused, acted = list[Refused](), 0
    for case, version in versions.items():
        row = rows.get(case)
        try:
            if row is None:
                raise HttpProblem("conflict", "the agreement does not cover this case any more, or it was decided")  # noqa: TRY301 - one list of what was refused
            act(row._replace(version=version), f"{key}-{case}")
            acted += 1
        except Exception as error:  # noqa: BLE001 - `problem_of` raises again what is a failure of the node
            number = row.line.file_number if row is not None else case
            refused.append(Refused(number, dict(problem_of(desk.request, error))))
    if refused or not acted:
        return _render(desk, _read(desk, agreement), refused, acted, status=409 if not acted else 200)
    return desk.pages.redirect(desk.request, f"/office/together/{agreement}", done)


def _split(text: str) -> tuple[str, int]:
    """Return the case and the version that a choice names. Raises `HttpProblem`."""
    case, _, typed = text.partition("@")
    version = read_version(typed)
    if check_uuid(case) is not None or version is None:
        raise HttpProblem("invalid", errors=[FieldError("case", "is not a case of this page", "case")])
    return case, version


def _read(desk: Desk, identifier: str) -> TogetherPage:
    with desk.views.snapshot() as snapshot:
        names = read_member_names(snapshot.connection)
        agreements = read_own_agreements(snapshot.connection, desk.own)
    agreement = next((each for each in agreements if each.agreement == identifier), None)
    if agreement is None:
        raise HttpProblem("not-found", "this university has no such agreement in force")
    with desk.private.reading() as registry:
        office = desk.office.reading_from(registry)
        covered = find_covered(office, agreement)
        shown = covered.cases[:_MOST]
        lines = describe(office, [office.line(each.case) for each in shown])
        rows = [Row(line, each, each.case.version) for line, each in zip(lines, shown, strict=True)]
        actors = names_of(
            registry, (row.covered.case.proposal.by for row in rows if row.covered.case.proposal is not None)
        )
    waiting = [row for row in rows if row.line.state in ("proposed", "approved") and row.covered.is_proposed_alike]
    return TogetherPage(
        agreement,
        [row for row in rows if row.line.state == "assessing"],
        [row for row in waiting if not _is_by(row, desk.me)],
        [row for row in waiting if _is_by(row, desk.me)],
        names,
        actors,
        covered.complete and len(covered.cases) <= _MOST,
    )


def _is_by(row: Row, person: str) -> bool:
    return (
        row.covered.case.proposal is not None
        and row.covered.case.proposal.by == person
        and row.line.state == "proposed"
    )


def _render(
    desk: Desk, page: TogetherPage, refused: Sequence[Refused] = (), acted: int = 0, *, status: int = 200
) -> Response[Any]:
    return desk.pages.render(
        desk.request,
        "office/together.html",
        private=True,
        status=status,
        names=page.names,
        page=page,
        refused=refused,
        acted=acted,
        nothing_chosen=status != 200 and not refused,
        key=new_key(),
        me=desk.me,
        scopes=desk.request.user.scopes,
        today=utc_today(),
    )


ROUTES: Final = desk_routes(show, propose, approve)
