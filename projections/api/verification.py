"""Is this credential good? What whoever was shown one asks, without being known to the registry.

The answer names the issuer, what was awarded and its status; never the learner. What the credential says of the
person is in its disclosures, which the learner shows; `claims` is what they are held against.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from psycopg import Connection

from projections.api.members import MemberView, Name
from projections.api.reading import Cursor, Limit, StandingLookup, Views, WaitFor
from projections.credentials import credentials
from projections.recognition import agreements, decisions
from projections.relations.stacks import Key
from registry.http import Cursors, HttpProblem, Page, requires
from registry.http.pagination import LIMIT


class Verification(msgspec.Struct, frozen=True, rename="camel"):
    """What the log says of one credential."""

    member: str
    credential: str
    status: str
    """`active`, `suspended`, `revoked` or `replaced`."""
    expired: bool
    """Whether its validity has ended on the day of this answer."""
    awarding_date: date
    valid_until: date | None
    ects: Decimal | None
    achievement: dict[str, Any]
    """What was awarded, whole, in the version that it was awarded in."""
    issuer: MemberView
    issuer_when_issued: str
    issuer_now: str
    flags: list[str]
    """What its parts or the other awarding bodies leave open; nothing is wrong where it is empty."""
    impaired_by: list[str]
    replaced_by: str | None
    recognised_by: list[str]
    """Agreements that recognise it, `member/agreement`: the first 20 of each member."""
    recognised_by_more: bool
    """Whether a member has more of them; `/v1/credentials/{member}/{credential}/agreements` lists them all."""
    claims: str | None
    """The digest (43 characters) that the learner's disclosures must come to."""
    leaf: int
    """Its place in the issuer's log."""


def verification(connection: Connection, standing: StandingLookup, member: str, credential: str) -> Verification | None:
    """One credential's; None where nobody issued it."""
    found = credentials.read_awarded(connection, (member, credential))
    if found is None:
        return None
    one = found.view
    then, now = standing(member, one.leaf)
    today = datetime.now(UTC).date()
    return Verification(
        member=member,
        credential=credential,
        status=one.status,
        expired=one.valid_until is not None and one.valid_until < today,
        awarding_date=one.awarding_date,
        valid_until=one.valid_until,
        ects=one.ects,
        achievement=found.achievement,
        issuer=MemberView(member, found.country, found.standing, found.roles, found.keys, found.content),
        issuer_when_issued=then,
        issuer_now=now,
        flags=one.flags,
        impaired_by=one.impaired_by,
        replaced_by=one.replaced_by,
        recognised_by=one.recognised_by,
        recognised_by_more=one.recognised_by_more,
        claims=one.claims,
        leaf=one.leaf,
    )


@get(
    "/v1/credentials/{member:str}/{credential:uuid}",
    tags=["Verification"],
    operation_id="verifyCredential",
    summary="Verify one credential",
)
async def verify(views: Views, member: Name, credential: UUID, wait_for: WaitFor = "") -> Response[Verification]:
    """What the log says of a credential, for anybody who was shown its id."""

    def made(connection: Any) -> Verification:  # noqa: ANN401 - a connection
        found = verification(connection, views.standing, member, str(credential))
        if found is None:
            raise HttpProblem("not-found", _UNKNOWN)
        return found

    return await views.answer(wait_for, made)


@get(
    "/v1/credentials/{member:str}/{credential:uuid}/agreements",
    tags=["Verification"],
    operation_id="listAgreementsOfCredential",
    summary="The agreements that recognise one credential",
)
async def agreed(
    views: Views, member: Name, credential: UUID, *, cursor: Cursor = "", limit: Limit = LIMIT, wait_for: WaitFor = ""
) -> Response[Page[str]]:
    """Those that recognise it without anybody deciding, `member/agreement`, by member and id."""
    key = member, str(credential)
    return await views.answer(
        wait_for, lambda connection: _page(connection, agreements.find_covering, key, cursor, limit), "search"
    )


@get(
    "/v1/credentials/{member:str}/{credential:uuid}/decisions",
    tags=["Recognition"],
    operation_id="listDecisionsAboutCredential",
    summary="The decisions that name one credential openly",
    **requires("learners:read"),
)
async def decided(
    views: Views, member: Name, credential: UUID, *, cursor: Cursor = "", limit: Limit = LIMIT, wait_for: WaitFor = ""
) -> Response[Page[str]]:
    """All of them, `member/decision`, by member and id; none of a decider that dropped the learner."""
    key = member, str(credential)
    return await views.answer(
        wait_for, lambda connection: _page(connection, decisions.about, key, cursor, limit), "search"
    )


def _page(
    connection: Connection,
    read: Callable[[Connection, Key, Key | None, int], list[Key]],
    key: Key,
    cursor: str,
    limit: int,
) -> Page[str]:
    cursors = Cursors(read.__name__, *key)
    after = None
    if cursor:
        of, identifier = cursors.decode(cursor, str, UUID)
        after = of, str(identifier)
    rows = read(connection, key, after, limit + 1)
    if not rows and not credentials.exists(connection, key):
        raise HttpProblem("not-found", _UNKNOWN)
    last = rows[limit - 1] if len(rows) > limit else None
    return Page(["/".join(row) for row in rows[:limit]], None if last is None else cursors.encode(last))


_UNKNOWN = "this member issued no such credential, as far as this node has read its log"

ROUTES: list[HTTPRouteHandler] = [verify, agreed, decided]
