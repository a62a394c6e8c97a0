"""Who is the same person, and erasing a learner."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Protocol
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import Parameter, SkipValidation
from msgspec import Meta

from registry.api.idempotency import Answer
from registry.api.private_side import IdempotencyKey, PrivateSide, Write
from registry.application.held_rows import PAGE, VERSION_DIGITS, Decision, HeldPerson, HeldRows, Place
from registry.application.registry import Registry
from registry.http import Cursors, FieldError, HttpProblem, requires
from registry.intake.rows.row_texts import MAX_FIELD


class Eraser(Protocol):
    """How a learner is erased on this node; plugged in, since it needs what the views know of the learner."""

    def __call__(self, registry: Registry, learner: str, *, again: bool, confirm_cases: Sequence[str]) -> list[str]:
        """Destroy key and rows, and say so on the log. Returns what that made impossible. Raises `Refusal`."""
        ...


Erase = NamedDependency[SkipValidation[Eraser]]


class Erasing(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", omit_defaults=True):
    """That it is meant. It cannot be undone."""

    confirm: UUID
    """The learner's id once more."""
    again: bool = False
    """It was said before, and governance voided that part of the log."""
    confirm_cases: Annotated[list[Annotated[str, Meta(max_length=60)]], Meta(max_length=100)] = []
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
    private: PrivateSide,
    eraser: Erase,
    request: Request[Any, Any, Any],
    learner: UUID,
    data: Erasing,
    key: IdempotencyKey,
) -> Response[ErasedLearner]:
    """Destroy the learner's key and rows on this node, for good, and say so on the log (`learner.erased.v1`).

    What this university said of the learner is read by nobody any more; the credentials stay countable. What the
    learner holds can still be verified, and never be made again.
    """
    if data.confirm != learner:
        raise HttpProblem("unprocessable", errors=[FieldError("$.confirm", "is another learner's id")])

    def act(write: Write) -> Answer:
        warnings = eraser(write.registry, str(learner), again=data.again, confirm_cases=data.confirm_cases)
        return Answer(200, ErasedLearner(write.registry.member, str(learner), warnings))

    return private.write_once(request, key, data, act)


class HeldPage(msgspec.Struct, frozen=True):
    """Rows that were not issued because their student number is known with another person behind it."""

    items: list[HeldPerson]
    """The oldest first; those that wait for a decision."""
    next: str | None
    """Give it as `cursor` to read on; null at the end."""


class HeldDecision(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who a held row is about."""

    record: Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_FIELD)]
    """The row's own id."""
    version: Annotated[str, msgspec.Meta(pattern=f"^[0-9a-f]{{{VERSION_DIGITS}}}$")]
    """The `version` that the list showed. Where the row or the known person is another by now, nothing is decided."""
    decision: Decision


class DecidedRow(msgspec.Struct, frozen=True, rename="camel"):
    """What was decided of a held row. Send the row again: it is issued then."""

    record: str
    decision: Decision
    learner: str
    """The learner whom the number leads to now."""
    unchanged: bool
    """Whether the same was decided before."""


@get(
    "/v1/held-rows",
    tags=["Learners"],
    operation_id="getHeldRows",
    summary="List rows that are held",
    sync_to_thread=True,
    **requires("learners:decide"),
)
def held_rows(
    private: PrivateSide,
    cursor: Annotated[str, Parameter(max_length=500, description="`next` of the page before.")] = "",
    limit: Annotated[int, Parameter(ge=1, le=PAGE, description="How many at most.")] = PAGE,
) -> Response[HeldPage]:
    """List rows that are held, with the person of the vault and the one that each row states.

    A row is held where its student number is known with another date of birth or a wholly different name.
    """
    after, cursors = None, Cursors("held-rows")
    if cursor:
        at, record = cursors.decode(cursor, datetime, bytes)
        after = Place(at, record)
    with private.reading() as registry:
        page = HeldRows(registry).page(after, limit)
    return private.respond(HeldPage(page.rows, None if page.next is None else cursors.encode(page.next)))


@post(
    "/v1/held-rows/decisions",
    tags=["Learners"],
    operation_id="decideHeldRow",
    summary="Decide who a held row is about",
    status_code=200,
    sync_to_thread=True,
    **requires("learners:decide"),
)
def decide_held_row(
    private: PrivateSide, request: Request[Any, Any, Any], data: HeldDecision, key: IdempotencyKey
) -> Response[DecidedRow]:
    """Say whether a held row is about the person who is known, or about another one; then send the row again.

    `same-person`: the learner's name and date of birth are the row's from now on. `other-person`: the number belongs to
    a new learner from now on, and the one who had it keeps their credentials.

    A row with the same id can be sent again and replaces the one that is held: where it is not the `version` that you
    read any more, nothing is decided (`held-row-changed`).
    """

    def act(write: Write) -> Answer:
        decided = HeldRows(write.registry).decide(data.record, data.version, data.decision, request.user.actor)
        return Answer(200, DecidedRow(*decided))

    return private.write_once(request, key, data, act)


ROUTES: list[HTTPRouteHandler] = [erase, held_rows, decide_held_row]
