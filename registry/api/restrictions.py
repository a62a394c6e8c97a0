"""Restricting the use of a learner's data, and lifting that (GDPR, Art. 18 and 21)."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.handlers import HTTPRouteHandler
from msgspec import Meta

from registry.api.idempotency import Answer
from registry.api.private_side import IdempotencyKey, PrivateSide, Write
from registry.api.receiving import Receiving
from registry.http import requires
from registry.learners.restriction_reasons import LIFTING, REASONS, Kind
from registry.learners.restrictions import Restriction, lift, list_restrictions, restrict

Reason = Annotated[str, Meta(max_length=60)]


class Restrict(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A restriction to begin."""

    kind: Kind
    reason: Annotated[
        Reason,
        Meta(description="; ".join(f"{kind}: {', '.join(reasons)}" for kind, reasons in REASONS.items())),
    ]


class Lift(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The end of a restriction."""

    reason: Annotated[Reason, Meta(description=", ".join(LIFTING))]


class RestrictionList(msgspec.Struct, frozen=True):
    """A learner's restrictions and objections."""

    items: list[Restriction]
    """The newest first; those that were lifted, too."""


class RestrictedLearner(msgspec.Struct, frozen=True):
    """A learner the use of whose data is restricted now."""

    learner: str
    restriction: str
    """The id by which it is lifted."""


class LiftedRestriction(msgspec.Struct, frozen=True):
    """The outcome of the wish to lift a restriction."""

    restriction: str
    lifted: bool
    """False where a second person confirms it first."""


@get(
    "/v1/learners/{learner:uuid}/restrictions",
    tags=["Learners"],
    operation_id="listRestrictions",
    summary="List a learner's restrictions",
    sync_to_thread=True,
    **requires("learners:read"),
)
def show_restrictions(private: PrivateSide, learner: UUID) -> Response[RestrictionList]:
    """Return the restrictions of the use of the learner's data, and objections to it."""
    with private.reading() as registry:
        items = list_restrictions(registry.cursor(), str(learner))
    return private.respond(RestrictionList(items))


@post(
    "/v1/learners/{learner:uuid}/restrictions",
    tags=["Learners"],
    operation_id="restrictLearner",
    summary="Restrict the use of a learner's data",
    status_code=201,
    sync_to_thread=True,
    **requires("learners:decide"),
)
def begin_restriction(
    private: PrivateSide, request: Request[Any, Any, Any], learner: UUID, data: Restrict, key: IdempotencyKey
) -> Response[RestrictedLearner]:
    """Restrict the use of a learner's data, or note their objection. Nothing of it is on the log.

    Until it is lifted, nothing is issued to them, no disclosure, copy or letter is made, and no search by name finds
    them. Their data stays; access, correction and erasure go on.
    """
    return restrict_learner(private, request, learner, data, key)


def restrict_learner(
    private: PrivateSide, request: Request[Any, Any, Any], learner: UUID, data: Restrict, key: str
) -> Response[Any]:
    """Restrict once, for the API and the pages. Raises `Refusal`."""

    def act(write: Write) -> Answer:
        restriction = restrict(write.registry, str(learner), data.kind, data.reason, request.user.actor)
        return Answer(201, RestrictedLearner(str(learner), restriction))

    return private.write_once(request, key, data, act)


@post(
    "/v1/restrictions/{restriction:uuid}/lift",
    tags=["Learners"],
    operation_id="liftRestriction",
    summary="Lift a restriction",
    status_code=200,
    sync_to_thread=True,
    **requires("learners:decide"),
)
def lift_restriction(
    private: PrivateSide,
    receiving: Receiving,
    request: Request[Any, Any, Any],
    restriction: UUID,
    data: Lift,
    key: IdempotencyKey,
) -> Response[LiftedRestriction]:
    """Lift a restriction. Where the settings want a second person, somebody else sends the same to confirm it."""
    return lift_once(private, receiving, request, restriction, data, key)


def lift_once(
    private: PrivateSide,
    receiving: Receiving,
    request: Request[Any, Any, Any],
    restriction: UUID,
    data: Lift,
    key: str,
) -> Response[Any]:
    """Lift once, for the API and the pages. Raises `Refusal`."""

    def act(write: Write) -> Answer:
        lifted = lift(write.registry, str(restriction), data.reason, request.user.actor, receiving.second_person)
        return Answer(200, LiftedRestriction(str(restriction), lifted))

    return private.write_once(request, key, data, act)


ROUTES: list[HTTPRouteHandler] = [show_restrictions, begin_restriction, lift_restriction]
