"""The problem document (RFC 9457) for each error of the project, as `registry.cli.exits` has the exit codes."""

import errno
from typing import Any

import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException

from consumers.history.moment import UnknownMoment
from consumers.witness.policy import PolicyUnmet
from projections.core.errors import InvalidQuery, MissingViews, TooCostly
from registry.application.acceptance import NotAccepted
from registry.application.errors import InvalidEvent, Refusal
from registry.batches.batch import OwnBatch, UnknownBatch, WrongState
from registry.cursors import InvalidCursor
from registry.export.document import ExportError
from registry.export.ports import NoDocument
from registry.http import FieldError, HttpProblem
from registry.http.problems import framework_error_response, internal_error_response, problem_response
from registry.intake.drafts import DraftIncomplete, UnknownDraft
from registry.intake.rows.report import IntakeError
from registry.letters import CannotWrite, NoSuchDecision
from registry.log import LogError
from registry.office.errors import (
    AssessmentObjections,
    CaseChanged,
    CohortRefused,
    DateOrder,
    NoCredential,
    NotApplicant,
    NotAttached,
    NotOpened,
    SecondPerson,
    Stopped,
    UnknownSubject,
)
from registry.supervision import DATABASE_ERRORS
from registry.wire.errors import InvalidProof, WireError

_log = structlog.get_logger(__name__)
_UNAVAILABLE = (*DATABASE_ERRORS, LogError)


