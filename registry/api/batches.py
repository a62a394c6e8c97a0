"""Batches: many rows in one request, as a stream of any length, and their outcomes."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, Final, get_args
from uuid import UUID

import structlog
from anyio import CancelScope
from anyio.to_thread import run_sync
from litestar import Controller, HttpMethod, Request, Response, get, post, route
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.spec import OpenAPIFormat, OpenAPIMediaType, OpenAPIType, Operation, RequestBody, Schema
from litestar.params import Parameter, QueryParameter

from registry.api.corrections import corrections
from registry.api.examples import ROWS
from registry.api.idempotency import Answer
from registry.api.private_side import IdempotencyKey, PrivateSide, Write
from registry.api.receiving import Receiving
from registry.batches import Batch, BatchFileWriter, RowProblem
from registry.batches.batch import DOCUMENTS, XLSX, Kind, Media, ReadingOptions, Term
from registry.http import Cursors, FieldError, HttpProblem, Page, requires
from registry.http.pagination import LIMIT, MOST, fit_bytes
from registry.intake.formats.documents import MAX_BYTES
from registry.intake.rows.days import Order
from registry.intake.rows.xlsx_archive import MAX_BYTES as MAX_SPREADSHEET_BYTES
from registry.wire.credentials import StatusReason

_log = structlog.get_logger(__name__)
_PIECE: Final = 1024 * 1024
_LATE: Final = timedelta(days=1)
_BYTES: Final = "application/octet-stream"
"""The content type of clients that were generated from the description."""
_MEDIA: Final[dict[str, Media]] = {
    "text/csv": "text/csv",
    XLSX: XLSX,
    "application/x-ndjson": "application/x-ndjson",
    "application/jsonl": "application/x-ndjson",
    "application/json": "application/json",
    "application/ld+json": "application/json",
    "application/vc+ld+json": "application/json",
    "application/vc": "application/json",
    "application/xml": "application/xml",
    "text/xml": "application/xml",
}

_MOST_BYTES: Final[dict[Media, int]] = {XLSX: MAX_SPREADSHEET_BYTES, **dict.fromkeys(DOCUMENTS, MAX_BYTES)}
"""The kinds that are read into memory, and their maximum size."""
_EMPTY: Final = FieldError("$", "is empty; send rows or a document")

MAX_PAGE_BYTES: Final = 1024 * 1024
"""The maximum size of a page of batches or problems, as JSON. A page has at least one item."""
Limit = Annotated[int, Parameter(ge=1, le=MOST, description="The maximum number of items.")]
Cursor = Annotated[str, Parameter(max_length=500, description="`next` of the previous page.")]


_BODY: Final = f"""Rows: a table with a header, or a JSON object a line. A table is CSV (with commas, semicolons, tabs
or bars; in UTF-8, UTF-16 or Windows-1252) or a spreadsheet (`.xlsx`). The columns depend on `kind`:

- `credentials`: the fields of `CredentialRow`; `record`, `student`, `family_name`, `given_name`, `date_of_birth`,
  `awarding_date`, and `achievement` or `course` are required. Or one document of at most 8 MiB, whose awards are the
  rows: European Learning Model, European higher-education micro-credential or Open Badges 3.0 as JSON, ELMO as XML.
- `statusChanges`: `credential`, `change` (suspend, reinstate or revoke), and, except for reinstate, `reason` (one of
  {", ".join(get_args(StatusReason))}). As JSON: `{{"credential": "…", "change": "revoke", "reason": "issuedInError"}}`
- `reconciliation`: `record`, `achievement` or `course`, `awarding_date`; optionally `ects` and `status`.
"""


@dataclass
class _RowsBody(Operation):
    """Describes the stream in the API's description."""

    def __post_init__(self) -> None:
        self.request_body = RequestBody(
            description=_BODY,
            content={
                # JSON is accepted, too. Described as JSON, clients would expect a schema; any bytes are judged later.
                **{
                    media: OpenAPIMediaType(schema=Schema(), example=ROWS.get(media))
                    for media in get_args(Media)
                    if media != "application/json"
                },
                _BYTES: OpenAPIMediaType(schema=Schema(type=OpenAPIType.STRING, format=OpenAPIFormat.BINARY)),
            },
            required=True,
        )


