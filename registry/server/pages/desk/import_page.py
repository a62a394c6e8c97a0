"""One import: how far its check is, what is wrong with which rows, and what can be handed over."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple
from uuid import UUID

import msgspec
from litestar import Request, Response, get

from registry.accounts.roles import scopes_of
from registry.accounts.services import AccountServices
from registry.batches.batch import TABLES
from registry.batches.batch_file import DamagedBatchFile
from registry.batches.imports.column_mapping import Header, guess_columns, read_header
from registry.batches.imports.handing_over import is_in_rows
from registry.batches.imports.import_store import MAX_PROBLEMS, ImportStore
from registry.batches.imports.import_view import Correction, ImportView
from registry.batches.imports.rows import Cells, read_cells
from registry.http import HttpProblem, requires
from registry.intake.rows.columns import NAMES
from registry.intake.rows.report import IntakeError
from registry.server.pages.desk.faults import (
    FaultKind,
    FaultyRow,
    kind_key,
    list_kinds,
    list_rows,
    without_lines,
)
from registry.server.pages.desk.file_kinds import ACCEPT
from registry.server.pages.desk.import_state import ROWS_PER_PAGE, TONES, page_of, state_of
from registry.server.pages.desk.imports import PATH
from registry.server.pages.forms import new_key, read_search
from registry.server.pages.frame import Pages
from registry.values.actors import PERSON_PREFIX

_NO_HEADER: Final = Header([], "")


class RowFilter(msgspec.Struct, frozen=True):
    """The choice of rows on the page of an import, as its address has it."""

    fault: str | None = None
    """The key of a kind of faults."""
    row: int | None = None
    """The line of the row that is open."""
    page: int | None = None
    show: str | None = None
    """`decided` for the rows that were corrected or left out."""


class ShownRow(NamedTuple):
    """A faulty row on the page."""

    faulty: FaultyRow
    cells: Cells
    """As they were typed last; else as the file has them."""
    correction: Correction | None

    @property
    def form_fields(self) -> list[str]:
        """The columns of the row's form: those at fault first, then the other ones that every row needs or has."""
        at_fault = [name for name in NAMES if name in self.faulty.fields]
        return at_fault + [name for name in NAMES if name not in at_fault]


class ImportPage(NamedTuple):
    """An import as its page shows it."""

    view: ImportView
    kinds: list[FaultKind]
    rows: list[ShownRow]
    matching: int
    """Rows that the filter selects."""
    number: int
    pages: int
    is_cut: bool
    """True if there are more faults than the page reads."""
    open_row: int | None
    header: Header
    """The header of a table whose columns are not known; empty for all others."""
    columns: dict[int, str]
    """Our names of its columns, as somebody said last, or as their names let guess."""


def read_import(imports: ImportStore, identifier: UUID, chosen: RowFilter) -> ImportPage:
    """Return what the page of an import shows. Raises `UnknownBatch`."""
    view = imports.get(str(identifier))
    if not view.is_checked:
        header = _read_unknown_header(imports, view)
        columns = imports.find_columns(header.names) or guess_columns(header.names) if header.names else {}
        return ImportPage(view, [], [], 0, 1, 1, is_cut=False, open_row=None, header=header, columns=columns)
    problems = imports.list_problems(str(identifier))
    corrections = imports.list_corrections(str(identifier)) if is_in_rows(view.batch) else {}
    open_problems = without_lines(problems, corrections)
    is_decided = chosen.show == "decided"
    if is_decided or (chosen.row in corrections):
        listed = [row for row in list_rows(problems) if row.line in corrections]
    else:
        listed = list_rows(open_problems, chosen.fault or "")
    number = chosen.page or 1
    if chosen.row is not None:
        index = next((at for at, row in enumerate(listed) if row.line == chosen.row), None)
        if index is None:
            raise HttpProblem("not-found", "no row of this import with that number is wrong")
        number = page_of(index)
    pages = max(1, page_of(len(listed) - 1))
    number = min(max(1, number), pages)
    shown = listed[(number - 1) * ROWS_PER_PAGE : number * ROWS_PER_PAGE]
    rows = _read_rows(imports, view, shown, corrections)
    return ImportPage(
        view,
        list_kinds(open_problems),
        rows,
        len(listed),
        number,
        pages,
        is_cut=len(problems) >= MAX_PROBLEMS,
        open_row=chosen.row,
        header=_NO_HEADER,
        columns={},
    )


