"""Routes for agreements of automatic recognition, and for simulating one before it is signed."""

from datetime import date, timedelta
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import Parameter, QueryParameter
from msgspec import Meta

from projections.api.feed import Whose
from projections.api.members import Name, require_members
from projections.api.reading import Cursor, Fields, Limit, Views, WaitFor
from projections.recognition import decisions
from projections.recognition.decisions import AgreementView
from projections.recognition.simulation import Simulation, simulate
from registry.http import Cursors, FieldError, HttpProblem, Page, requires
from registry.http.pagination import LIMIT, select_fields, with_optional_fields
from registry.wire.forms import AtLeastOne, Date, Member, VersionedRef, checker
from registry.wire.recognition import AchievementFilter, AgreementDeclared, Purpose
from registry.wire.today import utc_today

if TYPE_CHECKING:
    ListedAgreement = AgreementView
else:
    ListedAgreement = with_optional_fields(AgreementView, "ListedAgreement")

_TAG = "Recognition"
_NOBODYS = "00000000-0000-4000-8000-000000000000"


@get(
    "/v1/agreements",
    tags=[_TAG],
    operation_id="listAgreements",
    summary="Agreements of automatic recognition",
)
async def list_agreements(
    views: Views,
    *,
    member: Annotated[str | None, Parameter(max_length=40, description="Declared by this member.")] = None,
    with_member: Annotated[
        str | None, QueryParameter(name="withMember", max_length=40, description="With this member.")
    ] = None,
    fields: Fields = "",
    cursor: Cursor = "",
    limit: Limit = LIMIT,
    wait_for: WaitFor = "",
) -> Response[Page[ListedAgreement]]:
    """List agreements by member, including withdrawn ones. `mutual`: both members have one that is in force."""
    after, cursors = None, Cursors("agreements", member, with_member)
    if cursor:
        of, agreement = cursors.decode(cursor, str, UUID)
        after = of, str(agreement)

    def read(connection: Any) -> Page[Any]:  # noqa: ANN401 - a connection
        rows = decisions.agreements(connection, member, with_member=with_member, after=after, limit=limit)
        if not rows:
            require_members(connection, {"member": member, "withMember": with_member})
        last = rows[-1] if len(rows) == limit else None
        return Page(
            select_fields(rows, fields), None if last is None else cursors.encode([last.member, last.agreement])
        )

    return await views.answer(wait_for, read, "search")


@get(
    "/v1/agreements/{member:str}/{agreement:uuid}",
    tags=[_TAG],
    operation_id="getAgreement",
    summary="One agreement",
)
async def get_agreement(views: Views, member: Name, agreement: UUID, wait_for: WaitFor = "") -> Response[AgreementView]:
    """Return an agreement as declared, the day from which it is withdrawn, and whether it is mutual."""

    def read(connection: Any) -> AgreementView:  # noqa: ANN401 - a connection
        rows = decisions.agreements(connection, member, str(agreement))
        if not rows:
            detail = "this member declared no such agreement, as far as this node has read its log"
            raise HttpProblem("not-found", detail)
        return rows[0]

    return await views.answer(wait_for, read)


class AgreementDraft(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True, forbid_unknown_fields=True):
    """An agreement that nobody has signed, and the period over which it is simulated."""

    with_: Member = msgspec.field(name="with")
    achievements: AtLeastOne[VersionedRef] | AchievementFilter
    purpose: Purpose
    outcome: Annotated[str, Meta(pattern="^(full|partial|conditional|alternative)$")] = "full"
    ects_ratio: Annotated[float, Meta(gt=0, le=1000)] = 1.0
    include_revisions: bool = True
    begin: Date | None = None
    """The first day of the period; a year before its end by default."""
    end: Date | None = None
    """The last day; today by default."""


@post(
    "/v1/agreements/simulate",
    tags=[_TAG],
    operation_id="simulateAgreement",
    summary="What an agreement would have decided",
    status_code=200,
    **requires("recognition:read"),
)
async def simulate_agreement(
    views: Views, whose: Whose, data: AgreementDraft, wait_for: WaitFor = ""
) -> Response[Simulation]:
    """Simulate an agreement over the last year before you sign it: what it would have covered, and where your own
    decisions differ. Nothing is stored, so no Idempotency-Key is needed.
    """
    period = read_draft(data, whose.member)
    return await views.answer(wait_for, lambda connection: simulate(connection, whose.member, *period), cost="scan")


class DraftPeriod(NamedTuple):
    """An agreement that nobody has signed, and the period over which it is simulated."""

    draft: AgreementDeclared
    begin: date
    end: date


def read_draft(data: AgreementDraft, member: str) -> DraftPeriod:
    """Return the agreement and the period that a draft of `member` asks about. Raises `HttpProblem`."""
    if _checked is not None and (wrong := _checked(data)) is not None:
        raise HttpProblem("unprocessable", errors=[FieldError(f"${wrong[0]}", wrong[1])])
    end = date.fromisoformat(data.end) if data.end else utc_today()
    begin = date.fromisoformat(data.begin) if data.begin else _a_year_before(end)
    draft = AgreementDeclared(
        _NOBODYS,
        data.with_,
        data.achievements,
        data.include_revisions,
        data.purpose,
        data.outcome,  # type: ignore[arg-type] # one of them, as its pattern says
        data.ects_ratio,
        begin.isoformat(),
    )
    if (fault := draft.fault(member)) is not None:
        raise HttpProblem("unprocessable", errors=[FieldError(f"${fault[0]}", fault[1])])
    return DraftPeriod(draft, begin, end)


def _a_year_before(end: date) -> date:
    return date.min if end.year == 1 else end - timedelta(365)


_checked = checker(AgreementDraft)

ROUTES: list[HTTPRouteHandler] = [list_agreements, get_agreement, simulate_agreement]
