"""A witness over HTTP: C2SP tlog-witness's add-checkpoint, and the heads that it has cosigned."""

import threading
import time
from typing import Any, Final

import structlog
from litestar import Litestar, Request, Response, get, post
from litestar.exceptions import HTTPException
from litestar.params import FromQuery, RawBody

from consumers.witness.witness import Witness
from registry.log import GOVERNANCE

MAX_BODY: Final = 64 * 1024
_RETRY_SECONDS: Final = "30"
_STALE_SECONDS: Final = 120.0
_log = structlog.get_logger(__name__)


class Followed:
    """The time of the last pass to the log's end, and the fault since. Written by one thread, read by others."""

    def __init__(self) -> None:
        self.error: str | None = None
        self._at = time.monotonic()

    def now(self) -> None:
        """Note that the log was followed to its end."""
        self.error, self._at = None, time.monotonic()

    @property
    def fault(self) -> str | None:
        """The reason why the witness does not follow the log; None while it does."""
        if self.error is not None:
            return self.error
        seconds = time.monotonic() - self._at
        return f"the log was last followed {seconds:.0f} seconds ago" if seconds > _STALE_SECONDS else None


def create_app(witness: Witness, lock: threading.Lock, followed: Followed) -> Litestar:
    """Create the application of a witness; `lock` is held while the witness is used, since another thread follows.

    Requests wait for the lock in threads: the server goes on answering those that need no lock.
    """

    @post("/add-checkpoint", status_code=200, sync_to_thread=True, request_max_body_size=MAX_BODY)
    def add_checkpoint(body: RawBody) -> Response[str]:
        """Cosign a head, if it extends the one that this witness has cosigned."""
        try:
            text = body.decode()
        except UnicodeDecodeError:
            return Response("not UTF-8\n", status_code=400, media_type="text/plain")
        with lock:
            answer = witness.add_checkpoint(text)
        return Response(answer.body, status_code=answer.status, media_type=answer.kind)

    @get("/key", sync_to_thread=False)
    def key() -> Response[str]:
        """Return the witness's public key."""
        return Response(f"{witness.key}\n", media_type="text/plain")

    @get("/health", sync_to_thread=False)
    def health() -> Response[dict[str, Any]]:
        """Report the number of logs followed and those caught with two histories; 503 if governance cannot be read."""
        fault = followed.fault or witness.faults.get(GOVERNANCE)
        if fault is not None:
            return _document(503, "this witness does not follow the log", fault)
        caught = sorted({evidence.origin for evidence in witness.caught})
        logs, not_followed = len(witness.journal.seen), sorted(witness.faults)
        return Response({"status": "ok", "logs": logs, "not_followed": not_followed, "caught": caught})

    @get("/caught", sync_to_thread=False)
    def caught() -> list[dict[str, Any]]:
        """Return the evidence: two signed notes that contradict each other, for each log that was caught."""
        return [{"origin": c.origin, "size": c.size, "notes": list(c.notes)} for c in witness.caught]

    @get("/cosigned/newest", sync_to_thread=True)
    def newest(origin: FromQuery[str]) -> Response[str]:
        """Return the largest cosigned head of an origin."""
        return _note(witness, lock, origin, None)

    @get("/cosigned/at", sync_to_thread=True)
    def at(origin: FromQuery[str], size: FromQuery[int]) -> Response[str]:
        """Return the cosigned head of an origin at a size."""
        return _note(witness, lock, origin, size)

    return Litestar(
        [add_checkpoint, key, health, caught, newest, at],
        openapi_config=None,
        exception_handlers={
            HTTPException: _answer_http_error,
            OSError: _answer_disk_error,
            Exception: _answer_internal_error,
        },
        logging_config=None,
    )


def _note(witness: Witness, lock: threading.Lock, origin: str, size: int | None) -> Response[str]:
    note = None
    # An origin in a request names a file only if this witness has cosigned a head of it before.
    if origin in witness.journal.seen:
        with lock:
            note = witness.kept.newest(origin) if size is None else witness.kept.at(origin, size)
    if note is None:
        raise HTTPException(status_code=404, detail="this witness has cosigned no such head")
    return Response(str(note), media_type="text/plain; charset=utf-8")


def _answer_http_error(_: Request[Any, Any, Any], error: HTTPException) -> Response[dict[str, Any]]:
    """Answer with a problem document (RFC 9457)."""
    return _document(error.status_code, error.detail)


def _answer_disk_error(_: Request[Any, Any, Any], error: OSError) -> Response[dict[str, Any]]:
    """Answer that the disk cannot be written: a head is never cosigned before it is on the disk."""
    _log.error("witness.cannot_store", error=error.strerror)
    return _document(503, "this witness cannot write to its disk now", **{"Retry-After": _RETRY_SECONDS})


def _answer_internal_error(_: Request[Any, Any, Any], error: Exception) -> Response[dict[str, Any]]:
    """Answer with 500, and log the error."""
    _log.error("witness.failed", exc_info=error)
    return _document(500, "internal error; see the witness's log")


def _document(status: int, title: str, detail: str | None = None, **headers: str) -> Response[dict[str, Any]]:
    problem = {"type": "about:blank", "title": title, "status": status} | ({"detail": detail} if detail else {})
    return Response(problem, status_code=status, media_type="application/problem+json", headers=headers)