async def _respond_accepted(private: PrivateSide, batch: Batch) -> Response[Batch]:
    response = await run_sync(private.respond, batch, 202)
    response.headers["Location"] = f"/v1/batches/{batch.batch}"
    return response


def _media(request: Request[Any, Any, Any], media: Media) -> Media:
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type == _BYTES:
        content_type = media
    if content_type not in _MEDIA:
        raise HttpProblem(
            "unsupported-media-type",
            f"send a batch as {' or '.join(_MEDIA)}, or as {_BYTES} with `media` in the query",
        )
    return _MEDIA[content_type]


def _term(kind: Kind, media: Media, begin: date | None, end: date | None) -> Term | None:
    """Return a reconciliation's term. Refuse parameters that do not go together."""
    if kind != "credentials" and media in DOCUMENTS:
        trouble = FieldError(
            "query kind", "a document has credentials; send status changes and reconciliations as rows", "kind", kind
        )
        raise HttpProblem("unprocessable", errors=[trouble])
    if kind != "reconciliation":
        return None
    if begin is None or end is None or end < begin:
        trouble = FieldError("query awardedFrom", "a reconciliation needs its term: awardedFrom and awardedUntil")
        raise HttpProblem("unprocessable", errors=[trouble])
    return begin, end


def _check_reading(kind: Kind, media: Media, dates: Order | None, *, keep_text: bool) -> None:
    """Refuse parameters that would have no effect."""
    errors = []
    if dates is not None and (kind == "statusChanges" or media in DOCUMENTS):
        errors.append(FieldError("query dates", "is for rows with days; leave it out", "dates", dates))
    if keep_text and (kind != "credentials" or media in DOCUMENTS):
        errors.append(FieldError("query keepText", "is for rows of credentials; leave it out", "keepText", "true"))
    if errors:
        raise HttpProblem("unprocessable", errors=errors)


def _check_announced_length(request: Request[Any, Any, Any], most_bytes: int) -> None:
    """Refuse a body whose Content-Length is too large, before a batch is begun."""
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > most_bytes:
        raise HttpProblem("too-large", f"a batch of this kind has {most_bytes:,} bytes at most; send several")


async def _first(pieces: AsyncIterator[bytes]) -> bytes:
    """Return the first bytes of the body. Refuse an empty body, of which no batch is begun."""
    async for piece in pieces:
        if piece:
            return piece
    raise HttpProblem("unprocessable", errors=[_EMPTY])


async def _receive(first: bytes, pieces: AsyncIterator[bytes], file: BatchFileWriter, most_bytes: int) -> None:
    waiting = bytearray(first)
    async for piece in pieces:
        waiting += piece
        if file.size + len(waiting) > most_bytes:
            raise HttpProblem("too-large", f"a batch of this kind has {most_bytes:,} bytes at most; send several")
        if len(waiting) >= _PIECE:
            await run_sync(file.write, bytes(waiting))
            waiting.clear()
    await run_sync(file.write, bytes(waiting))


async def _patiently(stream: AsyncIterator[bytes], patience: float) -> AsyncIterator[bytes]:
    while True:
        try:
            yield await asyncio.wait_for(anext(stream), patience)
        except StopAsyncIteration:
            return
        except TimeoutError as error:
            raise HttpProblem("too-slow", f"nothing arrived for {patience:g} seconds") from error


@get(
    "/v1/batches/{batch:uuid}",
    tags=["Batches"],
    operation_id="getBatch",
    summary="One batch",
    sync_to_thread=True,
    **requires("batches:read"),
)
def get_batch(private: PrivateSide, receiving: Receiving, batch: UUID) -> Response[Batch]:
    """Return a batch's progress and counts. Wait for its `Registry-Position` before you read what it issued."""
    return private.respond(receiving.batch_store.get(str(batch)))


