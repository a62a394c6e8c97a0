"""Public verification of one credential.

The answer names the issuer, the achievement and the status, never the learner. What the credential says of the person
is in its disclosures, which the learner shows; they must have the digest `claims`.
"""

from collections.abc import Callable
from datetime import date
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
from registry.wire.today import utc_today


class Verification(msgspec.Struct, frozen=True, rename="camel"):
    """One credential as the log has it."""

    member: str
    credential: str
    status: str
    """`active`, `suspended`, `revoked` or `replaced`."""
    expired: bool
    """True if its validity has ended on the day of this answer."""
    awarding_date: date
    valid_until: date | None
    ects: Decimal | None
    achievement: dict[str, Any]
    """The whole achievement, in the version that was awarded."""
    issuer: MemberView
    issuer_when_issued: str
    issuer_now: str
    flags: list[str]
    """Warnings about its parts or the other awarding bodies; empty if there are none."""
    impaired_by: list[str]
    replaced_by: str | None
    recognised_by: list[str]
    """Agreements that recognise it, `member/agreement`: the first 20 of each member."""
    recognised_by_more: bool
    """True if a member has more of them; `/v1/credentials/{member}/{credential}/agreements` lists them all."""
    claims: str | None
    """The digest (43 characters) that the learner's disclosures must have."""
    leaf: int
    """The index of its leaf in the issuer's log."""


def verification(connection: Connection, standing: StandingLookup, member: str, credential: str) -> Verification | None:
    """Return what the log has of one credential; None if nobody issued it."""
    awarded = credentials.read_awarded(connection, (member, credential))
    if awarded is None:
        return None
    view = awarded.view
    then, now = standing(member, view.leaf)
    today = utc_today()
    return Verification(
        member=member,
        credential=credential,
        status=view.status,
        expired=view.valid_until is not None and view.valid_until < today,
        awarding_date=view.awarding_date,
        valid_until=view.valid_until,
        ects=view.ects,
        achievement=awarded.achievement,
        issuer=MemberView(member, awarded.country, awarded.standing, awarded.roles, awarded.keys, awarded.content),
        issuer_when_issued=then,
        issuer_now=now,
        flags=view.flags,
        impaired_by=view.impaired_by,
        replaced_by=view.replaced_by,
        recognised_by=view.recognised_by,
        recognised_by_more=view.recognised_by_more,
        claims=view.claims,
        leaf=view.leaf,
    )


@get(
    "/v1/credentials/{member:str}/{credential:uuid}",
    tags=["Verification"],
    operation_id="verifyCredential",
    summary="Verify one credential",
)
async def verify(views: Views, member: Name, credential: UUID, wait_for: WaitFor = "") -> Response[Verification]:
    """Return what the log has of a credential, for anybody who was shown its id."""

    def read(connection: Any) -> Verification:  # noqa: ANN401 - a connection
        result = verification(connection, views.standing, member, str(credential))
        if result is None:
            raise HttpProblem("not-found", _UNKNOWN)
        return result

    return await views.answer(wait_for, read)


@get(
    "/v1/credentials/{member:str}/{credential:uuid}/agreements",
    tags=["Verification"],
    operation_id="listAgreementsOfCredential",
    summary="The agreements that recognise one credential",
)
async def list_agreements(
    views: Views, member: Name, credential: UUID, *, cursor: Cursor = "", limit: Limit = LIMIT, wait_for: WaitFor = ""
) -> Response[Page[str]]:
    """List those that recognise it without a decision, `member/agreement`, by member and id."""
    key = member, str(credential)
    return await views.answer(
        wait_for,
        lambda connection: _page(connection, agreements.find_covering, "covering", key, cursor, limit),
        "search",
    )


@get(
    "/v1/credentials/{member:str}/{credential:uuid}/decisions",
    tags=["Recognition"],
    operation_id="listDecisionsAboutCredential",
    summary="The decisions that name one credential openly",
    **requires("learners:read"),
)
async def list_decisions(
    views: Views, member: Name, credential: UUID, *, cursor: Cursor = "", limit: Limit = LIMIT, wait_for: WaitFor = ""
) -> Response[Page[str]]:
    """List them, `member/decision`, by member and id, without those of a decider that erased the learner."""
    key = member, str(credential)
    return await views.answer(
        wait_for, lambda connection: _page(connection, decisions.about, "about", key, cursor, limit), "search"
    )


def _page(
    connection: Connection,
    read: Callable[[Connection, Key, Key | None, int], list[Key]],
    name: str,
    key: Key,
    cursor: str,
    limit: int,
) -> Page[str]:
    cursors = Cursors(name, *key)
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

ROUTES: list[HTTPRouteHandler] = [verify, list_agreements, list_decisions]
