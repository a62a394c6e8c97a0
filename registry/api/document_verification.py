"""Verification of a document that somebody sends, for everybody. The document is not kept."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar

from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from litestar import Response, post
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.spec import OpenAPIFormat, OpenAPIMediaType, OpenAPIType, Operation, RequestBody, Schema

from registry.http import FieldError, HttpProblem
from registry.verification.format_detection import MAX_BYTES
from registry.verification.limits import VerificationLimits
from registry.verification.verifier import VerificationReport, is_known

Answer = TypeVar("Answer")
_WAITING: Final = 20
"""Documents that may wait; others are refused."""


class DocumentVerifier:
    """Verifies a document in a thread, with governance and the views of this node."""

    def __init__(self, check: Callable[[bytes], VerificationReport], limits: VerificationLimits) -> None:
        self._check = check
        self._limits = limits
        self._limiter = CapacityLimiter(limits.threads)

    async def verify(self, content: bytes) -> VerificationReport:
        """Return the report on a document. Raises `HttpProblem` where too many wait already."""
        return await self._run(self._check, content)

    async def verify_known(self, content: bytes) -> VerificationReport | None:
        """Return the report on a document; None where its format is unknown. Raises `HttpProblem`, like `verify`."""
        return await self._run(lambda content: self._check(content) if is_known(content) else None, content)

    async def _run(self, work: Callable[[bytes], Answer], content: bytes) -> Answer:
        if self._limiter.statistics().tasks_waiting >= _WAITING:
            detail = "too many documents are being verified; try again"
            raise HttpProblem("unavailable", detail, headers={"Retry-After": "5"})

        def run() -> Answer:
            with self._limits.use_processor():
                return work(content)

        return await run_sync(run, limiter=self._limiter)


@dataclass
class _DocumentBody(Operation):
    """Describes the request's body in the API's description."""

    def __post_init__(self) -> None:
        file = OpenAPIMediaType(
            schema=Schema(type=OpenAPIType.STRING, format=OpenAPIFormat.BINARY),
            example='{"@context": ["https://www.w3.org/ns/credentials/v2"], "type": ["VerifiableCredential"]}',
        )
        self.request_body = RequestBody(
            description="The document as it is, of any format: its content shows which it is, not its media type.",
            content={"application/octet-stream": file},
            required=True,
        )


@post(
    "/v1/verify",
    tags=["Verification"],
    operation_id="verifyDocument",
    summary="Verify any document",
    status_code=200,
    operation_class=_DocumentBody,
    request_max_body_size=MAX_BYTES,
)
async def verify(document_verifier: DocumentVerifier, body: bytes) -> Response[VerificationReport]:
    """Check a credential, badge, transcript or receipt that somebody shows; answer check by check, and keep nothing.

    A document that is not valid is an answer like any other: the status code is 200. `verdict` is `valid`,
    `validWithWarning`, `invalid`, or `cannotTell` where something that matters could not be checked. The
    issuer's keys and status lists are fetched where the document says that they are: from public addresses alone, up to
    four, within 6 seconds.
    """
    if not body:
        raise HttpProblem("unprocessable", errors=[FieldError("$", "is empty; send the document")])
    report = await document_verifier.verify(body)
    return Response(report, headers={"Cache-Control": "no-store"})


ROUTES: list[HTTPRouteHandler] = [verify]
