"""Drafts from documents at the desk: what Annex I requires and a document lacks, completing, publishing, deleting."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple
from uuid import UUID

import msgspec
from litestar import Response, Router, get, post
from litestar.di import Provide

from registry.api.achievements import check_publication
from registry.api.bodies import Offers
from registry.api.drafts import (
    Completing,
    DraftView,
    describe_draft,
    make_completion,
    make_draft_publication,
    make_drop,
)
from registry.http import requires
from registry.intake.drafts import Draft, Drafts
from registry.server.pages.desk.achievement_editor import (
    Editor,
    InjectedEditor,
    Purpose,
    Typed,
    check_content,
    first_language,
    keep_fields,
    new_key,
    provide_editor,
    render_confirm,
    render_form,
    steps_to_form,
)
from registry.server.pages.desk.achievement_form import AchievementForm, form_of, read_form
from registry.server.pages.desk.draft_values import list_lacking, read_completions, read_waiting
from registry.server.pages.desk.own_achievements import PATH
from registry.server.pages.forms import form_key
from registry.server.pages.languages import language_of, translate
from registry.server.pages.refusals import problem_of
from registry.server.pages.texts import N_
from registry.vault.vault import random_id

_DRAFTS: Final = f"{PATH}/drafts"
_WRITE: Final = requires("achievements:write")


class _DraftPage(NamedTuple):
    """A draft as it is stored."""

    draft: Draft
    view: DraftView
    lacking: list[str]
    """The elements that are missing."""


@get(_DRAFTS, include_in_schema=False, sync_to_thread=True, **_WRITE)
def list_drafts(editor: InjectedEditor) -> Response[str]:
    """List the drafts, the oldest first."""
    with editor.private.reading() as registry:
        drafts = Drafts(registry)
        views = [describe_draft(drafts, draft) for draft in drafts.list_all()]
    lines = [(view, list_lacking(view.missing)) for view in views]
    return editor.pages.render(editor.request, "desk/drafts.html", private=True, lines=lines)


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
    identifier = str(draft)
    page, form = _read_draft(editor, identifier), read_form(data, editor.own)
    if steps_to_form(data):
        return _render(editor, page, form, typed=data)
    step = data.get("do", "")
    completing = _completing(page, form, data, answers=step == "publish")
    problem: Mapping[str, Any] | None = None
    if step in ("save", "publish"):
        act = (
            make_draft_publication(identifier, offered, keep_fields(data), completing)
            if step == "publish"
            else make_completion(identifier, completing)
        )
        try:
            editor.private.write_once(editor.request, form_key(data), completing, act)
        except Exception as error:  # noqa: BLE001 - `problem_of` raises again what is a failure of the node
            problem = problem_of(editor.request, error)
        else:
            return _lead_on(editor, identifier, step)
    values = form.content | {"achievement": random_id(), "version": 1}
    content, notes, faults, fault = check_content(
        editor, form, lambda registry: check_publication(registry, values, keep_fields(data))
    )
    problem = None if faults and step != "save" else problem or fault
    if content is None or problem or page.view.achievement is not None:
        status = 422 if problem is None else problem["status"]
        return _render(editor, page, form, typed=data, faults=faults, problem=problem, status=status)
    return render_confirm(
        editor,
        _purpose(editor, page),
        form,
        content,
        notes,
        data,
        changes=None,
        waiting=_waiting_fields(data),
        page=page,
    )


def _lead_on(editor: Editor, draft: str, step: str) -> Response[Any]:
    """Lead to the draft that was stored, or to the achievement that it became."""
    if step == "save":
        return editor.pages.redirect(editor.request, f"{_DRAFTS}/{draft}", "achievement-draft-saved")
    after = _read_draft(editor, draft)
    path = f"{PATH}/{after.view.achievement}"
    return editor.pages.redirect(editor.request, path, "achievement-published")


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
        drafts = Drafts(registry)
        stored = drafts.get(draft)
        view = describe_draft(drafts, stored)
    return _DraftPage(stored, view, list_lacking(view.missing))


def _completing(page: _DraftPage, form: AchievementForm, typed: Mapping[str, str], *, answers: bool) -> Completing:
    """Return what the form adds to the draft; with `answers`, also what it says about unclear statements."""
    questions = {question.asks.removeprefix("achievement.") for question in page.draft.asked} if answers else set[str]()
    achievement = {} if page.view.achievement else read_completions(form.content, page.view.content, questions)
    return msgspec.convert(
        {"achievement": achievement, "credentials": read_waiting(typed, page.view.waiting)}, Completing
    )


def _waiting_fields(typed: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in typed.items() if name.startswith("waiting[") and value}


def _render(editor: Editor, page: _DraftPage, form: AchievementForm, **more: Any) -> Response[str]:  # noqa: ANN401 - of the form
    typed: Mapping[str, str] = more.get("typed") or {}
    return render_form(editor, _purpose(editor, page), form, **more, page=page, waiting=_waiting_fields(typed))


def _purpose(editor: Editor, page: _DraftPage) -> Purpose:
    language = language_of(editor.request)
    return Purpose(
        f"{_DRAFTS}/{page.view.draft}",
        _DRAFTS,
        page.view.title or translate(language, N_("Draft without a title")),
        translate(language, N_("A document describes this achievement. It is not published yet.")),
        template="desk/draft.html",
        confirm="desk/draft_confirm.html",
    )


ROUTES: Final = [
    Router(
        "/",
        route_handlers=[list_drafts, show_draft, change_draft, confirm_drop, drop],
        dependencies={"editor": Provide(provide_editor, sync_to_thread=False)},
    )
]
