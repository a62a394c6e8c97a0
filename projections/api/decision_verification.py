"""Public verification of one decision, for everybody who was shown its letter.

The letter's code has the decision's id, which is random. The answer says what was decided and whether it is in force.
It names neither the person nor, if the log does not, the credential.
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
    """A grant of a decision."""

    outcome: str
    """`full`, `partial`, `conditional`, `alternative` or `refused`."""
    ects: Decimal | None
    eqf_level: int | None
    mode: str


class DecisionVerification(msgspec.Struct, frozen=True, rename="camel"):
    """One decision as the log has it."""

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
    """The index of its leaf in the office's log."""


def verification(connection: Connection, standing: StandingLookup, member: str, decision: str) -> DecisionVerification:
    """Return what the log has of one decision. Raises `HttpProblem` if it does not exist."""
    rows = decisions.read(connection, [(member, decision)])
    if not rows:
        raise HttpProblem("not-found", "this member made no such decision, as far as this node has read its log")
    [view] = rows
    then, now = standing(member, view.leaf)
    return DecisionVerification(
        member=member,
        decision=decision,
        state=view.state,
        superseded_by=view.superseded_by,
        decision_date=view.decision_date,
        purpose=view.purpose,
        effect=view.effect,
        grants=[
            Granted(
                grant["outcome"],
                Decimal(str(grant["ects"])) if grant.get("ects") is not None else None,
                grant.get("eqfLevel"),
                grant["mode"],
            )
            for grant in view.content["grants"]
        ],
        office=member_view(connection, member),
        office_when_decided=then,
        office_now=now,
        flags=view.flags,
        leaf=view.leaf,
    )


@get(
    "/v1/decisions/{member:str}/{decision:uuid}/verification",
    tags=["Verification"],
    operation_id="verifyDecision",
    summary="Verify one decision",
)
async def verify(views: Views, member: Name, decision: UUID, wait_for: WaitFor = "") -> Response[DecisionVerification]:
    """Return what the log has of a decision, for anybody who was shown its letter."""
    return await views.answer(
        wait_for, lambda connection: verification(connection, views.standing, member, str(decision))
    )


@get("/decisions/{member:str}/{decision:uuid}", include_in_schema=False)
async def page(views: Views, member: str, decision: UUID) -> Response[str]:
    """Return a page about a decision, for people who scan the code of a letter."""
    response = await views.answer(
        "", lambda connection: verification(connection, views.standing, member, str(decision))
    )
    return Response(_page(response.content), media_type=MediaType.HTML)


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


def _page(decision: DecisionVerification) -> str:
    grants = "".join(
        f"<li>{escape(_OUTCOMES.get(grant.outcome, grant.outcome))}"
        + (f", {grant.ects.normalize():f} ECTS" if grant.ects is not None else "")
        + (f", EQF level {grant.eqf_level}" if grant.eqf_level is not None else "")
        for grant in decision.grants
    )
    member, identifier = escape(decision.member), escape(decision.decision)
    name = escape(str(decision.office.content.get("legalName", decision.member)))
    standing = "" if decision.office_now == "active" else f"<p>The office is {escape(decision.office_now)} now."
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>A decision of {name}</title><body><h1>{escape(_STATES.get(decision.state, decision.state))}</h1>"
        f"<p>{name} decided on {decision.decision_date.isoformat()}:<ul>{grants}</ul>{standing}"
        "<p>Compare this with the letter that you were shown. This page does not name the person; what proves"
        " it is attached to the letter's file."
        f"<p><small>Decision {identifier} of {member}, leaf {decision.leaf} of its log. For"
        f' machines: <a href="../../v1/decisions/{member}/{identifier}/verification">JSON</a>'
        "</small></body></html>\n"
    )


ROUTES: list[HTTPRouteHandler] = [verify, page]
