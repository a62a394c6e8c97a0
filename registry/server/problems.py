"""Which problem document (RFC 9457) each error of ours becomes over HTTP, as exits.py says of exit codes."""

import errno
from typing import Any

import psycopg
import structlog
from eventsourcing.persistence import InterfaceError as StoreInterrupted
from eventsourcing.persistence import OperationalError as StoreUnavailable
from litestar import Request, Response
from litestar.exceptions import HTTPException

from consumers.history.moment import UnknownMoment
from consumers.witness.policy import PolicyUnmet
from projections.core.errors import InvalidQuery, TooCostly
from registry.application.acceptance import NotAccepted
from registry.batches.batch import SecondPerson as OwnBatch
from registry.batches.batch import UnknownBatch, WrongState
from registry.domain.case_errors import (
    CaseChanged,
    DateOrder,
    NoCredential,
    NotApplicant,
    NotAttached,
    NotOpened,
    SecondPerson,
    Stopped,
    UnknownSubject,
)
from registry.domain.errors import Refusal
from registry.http import HttpProblem, Trouble
from registry.http.problems import from_anything, from_framework, from_problem
from registry.intake.drafts import DraftIncomplete, UnknownDraft
from registry.intake.rows.report import IntakeError
from registry.letters import CannotWrite, UnknownDecision
from registry.log import LogError
from registry.office.errors import CohortRefused
from registry.postgres.embedded import DatabaseUnavailable
from registry.wire.errors import InvalidEvent, InvalidProof, WireError

_log = structlog.get_logger(__name__)
_AWAY = (psycopg.OperationalError, StoreUnavailable, StoreInterrupted, DatabaseUnavailable, LogError)


