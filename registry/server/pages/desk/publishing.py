"""Publish a new achievement, and the next version of one: the form, what it would say, and the act."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple
from uuid import UUID

import msgspec
from litestar import Response, Router, get, post
from litestar.di import Provide

from registry.api.achievements import Publication
from registry.application.registry import Registry
from registry.http import HttpProblem, requires
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
from registry.server.pages.desk.achievement_form import AchievementForm, blank_form, form_of, read_form
from registry.server.pages.desk.content_changes import list_changes
from registry.server.pages.desk.last_changer import find_changer
from registry.server.pages.forms import Typed, form_key, read_version
from registry.server.pages.languages import language_of, translate
from registry.server.pages.refusals import problem_of
from registry.server.pages.texts import N_
from registry.vault.vault import random_id
from registry.wire.forms import check_uuid

_LIST: Final = "/desk/achievements"
_NEW: Final = f"{_LIST}/new"
_WRITE: Final = requires("achievements:write")


class _Newest(NamedTuple):
    """The newest version of one of the university's achievements."""

    version: int
    retired: bool
    content: dict[str, Any]
    by: str | None
    """The person who changed it last, as far as the journal has them."""


@get(_NEW, include_in_schema=False, sync_to_thread=True, **_WRITE)
def show_new(editor: InjectedEditor) -> Response[str]:
    """Show the form for a new achievement."""
    return render_form(editor, _publication(editor, random_id()), blank_form(first_language(editor)))


@post(_NEW, include_in_schema=False, sync_to_thread=True, status_code=200, **_WRITE)
def publish(editor: InjectedEditor, data: Typed) -> Response[Any]:
    """Change the form, show what it would publish, or publish it."""
    achievement = data.get("achievement", "")
    if check_uuid(achievement) is not None:
        achievement = random_id()
    purpose, form = _publication(editor, achievement), read_form(data, editor.own)
    if steps_to_form(data):
        return render_form(editor, purpose, form, typed=data)
    values = form.content | {"achievement": achievement, "version": 1}
    problem: Mapping[str, Any] | None = None
    if data.get("do") == "publish":
        try:
            act = Publication(values, keep_fields(data)).publish
            editor.private.write_once(editor.request, form_key(data), values, act)
        except Exception as error:  # noqa: BLE001 - `problem_of` raises again what is a failure of the node
            problem = problem_of(editor.request, error)
        else:
            return editor.pages.redirect(editor.request, f"{_LIST}/{achievement}", "achievement-published")
    if _is_published(editor, achievement):
        return render_form(
            editor, purpose, form, typed=data, problem=_published_before(editor), status=409,
            published=f"{_LIST}/{achievement}",
        )  # fmt: skip
    content, notes, faults, fault = check_content(editor, form, Publication(values, keep_fields(data)).check)
    problem = None if faults else problem or fault
    if content is None or problem:
        status = 422 if problem is None else problem["status"]
        return render_form(editor, purpose, form, typed=data, faults=faults, problem=problem, status=status)
    return render_confirm(editor, purpose, form, content, notes, data, changes=None)


@get(f"{_LIST}/{{achievement:uuid}}/revise", include_in_schema=False, sync_to_thread=True, **_WRITE)
def show_revision(editor: InjectedEditor, achievement: UUID) -> Response[str]:
    """Show the form for the next version, filled from the newest one."""
    newest = _read_newest(editor, str(achievement))
    if newest.retired:
        raise HttpProblem("refused", "the achievement is retired; it cannot be revised any more", code="retired")
    form = form_of(newest.content, first_language(editor))
    return render_form(editor, _revision(editor, str(achievement), newest.version), form)


