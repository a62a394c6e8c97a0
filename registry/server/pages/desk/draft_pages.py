"""Drafts from documents at the desk: what Annex I requires and a document lacks, completing, publishing, deleting."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

import msgspec
from litestar import Response, Router, get, post
from litestar.di import Provide

from registry.api.achievements import Publication
from registry.api.bodies import Offers
from registry.api.drafts import (
    Completing,
    DraftPublished,
    DraftView,
    describe_draft,
    make_completion,
    make_draft_publication,
    make_drop,
)
from registry.api.idempotency import Answer
from registry.api.private_side import Write
from registry.application.registry import Registry
from registry.http import Cursors, HttpProblem, requires
from registry.intake.drafts import Draft, Drafts, Waiting
from registry.server.pages.desk.achievement_editor import (
    Editor,
    InjectedEditor,
    Purpose,
    check_content,
    first_language,
    keep_fields,
    provide_editor,
    render_confirm,
    render_form,
    steps_to_form,
)
from registry.server.pages.desk.achievement_form import AchievementForm, form_of, read_form
from registry.server.pages.desk.content_changes import list_changes
from registry.server.pages.desk.draft_values import (
    WaitingLine,
    list_lacking,
    may_store,
    name_outcome,
    read_completions,
    read_waiting,
)
from registry.server.pages.desk.own_achievements import PATH
from registry.server.pages.forms import Typed, form_key, new_key
from registry.server.pages.languages import language_of, translate
from registry.server.pages.notices import Counts
from registry.server.pages.refusals import problem_of
from registry.server.pages.texts import N_
from registry.vault.vault import random_id

_DRAFTS: Final = f"{PATH}/drafts"
_WRITE: Final = requires("achievements:write")
_PER_PAGE: Final = 50
_STALE_DRAFT: Final = "somebody changed this draft while you were working; nothing was stored"
_STALE_COLUMNS: Final = (
    "a credential that you completed no longer waits for this draft, or somebody completed it while you were working;"
    " nothing was stored"
)


class _DraftPage(NamedTuple):
    """A draft as it is stored."""

    draft: Draft
    view: DraftView
    lacking: list[str]
    """The elements that are missing."""
    waiting: list[WaitingLine]
    version: str


class _Published(msgspec.Struct, frozen=True):
    """The answer to a form that publishes a draft."""

    is_new: bool
    """False if the achievement was published before, so that the form issued what waits."""
    result: DraftPublished


@get(_DRAFTS, include_in_schema=False, sync_to_thread=True, **_WRITE)
def list_drafts(editor: InjectedEditor) -> Response[str]:
    """List the drafts, the oldest first."""
    cursor, cursors = str(editor.request.query_params.get("cursor", "")), Cursors("drafts on a page")
    after = cursors.decode(cursor, datetime, UUID) if cursor else None
    with editor.private.reading() as registry:
        drafts = Drafts(registry)
        page = drafts.read_page(_PER_PAGE + 1, None if after is None else (after[0], after[1]))
        lines = [
            (draft, [] if draft.achievement is not None else list_lacking(drafts.list_missing(draft)))
            for draft in page[:_PER_PAGE]
        ]
        total = drafts.count()
    last = lines[-1][0] if len(page) > _PER_PAGE else None
    following = None if last is None else cursors.encode([last.created, last.draft])
    return editor.pages.render(
        editor.request, "desk/drafts.html", private=True, lines=lines, total=total, next=following
    )


@get(f"{_DRAFTS}/{{draft:uuid}}", include_in_schema=False, sync_to_thread=True, **_WRITE)
def show_draft(editor: InjectedEditor, draft: UUID) -> Response[str]:
    """Show a draft as a form: what the document says is filled in."""
    page = _read_draft(editor, str(draft))
    return _render(editor, page, form_of(page.view.content, first_language(editor)))


@post(
    f"{_DRAFTS}/{{draft:uuid}}",
    include_in_schema=False,
    sync_to_thread=True,
    status_code=200,
    **requires("achievements:write", "credentials:write"),
)
def change_draft(editor: InjectedEditor, offered: Offers, draft: UUID, data: Typed) -> Response[Any]:
    """Change the form, store what it says, show what it would publish, or publish it."""
    identifier, step = str(draft), data.get("do", "")
    page, form = _read_draft(editor, identifier), read_form(data, editor.own)
    if steps_to_form(data):
        return _render(editor, page, form, typed=data)
    unplaced = read_waiting(data, page.waiting).unplaced
    problem: Mapping[str, Any] | None = None
    if step in ("save", "publish"):
        body = [step, data.get("from", ""), form.content, data.get("keepText", ""), _waiting_fields(data)]
        try:
            act = _make_act(offered, identifier, form, data)
            answer = editor.private.write_once(editor.request, form_key(data), body, act)
        except Exception as error:  # noqa: BLE001 - `problem_of` raises again what is a failure of the node
            problem = problem_of(editor.request, error)
        else:
            return _lead_on(editor, identifier, answer.content if step == "publish" else None)
        page = _read_draft(editor, identifier)
    if not _may_store(page, form, data):
        return _render_conflict(editor, page, form, data)
    if unplaced:
        problem = problem or problem_of(editor.request, HttpProblem("conflict", _STALE_COLUMNS))
        return _render(editor, page, form, typed=data, problem=problem, status=problem["status"], unplaced=unplaced)
    values = form.content | {"achievement": random_id(), "version": 1}
    content, notes, faults, fault = check_content(editor, form, Publication(values, keep_fields(data)).check)
    problem = None if faults and step != "save" else problem or fault
    if content is None or problem or page.view.achievement is not None:
        status = 422 if problem is None else problem["status"]
        return _render(editor, page, form, typed=data, faults=faults, problem=problem, status=status)
    return render_confirm(
        editor,
        _purpose(editor, page, _version_to_carry(page, form, data)),
        form,
        content,
        notes,
        data,
        changes=None,
        waiting=_waiting_fields(data),
        page=page,
    )


def _make_act(
    offered: Offers, draft: str, form: AchievementForm, typed: Mapping[str, str]
) -> Callable[[Write], Answer]:
    """Return the act that stores what a form says, and publishes it if that is its step.

    The draft is read again under the lock of all writes, so that the form overwrites nothing that came in between.
    """

    def act(write: Write) -> Answer:
        page = _read_page(write.registry, draft)
        if not _may_store(page, form, typed):
            raise HttpProblem("conflict", _STALE_DRAFT)
        columns = read_waiting(typed, page.waiting)
        if columns.unplaced:
            raise HttpProblem("conflict", _STALE_COLUMNS)
        publishes = typed.get("do") == "publish"
        completing = _completing(page, form, columns.by_record, answers=publishes)
        if not publishes:
            return make_completion(draft, completing)(write)
        answer = make_draft_publication(draft, offered, keep_fields(typed), completing)(write)
        return Answer(200, _Published(page.view.achievement is None, answer.content))

    return act


def _may_store(page: _DraftPage, form: AchievementForm, typed: Mapping[str, str]) -> bool:
    return _version_to_carry(page, form, typed) == page.version


def _version_to_carry(page: _DraftPage, form: AchievementForm, typed: Mapping[str, str]) -> str:
    """Return the version that the form stands for: the newest one once the draft says just what the form does."""
    carried = typed.get("from", "")
    if page.view.achievement is None and may_store(form.content, page.view.content, (carried, page.version)):
        return page.version
    return carried


def _render_conflict(
    editor: Editor, page: _DraftPage, form: AchievementForm, typed: Mapping[str, str]
) -> Response[str]:
    """Show the draft as it is now beside what was typed. Nothing is overwritten."""
    changes = list_changes(page.view.content, form.content)
    return _render(editor, page, form, typed={**typed, "do": "", "from": page.version}, status=409, changes=changes)


def _lead_on(editor: Editor, draft: str, answer: Any) -> Response[Any]:  # noqa: ANN401 - as it was stored, or None
    """Lead to the draft that was stored or that credentials wait for, or to its achievement, and say what was done."""
    if answer is None:
        return editor.pages.redirect(editor.request, f"{_DRAFTS}/{draft}", "achievement-draft-saved")
    published = msgspec.convert(msgspec.to_builtins(answer), _Published)
    counts = Counts(published.result.issued, published.result.waiting)
    path = f"{_DRAFTS}/{draft}" if counts.rest else f"{PATH}/{published.result.achievement}"
    return editor.pages.redirect(editor.request, path, name_outcome(*counts, is_new=published.is_new), counts)


@get(f"{_DRAFTS}/{{draft:uuid}}/drop", include_in_schema=False, sync_to_thread=True, **_WRITE)
def confirm_drop(editor: InjectedEditor, draft: UUID) -> Response[str]:
    """Show what would be deleted with a draft, and ask."""
    page = _read_draft(editor, str(draft))
    return editor.pages.render(editor.request, "desk/draft_drop.html", private=True, page=page, key=new_key())


@post(f"{_DRAFTS}/{{draft:uuid}}/drop", include_in_schema=False, sync_to_thread=True, status_code=200, **_WRITE)
def drop(editor: InjectedEditor, draft: UUID, data: Typed) -> Response[Any]:
    """Delete a draft and the credentials that wait for it."""
    editor.private.write_once(editor.request, form_key(data), str(draft), make_drop(str(draft)))
    return editor.pages.redirect(editor.request, _DRAFTS, "achievement-draft-dropped")


def _read_draft(editor: Editor, draft: str) -> _DraftPage:
    """Return a draft. Raises `UnknownDraft`."""
    with editor.private.reading() as registry:
        return _read_page(registry, draft)


def _read_page(registry: Registry, draft: str) -> _DraftPage:
    drafts = Drafts(registry)
    stored = drafts.get(draft)
    view = describe_draft(drafts, stored)
    waiting = [_describe_waiting(each) for each in drafts.list_waiting(draft)]
    return _DraftPage(stored, view, list_lacking(view.missing), waiting, drafts.version_of(stored))


def _describe_waiting(waiting: Waiting) -> WaitingLine:
    record = waiting.values.get("record")
    return WaitingLine(waiting.key.hex(), None if record is None else str(record), waiting.missing)


def _completing(
    page: _DraftPage, form: AchievementForm, columns: Mapping[str, Mapping[str, str]], *, answers: bool
) -> Completing:
    """Return what the form adds to the draft; with `answers`, also what it says about unclear statements."""
    questions = {question.asks.removeprefix("achievement.") for question in page.draft.asked} if answers else set[str]()
    achievement = {} if page.view.achievement else read_completions(form.content, page.view.content, questions)
    return msgspec.convert({"achievement": achievement, "credentials": columns}, Completing)


def _waiting_fields(typed: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in typed.items() if name.startswith("waiting[") and value}


def _render(editor: Editor, page: _DraftPage, form: AchievementForm, **more: Any) -> Response[str]:  # noqa: ANN401 - of the form
    typed: Mapping[str, str] = more.get("typed") or {}
    version = _version_to_carry(page, form, typed) if typed else page.version
    shown = {"waiting": _waiting_fields(typed), "unplaced": [], "changes": None, **more}
    return render_form(editor, _purpose(editor, page, version), form, page=page, **shown)


def _purpose(editor: Editor, page: _DraftPage, version: str) -> Purpose:
    language = language_of(editor.request)
    return Purpose(
        f"{_DRAFTS}/{page.view.draft}",
        _DRAFTS,
        page.view.title or translate(language, N_("Draft without a title")),
        translate(language, N_("A document describes this achievement. It is not published yet.")),
        template="desk/draft.html",
        confirm="desk/draft_confirm.html",
        hidden={"from": version},
    )


ROUTES: Final = [
    Router(
        "/",
        route_handlers=[list_drafts, show_draft, change_draft, confirm_drop, drop],
        dependencies={"editor": Provide(provide_editor, sync_to_thread=False)},
    )
]
