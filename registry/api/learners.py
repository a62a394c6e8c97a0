"""Erasing a learner."""

from collections.abc import Sequence
from typing import Annotated, Any, Protocol
from uuid import UUID

import msgspec
from litestar import Request, Response, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import Dependency
from msgspec import Meta

from registry.api.desk import Answered, Desk, IdempotencyKey, Writer
from registry.application import Registry
from registry.http import HttpProblem, Trouble, requires


class Eraser(Protocol):
    """How a learner is erased on this node; plugged in, since it needs what the views know of the learner."""

    def __call__(self, registry: Registry, learner: str, *, again: bool, despite_cases: Sequence[str]) -> list[str]:
        """Destroy key and rows, and say so on the log. Returns what that made impossible. Raises `Refusal`."""
        ...


Erase = Annotated[Eraser, Dependency(skip_validation=True)]


class Erasing(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", omit_defaults=True):
    """That it is meant. It cannot be undone."""

    confirm: UUID
    """The learner's id once more."""
    again: bool = False
    """It was said before, and governance voided that part of the log."""
    despite_cases: Annotated[list[Annotated[str, Meta(max_length=60)]], Meta(max_length=100)] = []
    """The file numbers of the learner's cases that are open, or decided and within the time for an appeal: nobody can
    write their letters again."""


class ErasedLearner(msgspec.Struct, frozen=True, omit_defaults=True):
    """A learner of whom this university keeps nothing any more."""

    member: str
    learner: str
    warnings: list[str] = []
    """What the erasure made impossible: cases that were open, or that may still be appealed."""


@post(
    "/v1/learners/{learner:uuid}/erase",
    tags=["Learners"],
    operation_id="eraseLearner",
    summary="Erase a learner",
    status_code=200,
    sync_to_thread=True,
    **requires("learners:erase"),
)
def erase(
    desk: Desk, eraser: Erase, request: Request[Any, Any, Any], learner: UUID, data: Erasing, key: IdempotencyKey
) -> Response[ErasedLearner]:
    """Destroy the learner's key and rows on this node, for good, and say so on the log (`learner.erased.v1`).

    What this university said of the learner is read by nobody any more; the credentials stay countable. What the
    learner holds can still be verified, and never be made again.
    """
    if data.confirm != learner:
        raise HttpProblem("unprocessable", errors=[Trouble("$.confirm", "is another learner's id")])

    def act(writer: Writer) -> Answered:
        warnings = eraser(writer.registry, str(learner), again=data.again, despite_cases=data.despite_cases)
        return Answered(200, ErasedLearner(writer.registry.member, str(learner), warnings))

    return desk.once(request, key, data, act)


ROUTES: list[HTTPRouteHandler] = [erase]