@post(
    f"{_LIST}/{{achievement:uuid}}/revise",
    include_in_schema=False,
    sync_to_thread=True,
    status_code=200,
    **_WRITE,
)
def revise(editor: InjectedEditor, achievement: UUID, data: Typed) -> Response[Any]:
    """Change the form, show what it would change, or publish the next version."""
    identifier, form = str(achievement), read_form(data, editor.own)
    based_on = read_version(data.get("from", "")) or 0
    purpose = _revision(editor, identifier, based_on)
    if steps_to_form(data):
        return render_form(editor, purpose, form, typed=data)
    values = form.content | {"achievement": identifier, "version": based_on + 1}
    problem: Mapping[str, Any] | None = None
    if data.get("do") == "publish":
        try:
            act = Publication(values, keep_fields(data), is_revision=True).publish
            editor.private.write_once(editor.request, form_key(data), values, act)
        except Exception as error:  # noqa: BLE001 - `problem_of` raises again what is a failure of the node
            problem = problem_of(editor.request, error)
        else:
            return editor.pages.redirect(editor.request, f"{_LIST}/{identifier}", "achievement-revised")
    newest = _read_newest(editor, identifier)
    if newest.version != based_on:
        return _render_conflict(editor, identifier, form, newest, data)
    content, notes, faults, fault = check_content(
        editor, form, Publication(values, keep_fields(data), is_revision=True).check
    )
    problem = None if faults else problem or fault
    changes = list_changes(newest.content, values)
    if content is None or problem or not changes:
        status = 422 if problem is None else problem["status"]
        if content is not None and problem is None:
            problem = _nothing_changes(editor)
        return render_form(editor, purpose, form, typed=data, faults=faults, problem=problem, status=status)
    changes = list_changes(newest.content, msgspec.to_builtins(content))
    return render_confirm(editor, purpose, form, content, notes, data, changes=changes)


def _render_conflict(
    editor: Editor, achievement: str, form: AchievementForm, newest: _Newest, typed: Mapping[str, str]
) -> Response[str]:
    """Show the newest version beside what was typed. Nothing is overwritten."""
    purpose = _revision(editor, achievement, newest.version)._replace(template="desk/achievement_conflict.html")
    return render_form(
        editor,
        purpose,
        form,
        typed={**typed, "do": ""},
        status=409,
        newest=newest,
        by_me=newest.by == editor.request.user.actor,
        changes=list_changes(newest.content, form.content),
    )


def _read_newest(editor: Editor, achievement: str) -> _Newest:
    """Return the newest version. Raises `UnknownAchievement`."""
    with editor.private.reading() as registry:
        return _newest_of(registry, achievement)


def _newest_of(registry: Registry, achievement: str) -> _Newest:
    stored = registry.achievements.get(achievement)
    content = msgspec.to_builtins(stored.content)
    return _Newest(stored.state.version, stored.state.retired, content, find_changer(registry, achievement))


def _publication(editor: Editor, achievement: str) -> Purpose:
    language = language_of(editor.request)
    return Purpose(
        _NEW,
        _LIST,
        translate(language, N_("Publish an achievement")),
        translate(language, N_("All elements of Annex I of the Council Recommendation on micro-credentials.")),
        hidden={"achievement": achievement},
    )


def _revision(editor: Editor, achievement: str, version: int) -> Purpose:
    language = language_of(editor.request)
    return Purpose(
        f"{_LIST}/{achievement}/revise",
        f"{_LIST}/{achievement}",
        translate(language, N_("Publish version %(number)s"), number=version + 1),
        translate(
            language,
            N_("It takes the place of version %(number)s. Credentials that were awarded stay with theirs."),
            number=version,
        ),
        hidden={"from": str(version)},
    )


def _is_published(editor: Editor, achievement: str) -> bool:
    with editor.private.reading() as registry:
        return registry.achievements.newest_version(achievement) is not None


def _published_before(editor: Editor) -> Mapping[str, Any]:
    title = translate(language_of(editor.request), N_("This form published its achievement before"))
    return {"title": title, "detail": "", "errors": [], "status": 409}


def _nothing_changes(editor: Editor) -> Mapping[str, Any]:
    title = translate(language_of(editor.request), N_("Nothing differs from the newest version"))
    return {"title": title, "detail": "", "errors": [], "status": 422}


ROUTES: Final = [
    Router(
        "/",
        route_handlers=[show_new, publish, show_revision, revise],
        dependencies={"editor": Provide(provide_editor, sync_to_thread=False)},
    )
]
