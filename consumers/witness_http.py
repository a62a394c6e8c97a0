"""A witness over HTTP: C2SP tlog-witness's add-checkpoint, and what it has cosigned for whoever asks."""

import threading
from typing import Any

from litestar import Litestar, Request, Response, get, post
from litestar.exceptions import HTTPException

from consumers.cosignatures import Cosignatures
from consumers.witness import Witness

MAX_BODY = 64 * 1024


def application(witness: Witness, lock: threading.Lock) -> Litestar:
    """The witness's routes; `lock` is held while the witness is used, since another thread follows with it."""

    @post("/add-checkpoint", status_code=200, sync_to_thread=False)
    async def add_checkpoint(request: Request[Any, Any, Any]) -> Response[str]:
        body = await request.body()
        if len(body) > MAX_BODY:
            return Response("too large\n", status_code=413, media_type="text/plain")
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
        with lock:
            return {
                "status": "ok",
                "logs": len(witness.journal.seen),
                "caught": sorted({one.origin for one in witness.caught}),
            }

    @get("/caught", sync_to_thread=False)
    def caught() -> list[dict[str, Any]]:
        """The evidence: two signed notes that contradict each other, for each log that was caught."""
        with lock:
            return [{"origin": c.origin, "size": c.size, "notes": list(c.notes)} for c in witness.caught]

    @get("/cosigned/newest", sync_to_thread=False)
    def newest(origin: str) -> Response[str]:
        """The largest cosigned head of an origin."""
        return _note(witness.kept, lock, origin, None)

    @get("/cosigned/at", sync_to_thread=False)
    def at(origin: str, size: int) -> Response[str]:
        """The cosigned head of an origin at a size."""
        return _note(witness.kept, lock, origin, size)

    return Litestar(
        [add_checkpoint, key, health, caught, newest, at],
        openapi_config=None,
        exception_handlers={HTTPException: _problem},
    )


def _note(kept: Cosignatures, lock: threading.Lock, origin: str, size: int | None) -> Response[str]:
    with lock:
        found = kept.newest(origin) if size is None else kept.at(origin, size)
    if found is None:
        raise HTTPException(status_code=404, detail="this witness has cosigned no such head")
    return Response(str(found), media_type="text/plain; charset=utf-8")


def _problem(_: Request[Any, Any, Any], error: HTTPException) -> Response[dict[str, Any]]:
    """A problem document (RFC 9457)."""
    problem = {"type": "about:blank", "title": error.detail, "status": error.status_code}
    return Response(problem, status_code=error.status_code, media_type="application/problem+json")
