"""A batch of status changes: who is affected, what waits for whom, and what became of each row."""

from collections.abc import Callable, Mapping
from itertools import islice
from typing import Any, Final, NamedTuple
from uuid import UUID

from litestar import Request, Response, get, post

from projections.api.reading import Snapshot, Views
from projections.credentials.dependents import NOTHING, Dependents, read_dependents
from projections.records.member_names import read_member_names
from registry.api.cancelling import check_may_cancel, may_cancel
from registry.api.idempotency import Answer
from registry.api.private_side import PrivateSide, Write
from registry.application.records import find_credentials
from registry.application.registry import Registry
from registry.application.status_changes import StatusChange
from registry.batches import Batch, RowProblem
from registry.batches.batch import ENDED, WrongState
from registry.batches.batch_file import DamagedBatchFile
from registry.batches.imports.import_store import ImportStore
from registry.batches.imports.import_view import HandOver
from registry.batches.status_rows import StatusRow, StatusRows
from registry.http import HttpProblem, requires
from registry.intake.rows.report import IntakeError
from registry.server.pages.desk.credential_rows import OwnRow, read_rows
from registry.server.pages.desk.effect_rows import EffectPage, PageFilter, read_effects
from registry.server.pages.desk.sending_back import send_back
from registry.server.pages.forms import Typed, form_key, new_key, read_search
from registry.server.pages.frame import Pages
from registry.server.pages.refusals import problem_of
from registry.values.actors import actor_names, person_of

MAX_ROWS: Final = 100
"""Rows of a page, and problems that are shown."""
MAX_PAGES: Final = 100
"""Pages of rows: each reads the file from its beginning."""


class BatchRow(NamedTuple):
    """A row of the batch, with the credential that it names where this university has it."""

    line: int
    change: StatusChange
    row: OwnRow | None
    dependents: Dependents


class BatchContent(NamedTuple):
    """A page of the rows of a batch's file."""

    changes: list[StatusRow]
    faulty: list[list[RowProblem]]
    """All that is wrong with each row that cannot be read."""
    more_rows: bool
    is_readable: bool


class BatchPage(NamedTuple):
    """A batch of status changes."""

    batch: Batch
    rows: list[BatchRow]
    """A page of the rows; none of a batch that is done, whose rows have effects."""
    number: int
    """The number of this page of the file's rows."""
    effects: EffectPage
    """The rows of a batch that took effect."""
    content: BatchContent
    problems: list[RowProblem]
    is_own: bool
    """True if the reader sent it, or prepared it, and cannot release it."""
    hand_over: HandOver | None
    """The hand-over that it comes from; None where it was asked for on the desk or sent by a system."""
    sender: str
    releaser: str
    names: dict[str, str]
    position: str


def _read(
    private: PrivateSide, imports: ImportStore, views: Views, member: str, batch: str, me: str, chosen: PageFilter
) -> BatchPage:
    store, number = imports.batch_store, min(max(chosen.rows, 1), MAX_PAGES)
    shown = _find(imports, batch)
    with views.snapshot() as snapshot, private.reading() as registry:
        content = _read_content(imports, batch, number)
        cursor = registry.cursor()
        preparers, hand_over = store.list_preparers(batch), imports.find_hand_over(batch)
        actors = [actor for actor in (shown.by, shown.released_by) if actor is not None]
        people = actor_names(cursor, actors)
        return BatchPage(
            shown,
            _read_credentials(snapshot, registry, member, content.changes) if shown.state != "done" else [],
            number,
            read_effects(snapshot, registry, member, shown, chosen.page),
            content,
            [problem for _, problem in store.list_problems(batch, MAX_ROWS)],
            person_of(cursor, me) in {person_of(cursor, each) for each in preparers},
            hand_over,
            people.get(shown.by, shown.by),
            people.get(shown.released_by or "", shown.released_by or ""),
            read_member_names(snapshot.connection),
            snapshot.position,
        )


def _find(imports: ImportStore, batch: str) -> Batch:
    """Return a batch of status changes. Raises `UnknownBatch`, and `HttpProblem` for one of another kind."""
    stored = imports.batch_store.get(batch)
    if stored.kind != "statusChanges":
        raise HttpProblem("not-found", "this batch changes no status of credentials")
    return stored


def _read_content(imports: ImportStore, batch: str, number: int = 1) -> BatchContent:
    """Return a page of the rows of a batch; where its content is away, or cannot be read as rows, none."""
    store, content = imports.batch_store, BatchContent([], [], more_rows=False, is_readable=True)
    try:
        rows = StatusRows(store.get_content(batch), store.get(batch).media)
        first = (number - 1) * MAX_ROWS
        for row in islice(rows, first, first + MAX_ROWS + 1):
            if len(content.changes) + len(content.faulty) == MAX_ROWS:
                return content._replace(more_rows=True)
            if isinstance(row, list):
                content.faulty.append(row)
            else:
                content.changes.append(row)
    except (DamagedBatchFile, IntakeError):
        return BatchContent([], [], more_rows=False, is_readable=False)
    return content


