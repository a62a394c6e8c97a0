"""Batches that wait for a second person, and one of them: what to compare, the decision, and what came of it."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.response import Redirect

from projections.api.reading import Views
from projections.core.errors import MissingViews
from projections.records.award_history import Term, count_awards, read_titles
from registry.accounts.services import AccountServices
from registry.api.cancelling import check_may_cancel, may_cancel
from registry.api.idempotency import Answer
from registry.api.private_side import PrivateSide, Write
from registry.application.records import find_credentials
from registry.application.registry import Registry
from registry.batches.batch import Batch, WrongState
from registry.batches.batch_counts import LATELY
from registry.batches.batch_file import DamagedBatchFile
from registry.batches.imports.handed_rows import HandedRow, read_handed_rows
from registry.batches.imports.import_store import ImportStore
from registry.batches.imports.import_view import HandOver
from registry.batches.replacements import Replacement, find_replacement
from registry.batches.row_problem import RowProblem
from registry.http import FieldError, HttpProblem, requires
from registry.intake.rows.report import Catalogue
from registry.learners.own_award import read_own_award
from registry.node.adapters.catalogue import OwnCatalogue
from registry.server.pages.desk.effect_rows import EffectPage, read_effects
from registry.server.pages.desk.import_page import list_releasers
from registry.server.pages.desk.release_check import MAX_DRAWS, AwardCheck, check_awards, draw_rows, year_before
from registry.server.pages.desk.replaced_fields import ComparedField, compare_fields
from registry.server.pages.desk.sending_back import send_back
from registry.server.pages.forms import Typed, form_key, new_key, read_search
from registry.server.pages.frame import Pages
from registry.server.pages.refusals import problem_of

PATH: Final = "/desk/releases"
_LISTED: Final = 100
_RELEASED_LISTED: Final = 20
_PER_PAGE: Final = 25


class ReleaseFilter(msgspec.Struct, frozen=True):
    """The choice of rows on the page of a batch, as its address has it."""

    draw: int = 0
    page: int = 1


class LinkedRow(NamedTuple):
    """A row with the credential that it became; None where it became none."""

    row: HandedRow
    credential: str | None


class ReleasePage(NamedTuple):
    """A batch as its page shows it."""

    batch: Batch
    hand_over: HandOver | None
    """The hand-over that it comes from; None of a batch that a system sent."""
    awards: list[AwardCheck]
    titles: dict[str, dict[str, str]]
    rows: list[LinkedRow]
    """Of a batch that waits, five drawn by chance; of one that was released, a page of all."""
    pages: int
    problems: list[RowProblem]
    is_readable: bool
    """False where the rows to compare cannot be read."""
    replacement: Replacement | None
    """The credential that it replaces, where a person asked for it in that credential's form."""
    fields: Sequence[ComparedField]
    """The fields that the credential has, and would have; none of other batches, and once it does not wait any more."""
    effects: EffectPage | None
    """The rows that took effect, of a batch whose rows are not shown as they were handed over."""


@get(PATH, include_in_schema=False, sync_to_thread=True, **requires("batches:read"))
def list_releases(request: Request[Any, Any, Any], pages: Pages, imports: ImportStore) -> Response[str]:
    """List the batches that wait for a second person, those that had problems, and those that were released last."""
    waiting, released = imports.list_awaiting_release(_LISTED), imports.list_released(_RELEASED_LISTED)
    with_problems = imports.list_with_problems(datetime.now(UTC) - LATELY, _LISTED)
    actors = [by for batch in (*waiting, *with_problems, *released) for by in (batch.by, batch.released_by) if by]
    return pages.render(
        request,
        "desk/releases.html",
        private=True,
        waiting=waiting,
        released=released,
        with_problems=with_problems,
        days=LATELY.days,
        is_cut=len(with_problems) == _LISTED,
        hand_over={batch.batch: imports.find_hand_over(batch.batch) for batch in waiting},
        actors=imports.names(actors),
        me=request.user.actor,
    )


