"""Routes for an earlier moment: a credential's status, a learner's record, a decision's state."""

import re
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Annotated, Any, Final, NamedTuple
from uuid import UUID

import msgspec
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import Parameter
from psycopg import Connection

from projections.api.members import Name
from projections.api.reading import Cursor, Limit, Views, parse_position
from projections.records.as_of import CredentialAsOf, DecisionAsOf, Moment, Past
from registry.http import Cursors, FieldError, HttpProblem, answer, requires
from registry.http.pagination import LIMIT

_DAY: Final = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")

At = Annotated[
    str,
    Parameter(
        min_length=1,
        max_length=1000,
        description="A day (to its end, UTC), a moment as RFC 3339 has it, or a position as answers say it:"
        " `member:size`, several joined by commas; streams not named are as they are now.",
    ),
]


class History(NamedTuple):
    """The functions that look back. They need the log, which the views do not have."""

    at_sizes: Callable[[Connection, Mapping[str, int]], Moment]
    at_time: Callable[[Connection, datetime], Moment]
    past: Callable[[Connection, Moment], Past]
    turn: Callable[[], AbstractContextManager[None]]
    """Waits until fewer requests look back at the same time."""


class Then(msgspec.Struct, frozen=True, rename="camel"):
    """The moment that an answer is of."""

    sizes: dict[str, int]
    """Sizes of the members' streams."""
    governance: int
    """Size of governance's stream."""
    basis: str
    """The source of the sizes: `sizes`, `cosignatures`, or `the members' own claims`."""


class CredentialThen(msgspec.Struct, frozen=True, rename="camel"):
    """A credential at a moment."""

    as_of: Then
    credential: CredentialAsOf


class LearnerThen(msgspec.Struct, frozen=True, rename="camel"):
    """A learner's credentials at a moment. Those erased since stay erased."""

    as_of: Then
    learner: str
    credentials: list[CredentialAsOf]
    """A page of credentials, by member and id."""
    next: str | None
    """Pass it as `cursor` to read on; null at the end."""


class DecisionThen(msgspec.Struct, frozen=True, rename="camel"):
    """A decision at a moment."""

    as_of: Then
    decision: DecisionAsOf


def _look_back(views: Views, history: History, at: str, read: Callable[[Then, Past], Any]) -> Response[Any]:
    with history.turn(), views.snapshot() as now:
        if _DAY.match(at):
            moment = history.at_time(now.connection, _time(at))
        else:
            moment = history.at_sizes(now.connection, parse_position(at, "query at"))
        then = Then(dict(sorted(moment.sizes.items())), moment.governance_size, moment.basis)
        position = {**moment.sizes, "governance": moment.governance_size}
        position_text = ",".join(f"{member}:{size}" for member, size in sorted(position.items()))
        return answer(read(then, history.past(now.connection, moment)), position_text)


def _time(text: str) -> datetime:
    moment: datetime | None
    try:
        moment = datetime.fromisoformat(text.upper())
        if _DAY.fullmatch(text):
            moment = moment.replace(hour=23, minute=59, second=59, tzinfo=UTC)
        moment = moment.astimezone(UTC) if moment.tzinfo is not None else None
    except (ValueError, OverflowError):
        moment = None
    if moment is None or moment.year < 1900:
        error = FieldError("query at", "is not a moment; write 2026-05-04, or with time and zone 2026-05-04T12:00:00Z")
        raise HttpProblem("unprocessable", errors=[error])
    return moment


@get(
    "/v1/credentials/{member:str}/{credential:uuid}/as-of",
    tags=["Verification"],
    operation_id="getCredentialAsOf",
    summary="One credential at an earlier moment",
    sync_to_thread=True,
)
def get_credential_as_of(
    views: Views, history: History, member: Name, credential: UUID, at: At
) -> Response[CredentialThen]:
    """Return its status then, and its issuer's standing; null if it was not issued yet."""
    return _look_back(
        views,
        history,
        at,
        lambda then, past: CredentialThen(then, past.credentials([(member, str(credential))])[0]),
    )


@get(
    "/v1/learners/{learner:uuid}/as-of",
    tags=["Learners"],
    operation_id="getLearnerAsOf",
    summary="A learner's record at an earlier moment",
    sync_to_thread=True,
    **requires("learners:read"),
)
def get_learner_as_of(
    views: Views, history: History, learner: UUID, at: At, *, cursor: Cursor = "", limit: Limit = LIMIT
) -> Response[LearnerThen]:
    """Return the credentials that the learner had then, each with its status."""
    after, cursors = None, Cursors("learner-as-of", learner, at)
    if cursor:
        member, credential = cursors.decode(cursor, str, UUID)
        after = member, str(credential)

    def read(then: Then, past: Past) -> LearnerThen:
        left = [each for each in past.learner(str(learner)) if after is None or (each.member, each.credential) > after]
        last = left[limit - 1] if len(left) > limit else None
        place = None if last is None else cursors.encode([last.member, last.credential])
        return LearnerThen(then, str(learner), left[:limit], place)

    return _look_back(views, history, at, read)


@get(
    "/v1/decisions/{member:str}/{decision:uuid}/as-of",
    tags=["Recognition"],
    operation_id="getDecisionAsOf",
    summary="One decision at an earlier moment",
    sync_to_thread=True,
    **requires("recognition:read"),
)
def get_decision_as_of(views: Views, history: History, member: Name, decision: UUID, at: At) -> Response[DecisionThen]:
    """Return its state then; null if it was not made yet."""
    return _look_back(views, history, at, lambda then, past: DecisionThen(then, past.decision((member, str(decision)))))


ROUTES: list[HTTPRouteHandler] = [get_credential_as_of, get_learner_as_of, get_decision_as_of]