def _read_unknown_header(imports: ImportStore, view: ImportView) -> Header:
    batch = view.batch
    if batch.state != "failed" or batch.kind != "credentials" or batch.media not in TABLES:
        return _NO_HEADER
    try:
        return read_header(imports.batch_store.get_content(batch.batch))
    except (IntakeError, DamagedBatchFile):
        return _NO_HEADER


def _read_rows(
    imports: ImportStore, view: ImportView, shown: list[FaultyRow], corrections: Mapping[int, Correction]
) -> list[ShownRow]:
    """Return rows with their cells; without them where the content was deleted."""
    cells: dict[int, Cells] = {}
    if is_in_rows(view.batch):
        content = imports.batch_store.get_content(view.batch.batch)
        try:
            cells = dict(read_cells(content, view.batch, {row.line for row in shown}))
        except (IntakeError, DamagedBatchFile):
            cells = {}
    rows = []
    for row in shown:
        correction = corrections.get(row.line)
        typed = correction.cells if correction is not None and correction.cells else cells.get(row.line, {})
        rows.append(ShownRow(row, typed, correction))
    return rows


def render_import(
    request: Request[Any, Any, Any],
    pages: Pages,
    imports: ImportStore,
    services: AccountServices,
    page: ImportPage,
    chosen: RowFilter,
    *,
    status: int = 200,
    **context: Any,  # noqa: ANN401 - of the template
) -> Response[str]:
    """Return the page. `context` may have a `problem`, and `typed` cells that stay in the form of the open row."""
    view = page.view
    actors = [view.batch.by, *(row.correction.by for row in page.rows if row.correction is not None)]
    actors += [each.batch.by for each in view.hand_overs]
    actors += [by for each in view.hand_overs for by in (each.returned_by, each.batch.released_by) if by]
    values = {"problem": None, "typed": {}, "wrong": {}, "conflict": None, "unfit": None, **context}
    return pages.render(
        request,
        "desk/import.html" if view.is_checked else "desk/import_progress.html",
        private=True,
        status=status,
        page=page,
        view=view,
        chosen=chosen,
        state=state_of(view),
        tones=TONES,
        in_rows=is_in_rows(view.batch),
        actors=imports.names(actors),
        me=request.user.actor,
        may_change="credentials:write" in request.user.scopes,
        releasers=list_releasers(services, imports, [view.batch.by, request.user.actor]),
        kind_key=kind_key,
        column_names=NAMES,
        accept=ACCEPT,
        key=new_key(),
        **values,
    )


def list_releasers(services: AccountServices, imports: ImportStore, preparers: list[str]) -> list[str]:
    """Return the names of the persons who can release what these prepared."""
    approvers = {
        f"{PERSON_PREFIX}{account.account}": account.name
        for account in services.accounts.all()
        if account.ended is None and "batches:release" in scopes_of(account.roles)
    }
    persons = imports.persons([*preparers, *approvers])
    prepared = {persons[preparer] for preparer in preparers}
    return [name for actor, name in approvers.items() if persons[actor] not in prepared]


@get(f"{PATH}/{{identifier:uuid}}", include_in_schema=False, sync_to_thread=True, **requires("batches:read"))
def show_import(
    request: Request[Any, Any, Any], pages: Pages, imports: ImportStore, services: AccountServices, identifier: UUID
) -> Response[str]:
    """Show one import."""
    chosen = read_search(request.query_params, RowFilter)
    page = read_import(imports, identifier, chosen)
    return render_import(request, pages, imports, services, page, chosen)


ROUTES: Final = [show_import]
