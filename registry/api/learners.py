"""Decisions about held rows, and the erasure of learners."""

from collections.abc import Sequence
from datetime import date, datetime
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
from registry.application.held_row import Decision, HeldPerson
from registry.application.held_rows import PAGE, HeldRows, Place
from registry.application.registry import Registry
from registry.http import Cursors, FieldError, HttpProblem, requires
from registry.intake.rows.row_texts import MAX_FIELD
from registry.privacy.erased_bytes import Deadline
from registry.vault.shown_version import VERSION_DIGITS


class Eraser(Protocol):
    """Erases a learner on this node. The node passes it in, because it needs the views."""

    def __call__(self, registry: Registry, learner: str, *, again: bool, confirm_cases: Sequence[str]) -> list[str]:
        """Destroy key and rows, and announce it on the log. Return what that made impossible. Raises `Refusal`."""
        ...

    def find_deadline(self, registry: Registry) -> Deadline:
        """Return when the bytes of the rows are gone, and from where they are not."""
        ...


Erase = NamedDependency[SkipValidation[Eraser]]


class Erasing(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", omit_defaults=True):
    """A confirmation of the erasure. An erasure cannot be undone."""

    confirm: UUID
    """The learner's id again."""
    again: bool = False
    """True to announce an erasure again whose announcement governance voided."""
    confirm_cases: Annotated[list[Annotated[str, Meta(max_length=60)]], Meta(max_length=100)] = []
    """The file numbers of the learner's cases that are open, or decided and within the time for an appeal.

    Their letters cannot be written again after the erasure."""


class ErasedLearner(msgspec.Struct, frozen=True, omit_defaults=True, rename="camel"):
    """A learner who was erased."""

    member: str
    learner: str
    warnings: list[str] = []
    """Cases that were open, or that may still be appealed: they cannot go on as before."""
    gone_by: date | None = None
    """The day (UTC) by whose end the bytes of the rows are gone from the files of this node's database server."""
    copies: list[str] = []
    """Further places, which this node cannot reach, where bytes of the rows may be. Their key is destroyed."""


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
    """Permanently destroy the learner's key and rows on this node, and announce it on the log (`learner.erased.v1`).

    Nobody can read what this university stored about the learner any more. The credentials still count, and what the
    learner holds can still be verified, but it cannot be issued again.
    """
    return erase_learner(private, eraser, request, learner, data, key)


def erase_learner(
    private: PrivateSide, eraser: Eraser, request: Request[Any, Any, Any], learner: UUID, data: Erasing, key: str
) -> Response[ErasedLearner]:
    """Erase a learner once, for the API and the pages. Raises `HttpProblem`, `Refusal`."""
    if data.confirm != learner:
        raise HttpProblem("unprocessable", errors=[FieldError("$.confirm", "is another learner's id")])

    def act(write: Write) -> Answer:
        # The erasure deletes stored answers that name the learner, so this answer follows in a transaction of its own.
        warnings = eraser(write.registry, str(learner), again=data.again, confirm_cases=data.confirm_cases)
        gone_by, copies = msgspec.structs.astuple(eraser.find_deadline(write.registry))
        return Answer(200, ErasedLearner(write.registry.member, str(learner), warnings, gone_by, copies))

    return private.write_once(request, key, data, act)


class HeldPage(msgspec.Struct, frozen=True):
    """A page of held rows: their student number is known with another person behind it."""

    items: list[HeldPerson]
    """The rows that wait for a decision, the oldest first."""
    next: str | None
    """Pass it as `cursor` to read the next page; null at the end."""


class HeldDecision(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A decision about the person of a held row."""

    record: Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_FIELD)]
    """The row's own id."""
    version: Annotated[str, msgspec.Meta(pattern=f"^[0-9a-f]{{{VERSION_DIGITS}}}$")]
    """The `version` from the list. If the row or the known person has changed since, nothing is decided."""
    decision: Decision


class DecidedRow(msgspec.Struct, frozen=True, rename="camel"):
    """A decision about a held row. Send the row again, and it is issued."""

    record: str
    decision: Decision
    learner: str
    """The learner to whom the number belongs now."""
    unchanged: bool
    """True if the same was decided before."""


@get(
    "/v1/held-rows",
    tags=["Learners"],
    operation_id="getHeldRows",
    summary="List held rows",
    sync_to_thread=True,
    **requires("learners:decide"),
)
def held_rows(
    private: PrivateSide,
    cursor: Annotated[str, Parameter(max_length=500, description="`next` of the previous page.")] = "",
    limit: Annotated[int, Parameter(ge=1, le=PAGE, description="The maximum number of items.")] = PAGE,
) -> Response[HeldPage]:
    """Return held rows, each with the person in the vault and the person that the row states.

    A row is held if its student number is known with another date of birth, or with a wholly different name.
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
    summary="Decide about a held row",
    status_code=200,
    sync_to_thread=True,
    **requires("learners:decide"),
)
def decide_held_row(
    private: PrivateSide, request: Request[Any, Any, Any], data: HeldDecision, key: IdempotencyKey
) -> Response[DecidedRow]:
    """Decide whether a held row is about the known person or about another one. Then send the row again.

    `same-person`: the learner has the row's name and date of birth from now on. `other-person`: the number belongs to a
    new learner from now on, and the learner who had it keeps their credentials.

    A row with the same id that is sent again replaces the held one. If the held row is not the `version` that you read
    any more, nothing is decided (`held-row-changed`).
    """
    return decide_row(private, request, data, key)


def decide_row(private: PrivateSide, request: Request[Any, Any, Any], data: HeldDecision, key: str) -> Response[Any]:
    """Decide about a held row once, for the API and the pages. Raises `Refusal`."""

    def act(write: Write) -> Answer:
        decided = HeldRows(write.registry).decide(data.record, data.version, data.decision, request.user.actor)
        return Answer(200, DecidedRow(*decided))

    return private.write_once(request, key, data, act)


ROUTES: list[HTTPRouteHandler] = [erase, held_rows, decide_held_row]
