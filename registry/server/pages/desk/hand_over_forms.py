"""The forms of a whole import: hand its rows over for release, close it; and its faulty rows as a file."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from threading import BoundedSemaphore
from typing import Any, Final, NamedTuple
from uuid import UUID

from litestar import Request, Response, Router, get, post
from litestar.di import NamedDependency, Provide
from litestar.handlers import HTTPRouteHandler
from litestar.params import SkipValidation
from litestar.response import Stream

from registry.accounts.journal import JournalRow
from registry.accounts.services import AccountServices
from registry.api.batch_options import parse_publish_at
from registry.api.corrections import stream_corrections
from registry.api.idempotency import Answer
from registry.api.private_side import PrivateSide, Write
from registry.api.receiving import Receiving
from registry.batches.batch import UnknownBatch, WrongState
from registry.batches.batch_file import DamagedBatchFile
from registry.batches.imports.content import ChangedMeanwhile
from registry.batches.imports.handed_rows import read_refused_rows
from registry.batches.imports.handing_over import HandingOver, HandOverForm, is_in_rows
from registry.batches.imports.import_store import ChangedImport, ImportStore
from registry.http import FieldError, HttpProblem, requires
from registry.intake.corrections import write_row_corrections
from registry.node.adapters.catalogue import OwnCatalogue
from registry.server.pages.desk.import_page import RowFilter, read_import, render_import
from registry.server.pages.desk.imports import PATH
from registry.server.pages.forms import Typed, form_key, read_version
from registry.server.pages.frame import Pages
from registry.server.pages.refusals import problem_of

_AT_A_TIME: Final = 2
"""Imports that one process hands over, or reads refused rows of, at once. Each reads a whole file."""
_PATIENCE_SECONDS: Final = 5.0
"""The time that a form waits for its turn."""
_handing_over = BoundedSemaphore(_AT_A_TIME)


class ImportFormsOfPage(NamedTuple):
    """The import that a form is about, and what a route receives to act on it."""

    request: Request[Any, Any, Any]
    pages: Pages
    imports: ImportStore
    services: AccountServices
    import_id: UUID

    @property
    def identifier(self) -> str:
        """The import's id."""
        return str(self.import_id)

    def journal_row(self, act: str) -> JournalRow:
        """Return the row that the journal has of the act."""
        return JournalRow.now(self.request.user.actor, f"POST {PATH}/{{identifier}}/{act}", self.identifier)

    def carry_out(self, act: Callable[[], None], done: str) -> Response[Any]:
        """Act, and lead to the import. A refusal is shown on its page as it is now."""
        problem: Mapping[str, Any]
        try:
            act()
        except (ChangedImport, ChangedMeanwhile) as error:
            is_changed = isinstance(error, ChangedImport)
            problem = {"status": 409, "detail": str(error), "errors": [], "changed": is_changed}
        except Exception as error:  # noqa: BLE001 - `problem_of` raises again what is a failure of the node
            problem = {"changed": False, **problem_of(self.request, error)}
        else:
            return self.pages.redirect(self.request, f"{PATH}/{self.identifier}", done)
        shown, chosen = read_import(self.imports, self.import_id, RowFilter()), RowFilter()
        return render_import(
            self.request, self.pages, self.imports, self.services, shown, chosen,
            status=problem["status"], problem=problem,
        )  # fmt: skip


def _import_forms(
    request: Request[Any, Any, Any], pages: Pages, imports: ImportStore, services: AccountServices, identifier: UUID
) -> ImportFormsOfPage:
    return ImportFormsOfPage(request, pages, imports, services, identifier)


ImportForms = NamedDependency[SkipValidation[ImportFormsOfPage]]


