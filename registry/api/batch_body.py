"""The body of a new batch: its description, and its way into the store."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Final, get_args

import structlog
from anyio import CancelScope, move_on_after, sleep
from anyio.to_thread import run_sync
from litestar import Request
from litestar.openapi.spec import OpenAPIFormat, OpenAPIMediaType, OpenAPIType, Operation, RequestBody, Schema

from registry.accounts.journal import JournalRow
from registry.api.batch_options import BYTES
from registry.api.examples import ROWS
from registry.api.receiving import Receiving
from registry.batches import Batch, BatchFileWriter
from registry.batches.batch import DOCUMENTS, XLSX, IncomingBatch, Media, UnknownBatch, WrongState
from registry.http import FieldError, HttpProblem
from registry.intake.formats.documents import MAX_BYTES
from registry.intake.rows.xlsx_archive import MAX_BYTES as MAX_SPREADSHEET_BYTES
from registry.wire.credentials import StatusReason

_log = structlog.get_logger(__name__)
_PIECE: Final = 1024 * 1024
_PAUSE_SECONDS: Final = 0.2
"""Between two looks at whether a request that was sent again has arrived."""
_MOST_BYTES: Final[dict[Media, int]] = {XLSX: MAX_SPREADSHEET_BYTES, **dict.fromkeys(DOCUMENTS, MAX_BYTES)}
"""The kinds that are read into memory, and their maximum size."""
_EMPTY: Final = FieldError("$", "is empty; send rows or a document")
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
class RowsBody(Operation):
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
                BYTES: OpenAPIMediaType(schema=Schema(type=OpenAPIType.STRING, format=OpenAPIFormat.BINARY)),
            },
            required=True,
        )


async def receive_batch(
    receiving: Receiving,
    request: Request[Any, Any, Any],
    media: Media,
    begin: Callable[[], IncomingBatch],
    publish_at: datetime | None,
    options: bytes,
    *,
    takes_effect: bool,
) -> Batch:
    """Return the batch of a request when its body is on the disk.

    `begin` begins it in the store, or finds the one that a request with the same key began before: that is this one if
    its `options` and its content are the same. A batch that `takes_effect` may need a second person.
    """
    max_bytes = most_bytes_of(receiving, media)
    _check_announced_length(request, max_bytes)
    pieces = read_pieces(request.stream(), receiving.patience)
    release_above = receiving.release_above if takes_effect else 0
    return await store_pieces(receiving, pieces, max_bytes, begin, publish_at, options, release_above)


def most_bytes_of(receiving: Receiving, media: Media) -> int:
    """Return the maximum size of a batch of a media type."""
    return min(receiving.most_bytes, _MOST_BYTES.get(media, receiving.most_bytes))


async def store_pieces(
    receiving: Receiving,
    pieces: AsyncIterator[bytes],
    max_bytes: int,
    begin: Callable[[], IncomingBatch],
    publish_at: datetime | None,
    options: bytes,
    release_above: int = 0,
    journal: Callable[[str], JournalRow] | None = None,
    find: Callable[[], Batch] | None = None,
) -> Batch:
    """Return the batch of these pieces when they are on the disk; for the rest see `receive_batch`.

    `journal` makes the row that the journal has of it, from the batch's id. `find` finds the batch that this request
    has now: where it was sent again while it arrived, that one is returned. Without `find`, that raises `WrongState`.
    """
    batch_store = receiving.batch_store
    first = await _read_first(pieces)
    incoming = await run_sync(begin)
    content = hashlib.sha256(options)
    if incoming.file is None:
        await _read_body(first, pieces, max_bytes, content.update)
        if not await run_sync(batch_store.has_content, incoming.batch, content.digest()):
            raise HttpProblem("idempotency-key-reused")
        return await run_sync(batch_store.get, incoming.batch)

    def write(data: bytes, file: BatchFileWriter = incoming.file) -> None:
        content.update(data)
        file.write(data)

    again: WrongState | None = None
    try:
        await _read_body(first, pieces, max_bytes, write)
        also = None if journal is None else journal(incoming.batch).write_with
        complete = partial(batch_store.complete, also=also)
        batch = await run_sync(complete, incoming.batch, incoming.file, publish_at, release_above, content.digest())
    except BaseException as error:  # cancelled, or a full disk: what arrived is deleted
        with CancelScope(shield=True):
            await run_sync(batch_store.break_off, incoming.batch, incoming.file)
        if find is None or not isinstance(error, WrongState):
            raise
        again = error
    if find is not None and again is not None:
        batch = await _wait_for(find, receiving.patience, again)
        if not await run_sync(batch_store.has_content, batch.batch, content.digest()):
            raise HttpProblem("idempotency-key-reused")
        return batch
    _log.info("batches.received", batch=batch.batch, bytes=batch.bytes, lines=batch.lines)
    return batch


async def _wait_for(find: Callable[[], Batch], timeout_seconds: float, again: WrongState) -> Batch:
    """Return the batch that a request has now when it has arrived; raise `again` where it does not arrive in time."""
    with move_on_after(timeout_seconds):
        while True:
            try:
                batch = await run_sync(find)
            except UnknownBatch as error:
                raise again from error
            if batch.state == "incomplete":
                break
            if batch.state != "receiving":
                return batch
            await sleep(_PAUSE_SECONDS)
    raise again


def _check_announced_length(request: Request[Any, Any, Any], max_bytes: int) -> None:
    """Refuse a body whose Content-Length is too large, before a batch is begun."""
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > max_bytes:
        raise HttpProblem("too-large", f"a batch of this kind has {max_bytes:,} bytes at most; send several")


async def _read_first(pieces: AsyncIterator[bytes]) -> bytes:
    """Return the first bytes of the body. Refuse an empty body, of which no batch is begun."""
    async for piece in pieces:
        if piece:
            return piece
    raise HttpProblem("unprocessable", errors=[_EMPTY])


async def _read_body(
    first: bytes, pieces: AsyncIterator[bytes], max_bytes: int, write: Callable[[bytes], object]
) -> None:
    """Pass a body to `write` in large pieces, in a thread."""
    waiting, size = bytearray(first), len(first)
    async for piece in pieces:
        waiting += piece
        size += len(piece)
        if size > max_bytes:
            raise HttpProblem("too-large", f"a batch of this kind has {max_bytes:,} bytes at most; send several")
        if len(waiting) >= _PIECE:
            await run_sync(write, bytes(waiting))
            waiting.clear()
    await run_sync(write, bytes(waiting))


async def read_pieces(stream: AsyncIterator[bytes], timeout_seconds: float) -> AsyncIterator[bytes]:
    """Yield the pieces of a body. Raises `HttpProblem` where nothing arrives for some seconds."""
    while True:
        try:
            yield await asyncio.wait_for(anext(stream), timeout_seconds)
        except StopAsyncIteration:
            return
        except TimeoutError as error:
            raise HttpProblem("too-slow", f"nothing arrived for {timeout_seconds:g} seconds") from error
