"""Verification of files that readers send, which are not kept, and receipts for them to take away."""

from collections.abc import Callable
from datetime import date
from typing import Any, Final, NamedTuple
from uuid import UUID

from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from litestar import Request, Response, get, post
from litestar.datastructures import UploadFile
from litestar.exceptions.http_exceptions import RequestEntityTooLarge

from consumers.proofs.receipts import NoReceipt
from consumers.witness.policy import PolicyUnmet
from projections.api.reading import Views
from projections.api.receipts import ReceiptCheck, Receipts, find_credential
from projections.core.identifiers import find_leaf
from registry.api.document_verification import DocumentVerifier
from registry.http import HttpProblem
from registry.http.responses import POSITION
from registry.server.pages.frame import Pages
from registry.server.pages.member_names import names_at
from registry.server.pages.qr_codes import UnreadableImage, read_qr_codes
from registry.server.pages.verdicts import verdict_of_receipt
from registry.server.pages.verifying import (
    AWAY,
    CredentialPage,
    Freshness,
    read_page,
    read_reference,
    redirect_to,
    render_away,
    render_start,
    render_verdict,
)
from registry.server.pages.vocabulary import VOCABULARY
from registry.verification.verifier import VerificationReport
from registry.wire.errors import InvalidProof, WireError
from registry.wire.proof import FIRST_LINE, TlogProof

_MAX_FILE: Final = 10 * 1024 * 1024
_MAX_BODY: Final = _MAX_FILE + 16 * 1024
"""A form has a little more than the file."""
_PHOTOS_AT_ONCE: Final = 1
"""A photo takes up to 100 MB of memory while it is searched."""


_DOCUMENT_TONES: Final = {"passed": "ok", "failed": "bad", "warning": "warn", "notChecked": "quiet"}
_DAYS: Final = frozenset({"awardingDate", "validFrom", "validUntil", "dateOfBirth"})
"""Claims of a document that are days, or times of which the day is shown."""
_HEADINGS: Final = {
    "parsed": "readable",
    "schema": "form",
    "signature": "signature",
    "certificate": "certificate",
    "issuer": "issuer",
    "onLog": "log",
    "status": "status",
    "dates": "dates",
    "holder": "person",
}
"""The heading of each check of a document, in the words of `macros/checks.html`."""


class ReceiptMaker(NamedTuple):
    """Makes the receipt of a leaf of a member's stream."""

    create: Callable[[str, int], bytes]


def _refuse_large(request: Request[Any, Any, Any], _: Exception) -> Response[str]:
    """Show the form again: the body was too large to be read, so nothing else of it is known."""
    return render_start(request, request.app.state.pages, fault="too-large")


@post(
    "/verify/file",
    include_in_schema=False,
    status_code=200,
    request_max_body_size=_MAX_BODY,
    exception_handlers={RequestEntityTooLarge: _refuse_large},
)
async def verify_file(
    request: Request[Any, Any, Any],
    views: Views,
    receipts: Receipts,
    document_verifier: DocumentVerifier,
    pages: Pages,
    freshness: Freshness,
) -> Response[Any]:
    """Judge a document, or find the link in a photo of a QR code. The file is read and forgotten."""
    file = (await request.form()).get("file")
    content = await file.read() if isinstance(file, UploadFile) else b""
    if not content:
        return render_start(request, pages, fault="no-file")
    if len(content) > _MAX_FILE:
        return render_start(request, pages, fault="too-large")
    if content.startswith(FIRST_LINE.encode()):
        return await _judge(request, views, receipts, pages, freshness, content)
    report = await document_verifier.verify_known(content)
    if report is not None:
        return _render_document(request, pages, report)
    try:
        texts = await run_sync(read_qr_codes, content, limiter=_photos(request))
    except UnreadableImage:
        return render_start(request, pages, fault="kind-of-file")
    reference = next((each for each in map(read_reference, texts) if each is not None), None)
    if reference is None:
        return render_start(request, pages, fault="link-in-image" if texts else "no-code")
    return redirect_to(request, reference)


