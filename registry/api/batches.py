"""Batches: many rows in one request, as a stream of any length, and their outcomes."""

from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from anyio.to_thread import run_sync
from litestar import Controller, HttpMethod, Request, Response, get, post, route
from litestar.handlers import HTTPRouteHandler
from litestar.params import Parameter

from registry.api.batch_body import RowsBody, receive_batch
from registry.api.batch_options import (
    AwardedFrom,
    AwardedUntil,
    BatchKind,
    Dates,
    DryRun,
    KeepText,
    Name,
    PublishAt,
    SentAs,
    check_reading_options,
    choose_media,
    choose_term,
    parse_publish_at,
)
from registry.api.cancelling import check_may_cancel
from registry.api.corrections import corrections
from registry.api.idempotency import Answer
from registry.api.private_side import IdempotencyKey, PrivateSide, Write
from registry.api.receiving import Receiving
from registry.batches import Batch, RowProblem
from registry.batches.batch import DOCUMENTS, ReadingOptions
from registry.http import Cursors, FieldError, HttpProblem, Page, requires
from registry.http.pagination import LIMIT, MOST, fit_bytes

MAX_PAGE_BYTES: Final = 1024 * 1024
"""The maximum size of a page of batches or problems, as JSON. A page has at least one item."""
Limit = Annotated[int, Parameter(ge=1, le=MOST, description="The maximum number of items.")]
Cursor = Annotated[str, Parameter(max_length=500, description="`next` of the previous page.")]


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

    Who sent it may cancel it, and who may also release batches or administer accounts; others receive 403
    `second-person`. A batch that is `working` cannot be cancelled (409 `conflict`), nor one that has ended.
    """

    def act(_: Write) -> Answer:
        check_may_cancel(request.user, receiving.batch_store, str(batch))
        return Answer(200, receiving.batch_store.cancel(str(batch)))

    return private.write_once(request, key, None, act)


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
        operation_class=RowsBody,
        request_max_body_size=None,
        **requires("credentials:write"),
    )
    async def create(
        self,
        private: PrivateSide,
        receiving: Receiving,
        request: Request[Any, Any, Any],
        key: IdempotencyKey,
        kind: BatchKind = "credentials",
        name: Name = "",
        *,
        sent_as: SentAs = "text/csv",
        dry_run: DryRun = False,
        publish_at: PublishAt = "",
        awarded_from: AwardedFrom = None,
        awarded_until: AwardedUntil = None,
        dates: Dates = None,
        keep_text: KeepText = False,
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

        The answer comes when the whole body is on the node's disk. Sent again with the same Idempotency-Key, the same
        parameters and the same body, it is the same batch, unless the first one never arrived whole: then it is
        received again. Other parameters or another body are refused (422 `idempotency-key-reused`), and so is a batch
        that can no longer be compared: an erasure removed rows from it, or it ended more than 90 days ago.
        """
        moment = parse_publish_at(publish_at) if publish_at else None
        media = choose_media(request, sent_as)
        term = choose_term(kind, media, awarded_from, awarded_until)
        check_reading_options(kind, media, dates, keep_text=keep_text)
        reading = ReadingOptions(dates, keep_text)
        actor = request.user.actor
        begin = partial(receiving.batch_store.begin, name, kind, media, actor, key, dry_run, term, reading)
        options = msgspec.json.encode([name, kind, media, dry_run, term, reading, moment and moment.astimezone(UTC)])
        takes_effect = not dry_run and kind != "reconciliation" and media not in DOCUMENTS
        batch = await receive_batch(receiving, request, media, begin, moment, options, takes_effect=takes_effect)
        response = await run_sync(private.respond, batch, 202)
        response.headers["Location"] = f"/v1/batches/{batch.batch}"
        return response

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
