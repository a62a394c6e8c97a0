"""Batches: many rows in one request, as a stream of any length; and what became of them."""

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
"""What clients send that were generated from the description and know no better."""
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
"""What of one kind is held in memory while it is read."""
_EMPTY: Final = FieldError("$", "is empty; rows are needed, or a document")

MAX_PAGE_BYTES: Final = 1024 * 1024
"""The bytes of JSON that a page of batches, or of problems, has at most, or its first item alone."""
Limit = Annotated[int, Parameter(ge=1, le=MOST, description="How many at most.")]
Cursor = Annotated[str, Parameter(max_length=500, description="`next` of the page before.")]


_BODY: Final = f"""Rows: a table with a header, or a JSON object a line. A table is CSV (with commas, semicolons, tabs
or bars; in UTF-8, UTF-16 or Windows-1252) or a spreadsheet (`.xlsx`). Which columns rows have, `kind` says:

- `credentials`: the fields of `CredentialRow`; `record`, `student`, `family_name`, `given_name`, `date_of_birth`,
  `awarding_date`, and `achievement` or `course` are needed. Or one document of at most 8 MiB, whose awards are the
  rows: European Learning Model, European higher-education micro-credential or Open Badges 3.0 as JSON, ELMO as XML.
- `statusChanges`: `credential`, `change` (suspend, reinstate or revoke), and, but for reinstate, `reason` (one of
  {", ".join(get_args(StatusReason))}). As JSON: `{{"credential": "…", "change": "revoke", "reason": "issuedInError"}}`
- `reconciliation`: `record`, `achievement` or `course`, `awarding_date`; `ects` and `status` where you have them.
"""


@dataclass
class _RowsBody(Operation):
    """Says in the API's description what the stream is."""

    def __post_init__(self) -> None:
        self.request_body = RequestBody(
            description=_BODY,
            content={
                # JSON is taken too; said to be JSON, clients would want a schema, and any bytes are judged later.
                **{
                    one: OpenAPIMediaType(schema=Schema(), example=ROWS.get(one))
                    for one in get_args(Media)
                    if one != "application/json"
                },
                _BYTES: OpenAPIMediaType(schema=Schema(type=OpenAPIType.STRING, format=OpenAPIFormat.BINARY)),
            },
            required=True,
        )


async def _accepted(private: PrivateSide, made: Batch) -> Response[Batch]:
    answered = await run_sync(private.respond, made, 202)
    answered.headers["Location"] = f"/v1/batches/{made.batch}"
    return answered


def _media(request: Request[Any, Any, Any], told: Media) -> Media:
    given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if given == _BYTES:
        given = told
    if given not in _MEDIA:
        raise HttpProblem(
            "unsupported-media-type",
            f"a batch comes as {' or '.join(_MEDIA)}, or as {_BYTES} with `media` in the query",
        )
    return _MEDIA[given]


def _term(kind: Kind, media: Media, begin: date | None, end: date | None) -> Term | None:
    """A reconciliation's term; and what does not go together."""
    if kind != "credentials" and media in DOCUMENTS:
        trouble = FieldError(
            "query kind", "a document holds credentials; status changes and terms are rows", "kind", kind
        )
        raise HttpProblem("unprocessable", errors=[trouble])
    if kind != "reconciliation":
        return None
    if begin is None or end is None or end < begin:
        trouble = FieldError("query awardedFrom", "a reconciliation names its term, awardedFrom and awardedUntil")
        raise HttpProblem("unprocessable", errors=[trouble])
    return begin, end


def _check_reading(kind: Kind, media: Media, dates: Order | None, *, keep_text: bool) -> None:
    """Refuse what would have no effect."""
    errors = []
    if dates is not None and (kind == "statusChanges" or media in DOCUMENTS):
        errors.append(FieldError("query dates", "is for rows with days; leave it out", "dates", dates))
    if keep_text and (kind != "credentials" or media in DOCUMENTS):
        errors.append(FieldError("query keepText", "is for rows of credentials; leave it out", "keepText", "true"))
    if errors:
        raise HttpProblem("unprocessable", errors=errors)


def _announced(request: Request[Any, Any, Any], most_bytes: int) -> None:
    """Refuse what its own headers say is too much, before a batch is begun of it."""
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > most_bytes:
        raise HttpProblem("too-large", f"a batch of this kind has {most_bytes:,} bytes at most; send several")