@get(
    "/v1/batches/{batch:uuid}/problems",
    tags=["Batches"],
    operation_id="listBatchProblems",
    summary="List the problems of a batch",
    sync_to_thread=True,
    **requires("batches:read"),
)
def problems(
    private: PrivateSide, receiving: Receiving, batch: UUID, limit: Limit = LIMIT, cursor: Cursor = ""
) -> Response[Page[RowProblem]]:
    """Return the rows that were refused: each with its line, its field, the reason, and what would be right."""
    receiving.batch_store.get(str(batch))
    after, cursors = (0, 0), Cursors("problems", batch)
    if cursor:
        line, number = cursors.decode(cursor, int, int)
        after = (_clamp(line), _clamp(number))
    rows = receiving.batch_store.list_problems(str(batch), limit, after)
    page = fit_bytes(rows, MAX_PAGE_BYTES)
    last = cursors.encode(page[-1][0]) if len(rows) == limit or len(page) < len(rows) else None
    return private.respond(Page([row for _, row in page], last))


@post(
    "/v1/batches/{batch:uuid}/release",
    tags=["Batches"],
    operation_id="releaseBatch",
    summary="Release a batch that another person sent",
    status_code=200,
    sync_to_thread=True,
    **requires("batches:release"),
)
def release(
    private: PrivateSide, receiving: Receiving, request: Request[Any, Any, Any], batch: UUID, key: IdempotencyKey
) -> Response[Batch]:
    """Release a batch. Large batches wait for a second person where the node's settings say so."""

    def act(_: Write) -> Answer:
        return Answer(200, receiving.batch_store.release(str(batch), request.user.actor))

    return private.write_once(request, key, None, act)


@post(
    "/v1/batches/{batch:uuid}/cancel",
    tags=["Batches"],
    operation_id="cancelBatch",
    summary="Cancel a batch that has not begun, or its scheduled rows",
    status_code=200,
    sync_to_thread=True,
    **requires("credentials:write"),
)
def cancel(
    private: PrivateSide, receiving: Receiving, request: Request[Any, Any, Any], batch: UUID, key: IdempotencyKey
) -> Response[Batch]:
    """Cancel a batch: none of its rows, or none of its scheduled rows, is issued. Scheduled rows become problems.

    A batch that is `working` cannot be cancelled (409 `conflict`), nor one that has ended.
    """

    def act(_: Write) -> Answer:
        return Answer(200, receiving.batch_store.cancel(str(batch)))

    return private.write_once(request, key, None, act)


def _parse_publish_at(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text.upper())
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        error = FieldError(
            "query publishAt", "is not a moment with its time zone; write it like 2026-07-01T12:00:00+02:00"
        )
        raise HttpProblem("unprocessable", errors=[error])
    if moment < datetime.now(UTC) - _LATE:
        error = FieldError("query publishAt", "is more than a day ago; leave it out to publish at once", value=text)
        raise HttpProblem("unprocessable", errors=[error])
    return moment


def _moment(text: str) -> str:
    try:
        return datetime.fromisoformat(text).astimezone(UTC).isoformat()
    except (ValueError, OverflowError) as error:
        raise HttpProblem(
            "unprocessable",
            errors=[FieldError("query cursor", "does not belong to this list; use the value of `next`")],
        ) from error


def _clamp(number: int) -> int:
    return max(0, min(number, 2**31 - 1))