def _unavailable(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """Answer 503 with the time to wait; the cause is only in the node's log."""
    cause = str(error).strip().partition("\n")[0]  # further lines may quote rows
    _log.warning("http.away", route=request.scope.get("path_template"), error=type(error).__name__, cause=cause)
    return problem_response(request, HttpProblem("unavailable", headers={"Retry-After": "5"}))


def _refusal(request: Request[Any, Any, Any], error: Refusal) -> Response[Any]:
    kind = "not-found" if error.code.startswith("unknown-") else "refused"
    return problem_response(request, HttpProblem(kind, error.detail, code=error.code, path=error.path))


def _not_accepted(request: Request[Any, Any, Any], error: NotAccepted) -> Response[Any]:
    """Answer a correct request whose event consumers would not accept, under the current governance."""
    return problem_response(request, HttpProblem("not-accepted", error.explanation, code=error.code))


def _invalid_event(request: Request[Any, Any, Any], error: InvalidEvent) -> Response[Any]:
    """Answer for an event whose form verifiers would refuse: it is not stored either."""
    errors = [FieldError(path, detail) for path, detail in error.faults]
    return problem_response(request, HttpProblem("unprocessable", errors=errors, code=error.code))


def _does_not_fit_case(request: Request[Any, Any, Any], error: Refusal) -> Response[Any]:
    """Answer for a value that does not fit the case: a fault of the request, not a refusal by a rule."""
    fault = FieldError(error.path, error.detail)
    return problem_response(request, HttpProblem("unprocessable", errors=[fault], code=error.code))


def _not_opened(request: Request[Any, Any, Any], error: NotOpened) -> Response[Any]:
    """Answer with each fault of an application and its place."""
    faults = [FieldError(problem.path, problem.detail) for problem in error.problems]
    return problem_response(request, HttpProblem("unprocessable", errors=faults, code=error.code))


def _stop(request: Request[Any, Any, Any], error: Stopped) -> Response[Any]:
    """Answer with each stop of a proposal."""
    stops = [FieldError("$.grants", reason) for reason in error.reasons]
    problem = HttpProblem("refused", error.detail, errors=stops, code=error.code, path=error.path)
    return problem_response(request, problem)


def _objections(request: Request[Any, Any, Any], error: AssessmentObjections) -> Response[Any]:
    """Answer with each objection to an assessment."""
    objections = [FieldError(problem.path, problem.detail) for problem in error.problems]
    problem = HttpProblem("refused", error.detail, errors=objections, code=error.code, path=error.path)
    return problem_response(request, problem)


def _second_person(request: Request[Any, Any, Any], error: Refusal) -> Response[Any]:
    return problem_response(request, HttpProblem("second-person", error.detail, code=error.code))


def _concurrent_change(request: Request[Any, Any, Any], error: Refusal) -> Response[Any]:
    return problem_response(request, HttpProblem("conflict", error.detail, code=error.code))


def _unreadable_receipt(request: Request[Any, Any, Any], error: WireError) -> Response[Any]:
    return problem_response(request, HttpProblem("unprocessable", str(error)))


def _no_letter(request: Request[Any, Any, Any], error: CannotWrite) -> Response[Any]:
    kind = "not-found" if isinstance(error, NoSuchDecision) else "unprocessable"
    return problem_response(request, HttpProblem(kind, str(error)))


def _no_document(request: Request[Any, Any, Any], error: ExportError) -> Response[Any]:
    """Answer for a document that cannot be made: by the credential's state, or by the request."""
    if not isinstance(error, NoDocument):
        return problem_response(request, HttpProblem("unprocessable", str(error)))
    kind = "not-found" if error.code == "unknown" else "refused"
    return problem_response(request, HttpProblem(kind, str(error), code=error.code))


def _invalid_query(request: Request[Any, Any, Any], error: InvalidQuery) -> Response[Any]:
    return problem_response(
        request, HttpProblem("unprocessable", errors=[FieldError(f"query {error.name}", error.message)])
    )


def _invalid_cursor(request: Request[Any, Any, Any], error: InvalidCursor) -> Response[Any]:
    return problem_response(request, HttpProblem("unprocessable", errors=[FieldError("query cursor", str(error))]))


def _too_costly(request: Request[Any, Any, Any], error: TooCostly) -> Response[Any]:
    return problem_response(request, HttpProblem("too-costly", str(error)))


def _unknown_moment(request: Request[Any, Any, Any], error: UnknownMoment) -> Response[Any]:
    return problem_response(request, HttpProblem("unprocessable", errors=[FieldError("query at", str(error))]))


def _invalid_receipt(request: Request[Any, Any, Any], error: InvalidProof | PolicyUnmet) -> Response[Any]:
    """Answer for a receipt that is invalid, or whose head too few witnesses have cosigned."""
    fault = FieldError("$", f"proves nothing: {error}")
    return problem_response(request, HttpProblem("unprocessable", errors=[fault], code=InvalidProof.code))


def _unknown(request: Request[Any, Any, Any], error: UnknownBatch | UnknownDraft) -> Response[Any]:
    return problem_response(request, HttpProblem("not-found", str(error)))


def _conflict(request: Request[Any, Any, Any], error: WrongState | CohortRefused) -> Response[Any]:
    return problem_response(request, HttpProblem("conflict", str(error)))


def _own_batch(request: Request[Any, Any, Any], error: OwnBatch) -> Response[Any]:
    return problem_response(request, HttpProblem("second-person", str(error)))


def _incomplete(request: Request[Any, Any, Any], error: DraftIncomplete) -> Response[Any]:
    faults = [FieldError(f"$.{name}", "Annex I requires it", name) for name in error.missing]
    return problem_response(request, HttpProblem("unprocessable", errors=faults))


def _not_taken_in(request: Request[Any, Any, Any], error: IntakeError) -> Response[Any]:
    return problem_response(request, HttpProblem("unprocessable", errors=[FieldError("$", str(error))]))


def _not_written(request: Request[Any, Any, Any], error: OSError) -> Response[Any]:
    """Answer 507 where the disk is full, and 500 for any other failure to write a file."""
    if error.errno not in _FULL:
        return internal_error_response(request, error)
    _log.error("http.storage_full", route=request.scope.get("path_template"), error=error.strerror)
    return problem_response(request, HttpProblem("storage-full", headers={"Retry-After": "60"}))


_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
HANDLERS: Any = {
    OSError: _not_written,
    UnknownBatch: _unknown,
    UnknownDraft: _unknown,
    WrongState: _conflict,
    CohortRefused: _conflict,
    OwnBatch: _own_batch,
    DraftIncomplete: _incomplete,
    IntakeError: _not_taken_in,
    UnknownMoment: _unknown_moment,
    InvalidProof: _invalid_receipt,
    PolicyUnmet: _invalid_receipt,
    InvalidQuery: _invalid_query,
    InvalidCursor: _invalid_cursor,
    TooCostly: _too_costly,
    InvalidEvent: _invalid_event,
    HttpProblem: problem_response,
    HTTPException: framework_error_response,
    Refusal: _refusal,
    NotAccepted: _not_accepted,
    SecondPerson: _second_person,
    Stopped: _stop,
    AssessmentObjections: _objections,
    CaseChanged: _concurrent_change,
    NotOpened: _not_opened,
    **dict.fromkeys((UnknownSubject, NotApplicant, NoCredential, NotAttached, DateOrder), _does_not_fit_case),
    WireError: _unreadable_receipt,
    CannotWrite: _no_letter,
    ExportError: _no_document,
    **dict.fromkeys(_UNAVAILABLE, _unavailable),
    MissingViews: _unavailable,
    Exception: internal_error_response,
}