def _away(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """The client learns that it can come again, the node's own log what is away."""
    cause = str(error).strip().partition("\n")[0]  # further lines may quote rows
    _log.warning("http.away", route=request.scope.get("path_template"), error=type(error).__name__, cause=cause)
    return from_problem(request, HttpProblem("unavailable", headers={"Retry-After": "5"}))


def _refused(request: Request[Any, Any, Any], error: Refusal) -> Response[Any]:
    kind = "not-found" if error.code.startswith("unknown-") else "refused"
    return from_problem(request, HttpProblem(kind, error.detail, code=error.code, path=error.path))


def _not_accepted(request: Request[Any, Any, Any], error: NotAccepted) -> Response[Any]:
    """The request is right; consumers would not accept what it leads to, as governance is now."""
    return from_problem(request, HttpProblem("not-accepted", error.explanation, code=error.code))


def _invalid(request: Request[Any, Any, Any], error: InvalidEvent) -> Response[Any]:
    """What a verifier would refuse for its form is not stored either."""
    errors = [Trouble(path, detail) for path, detail in error.faults]
    return from_problem(request, HttpProblem("unprocessable", errors=errors, code=error.code))


def _misfit(request: Request[Any, Any, Any], error: Refusal) -> Response[Any]:
    """What does not fit the case is the request's fault, not a rule's."""
    trouble = Trouble(error.path, error.detail)
    return from_problem(request, HttpProblem("unprocessable", errors=[trouble], code=error.code))


def _not_opened(request: Request[Any, Any, Any], error: NotOpened) -> Response[Any]:
    """Several things are wrong with an application: each is named with its place."""
    troubles = [Trouble(problem.path, problem.detail) for problem in error.problems]
    return from_problem(request, HttpProblem("unprocessable", errors=troubles, code=error.code))


def _stopped(request: Request[Any, Any, Any], error: Stopped) -> Response[Any]:
    """All that speaks against a proposal, each by itself."""
    troubles = [Trouble("$.grants", reason) for reason in error.reasons]
    problem = HttpProblem("refused", error.detail, errors=troubles, code=error.code, path=error.path)
    return from_problem(request, problem)


def _second_person(request: Request[Any, Any, Any], error: Refusal) -> Response[Any]:
    return from_problem(request, HttpProblem("second-person", error.detail, code=error.code))


def _somebody_was_faster(request: Request[Any, Any, Any], error: Refusal) -> Response[Any]:
    return from_problem(request, HttpProblem("conflict", error.detail, code=error.code))


def _unproved(request: Request[Any, Any, Any], error: WireError) -> Response[Any]:
    """A receipt that proves nothing."""
    return from_problem(request, HttpProblem("unprocessable", str(error)))


def _no_letter(request: Request[Any, Any, Any], error: CannotWrite) -> Response[Any]:
    kind = "not-found" if isinstance(error, UnknownDecision) else "unprocessable"
    return from_problem(request, HttpProblem(kind, str(error)))


def _asked_wrongly(request: Request[Any, Any, Any], error: InvalidQuery) -> Response[Any]:
    return from_problem(request, HttpProblem("unprocessable", errors=[Trouble(f"query {error.name}", error.message)]))


def _too_costly(request: Request[Any, Any, Any], error: TooCostly) -> Response[Any]:
    return from_problem(request, HttpProblem("too-costly", str(error)))


def _no_moment(request: Request[Any, Any, Any], error: UnknownMoment) -> Response[Any]:
    return from_problem(request, HttpProblem("unprocessable", errors=[Trouble("query at", str(error))]))


def _unproven(request: Request[Any, Any, Any], error: InvalidProof | PolicyUnmet) -> Response[Any]:
    """A receipt that proves nothing, or that too few witnesses have seen."""
    trouble = Trouble("$", f"proves nothing: {error}")
    return from_problem(request, HttpProblem("unprocessable", errors=[trouble], code=InvalidProof.code))


def _unknown(request: Request[Any, Any, Any], error: UnknownBatch | UnknownDraft) -> Response[Any]:
    return from_problem(request, HttpProblem("not-found", str(error)))


def _conflicting(request: Request[Any, Any, Any], error: WrongState | CohortRefused) -> Response[Any]:
    return from_problem(request, HttpProblem("conflict", str(error)))


def _own_batch(request: Request[Any, Any, Any], error: OwnBatch) -> Response[Any]:
    return from_problem(request, HttpProblem("second-person", str(error)))


def _incomplete(request: Request[Any, Any, Any], error: DraftIncomplete) -> Response[Any]:
    troubles = [Trouble(f"$.{name}", "Annex I wants it", name) for name in error.missing]
    return from_problem(request, HttpProblem("unprocessable", errors=troubles))


def _not_taken_in(request: Request[Any, Any, Any], error: IntakeError) -> Response[Any]:
    return from_problem(request, HttpProblem("unprocessable", errors=[Trouble("$", str(error))]))


def _not_written(request: Request[Any, Any, Any], error: OSError) -> Response[Any]:
    """A file that a request makes us write, and that cannot be."""
    if error.errno not in _FULL:
        return from_anything(request, error)
    _log.error("http.storage_full", route=request.scope.get("path_template"), error=error.strerror)
    return from_problem(request, HttpProblem("storage-full", headers={"Retry-After": "60"}))


_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
HANDLERS: Any = {
    OSError: _not_written,
    UnknownBatch: _unknown,
    UnknownDraft: _unknown,
    WrongState: _conflicting,
    CohortRefused: _conflicting,
    OwnBatch: _own_batch,
    DraftIncomplete: _incomplete,
    IntakeError: _not_taken_in,
    UnknownMoment: _no_moment,
    InvalidProof: _unproven,
    PolicyUnmet: _unproven,
    InvalidQuery: _asked_wrongly,
    TooCostly: _too_costly,
    InvalidEvent: _invalid,
    HttpProblem: from_problem,
    HTTPException: from_framework,
    Refusal: _refused,
    NotAccepted: _not_accepted,
    SecondPerson: _second_person,
    Stopped: _stopped,
    CaseChanged: _somebody_was_faster,
    NotOpened: _not_opened,
    **dict.fromkeys((UnknownSubject, NotApplicant, NoCredential, NotAttached, DateOrder), _misfit),
    WireError: _unproved,
    CannotWrite: _no_letter,
    **dict.fromkeys(_AWAY, _away),
    # Views that are being made anew by another version of the project are as good as away.
    psycopg.errors.UndefinedTable: _away,
    Exception: from_anything,
}
