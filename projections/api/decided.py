"""Is this decision in force? What whoever was shown a letter asks, without being known to the registry.

The decision's id is what they were shown; it is random, and stands in the letter's code. The answer tells what was
decided and whether it stands, and names neither the person nor, where the log does not, the credential.
"""

from datetime import date
from decimal import Decimal
from html import escape
from uuid import UUID

import msgspec
from litestar import MediaType, Response, get
from litestar.handlers import HTTPRouteHandler
from psycopg import Connection

from projections.api.members import MemberView, Name, member_view
from projections.api.reading import StandingLookup, Views, WaitFor
from projections.recognition import decisions
from registry.http import HttpProblem


class Granted(msgspec.Struct, frozen=True, rename="camel"):
    """What a decision grants."""

    outcome: str
    """`full`, `partial`, `conditional`, `alternative` or `refused`."""
    ects: Decimal | None
    eqf_level: int | None
    mode: str


class DecisionVerification(msgspec.Struct, frozen=True, rename="camel"):
    """What the log says of one decision."""

    member: str
    decision: str
    state: str
    """`inForce`, `superseded` or `withdrawn`."""
    superseded_by: str | None
    decision_date: date
    purpose: str
    effect: str
    grants: list[Granted]
    office: MemberView
    office_when_decided: str
    office_now: str
    flags: list[str]
    leaf: int
    """Its place in the office's log."""


def verification(connection: Connection, standing: StandingLookup, member: str, decision: str) -> DecisionVerification:
    """One decision's. Raises `HttpProblem` where the office made none."""
    found = decisions.read(connection, [(member, decision)])
    if not found:
        raise HttpProblem("not-found", "this member made no such decision, as far as this node has read its log")
    [one] = found
    then, now = standing(member, one.leaf)
    return DecisionVerification(
        member=member,
        decision=decision,
        state=one.state,
        superseded_by=one.superseded_by,
        decision_date=one.decision_date,
        purpose=one.purpose,
        effect=one.effect,
        grants=[
            Granted(
                grant["outcome"],
                Decimal(str(grant["ects"])) if grant.get("ects") is not None else None,
                grant.get("eqfLevel"),
                grant["mode"],
            )
            for grant in one.content["grants"]
        ],
        office=member_view(connection, member),
        office_when_decided=then,
        office_now=now,
        flags=one.flags,
        leaf=one.leaf,
    )


@get(
    "/v1/decisions/{member:str}/{decision:uuid}/verification",
    tags=["Verification"],
    operation_id="verifyDecision",
    summary="Verify one decision",
)
async def verify(views: Views, member: Name, decision: UUID, wait_for: WaitFor = "") -> Response[DecisionVerification]:
    """What the log says of a decision, for anybody who was shown its letter."""
    return await views.answer(
        wait_for, lambda connection: verification(connection, views.standing, member, str(decision))
    )


@get("/decisions/{member:str}/{decision:uuid}", include_in_schema=False)
async def page(views: Views, member: str, decision: UUID) -> Response[str]:
    """The same to be read, for who scanned a letter's code."""
    answered = await views.answer(
        "", lambda connection: verification(connection, views.standing, member, str(decision))
    )
    return Response(_page(answered.content), media_type=MediaType.HTML)


_STATES = {
    "inForce": "This decision is in force.",
    "superseded": "This decision is no longer in force: a later one took its place.",
    "withdrawn": "This decision was withdrawn.",
}
_OUTCOMES = {
    "full": "recognised in full",
    "partial": "recognised in part",
    "conditional": "recognised on conditions",
    "alternative": "recognised in another way",
    "refused": "not recognised",
}


def _page(told: DecisionVerification) -> str:
    grants = "".join(
        f"<li>{escape(_OUTCOMES.get(grant.outcome, grant.outcome))}"
        + (f", {grant.ects.normalize():f} ECTS" if grant.ects is not None else "")
        + (f", EQF level {grant.eqf_level}" if grant.eqf_level is not None else "")
        for grant in told.grants
    )
    name = escape(str(told.office.content.get("legalName", told.member)))
    standing = "" if told.office_now == "active" else f"<p>The office is {escape(told.office_now)} now."
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>A decision of {name}</title><body><h1>{escape(_STATES.get(told.state, told.state))}</h1>"
        f"<p>{name} decided on {told.decision_date.isoformat()}:<ul>{grants}</ul>{standing}"
        "<p>Compare this with the letter that you were shown. Whom the decision is about is not told here; what proves"
        " it is attached to the letter's file."
        f"<p><small>Decision {escape(told.decision)} of {escape(told.member)}, leaf {told.leaf} of its log. For"
        f' machines: <a href="../../v1/decisions/{escape(told.member)}/{escape(told.decision)}/verification">JSON</a>'
        "</small></body></html>\n"
    )


ROUTES: list[HTTPRouteHandler] = [verify, page]