class Batches(Controller):
    """The list of batches. Both methods of the path are in one class, so that `Allow` names both."""

    path = "/v1/batches"

    @route(http_method=[HttpMethod.OPTIONS], status_code=204, include_in_schema=False, sync_to_thread=False)
    def allow_methods(self) -> Response[None]:
        """Return the allowed methods. The framework takes the first name of a path, and its own answer lacks some."""
        return Response(None, status_code=204, headers={"Allow": "GET, OPTIONS, POST"})

    @post(
        tags=["Batches"],
        operation_id="createBatch",
        summary="Send a batch",
        status_code=202,
        operation_class=_RowsBody,
        request_max_body_size=None,
        **requires("credentials:write"),
    )
    async def create(
        self,
        private: PrivateSide,
        receiving: Receiving,
        request: Request[Any, Any, Any],
        key: IdempotencyKey,
        kind: Annotated[Kind, Parameter(description="What the rows are.")] = "credentials",
        name: Annotated[
            str, Parameter(max_length=200, description="Your name for it, without the name of a person.")
        ] = "",
        *,
        sent_as: Annotated[
            Media, QueryParameter(name="media", description=f"Its media type, where Content-Type is {_BYTES}.")
        ] = "text/csv",
        dry_run: Annotated[bool, QueryParameter(name="dryRun", description="Check only; nothing is issued.")] = False,
        publish_at: Annotated[
            str,
            QueryParameter(
                name="publishAt",
                description="Publish it not before this moment, for example graduation day: RFC 3339, with a zone.",
            ),
        ] = "",
        awarded_from: Annotated[
            date | None,
            QueryParameter(name="awardedFrom", description="For a reconciliation: the first day of the term."),
        ] = None,
        awarded_until: Annotated[
            date | None,
            QueryParameter(name="awardedUntil", description="For a reconciliation: the last day of the term."),
        ] = None,
        dates: Annotated[
            Order | None,
            Parameter(description="The order in days that are not written YYYY-MM-DD: dmy, mdy or ymd."),
        ] = None,
        keep_text: Annotated[
            bool,
            QueryParameter(
                name="keepText", description="Keep text that looks wrong, or not like a name or a grade, as it is."
            ),
        ] = False,
    ) -> Response[Batch]:
        """Send rows as a stream. Each row is judged by itself: refused rows become problems, the others take effect.

        The awards of a document are rows. An award of an achievement that is not published is listed with what Annex I
        requires and the document lacks; it waits with its draft. Rows whose `valid_from`, and documents whose
        `validFrom`, is in the future are scheduled: when the others are done, the batch is `scheduled` again, for the
        next of these days.

        The rows of a reconciliation (record, achievement or course, awarding_date; ects, status) change nothing: the
        problems list where they do not agree with the log.

        The rows of a spreadsheet are counted after the answer: until then `lines` is 0, and none of them is issued. A
        spreadsheet that a second person must release is `awaitingRelease` from then on.

        The answer comes when the whole body is on the node's disk. Sent again with the same Idempotency-Key (bodies are
        not compared), it is the same batch, unless the first one never arrived whole: then it is received again.
        """
        moment = _parse_publish_at(publish_at) if publish_at else None
        media = _media(request, sent_as)
        batch_store = receiving.batch_store
        term = _term(kind, media, awarded_from, awarded_until)
        _check_reading(kind, media, dates, keep_text=keep_text)
        most = min(receiving.most_bytes, _MOST_BYTES.get(media, receiving.most_bytes))
        _check_announced_length(request, most)
        pieces = _patiently(request.stream(), receiving.patience)
        first = await _first(pieces)
        begun = await run_sync(
            batch_store.begin,
            name,
            kind,
            media,
            request.user.actor,
            key,
            dry_run,
            term,
            ReadingOptions(dates, keep_text),
        )
        if begun.file is None:
            return await _respond_accepted(private, await run_sync(batch_store.get, begun.batch))
        try:
            await _receive(first, pieces, begun.file, most)
            takes_effect = not dry_run and kind != "reconciliation" and media not in DOCUMENTS
            release_above = receiving.release_above if takes_effect else 0
            batch = await run_sync(batch_store.complete, begun.batch, begun.file, moment, release_above)
        except BaseException:  # cancelled, or a full disk: what arrived is deleted
            with CancelScope(shield=True):
                await run_sync(batch_store.break_off, begun.batch, begun.file)
            raise
        _log.info("batches.received", batch=batch.batch, bytes=batch.bytes, lines=batch.lines)
        return await _respond_accepted(private, batch)

    @get(
        tags=["Batches"],
        operation_id="listBatches",
        summary="List the batches",
        sync_to_thread=True,
        **requires("batches:read"),
    )
    def list_batches(
        self, private: PrivateSide, receiving: Receiving, limit: Limit = LIMIT, cursor: Cursor = ""
    ) -> Response[Page[Batch]]:
        """Return the batches, the newest first."""
        place, cursors = None, Cursors("batches")
        if cursor:
            at, batch = cursors.decode(cursor, str, UUID)
            place = (_moment(at), str(batch))
        batches = receiving.batch_store.list_newest(limit, place)
        page = fit_bytes(batches, MAX_PAGE_BYTES)
        has_more = len(batches) == limit or len(page) < len(batches)
        last = cursors.encode([page[-1].created.isoformat(), page[-1].batch]) if has_more else None
        return private.respond(Page(page, last))


ROUTES: list[HTTPRouteHandler | type[Controller]] = [
    Batches,
    get_batch,
    problems,
    corrections,
    release,
    cancel,
]
