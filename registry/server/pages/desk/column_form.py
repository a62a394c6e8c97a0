"""The form that says which column of a table stands for which of ours; it makes an import of the mapped rows."""

from collections.abc import Mapping
from functools import partial
from typing import Any, Final
from uuid import UUID

from litestar import Request, Response, post

from registry.accounts.journal import JournalRow
from registry.accounts.services import AccountServices
from registry.batches.batch import TABLES, ReadingOptions, WrongState
from registry.batches.imports.column_mapping import Columns, UnfitColumns, check_columns, map_rows, read_header
from registry.batches.imports.handing_over import NDJSON
from registry.batches.imports.import_store import ImportStore
from registry.http import requires
from registry.intake.rows.columns import NAMES
from registry.server.pages.desk.import_page import RowFilter, read_import, render_import
from registry.server.pages.desk.imports import PATH
from registry.server.pages.forms import Typed, form_key
from registry.server.pages.frame import Pages
from registry.server.pages.refusals import problem_of

_FIELD: Final = "column-"


@post(
    f"{PATH}/{{identifier:uuid}}/columns", include_in_schema=False, sync_to_thread=True, **requires("credentials:write")
)
def map_columns(
    request: Request[Any, Any, Any],
    pages: Pages,
    imports: ImportStore,
    services: AccountServices,
    identifier: UUID,
    data: Typed,
) -> Response[Any]:
    """Make an import of the rows of a table, with our names for its columns, and remember these."""
    render = partial(render_import, request, pages, imports, services)
    chosen = RowFilter()
    try:
        columns = _choose(imports, str(identifier), data)
        journal = JournalRow.now(request.user.actor, f"POST {PATH}/{{identifier}}/columns", str(identifier))
        path = _make_import(imports, str(identifier), columns, request.user.actor, form_key(data), journal)
    except UnfitColumns as unfit:
        page = read_import(imports, identifier, chosen)
        return render(page, chosen, status=422, unfit=unfit, typed=data)
    except Exception as error:  # noqa: BLE001 - `problem_of` raises again what is a failure of the node
        problem = problem_of(request, error)
        page = read_import(imports, identifier, chosen)
        return render(page, chosen, status=problem["status"], problem=problem)
    return pages.redirect(request, path, "import-received")


def _choose(imports: ImportStore, identifier: str, data: Mapping[str, str]) -> Columns:
    """Return the columns that the form says. Raises `UnfitColumns`, `WrongState` for an import that can be read."""
    view = imports.get(identifier)
    if view.batch.state != "failed" or view.batch.kind != "credentials" or view.batch.media not in TABLES:
        raise WrongState("The columns of this import are known.")
    header = read_header(imports.batch_store.get_content(identifier))
    columns = {place: data.get(f"{_FIELD}{place}", "") for place in range(len(header.names))}
    columns = {place: name for place, name in columns.items() if name in NAMES}
    check_columns(columns)
    return columns


def _make_import(
    imports: ImportStore, identifier: str, columns: Columns, by: str, key: str, journal: JournalRow
) -> str:
    """Return the path of the new import."""
    batch = imports.get(identifier).batch
    content = imports.batch_store.get_content(identifier)
    reading = ReadingOptions(batch.dates, batch.keep_text)
    incoming = imports.begin(
        batch.name, batch.kind, NDJSON, by, f"columns {identifier} {key}", reading, identifier, is_mapped=True
    )
    if incoming.file is not None:
        try:
            for piece in map_rows(content, columns):
                incoming.file.write(piece)
            imports.batch_store.complete(incoming.batch, incoming.file, None, also=journal.write_with)
        except BaseException:  # it is raised again
            imports.batch_store.break_off(incoming.batch, incoming.file)
            raise
        imports.remember_columns(read_header(content).names, columns, by)
    return f"{PATH}/{incoming.batch}"


ROUTES: Final = [map_columns]