@post(
    f"{PATH}/{{identifier:uuid}}/hand-over",
    include_in_schema=False,
    sync_to_thread=True,
    **requires("credentials:write"),
)
def hand_over(form: ImportForms, private: PrivateSide, data: Typed) -> Response[Any]:
    """Make a batch of the rows that are right; a colleague releases it.

    Reading a file takes seconds, so this holds up no other write, and few are made at once.
    """

    def act() -> None:
        wishes = HandOverForm(_version(data), _publish_at(data), data.get("rest") == "leave")
        key, by = form_key(data), form.request.user.actor
        if not _handing_over.acquire(timeout=_PATIENCE_SECONDS):
            raise HttpProblem("conflict", "other imports are being handed over; send the form again in a moment")
        try:
            with private.reading() as registry:
                handing_over = HandingOver(form.imports, OwnCatalogue(registry), registry)
                try:
                    journal = form.journal_row("hand-over").write_with
                    handing_over.hand_over(form.identifier, wishes, by, key, also=journal)
                except (ChangedImport, WrongState, UnknownBatch):
                    if not handing_over.wait_for_twin(form.identifier, by, key, _PATIENCE_SECONDS):
                        raise
        finally:
            _handing_over.release()

    return form.carry_out(act, "handed-over")


@post(
    f"{PATH}/{{identifier:uuid}}/close", include_in_schema=False, sync_to_thread=True, **requires("credentials:write")
)
def close(form: ImportForms, private: PrivateSide, data: Typed) -> Response[Any]:
    """Close an import: what was not handed over is not issued from it. Or open it again."""
    closed = data.get("do") != "open"

    def write(each: Write) -> Answer:
        del each
        form.imports.close(form.identifier, _version(data), closed=closed)
        return Answer(204, None)

    def act() -> None:
        private.write_once(form.request, form_key(data), [data.get("version"), closed], write)

    return form.carry_out(act, "import-closed" if closed else "import-opened")


@get(
    f"{PATH}/{{identifier:uuid}}/corrections.csv",
    include_in_schema=False,
    sync_to_thread=True,
    **requires("credentials:write"),
)
def download_corrections(imports: ImportStore, receiving: Receiving, identifier: UUID) -> Stream:
    """Return the rows that are still wrong, as a file to correct and upload again."""
    imports.get(str(identifier))
    decided = imports.list_corrections(str(identifier))
    faulty = receiving.batch_store.describe_faulty_rows(str(identifier))
    return stream_corrections(
        receiving, identifier, {line: text for line, text in faulty.items() if line not in decided}
    )


@get(
    f"{PATH}/{{identifier:uuid}}/refused.csv",
    include_in_schema=False,
    sync_to_thread=True,
    **requires("credentials:write"),
)
def download_refused(imports: ImportStore, identifier: UUID) -> Response[str]:
    """Return the rows that were refused after their release, as they were handed over, to correct and upload again."""
    view = imports.get(str(identifier))
    if not is_in_rows(view.batch):
        raise HttpProblem("conflict", "only imports of rows of credentials have such a file")
    if not _handing_over.acquire(timeout=_PATIENCE_SECONDS):
        raise HttpProblem("unavailable", "other imports are being read; ask for the file again in a moment")
    rows: list[tuple[dict[str, str], str]] = []
    try:
        for each in reversed(view.hand_overs):
            if each.is_in_force and each.batch.refused:
                faulty = imports.batch_store.describe_faulty_rows(each.batch.batch)
                rows += read_refused_rows(imports.batch_store.get_content(each.batch.batch), faulty)
    except DamagedBatchFile as error:
        raise HttpProblem("gone", "the content of this import was deleted") from error
    finally:
        _handing_over.release()
    return Response(
        "".join(write_row_corrections(rows)),
        media_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="refused-{identifier}.csv"',
            "Cache-Control": "no-store",
        },
    )


def _version(data: Mapping[str, str]) -> int:
    version = read_version(data.get("version", ""))
    if version is None:
        raise HttpProblem("invalid", "the form lacks its version; open the page again")
    return version


def _publish_at(data: Mapping[str, str]) -> datetime | None:
    """Return the beginning of the day (UTC) before which nothing is published. Raises `HttpProblem`."""
    text = data.get("day", "").strip()
    if not text:
        return None
    try:
        day = datetime.strptime(text[:20], "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError as error:
        raise HttpProblem(
            "unprocessable", errors=[FieldError("day", "is not a day; write it like 2026-07-01", "day")]
        ) from error
    return parse_publish_at(day.isoformat())


ROUTES: Final[list[HTTPRouteHandler | Router]] = [
    Router("/", route_handlers=[hand_over, close], dependencies={"form": Provide(_import_forms, sync_to_thread=False)}),
    download_corrections,
    download_refused,
]
