"""The university's own achievements at the desk: the list, and one with its versions, codes, awards and larger ones."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple
from uuid import UUID

import msgspec
from litestar import Response, Router, get
from litestar.di import Provide

from projections.catalogue import catalogue, search
from projections.catalogue.catalogue import AchievementView
from projections.catalogue.search import CataloguePage, CatalogueQuery
from projections.catalogue.wholes import Whole, find_wholes, read_part_titles
from projections.credentials import award_counts
from projections.records.member_names import read_member_names
from registry.export.formats import FORMATS, LANGUAGES, Format
from registry.http import requires
from registry.http.responses import Position
from registry.intake.course_codes import CourseCode, CourseCodes
from registry.intake.drafts import Draft, Drafts
from registry.server.pages.desk.achievement_editor import (
    Editor,
    InjectedEditor,
    provide_editor,
    view_of,
)
from registry.server.pages.forms import new_key, read_search

PATH: Final = "/desk/achievements"
_PER_PAGE: Final = 25
_WRITE: Final = "achievements:write"


class ListFilter(msgspec.Struct, frozen=True):
    """The filter of the list, as its address has it."""

    text: str | None = None
    retired: bool = False
    cursor: str | None = None


class OwnAchievement(NamedTuple):
    """One of the university's achievements with what hangs on it."""

    shown: AchievementView
    versions: list[AchievementView]
    """Those that the views have: the newest may be on its way."""
    awards: dict[str, int]
    wholes: list[Whole]
    codes: list[CourseCode]
    names: dict[str, str]
    part_titles: dict[tuple[str, str], dict[str, str]]
    """The titles of what is stacked into it."""
    position: Position
    """The position of the views that it was read from."""


@get(PATH, include_in_schema=False, sync_to_thread=True, **requires("university:read"))
def list_own(editor: InjectedEditor) -> Response[str]:
    """List what the university offers, by words or by title."""
    chosen = read_search(editor.request.query_params, ListFilter)
    with editor.views.snapshot() as snapshot:
        query = CatalogueQuery(member=editor.own, text=chosen.text, retired=chosen.retired)
        page: CataloguePage = search.search(snapshot.connection, query, cursor=chosen.cursor, limit=_PER_PAGE)
        names = read_member_names(snapshot.connection)
    can_write = _WRITE in editor.request.user.scopes
    return editor.pages.render(
        editor.request,
        "desk/achievements.html",
        position=snapshot.position,
        names=names,
        fragment="offers",
        chosen=chosen,
        page=page,
        drafts=len(_open_drafts(editor)) if can_write else 0,
        can_write=can_write,
    )


def _open_drafts(editor: Editor) -> list[Draft]:
    with editor.private.reading() as registry:
        return Drafts(registry).list_all()


def read_own(editor: Editor, achievement: str) -> OwnAchievement:
    """Return one of the university's achievements. Raises `UnknownAchievement`."""
    with editor.private.reading() as registry:
        stored = registry.achievements.get(achievement)
        shown = view_of(stored.content, editor.own, retired=stored.state.retired)
        codes = CourseCodes(registry).list_of(achievement)
    with editor.views.snapshot() as snapshot:
        connection = snapshot.connection
        return OwnAchievement(
            shown,
            catalogue.versions(connection, editor.own, achievement),
            award_counts.of_achievement(connection, editor.own, achievement),
            find_wholes(connection, editor.own, achievement),
            codes,
            read_member_names(connection),
            read_part_titles(connection, shown.content.get("composition")),
            snapshot.position,
        )


def _list_term_formats(editor: Editor) -> list[Format]:
    """Return the formats in which the reader may export a term; a wallet copy is of one holder."""
    if "documents:export" not in editor.request.user.scopes:
        return []
    return [each for each in FORMATS.list_formats("credential") if not each.needs_holder]


def render_own(
    editor: Editor,
    own: OwnAchievement,
    *,
    problem: Mapping[str, Any] | None = None,
    typed: Mapping[str, str] | None = None,
    template: str = "desk/achievement.html",
    **more: Any,  # noqa: ANN401 - of the template
) -> Response[str]:
    """Return the page of one achievement; with a problem, what was typed stays in its form."""
    return editor.pages.render(
        editor.request,
        template,
        private=True,
        status=200 if problem is None else problem["status"],
        position=own.position,
        names=own.names,
        own=own,
        shown=own.shown,
        content=own.shown.content,
        wholes=own.wholes,
        part_titles=own.part_titles,
        problem=problem,
        typed=typed or {},
        key=new_key(),
        can_write=_WRITE in editor.request.user.scopes,
        term_formats=_list_term_formats(editor),
        document_languages=LANGUAGES,
        **{"moves": [], **more},
    )


@get(f"{PATH}/{{achievement:uuid}}", include_in_schema=False, sync_to_thread=True, **requires("university:read"))
def show_own(editor: InjectedEditor, achievement: UUID) -> Response[str]:
    """Show one achievement."""
    return render_own(editor, read_own(editor, str(achievement)))


ROUTES: Final = [
    Router(
        "/",
        route_handlers=[list_own, show_own],
        dependencies={"editor": Provide(provide_editor, sync_to_thread=False)},
    )
]