async def _first(pieces: AsyncIterator[bytes]) -> bytes:
    """What the body begins with: of one that has nothing no batch is begun."""
    async for piece in pieces:
        if piece:
            return piece
    raise HttpProblem("unprocessable", errors=[_EMPTY])


async def _receive(first: bytes, pieces: AsyncIterator[bytes], spool: BatchFileWriter, most_bytes: int) -> None:
    waiting = bytearray(first)
    async for piece in pieces:
        waiting += piece
        if spool.size + len(waiting) > most_bytes:
            raise HttpProblem("too-large", f"a batch of this kind has {most_bytes:,} bytes at most; send several")
        if len(waiting) >= _PIECE:
            await run_sync(spool.write, bytes(waiting))
            waiting.clear()
    await run_sync(spool.write, bytes(waiting))


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
def one(private: PrivateSide, receiving: Receiving, batch: UUID) -> Response[Batch]:
    """How far it is, and how many of its rows were taken in: wait for its `Registry-Position` to read those."""
    return private.respond(receiving.batch_store.get(str(batch)))


@get(
    "/v1/batches/{batch:uuid}/problems",
    tags=["Batches"],
    operation_id="listBatchProblems",
    summary="The rows that were not taken in",
    sync_to_thread=True,
    **requires("batches:read"),
)
def problems(
    private: PrivateSide, receiving: Receiving, batch: UUID, limit: Limit = LIMIT, cursor: Cursor = ""
) -> Response[Page[RowProblem]]:
    """Each with its line, its field, why, and what would be right."""
    receiving.batch_store.get(str(batch))
    after, cursors = (0, 0), Cursors("problems", batch)
    if cursor:
        line, number = cursors.decode(cursor, int, int)
        after = (_bounded(line), _bounded(number))
    found = receiving.batch_store.list_problems(str(batch), limit, after)
    some = fit_bytes(found, MAX_PAGE_BYTES)
    last = cursors.encode(some[-1][0]) if len(found) == limit or len(some) < len(found) else None
    return private.respond(Page([row for _, row in some], last))


@post(
    "/v1/batches/{batch:uuid}/release",
    tags=["Batches"],
    operation_id="releaseBatch",
    summary="Let a batch go on that another person sent in",
    status_code=200,
    sync_to_thread=True,
    **requires("batches:release"),
)
def release(
    private: PrivateSide, receiving: Receiving, request: Request[Any, Any, Any], batch: UUID, key: IdempotencyKey
) -> Response[Batch]:
    """Large batches wait for a second person where the node is set so."""

    def act(_: Write) -> Answer:
        return Answer(200, receiving.batch_store.release(str(batch), request.user.actor))

    return private.write_once(request, key, None, act)


@post(
    "/v1/batches/{batch:uuid}/cancel",
    tags=["Batches"],
    operation_id="cancelBatch",
    summary="Drop a batch that has not begun, or what of it is held",
    status_code=200,
    sync_to_thread=True,
    **requires("credentials:write"),
)
def cancel(
    private: PrivateSide, receiving: Receiving, request: Request[Any, Any, Any], batch: UUID, key: IdempotencyKey
) -> Response[Batch]:
    """Nothing of it, or nothing more, is taken in; rows that were held are listed as problems.

    A batch that is `working` cannot be cancelled (409 `conflict`), nor one that has ended.
    """

    def act(_: Write) -> Answer:
        return Answer(200, receiving.batch_store.cancel(str(batch)))

    return private.write_once(request, key, None, act)


def _parsed(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text.upper())
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        trouble = FieldError("query publishAt", "is no moment with its zone; write it like 2026-07-01T12:00:00+02:00")
        raise HttpProblem("unprocessable", errors=[trouble])
    if found < datetime.now(UTC) - _LATE:
        trouble = FieldError(
            "query publishAt", "lies more than a day back; leave it out to publish at once", value=text
        )
        raise HttpProblem("unprocessable", errors=[trouble])
    return found


def _moment(text: str) -> str:
    try:
        return datetime.fromisoformat(text).astimezone(UTC).isoformat()
    except (ValueError, OverflowError) as error:
        raise HttpProblem("unprocessable", errors=[FieldError("query cursor", "is no cursor of this list")]) from error


def _bounded(number: int) -> int:
    return max(0, min(number, 2**31 - 1))


