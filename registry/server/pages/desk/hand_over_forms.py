"""The forms of a whole import: hand its rows over for release, close it; and its faulty rows as a file."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Final
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.enums import RequestEncodingType
from litestar.params import Body
from litestar.response import Stream

from registry.accounts import AccountServices
from registry.api.batch_options import parse_publish_at
from registry.api.bodies import Offers
from registry.api.corrections import stream_corrections
from registry.api.idempotency import Answer
from registry.api.private_side import PrivateSide, Write
from registry.api.receiving import Receiving
from registry.batches.imports.content import ChangedMeanwhile
from registry.batches.imports.handing_over import HandingOver, HandOverForm
from registry.batches.imports.import_store import ChangedImport, ImportStore
from registry.http import FieldError, HttpProblem, requires
from registry.server.pages.desk.import_page import RowFilter, read_import, render_import
from registry.server.pages.desk.imports import PATH
from registry.server.pages.forms import form_key
from registry.server.pages.frame import Pages
from registry.server.pages.refusals import problem_of

Typed = Annotated[dict[str, str], Body(media_type=RequestEncodingType.URL_ENCODED)]


@post(
    f"{PATH}/{{identifier:uuid}}/hand-over",
    include_in_schema=False,
    sync_to_thread=True,
    **requires("credentials:write"),
)
def hand_over(
    request: Request[Any, Any, Any],
    pages: Pages,
    private: PrivateSide,
    imports: ImportStore,
    offered: Offers,
    services: AccountServices,
    identifier: UUID,
    data: Typed,
) -> Response[Any]:
    """Make a batch of the rows that are right; a colleague releases it."""

    def write(each: Write) -> Answer:
        form = HandOverForm(_version(data), _publish_at(data), data.get("rest") == "leave")
        key = form_key(data)
        HandingOver(imports, offered, each.registry).hand_over(str(identifier), form, request.user.actor, key)
        return Answer(204, None)

    return _carry_out(request, pages, private, imports, services, identifier, data, write, "handed-over")


@post(
    f"{PATH}/{{identifier:uuid}}/close", include_in_schema=False, sync_to_thread=True, **requires("credentials:write")
)
def close(
    request: Request[Any, Any, Any],
    pages: Pages,
    private: PrivateSide,
    imports: ImportStore,
    services: AccountServices,
    identifier: UUID,
    data: Typed,
) -> Response[Any]:
    """Close an import: what was not handed over is not issued from it."""

    def write(each: Write) -> Answer:
        del each
        imports.close(str(identifier), _version(data))
        return Answer(204, None)

    return _carry_out(request, pages, private, imports, services, identifier, data, write, "import-closed")


def _carry_out(
    request: Request[Any, Any, Any],
    pages: Pages,
    private: PrivateSide,
    imports: ImportStore,
    services: AccountServices,
    identifier: UUID,
    data: Mapping[str, str],
    write: Any,  # noqa: ANN401 - a function of a `Write`
    done: str,
) -> Response[Any]:
    """Act once, and lead to the import. A refusal is shown on its page as it is now."""
    body = {name: value for name, value in data.items() if name not in ("csrf", "key")}
    try:
        private.write_once(request, form_key(data), body, write)
    except (ChangedImport, ChangedMeanwhile) as error:
        problem = {"status": 409, "detail": str(error), "errors": [], "changed": isinstance(error, ChangedImport)}
    except Exception as error:  # noqa: BLE001 - `problem_of` raises again what is a failure of the node
        problem = {"changed": False, **problem_of(request, error)}
    else:
        return pages.redirect(request, f"{PATH}/{identifier}", done)
    page = read_import(imports, identifier, RowFilter())
    status = problem["status"]
    assert isinstance(status, int)  # noqa: S101 - a problem has a number
    return render_import(request, pages, imports, services, page, RowFilter(), status=status, problem=problem)


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


def _version(data: Mapping[str, str]) -> int:
    text = data.get("version", "")
    if not (text.isascii() and text.isdigit() and len(text) <= 12):
        raise HttpProblem("invalid", "the form lacks its version; open the page again")
    return int(text)


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


ROUTES: Final = [hand_over, close, download_corrections]
