"""Acts on one of the university's achievements: retire it, and say which course codes stand for it."""

from collections.abc import Callable, Mapping
from typing import Any, Final
from uuid import UUID

import msgspec
from litestar import Response, Router, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import SkipValidation

from registry.api.achievements import make_retirement
from registry.api.course_codes import Changed, Entries, Entry, change_codes
from registry.api.idempotency import Answer
from registry.api.private_side import Write
from registry.batches.batch_counts import count_open_batches
from registry.batches.imports.import_store import ImportStore
from registry.http import requires
from registry.intake.course_codes import CodeChange, CourseCode, CourseCodes
from registry.server.pages.desk.achievement_editor import Editor, InjectedEditor, provide_editor
from registry.server.pages.desk.import_state import state_of
from registry.server.pages.desk.own_achievements import PATH, read_own, render_own
from registry.server.pages.forms import Typed, form_key
from registry.server.pages.refusals import problem_of

Imports = NamedDependency[SkipValidation[ImportStore]]

_WRITE: Final = requires("achievements:write")
_NOT_HANDED_OVER: Final = frozenset({"checking", "toCorrect", "ready"})
"""States of an import with rows that no batch has yet."""
_MOST_IMPORTS: Final = 200


@get(f"{PATH}/{{achievement:uuid}}/retire", include_in_schema=False, sync_to_thread=True, **_WRITE)
def confirm_retirement(editor: InjectedEditor, imports: Imports, achievement: UUID) -> Response[str]:
    """Show what hangs on an achievement that is to be retired, and ask."""
    return _render_retirement(editor, imports, str(achievement))


def _render_retirement(
    editor: Editor, imports: ImportStore, achievement: str, problem: Mapping[str, Any] | None = None
) -> Response[str]:
    with editor.private.reading() as registry:
        open_batches = count_open_batches(registry.cursor())
    views = [view for view in imports.list_newest(_MOST_IMPORTS) if view.batch.kind == "credentials"]
    return render_own(
        editor,
        read_own(editor, achievement),
        problem=problem,
        template="desk/achievement_retire.html",
        open_imports=open_batches + sum(state_of(view) in _NOT_HANDED_OVER for view in views),
        may_see_imports="batches:read" in editor.request.user.scopes,
    )


@post(
    f"{PATH}/{{achievement:uuid}}/retire", include_in_schema=False, sync_to_thread=True, status_code=200, **_WRITE
)  # fmt: skip
def retire(editor: InjectedEditor, imports: Imports, achievement: UUID, data: Typed) -> Response[Any]:
    """Retire an achievement."""
    identifier = str(achievement)
    try:
        editor.private.write_once(editor.request, form_key(data), identifier, make_retirement(identifier))
    except Exception as error:  # noqa: BLE001 - `problem_of` raises again what is a failure of the node
        return _render_retirement(editor, imports, identifier, problem_of(editor.request, error))
    return editor.pages.redirect(editor.request, f"{PATH}/{identifier}", "achievement-retired")


@post(
    f"{PATH}/{{achievement:uuid}}/course-codes",
    include_in_schema=False,
    sync_to_thread=True,
    status_code=200,
    **_WRITE,
)
def change_course_codes(editor: InjectedEditor, achievement: UUID, data: Typed) -> Response[Any]:
    """Let a course code stand for an achievement, or remove it. One that stands for another is only moved knowingly."""
    identifier, removes = str(achievement), data.get("do") == "remove"
    item: dict[str, Any] = {"code": data.get("code", "").strip(), "achievement": None if removes else identifier}
    if version := data.get("version", "").strip():
        item["version"] = version
    try:
        entries = msgspec.convert({"items": [item]}, Entries, strict=False)
        if not removes and data.get("move") != "true" and (moves := _list_moves(editor, identifier, entries)):
            return render_own(editor, read_own(editor, identifier), problem=_MOVE, typed=data, moves=moves)
        act = _make_removal(identifier, entries) if removes else change_codes(entries)
        answer = editor.private.write_once(editor.request, form_key(data), item, act)
    except Exception as error:  # noqa: BLE001 - `problem_of` raises again what is a failure of the node
        return render_own(editor, read_own(editor, identifier), problem=problem_of(editor.request, error), typed=data)
    removed = msgspec.to_builtins(answer.content)["removed"] > 0
    done = "course-code-removed" if removed else "credential-unchanged" if removes else "course-code-set"
    return editor.pages.redirect(editor.request, f"{PATH}/{identifier}", done)


def _make_removal(achievement: str, entries: Entries) -> Callable[[Write], Answer]:
    """Return the act that removes a code as long as it stands for this achievement; it may stand for another by now."""

    def act(write: Write) -> Answer:
        code = CourseCodes(write.registry).find(entries.items[0].code)
        if code is None or code.achievement != achievement:
            return Answer(200, Changed(0, 0))
        return change_codes(Entries([Entry(code.code, None)]))(write)

    return act


_MOVE: Final = {"status": 409, "title": "Conflict with the current state", "detail": "", "errors": []}


def _list_moves(editor: Editor, achievement: str, entries: Entries) -> list[CodeChange]:
    """Return what the codes stand for now, if it is something else."""
    codes = [CourseCode(item.code, achievement, item.version) for item in entries.items]
    with editor.private.reading() as registry:
        return CourseCodes(registry).list_changes(codes)


ROUTES: Final = [
    Router(
        "/",
        route_handlers=[confirm_retirement, retire, change_course_codes],
        dependencies={"editor": Provide(provide_editor, sync_to_thread=False)},
    )
]