def _render_document(request: Request[Any, Any, Any], pages: Pages, report: VerificationReport) -> Response[str]:
    """Return the page about a document. What it says is shown only to the person who sent it, and is not kept."""
    return pages.render(
        request,
        "verify_document.html",
        report=report,
        shown=_list_shown,
        known_claims=VOCABULARY["document_claim"],
        tones=_DOCUMENT_TONES,
        headings=_HEADINGS,
    )


def _list_shown(report: VerificationReport) -> list[tuple[str, str | int | float | date]]:
    """Return the claims of a document that have a plain value, its days as such, and its credits once."""
    plain = {name: value for name, value in report.claims.items() if isinstance(value, str | int | float)}
    if "ects" in plain:
        plain.pop("credits", None)
    return [(name, _read_day(value) if name in _DAYS else value) for name, value in plain.items()]


def _read_day(value: str | float) -> str | float | date:
    """Return the day of a time; what is none, as it is."""
    try:
        return date.fromisoformat(str(value)[:10])
    except ValueError:
        return value


def _photos(request: Request[Any, Any, Any]) -> CapacityLimiter:
    """Return the limit on photos that are searched at once; the others wait."""
    state = request.app.state
    if "photos" not in state:
        state.photos = CapacityLimiter(_PHOTOS_AT_ONCE)
    limiter: CapacityLimiter = state.photos
    return limiter


async def _judge(
    request: Request[Any, Any, Any],
    views: Views,
    receipts: Receipts,
    pages: Pages,
    freshness: Freshness,
    content: bytes,
) -> Response[Any]:
    """Return the page about a receipt."""
    try:
        text = content.decode()
        proof = TlogProof.parse(text)
    except (UnicodeDecodeError, InvalidProof):
        return render_start(request, pages, fault="damaged-receipt")
    origin = proof.note.checkpoint.origin
    if origin.partition("/")[0] != pages.consortium:
        return _render_receipt(request, pages, "foreign", detail=origin)
    try:
        proven = receipts.check(text)
    except PolicyUnmet as error:
        return _render_receipt(request, pages, "too-few-witnesses", detail=str(error))
    except WireError as error:
        return _render_receipt(request, pages, "altered", detail=str(error))

    def read(connection: Any) -> CredentialPage:  # noqa: ANN401 - a connection
        return read_page(connection, find_credential(connection, views.standing, proven))

    try:
        response = await views.answer("", read)
        names = await names_at(views, pages, response.headers[POSITION])
    except AWAY:
        return render_away(request, pages, f"{proven.member}/{proven.subject}")
    page: CredentialPage = response.content
    position = response.headers[POSITION]
    verdict = verdict_of_receipt(proven, page.credential)
    if verdict == "credential":
        return render_verdict(request, pages, freshness, page, position, names, proven)
    return _render_receipt(request, pages, verdict, proven, position=position, names=names)


def _render_receipt(
    request: Request[Any, Any, Any],
    pages: Pages,
    verdict: str,
    proven: ReceiptCheck | None = None,
    *,
    detail: str = "",
    **more: Any,  # noqa: ANN401 - of the frame
) -> Response[str]:
    return pages.render(request, "verify_receipt.html", verdict=verdict, proven=proven, detail=detail, **more)


@get("/verify/{member:str}/{credential:uuid}/receipt", include_in_schema=False)
async def download_receipt(views: Views, receipt_maker: ReceiptMaker, member: str, credential: UUID) -> Response[bytes]:
    """Return the receipt of a credential, as `registry receipt create credential` writes it."""

    def read(connection: Any) -> int:  # noqa: ANN401 - a connection
        leaf = find_leaf(connection, "credential", member, str(credential))
        if leaf is None:
            raise HttpProblem("not-found", "this member issued no such credential, as far as this node has read")
        return leaf

    leaf: int = (await views.answer("", read)).content
    try:
        receipt = await run_sync(receipt_maker.create, member, leaf)
    except (NoReceipt, PolicyUnmet) as error:
        raise HttpProblem("unavailable", str(error), headers={"Retry-After": "60"}) from error
    headers = {"Content-Disposition": f'attachment; filename="{credential}.tlog-proof"', "Cache-Control": "no-cache"}
    return Response(receipt, media_type="text/plain; charset=utf-8", headers=headers)


ROUTES: Final = [verify_file, download_receipt]
