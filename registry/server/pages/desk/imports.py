"""The list of imports, and the upload of a file: it is checked, and its content stays to be handed over."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from functools import partial
from typing import Any, Final, NamedTuple
from uuid import UUID

import msgspec
from anyio.to_thread import run_sync
from litestar import Request, Response, get, post

from registry.accounts.journal import JournalRow
from registry.api.batch_body import most_bytes_of, store_pieces
from registry.api.batch_options import check_reading_options, choose_term
from registry.api.receiving import Receiving
from registry.batches.batch import Batch, Kind, Media, ReadingOptions, Term
from registry.batches.imports.import_store import ImportStore
from registry.http import Cursors, HttpProblem, requires
from registry.intake.rows.days import ORDERS, Order
from registry.server.pages.desk.file_kinds import ACCEPT, media_of
from registry.server.pages.desk.import_state import TONES, state_of
from registry.server.pages.form_check import FIELD, READS_STREAM, check_token
from registry.server.pages.forms import form_key, new_key
from registry.server.pages.frame import Pages
from registry.server.pages.uploads import Upload

PATH: Final = "/desk/imports"
MAX_BYTES: Final = 32 * 1024 * 1024
"""The maximum size of an uploaded file. A system sends larger ones over the API."""
_DISCARDED_BYTES: Final = 256 * 1024 * 1024
"""Bytes of a file that is too large which are read and forgotten, so that the browser shows the answer."""
_PER_PAGE: Final = 20
KINDS: Final[tuple[Kind, ...]] = ("credentials", "statusChanges", "reconciliation")


class UploadFault(Exception):
    """A form that is shown again, with a code of the vocabulary's group `upload fault`."""

    def __init__(self, code: str, status: int = 422) -> None:
        super().__init__(code)
        self.code = code
        self.status = status


class UploadForm(NamedTuple):
    """The fields of an upload."""

    kind: Kind
    media: Media
    dates: Order | None
    term: Term | None
    previous: str | None
    """The import whose file this one corrects."""


@get(PATH, include_in_schema=False, sync_to_thread=True, **requires("batches:read"))
def list_imports(request: Request[Any, Any, Any], pages: Pages, imports: ImportStore) -> Response[str]:
    """List the imports, the newest first, with the form to upload a file."""
    return _render_list(request, pages, imports)


def _render_list(
    request: Request[Any, Any, Any],
    pages: Pages,
    imports: ImportStore,
    *,
    fault: str = "",
    typed: Mapping[str, str] | None = None,
    status: int = 200,
) -> Response[str]:
    place, cursors = None, Cursors("imports")
    if cursor := request.query_params.get("cursor", "")[:500]:
        at, identifier = cursors.decode(cursor, str, UUID)
        place = (_moment(at), str(identifier))
    listed = imports.list_newest(_PER_PAGE, place)
    last = listed[-1].batch if len(listed) == _PER_PAGE else None
    return pages.render(
        request,
        "desk/imports.html",
        private=True,
        status=status,
        imports=listed,
        state_of=state_of,
        tones=TONES,
        actors=imports.names([each.batch.by for each in listed]),
        me=request.user.actor,
        next=None if last is None else cursors.encode([last.created.isoformat(), last.batch]),
        may_upload="credentials:write" in request.user.scopes,
        key=new_key(),
        accept=ACCEPT,
        orders=ORDERS,
        kinds=KINDS,
        max_megabytes=MAX_BYTES // 1024 // 1024,
        fault=fault,
        typed=typed or {},
    )


def _moment(text: str) -> str:
    try:
        return datetime.fromisoformat(text).astimezone(UTC).isoformat()
    except (ValueError, OverflowError) as error:
        raise HttpProblem("unprocessable", "this address belongs to another list") from error


@post(
    PATH,
    include_in_schema=False,
    status_code=303,
    request_max_body_size=None,
    opt={READS_STREAM: True},
    **requires("credentials:write"),
)
async def upload(
    request: Request[Any, Any, Any],
    pages: Pages,
    imports: ImportStore,
    receiving: Receiving,
) -> Response[Any]:
    """Receive a file and have it checked. Nothing of it is stored before the form's token was checked."""
    incoming = Upload(request, receiving.patience)
    try:
        await incoming.read_fields()
        check_token(request, incoming.fields.get(FIELD))
        batch = await _receive(request, imports, receiving, incoming)
    except UploadFault as fault:
        await incoming.discard(_DISCARDED_BYTES)
        return await run_sync(
            partial(_render_list, request, pages, imports, fault=fault.code, typed=incoming.fields, status=fault.status)
        )
    return pages.redirect(request, f"{PATH}/{batch.batch}", "import-received")


async def _receive(
    request: Request[Any, Any, Any], imports: ImportStore, receiving: Receiving, incoming: Upload
) -> Batch:
    if not incoming.has_file:
        raise UploadFault("no-file")
    form = read_upload_form(incoming.fields, incoming.file_name)
    key = form_key(incoming.fields)
    max_bytes = min(MAX_BYTES, most_bytes_of(receiving, form.media))
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > max_bytes + _FORM_BYTES:
        raise UploadFault("too-large", 413)
    reading = ReadingOptions(form.dates)
    begin = partial(
        imports.begin, incoming.file_name, form.kind, form.media, request.user.actor, f"import {key}", reading,
        form.previous, form.term,
    )  # fmt: skip
    options = msgspec.json.encode([incoming.file_name, form])
    try:
        return await store_pieces(
            receiving, incoming.read_file(), max_bytes, begin, None, options,
            journal=partial(JournalRow.now, request.user.actor, f"POST {PATH}"),
            find=partial(imports.batch_store.find_of_request, request.user.actor, f"import {key}"),
        )  # fmt: skip
    except HttpProblem as problem:
        raise _fault_of(problem) from problem


_FORM_BYTES: Final = 16 * 1024
"""The maximum of bytes that a form has besides its file."""
_FAULTS: Final = {"too-large": ("too-large", 413), "unprocessable": ("empty-file", 422)}


def _fault_of(problem: HttpProblem) -> Exception:
    fault = _FAULTS.get(problem.kind)
    return problem if fault is None else UploadFault(*fault)


def read_upload_form(fields: Mapping[str, str], file_name: str) -> UploadForm:
    """Return the fields of an upload. Raises `UploadFault` for what is none of the choices, and for a bad day."""
    media = media_of(file_name)
    if media is None:
        raise UploadFault("kind-of-file")
    kind = next((each for each in KINDS if each == fields.get("kind", KINDS[0])), None)
    dates = next((each for each in ORDERS if each == fields.get("dates")), None)
    if kind is None or (dates is None and fields.get("dates")):
        raise UploadFault("kind" if kind is None else "dates")
    try:
        term = choose_term(kind, media, *(_day(fields.get(name, "")) for name in ("from", "until")))
        if kind == "statusChanges" or media in ("application/json", "application/xml"):
            dates = None
        check_reading_options(kind, media, dates, keep_text=False)
    except HttpProblem as problem:
        raise UploadFault("term" if kind == "reconciliation" else "kind-of-rows") from problem
    previous = fields.get("previous", "")
    try:
        return UploadForm(kind, media, dates, term, str(UUID(previous)) if previous else None)
    except ValueError as error:
        raise HttpProblem("invalid", "the form names no import; open the page again") from error


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise UploadFault("day") from error


ROUTES: Final = [list_imports, upload]