def read_release(
    private: PrivateSide, views: Views, imports: ImportStore, member: str, batch: str,
    chosen: ReleaseFilter,
) -> ReleasePage:  # fmt: skip
    """Return what the page of a batch shows. Raises `UnknownBatch`."""
    stored = imports.batch_store.get(batch)
    hand_over = imports.find_hand_over(batch)
    with private.reading() as registry:
        replacement = find_replacement(registry.cursor(), batch)
    count = 1 if replacement is not None else 0 if hand_over is None or not hand_over.awards else hand_over.rows
    waits = stored.state == "awaitingRelease"
    if waits and replacement is None:
        numbers = draw_rows(batch, min(max(chosen.draw, 0), MAX_DRAWS), count)
    else:
        first = (max(chosen.page, 1) - 1) * _PER_PAGE
        numbers = list(range(first, min(first + _PER_PAGE, count)))
    is_readable = True
    try:
        rows = list(read_handed_rows(imports.batch_store.get_content(batch), set(numbers)))
    except DamagedBatchFile:
        rows, is_readable = [], False
    with private.reading() as registry:
        ects = _ects(OwnCatalogue(registry), hand_over)
        credentials = {} if waits else find_credentials(registry, [row.record for row in rows])
        fields: Sequence[ComparedField] = []
        if waits and rows and replacement is not None:
            fields = compare_fields(read_own_award(registry, replacement.credential), rows[0])
    achievements = {each.achievement for each in hand_over.awards} if hand_over is not None else set()
    achievements |= {row.achievement for row in rows}
    earlier, titles = _read_views(views, member, hand_over, achievements)
    return ReleasePage(
        stored,
        hand_over,
        check_awards(hand_over.awards if hand_over is not None else [], ects, earlier),
        titles,
        [LinkedRow(row, credentials.get(row.record)) for row in rows],
        max(1, -(-count // _PER_PAGE)),
        [] if waits else [problem for _, problem in imports.batch_store.list_problems(batch, _LISTED)],
        is_readable,
        replacement,
        fields,
        None if waits or count else _read_effects(private, views, member, stored, chosen.page),
    )


def _read_effects(private: PrivateSide, views: Views, member: str, batch: Batch, number: int) -> EffectPage | None:
    """Return a page of the rows that took effect; None where there are no views."""
    try:
        with views.snapshot() as snapshot, private.reading() as registry:
            return read_effects(snapshot, registry, member, batch, number)
    except MissingViews:
        return None


def _ects(offered: Catalogue, hand_over: HandOver | None) -> dict[tuple[str, int | None], float | None]:
    ects: dict[tuple[str, int | None], float | None] = {}
    for each in hand_over.awards if hand_over is not None else []:
        versions = offered.ects(each.achievement)
        if versions:
            ects[each.achievement, each.version] = versions[(each.version or len(versions)) - 1]
    return ects


def _read_views(
    views: Views, member: str, hand_over: HandOver | None, achievements: set[str]
) -> tuple[dict[str, int] | None, dict[str, dict[str, str]]]:
    """Return the counts of the same days a year ago and the titles; None and nothing where there are no views."""
    terms: dict[str, Term] = {}
    for each in hand_over.awards if hand_over is not None else []:
        first, last = year_before(each.first_day), year_before(each.last_day)
        term = terms.get(each.achievement)
        terms[each.achievement] = Term(
            each.achievement,
            min(first, term.first_day) if term is not None else first,
            max(last, term.last_day) if term is not None else last,
        )
    try:
        with views.snapshot() as snapshot:
            return (
                count_awards(snapshot.connection, member, list(terms.values())),
                read_titles(snapshot.connection, member, achievements),
            )
    except MissingViews:
        return None, {}


def _render(
    request: Request[Any, Any, Any],
    pages: Pages,
    imports: ImportStore,
    services: AccountServices,
    page: ReleasePage,
    chosen: ReleaseFilter,
    **context: Any,  # noqa: ANN401 - of the template
) -> Response[str]:
    batch, hand_over = page.batch, page.hand_over
    preparers = imports.batch_store.list_preparers(batch.batch)
    persons = imports.persons([request.user.actor, *preparers])
    is_own = persons[request.user.actor] in {persons[each] for each in preparers}
    returned_by = hand_over.returned_by if hand_over is not None else None
    actors = [by for by in (*preparers, batch.released_by, returned_by) if by]
    values = {"status": 200, "problem": None, "typed": "", "released": False, **context}
    return pages.render(
        request,
        "desk/release.html",
        private=True,
        page=page,
        effects=page.effects,
        scopes=request.user.scopes,
        batch=batch,
        hand_over=hand_over,
        chosen=chosen,
        actors=imports.names(actors),
        preparers=list(dict.fromkeys(preparers)),
        me=request.user.actor,
        may_release="batches:release" in request.user.scopes and not is_own,
        may_cancel=page.replacement is not None and may_cancel(request.user, imports.batch_store, batch.batch),
        releasers=list_releasers(services, imports, preparers),
        next_draw=(chosen.draw + 1) % MAX_DRAWS,
        member=request.app.state.member,
        key=new_key(),
        **values,
    )


@get(f"{PATH}/{{batch:uuid}}", include_in_schema=False, sync_to_thread=True, **requires("batches:read"))
def show_release(
    request: Request[Any, Any, Any], pages: Pages, private: PrivateSide, views: Views, imports: ImportStore,
    services: AccountServices, batch: UUID,
) -> Response[Any]:  # fmt: skip
    """Show one batch that waits for a second person, or what came of it. Changes of status have a page of their own."""
    if imports.batch_store.get(str(batch)).kind == "statusChanges":
        return Redirect(pages.address(request, f"/desk/changes/{batch}", {}), status_code=303)
    chosen = read_search(request.query_params, ReleaseFilter)
    page = read_release(private, views, imports, request.app.state.member, str(batch), chosen)
    return _render(request, pages, imports, services, page, chosen)


@post(f"{PATH}/{{batch:uuid}}", include_in_schema=False, sync_to_thread=True, **requires("batches:release"))
def decide(
    request: Request[Any, Any, Any], pages: Pages, private: PrivateSide, views: Views, imports: ImportStore,
    services: AccountServices, batch: UUID, data: Typed,
) -> Response[Any]:  # fmt: skip
    """Release a batch, or send it back with a note. Raises `WrongState` for changes of status."""
    _check_kind(imports, str(batch))
    is_release = data.get("do") == "release"
    note = data.get("note", "").strip()

    def write(each: Write) -> Answer:
        if is_release:
            _check_unchanged(each.registry, imports, str(batch))
            _check_seen(imports, str(batch), data)
            imports.batch_store.release(str(batch), request.user.actor)
        else:
            send_back(imports, str(batch), request.user.actor, note)
        return Answer(204, None)

    try:
        private.write_once(request, form_key(data), [is_release, note], write)
    except Exception as error:  # noqa: BLE001 - `problem_of` raises again what is a failure of the node
        problem = problem_of(request, error)
        chosen = ReleaseFilter()
        page = read_release(private, views, imports, request.app.state.member, str(batch), chosen)
        return _render(
            request,
            pages,
            imports,
            services,
            page,
            chosen,
            status=problem["status"],
            problem=problem,
            typed=note,
            released=is_release,
        )
    return pages.redirect(request, f"{PATH}/{batch}", "released" if is_release else "sent-back")


@post(f"{PATH}/{{batch:uuid}}/cancel", include_in_schema=False, sync_to_thread=True, **requires("batches:read"))
def cancel(
    request: Request[Any, Any, Any], pages: Pages, private: PrivateSide, views: Views, imports: ImportStore,
    services: AccountServices, batch: UUID, data: Typed,
) -> Response[Any]:  # fmt: skip
    """Cancel what a person asked for in a form, before it is released."""

    def write(each: Write) -> Answer:
        _check_kind(imports, str(batch))
        if find_replacement(each.registry.cursor(), str(batch)) is None:
            raise WrongState("The batch was not sent from a form, and is not cancelled here.")
        check_may_cancel(request.user, imports.batch_store, str(batch))
        imports.batch_store.cancel(str(batch), ("awaitingRelease",))
        return Answer(204, None)

    try:
        private.write_once(request, form_key(data), "cancel", write)
    except Exception as error:  # noqa: BLE001 - `problem_of` raises again what is a failure of the node
        problem, chosen = problem_of(request, error), ReleaseFilter()
        page = read_release(private, views, imports, request.app.state.member, str(batch), chosen)
        return _render(request, pages, imports, services, page, chosen, status=problem["status"], problem=problem)
    return pages.redirect(request, f"{PATH}/{batch}", "changes-cancel")


def _check_kind(imports: ImportStore, batch: str) -> None:
    """Raise `WrongState` for changes of status."""
    if imports.batch_store.get(batch).kind == "statusChanges":
        raise WrongState(
            "This batch changes the status of credentials. Decide on its page, which shows who is affected."
        )


def _check_unchanged(registry: Registry, imports: ImportStore, batch: str) -> None:
    """Refuse to replace a credential that was changed since somebody asked for it, or by one that cannot be read.

    Raises `HttpProblem`, `WrongState`.
    """
    replacement = find_replacement(registry.cursor(), batch)
    if replacement is None:
        return
    _check_readable(imports, batch, 0)
    if registry.credentials.get(replacement.credential).version != replacement.version:
        raise HttpProblem("conflict", "The credential was changed since this was asked for. Cancel it, and ask again.")


def _check_seen(imports: ImportStore, batch: str, data: Mapping[str, str]) -> None:
    """Refuse a release by somebody who has not compared the rows that were drawn, or cannot.

    Raises `HttpProblem`, and `WrongState` where the rows cannot be read.
    """
    hand_over = imports.find_hand_over(batch)
    if hand_over is None or not hand_over.awards:
        return
    _check_readable(imports, batch, hand_over.rows - 1)
    if data.get("seen") != "true":
        error = FieldError("seen", "compare the rows that were drawn with your own records, and say so", "seen")
        raise HttpProblem("unprocessable", errors=[error])


def _check_readable(imports: ImportStore, batch: str, last: int) -> None:
    """Raise `WrongState` where a batch that waits cannot be read as far as its last row, counted from 0."""
    if imports.batch_store.get(batch).state != "awaitingRelease":
        return
    try:
        list(read_handed_rows(imports.batch_store.get_content(batch), {last}))
    except DamagedBatchFile as damage:
        raise WrongState("The content of this batch cannot be read, so nobody can compare its rows.") from damage


ROUTES: Final = [list_releases, show_release, decide, cancel]