def _read_credentials(snapshot: Snapshot, registry: Registry, member: str, rows: list[StatusRow]) -> list[BatchRow]:
    changes = [row.change for row in rows]
    by_record = find_credentials(registry, [change.record for change in changes if not change.credential])
    ids = [change.credential or by_record.get(change.record, "") for change in changes]
    own = {row.view.credential: row for row in read_rows(snapshot, registry, member, [each for each in ids if each])}
    dependents = read_dependents(snapshot.connection, member, list(own))
    return [
        BatchRow(row.line, row.change, own.get(identifier), dependents.get(identifier, NOTHING))
        for row, identifier in zip(rows, ids, strict=True)
    ]


def _render(
    request: Request[Any, Any, Any],
    pages: Pages,
    imports: ImportStore,
    page: BatchPage,
    *,
    problem: Mapping[str, Any] | None = None,
    status: int = 200,
    typed: str = "",
) -> Response[str]:
    return pages.render(
        request,
        "desk/changes.html",
        private=True,
        status=status,
        position=page.position,
        names=page.names,
        fragment="result",
        page=page,
        effects=page.effects,
        member=request.app.state.member,
        max_pages=MAX_PAGES,
        batch=page.batch,
        is_over=page.batch.state in ENDED,
        problem=problem,
        typed=typed,
        scopes=request.user.scopes,
        may_cancel=may_cancel(request.user, imports.batch_store, page.batch.batch),
        key=new_key(),
    )


@get(
    "/desk/changes/{batch:uuid}",
    include_in_schema=False,
    sync_to_thread=True,
    **requires("batches:read", "learners:read"),
)
def show_changes(
    request: Request[Any, Any, Any],
    private: PrivateSide,
    imports: ImportStore,
    views: Views,
    pages: Pages,
    batch: UUID,
) -> Response[str]:
    """Show a batch of status changes: what it would do, or what it did."""
    member, me = request.app.state.member, request.user.actor
    chosen = read_search(request.query_params, PageFilter)
    return _render(request, pages, imports, _read(private, imports, views, member, str(batch), me, chosen))


@post(
    "/desk/changes/{batch:uuid}/release",
    include_in_schema=False,
    sync_to_thread=True,
    **requires("batches:release", "learners:read"),
)
def release(
    request: Request[Any, Any, Any],
    private: PrivateSide,
    imports: ImportStore,
    views: Views,
    pages: Pages,
    batch: UUID,
    data: Typed,
) -> Response[Any]:
    """Let the changes be made, as a second person."""
    store = imports.batch_store

    def act() -> Batch:
        waits = store.get(str(batch)).state == "awaitingRelease"
        if waits and not _read_content(imports, str(batch)).is_readable:
            raise WrongState("The content of this batch cannot be read, so nobody can see what it would change.")
        return store.release(str(batch), request.user.actor)

    return _decide(request, private, imports, views, pages, batch, data, "changes-release", act)


@post(
    "/desk/changes/{batch:uuid}/cancel",
    include_in_schema=False,
    sync_to_thread=True,
    **requires("batches:read", "learners:read"),
)
def cancel(
    request: Request[Any, Any, Any],
    private: PrivateSide,
    imports: ImportStore,
    views: Views,
    pages: Pages,
    batch: UUID,
    data: Typed,
) -> Response[Any]:
    """Cancel changes that have not begun (registry/api/cancelling.py says who may)."""

    def act() -> Batch:
        check_may_cancel(request.user, imports.batch_store, str(batch))
        return imports.batch_store.cancel(str(batch))

    return _decide(request, private, imports, views, pages, batch, data, "changes-cancel", act)


@post(
    "/desk/changes/{batch:uuid}/return",
    include_in_schema=False,
    sync_to_thread=True,
    **requires("batches:release", "learners:read"),
)
def return_changes(
    request: Request[Any, Any, Any],
    private: PrivateSide,
    imports: ImportStore,
    views: Views,
    pages: Pages,
    batch: UUID,
    data: Typed,
) -> Response[Any]:
    """Send changes of an import back to the clerks, with a note."""

    def act() -> Batch:
        send_back(imports, str(batch), request.user.actor, data.get("note", "").strip())
        return imports.batch_store.get(str(batch))

    return _decide(request, private, imports, views, pages, batch, data, "sent-back", act)


def _decide(
    request: Request[Any, Any, Any],
    private: PrivateSide,
    imports: ImportStore,
    views: Views,
    pages: Pages,
    batch: UUID,
    data: Mapping[str, str],
    done: str,
    act: Callable[[], Batch],
) -> Response[Any]:
    """Decide about the batch once, and lead to it; where that is refused, show it again with the reason."""

    def decide(_: Write) -> Answer:
        _find(imports, str(batch))
        return Answer(200, act())

    try:
        private.write_once(request, form_key(data), data.get("note"), decide)
    except Exception as error:  # noqa: BLE001 - `problem_of` raises again what is a failure of the node
        problem = problem_of(request, error)
        page = _read(private, imports, views, request.app.state.member, str(batch), request.user.actor, PageFilter())
        return _render(
            request, pages, imports, page, problem=problem, status=problem["status"], typed=data.get("note", "")
        )
    return pages.redirect(request, f"/desk/changes/{batch}", done)


ROUTES: Final = [show_changes, release, cancel, return_changes]
