"""Statements about achievements, without any applicant: the best precedents, and how a whole cohort is handled."""

from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, post
from litestar.handlers import HTTPRouteHandler

from registry.api.bodies import InjectedLookup, body_of, content_of, given
from registry.api.desk import Answered, Desk, IdempotencyKey, Writer
from registry.http import HttpProblem, Trouble, requires
from registry.office.assessments.assessment import ConsideredOutcome
from registry.office.assessments.statements import state_assessment
from registry.office.errors import NotReady
from registry.vault.vault import random_id
from registry.wire.recognition import RecognitionAssessed, WithdrawalReason

if TYPE_CHECKING:
    AssessmentBody = RecognitionAssessed
else:
    AssessmentBody = body_of(
        "AssessmentStatement",
        RecognitionAssessed,
        ("assessment",),
        [("considered", list[ConsideredOutcome], msgspec.field(default_factory=list))],
    )
"""What an office states: the data of `recognition.assessed.v1`, of which the node can fill in the id; and, of a
refusal, why nothing milder was possible, which is not published."""


class Stated(msgspec.Struct, frozen=True, rename="camel"):
    """An assessment that was stated, and its state."""

    member: str
    assessment: str
    state: str


class TakenBack(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why it is withdrawn."""

    reason: WithdrawalReason


@post(
    "/v1/assessments",
    tags=["Recognition"],
    operation_id="stateAssessment",
    summary="Assess an achievement",
    status_code=201,
    sync_to_thread=True,
    **requires("recognition:write"),
)
def stated(
    desk: Desk, lookup: InjectedLookup, request: Request[Any, Any, Any], data: AssessmentBody, key: IdempotencyKey
) -> Response[Stated]:
    """State what an achievement of another member is worth here. Where something is in the way, `errors` name it:
    a refusal, say, lists in `considered` why partial, conditional and alternative recognition were not possible.
    """
    asked = given(data)
    considered = msgspec.convert(asked.pop("considered", []), list[ConsideredOutcome])
    content = content_of({"assessment": random_id()} | asked, RecognitionAssessed)

    def act(writer: Writer) -> Answered:
        if (fault := content.fault(writer.registry.origin)) is not None:
            raise HttpProblem("unprocessable", errors=[Trouble(f"${fault[0]}", fault[1])])
        member = writer.registry.member
        made = Answered(
            201, Stated(member, content.assessment, "inForce"), f"/v1/assessments/{member}/{content.assessment}"
        )
        writer.answered(made)
        try:
            state_assessment(writer.registry, lookup, content, considered)
        except NotReady as error:
            troubles = [Trouble(one.path, one.detail, one.code) for one in error.objections]
            raise HttpProblem("unprocessable", errors=troubles) from error
        return made

    return desk.once(request, key, data, act)


@post(
    "/v1/assessments/{assessment:uuid}/withdraw",
    tags=["Recognition"],
    operation_id="withdrawAssessment",
    summary="Take an assessment back",
    status_code=200,
    sync_to_thread=True,
    **requires("recognition:write"),
)
def withdrawn(
    desk: Desk, request: Request[Any, Any, Any], assessment: UUID, data: TakenBack, key: IdempotencyKey
) -> Response[Stated]:
    """It is no precedent any more; what was decided on it stands until that is withdrawn itself."""

    def act(writer: Writer) -> Answered:
        made = Answered(200, Stated(writer.registry.member, str(assessment), "withdrawn"))
        writer.answered(made)
        writer.registry.withdraw_assessment(str(assessment), data.reason)
        return made

    return desk.once(request, key, data, act)


ROUTES: list[HTTPRouteHandler] = [stated, withdrawn]
