"""Statements about achievements, without any applicant: the best precedents, and how a whole cohort is handled."""

from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, post
from litestar.handlers import HTTPRouteHandler

from registry.api.bodies import InjectedLookup, body_of, content_of, given
from registry.api.idempotency import Answer
from registry.api.private_side import IdempotencyKey, PrivateSide, Write
from registry.http import FieldError, HttpProblem, requires
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
    private: PrivateSide,
    lookup: InjectedLookup,
    request: Request[Any, Any, Any],
    data: AssessmentBody,
    key: IdempotencyKey,
) -> Response[Stated]:
    """State what an achievement of another member is worth here. Where something is in the way, `errors` name it:
    a refusal, say, lists in `considered` why partial, conditional and alternative recognition were not possible.
    """
    asked = given(data)
    considered = msgspec.convert(asked.pop("considered", []), list[ConsideredOutcome])
    content = content_of({"assessment": random_id()} | asked, RecognitionAssessed)

    def act(write: Write) -> Answer:
        if (fault := content.fault(write.registry.origin)) is not None:
            raise HttpProblem("unprocessable", errors=[FieldError(f"${fault[0]}", fault[1])])
        member = write.registry.member
        answer = Answer(
            201, Stated(member, content.assessment, "inForce"), f"/v1/assessments/{member}/{content.assessment}"
        )
        with write.registry.transaction() as transaction:
            try:
                state_assessment(write.registry, lookup, content, considered, transaction)
            except NotReady as error:
                troubles = [FieldError(one.path, one.detail, one.code) for one in error.objections]
                raise HttpProblem("unprocessable", errors=troubles) from error
            return write.commit(transaction, answer)

    return private.write_once(request, key, data, act)


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
    private: PrivateSide, request: Request[Any, Any, Any], assessment: UUID, data: TakenBack, key: IdempotencyKey
) -> Response[Stated]:
    """It is no precedent any more; what was decided on it stands until that is withdrawn itself."""

    def act(write: Write) -> Answer:
        with write.registry.transaction() as transaction:
            write.registry.recognition.withdraw_assessment(str(assessment), data.reason, transaction)
            return write.commit(transaction, Answer(200, Stated(write.registry.member, str(assessment), "withdrawn")))

    return private.write_once(request, key, data, act)


ROUTES: list[HTTPRouteHandler] = [stated, withdrawn]