class Batches(Controller):
    """Both methods of one path, so that `Allow` names both."""

    path = "/v1/batches"

    @route(http_method=[HttpMethod.OPTIONS], status_code=204, include_in_schema=False, sync_to_thread=False)
    def allowed(self) -> Response[None]:
        """Which methods there are. The framework's own answer knows the first one only."""
        return Response(None, status_code=204, headers={"Allow": "GET, OPTIONS, POST"})

    @post(
        tags=["Batches"],
        operation_id="createBatch",
        summary="Send in a batch",
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
        name: Annotated[str, Parameter(max_length=200, description="What you call it; no person's name.")] = "",
        *,
        told: Annotated[
            Media, QueryParameter(name="media", description=f"What it comes as, where Content-Type says {_BYTES}.")
        ] = "text/csv",
        dry_run: Annotated[bool, QueryParameter(name="dryRun", description="Check only; nothing is issued.")] = False,
        publish_at: Annotated[
            str,
            QueryParameter(
                name="publishAt",
                description="Not before this moment (graduation day): RFC 3339, with its zone.",
            ),
        ] = "",
        awarded_from: Annotated[
            date | None, QueryParameter(name="awardedFrom", description="Of a reconciliation: the term's first day.")
        ] = None,
        awarded_until: Annotated[
            date | None, QueryParameter(name="awardedUntil", description="Of a reconciliation: the term's last day.")
        ] = None,
        dates: Annotated[
            Order | None,
            Parameter(description="How days are written that are not YYYY-MM-DD: dmy, mdy or ymd."),
        ] = None,
        keep_text: Annotated[
            bool,
            QueryParameter(
                name="keepText", description="Text that looks wrong, or no name or grade, is meant as it is."
            ),
        ] = False,
    ) -> Response[Batch]:
        """Take in rows as a stream. Every row is judged by itself: bad ones are listed, good ones take effect.

        A document's awards are such rows: one whose achievement nobody has published is listed as missing what Annex I
        wants, and waits with its draft. Rows whose `valid_from`, and documents whose `validFrom`, is to come are
        held: when the others are done the batch is `scheduled` again, for the next of their days.

        Rows of a reconciliation (record, achievement or course, awarding_date; ects, status) change nothing: listed is
        what does not agree with the log.

        The rows of a spreadsheet are counted after the answer: until then `lines` is 0, and none of it is taken in.
        One that a second person releases is `awaitingRelease` from then on.

        The answer comes when all of it is on the node's disk. Sent again with the same Idempotency-Key (the bodies are
        not compared), the batch is the one that there is, unless it never arrived whole: then it is received anew.
        """
        moment = _parsed(publish_at) if publish_at else None
        media = _media(request, told)
        batch_store = receiving.batch_store
        term = _term(kind, media, awarded_from, awarded_until)
        _check_reading(kind, media, dates, keep_text=keep_text)
        most = min(receiving.most_bytes, _MOST_BYTES.get(media, receiving.most_bytes))
        _announced(request, most)
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
            return await _accepted(private, await run_sync(batch_store.get, begun.batch))
        try:
            await _receive(first, pieces, begun.file, most)
            takes_effect = not dry_run and kind != "reconciliation" and media not in DOCUMENTS
            release_above = receiving.release_above if takes_effect else 0
            made = await run_sync(batch_store.complete, begun.batch, begun.file, moment, release_above)
        except BaseException:  # cancelled, a full disk: what came is not kept
            with CancelScope(shield=True):
                await run_sync(batch_store.break_off, begun.batch, begun.file)
            raise
        _log.info("batches.received", batch=made.batch, bytes=made.bytes, lines=made.lines)
        return await _accepted(private, made)

    @get(
        tags=["Batches"],
        operation_id="listBatches",
        summary="List the batches",
        sync_to_thread=True,
        **requires("batches:read"),
    )
    def listed(
        self, private: PrivateSide, receiving: Receiving, limit: Limit = LIMIT, cursor: Cursor = ""
    ) -> Response[Page[Batch]]:
        """The newest first."""
        place, cursors = None, Cursors("batches")
        if cursor:
            at, batch = cursors.decode(cursor, str, UUID)
            place = (_moment(at), str(batch))
        found = receiving.batch_store.list_newest(limit, place)
        some = fit_bytes(found, MAX_PAGE_BYTES)
        has_more = len(found) == limit or len(some) < len(found)
        last = cursors.encode([some[-1].created.isoformat(), some[-1].batch]) if has_more else None
        return private.respond(Page(some, last))


ROUTES: list[HTTPRouteHandler | type[Controller]] = [Batches, one, problems, corrections, release, cancel]
