"""A witness over HTTP: C2SP tlog-witness's add-checkpoint, and what it has cosigned for whoever asks."""

import threading
from typing import Any, Final

import structlog
from litestar import Litestar, Request, Response, get, post
from litestar.exceptions import HTTPException

from consumers.witness import Witness

MAX_BODY: Final = 64 * 1024
_RETRY_SECONDS: Final = "30"
_log = structlog.get_logger(__name__)


def application(witness: Witness, lock: threading.Lock) -> Litestar:
    """The witness's routes; `lock` is held while the witness is used, since another thread follows with it.

    Whoever waits for the lock does so in a thread: the server goes on answering what needs no lock.
    """

    @post("/add-checkpoint", status_code=200, sync_to_thread=True, request_max_body_size=MAX_BODY)
    def add_checkpoint(body: bytes) -> Response[str]:
        """Cosign a head, if it extends what this witness has seen."""
        try:
            text = body.decode()
        except UnicodeDecodeError:
            return Response("not UTF-8\n", status_code=400, media_type="text/plain")
        with lock:
            answer = witness.add_checkpoint(text)
        return Response(answer.body, status_code=answer.status, media_type=answer.kind)

    @get("/key", sync_to_thread=False)
    def key() -> Response[str]:
        """The witness's public key."""
        return Response(f"{witness.key}\n", media_type="text/plain")

    @get("/health", sync_to_thread=False)
    def health() -> dict[str, Any]:
        """How many logs are followed, and which were caught showing two histories."""
        return {
            "status": "ok",
            "logs": len(witness.journal.seen),
            "caught": sorted({one.origin for one in witness.caught}),
        }

    @get("/caught", sync_to_thread=False)
    def caught() -> list[dict[str, Any]]:
        """The evidence: two signed notes that contradict each other, for each log that was caught."""
        return [{"origin": c.origin, "size": c.size, "notes": list(c.notes)} for c in witness.caught]

    @get("/cosigned/newest", sync_to_thread=True)
    def newest(origin: str) -> Response[str]:
        """The largest cosigned head of an origin."""
        return _note(witness, lock, origin, None)

    @get("/cosigned/at", sync_to_thread=True)
    def at(origin: str, size: int) -> Response[str]:
        """The cosigned head of an origin at a size."""
        return _note(witness, lock, origin, size)

    return Litestar(
        [add_checkpoint, key, health, caught, newest, at],
        openapi_config=None,
        exception_handlers={HTTPException: _problem, OSError: _cannot_store, Exception: _failed},
        logging_config=None,
    )


def _note(witness: Witness, lock: threading.Lock, origin: str, size: int | None) -> Response[str]:
    found = None
    # An origin that somebody sends names a file only if this witness has cosigned a head of it before.
    if origin in witness.journal.seen:
        with lock:
            found = witness.kept.newest(origin) if size is None else witness.kept.at(origin, size)
    if found is None:
        raise HTTPException(status_code=404, detail="this witness has cosigned no such head")
    return Response(str(found), media_type="text/plain; charset=utf-8")


def _problem(_: Request[Any, Any, Any], error: HTTPException) -> Response[dict[str, Any]]:
    """A problem document (RFC 9457)."""
    return _document(error.status_code, error.detail)


def _cannot_store(_: Request[Any, Any, Any], error: OSError) -> Response[dict[str, Any]]:
    """Nothing is cosigned that is not on the disk first."""
    _log.error("witness.cannot_store", error=error.strerror)
    return _document(503, "this witness cannot write to its disk now", **{"Retry-After": _RETRY_SECONDS})


def _failed(_: Request[Any, Any, Any], error: Exception) -> Response[dict[str, Any]]:
    """The client learns that it happened, the witness's own log what it was."""
    _log.error("witness.failed", exc_info=error)
    return _document(500, "internal error; see the witness's log")


def _document(status: int, title: str, **headers: str) -> Response[dict[str, Any]]:
    problem = {"type": "about:blank", "title": title, "status": status}
    return Response(problem, status_code=status, media_type="application/problem+json", headers=headers)
