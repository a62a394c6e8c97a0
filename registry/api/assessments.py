"""Assessments of achievements, without an applicant: the best precedents, and the basis of cohorts."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, post
from litestar.handlers import HTTPRouteHandler

from registry.api.bodies import InjectedLookup, body_of, content_of, values_of
from registry.api.idempotency import Answer
from registry.api.private_side import IdempotencyKey, PrivateSide, Write
from registry.http import FieldError, HttpProblem, requires
from registry.office.assessments.assessment import ConsideredOutcome
from registry.office.assessments.statements import state_assessment
from registry.office.errors import NotReady
from registry.office.ports import CredentialLookup
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
"""The data of `recognition.assessed.v1`, of which the node fills in the id; and for a refusal the milder outcomes that
were considered, which are not published."""


class Stated(msgspec.Struct, frozen=True, rename="camel"):
    """An assessment, and its state."""

    member: str
    assessment: str
    state: str


class TakenBack(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The reason for the withdrawal."""

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
def assess_achievement(
    private: PrivateSide,
    lookup: InjectedLookup,
    request: Request[Any, Any, Any],
    data: AssessmentBody,
    key: IdempotencyKey,
) -> Response[Stated]:
    """Publish what an achievement of another member is worth here. `errors` name what prevents it: for example, a
    refusal must say in `considered` why partial, conditional and alternative recognition were not possible.
    """
    values = values_of(data)
    considered = msgspec.convert(values.pop("considered", []), list[ConsideredOutcome])
    content = content_of({"assessment": random_id()} | values, RecognitionAssessed)
    return private.write_once(request, key, data, state_in(lookup, content, considered))


def state_in(
    lookup: CredentialLookup, content: RecognitionAssessed, considered: Sequence[ConsideredOutcome]
) -> Callable[[Write], Answer]:
    """Return the write that publishes an assessment. It raises `HttpProblem` with all that prevents it."""

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
                troubles = [FieldError(each.path, each.detail, each.code) for each in error.objections]
                raise HttpProblem("unprocessable", errors=troubles) from error
            return write.commit(transaction, answer)

    return act


@post(
    "/v1/assessments/{assessment:uuid}/withdraw",
    tags=["Recognition"],
    operation_id="withdrawAssessment",
    summary="Withdraw an assessment",
    status_code=200,
    sync_to_thread=True,
    **requires("recognition:write"),
)
def withdraw(
    private: PrivateSide, request: Request[Any, Any, Any], assessment: UUID, data: TakenBack, key: IdempotencyKey
) -> Response[Stated]:
    """Withdraw an assessment. It is not a precedent any more; decisions that rest on it stay in force."""
    return private.write_once(request, key, data, take_back_in(str(assessment), data))


def take_back_in(assessment: str, data: TakenBack) -> Callable[[Write], Answer]:
    """Return the write that withdraws an assessment."""

    def act(write: Write) -> Answer:
        with write.registry.transaction() as transaction:
            write.registry.recognition.withdraw_assessment(assessment, data.reason, transaction)
            return write.commit(transaction, Answer(200, Stated(write.registry.member, assessment, "withdrawn")))

    return act


ROUTES: list[HTTPRouteHandler] = [assess_achievement, withdraw]
