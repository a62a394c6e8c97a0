"""Which problem document (RFC 9457) each error of ours becomes over HTTP, as exits.py says of exit codes."""

import errno
from typing import Any

import psycopg
import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException

from consumers.history.moment import UnknownMoment
from consumers.witness.policy import PolicyUnmet
from projections.core.errors import InvalidQuery, TooCostly
from registry.application.acceptance import NotAccepted
from registry.batches.batch import SecondPerson as OwnBatch
from registry.batches.batch import UnknownBatch, WrongState
from registry.cursors import InvalidCursor
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
from registry.http import FieldError, HttpProblem
from registry.http.problems import framework_error_response, internal_error_response, problem_response
from registry.intake.drafts import DraftIncomplete, UnknownDraft
from registry.intake.rows.report import IntakeError
from registry.letters import CannotWrite, UnknownDecision
from registry.log import LogError
from registry.office.errors import CohortRefused
from registry.supervision import DATABASE_ERRORS
from registry.wire.errors import InvalidEvent, InvalidProof, WireError

_log = structlog.get_logger(__name__)
_AWAY = (*DATABASE_ERRORS, LogError)


def _away(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """The client learns that it can come again, the node's own log what is away."""
    cause = str(error).strip().partition("\n")[0]  # further lines may quote rows
    _log.warning("http.away", route=request.scope.get("path_template"), error=type(error).__name__, cause=cause)
    return problem_response(request, HttpProblem("unavailable", headers={"Retry-After": "5"}))


def _refused(request: Request[Any, Any, Any], error: Refusal) -> Response[Any]:
    kind = "not-found" if error.code.startswith("unknown-") else "refused"
    return problem_response(request, HttpProblem(kind, error.detail, code=error.code, path=error.path))


def _not_accepted(request: Request[Any, Any, Any], error: NotAccepted) -> Response[Any]:
    """The request is right; consumers would not accept what it leads to, as governance is now."""
    return problem_response(request, HttpProblem("not-accepted", error.explanation, code=error.code))


def _invalid(request: Request[Any, Any, Any], error: InvalidEvent) -> Response[Any]:
    """What a verifier would refuse for its form is not stored either."""
    errors = [FieldError(path, detail) for path, detail in error.faults]
    return problem_response(request, HttpProblem("unprocessable", errors=errors, code=error.code))


def _misfit(request: Request[Any, Any, Any], error: Refusal) -> Response[Any]:
    """What does not fit the case is the request's fault, not a rule's."""
    trouble = FieldError(error.path, error.detail)
    return problem_response(request, HttpProblem("unprocessable", errors=[trouble], code=error.code))


def _not_opened(request: Request[Any, Any, Any], error: NotOpened) -> Response[Any]:
    """Several things are wrong with an application: each is named with its place."""
    troubles = [FieldError(problem.path, problem.detail) for problem in error.problems]
    return problem_response(request, HttpProblem("unprocessable", errors=troubles, code=error.code))


def _stopped(request: Request[Any, Any, Any], error: Stopped) -> Response[Any]:
    """All that speaks against a proposal, each by itself."""
    troubles = [FieldError("$.grants", reason) for reason in error.reasons]
    problem = HttpProblem("refused", error.detail, errors=troubles, code=error.code, path=error.path)
    return problem_response(request, problem)


def _second_person(request: Request[Any, Any, Any], error: Refusal) -> Response[Any]:
    return problem_response(request, HttpProblem("second-person", error.detail, code=error.code))


def _somebody_was_faster(request: Request[Any, Any, Any], error: Refusal) -> Response[Any]:
    return problem_response(request, HttpProblem("conflict", error.detail, code=error.code))


def _unproved(request: Request[Any, Any, Any], error: WireError) -> Response[Any]:
    """A receipt that proves nothing."""
    return problem_response(request, HttpProblem("unprocessable", str(error)))


def _no_letter(request: Request[Any, Any, Any], error: CannotWrite) -> Response[Any]:
    kind = "not-found" if isinstance(error, UnknownDecision) else "unprocessable"
    return problem_response(request, HttpProblem(kind, str(error)))


def _asked_wrongly(request: Request[Any, Any, Any], error: InvalidQuery) -> Response[Any]:
    return problem_response(
        request, HttpProblem("unprocessable", errors=[FieldError(f"query {error.name}", error.message)])
    )


def _invalid_cursor(request: Request[Any, Any, Any], error: InvalidCursor) -> Response[Any]:
    return problem_response(request, HttpProblem("unprocessable", errors=[FieldError("query cursor", str(error))]))


def _too_costly(request: Request[Any, Any, Any], error: TooCostly) -> Response[Any]:
    return problem_response(request, HttpProblem("too-costly", str(error)))


def _no_moment(request: Request[Any, Any, Any], error: UnknownMoment) -> Response[Any]:
    return problem_response(request, HttpProblem("unprocessable", errors=[FieldError("query at", str(error))]))


def _unproven(request: Request[Any, Any, Any], error: InvalidProof | PolicyUnmet) -> Response[Any]:
    """A receipt that proves nothing, or that too few witnesses have seen."""
    trouble = FieldError("$", f"proves nothing: {error}")
    return problem_response(request, HttpProblem("unprocessable", errors=[trouble], code=InvalidProof.code))


def _unknown(request: Request[Any, Any, Any], error: UnknownBatch | UnknownDraft) -> Response[Any]:
    return problem_response(request, HttpProblem("not-found", str(error)))


def _conflicting(request: Request[Any, Any, Any], error: WrongState | CohortRefused) -> Response[Any]:
    return problem_response(request, HttpProblem("conflict", str(error)))


def _own_batch(request: Request[Any, Any, Any], error: OwnBatch) -> Response[Any]:
    return problem_response(request, HttpProblem("second-person", str(error)))


def _incomplete(request: Request[Any, Any, Any], error: DraftIncomplete) -> Response[Any]:
    troubles = [FieldError(f"$.{name}", "Annex I wants it", name) for name in error.missing]
    return problem_response(request, HttpProblem("unprocessable", errors=troubles))


def _not_taken_in(request: Request[Any, Any, Any], error: IntakeError) -> Response[Any]:
    return problem_response(request, HttpProblem("unprocessable", errors=[FieldError("$", str(error))]))


def _not_written(request: Request[Any, Any, Any], error: OSError) -> Response[Any]:
    """A file that a request makes us write, and that cannot be."""
    if error.errno not in _FULL:
        return internal_error_response(request, error)
    _log.error("http.storage_full", route=request.scope.get("path_template"), error=error.strerror)
    return problem_response(request, HttpProblem("storage-full", headers={"Retry-After": "60"}))


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
    InvalidCursor: _invalid_cursor,
    TooCostly: _too_costly,
    InvalidEvent: _invalid,
    HttpProblem: problem_response,
    HTTPException: framework_error_response,
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
    Exception: internal_error_response,
}
