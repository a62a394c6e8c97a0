"""Showing, checking and confirming: the common part of the forms for a new achievement, a next version and a draft."""

from collections.abc import Callable, Collection, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final, NamedTuple

import msgspec
from litestar import Request, Response
from litestar.di import NamedDependency
from litestar.params import SkipValidation

from projections.api.reading import Views
from projections.catalogue import search
from projections.catalogue.catalogue import AchievementView
from projections.catalogue.search import CatalogueQuery, Offer
from projections.catalogue.wholes import read_part_titles
from projections.records.member_names import read_member_names
from registry.api.private_side import PrivateSide
from registry.application.achievement_content import FaultyContent
from registry.application.achievement_texts import ALL_FIELDS
from registry.application.registry import Registry
from registry.server.pages.desk import achievement_form
from registry.server.pages.desk.achievement_faults import FieldFault, details_by_field, field_faults, field_id
from registry.server.pages.desk.achievement_form import AchievementForm
from registry.server.pages.desk.achievement_twins import find_twins
from registry.server.pages.forms import new_key
from registry.server.pages.frame import Pages
from registry.server.pages.languages import language_of
from registry.server.pages.refusals import problem_of
from registry.values.codes import FIELDS
from registry.wire.achievements import AchievementContent

Check = Callable[[Registry], tuple[AchievementContent, list[str]]]
"""Checks a content as the API does, and returns it with notes. Raises what the use case raises."""

_MOST_OWN: Final = 200
_DETAILED: Final = sorted(code for code in FIELDS if len(code) == 4)
_TAGS: Final = (
    "en", "nl", "de", "fr", "es", "pt", "sv", "bg", "ca", "cs", "cy", "da", "el", "et", "eu", "fi", "ga", "gl", "hr",
    "hu", "is", "it", "lb", "lt", "lv", "mk", "mt", "no", "pl", "ro", "ru", "sk", "sl", "sq", "sr", "tr", "uk", "ar",
    "zh", "ja",
)  # fmt: skip
"""Languages to choose from: those of the pages, of Europe, and a few others."""


class Editor(NamedTuple):
    """The services that a route receives to show a form and to act on it."""

    request: Request[Any, Any, Any]
    private: PrivateSide
    views: Views
    pages: Pages

    @property
    def own(self) -> str:
        """The university whose node this is."""
        return str(self.request.app.state.member)


def provide_editor(request: Request[Any, Any, Any], private: PrivateSide, views: Views, pages: Pages) -> Editor:
    """Return the editor of a request: a dependency of its route."""
    return Editor(request, private, views, pages)


InjectedEditor = NamedDependency[SkipValidation[Editor]]


class Purpose(NamedTuple):
    """The purpose of a form: a new achievement, a next version, or a draft."""

    action: str
    """The path to which the form is sent."""
    way_out: str
    """The path of the page that leads away from it."""
    heading: str
    lead: str
    template: str = "desk/achievement_form.html"
    confirm: str = "desk/achievement_confirm.html"
    hidden: Mapping[str, str] = {}
    """Hidden fields, such as the version that a revision is made from."""


class _ShownForm(NamedTuple):
    """A form as the templates show it."""

    languages: list[str]
    values: dict[str, Any]
    carried: dict[str, Any]
    rows: dict[str, int]
    fields: dict[str, str]
    faults: Mapping[str, FieldFault]
    focus: str
    """The name of the field that has the focus; empty for none."""


def steps_to_form(typed: Mapping[str, str]) -> bool:
    """Return whether the button that was pressed only changes the form."""
    step = typed.get("do", "").partition(":")[0]
    return step in ("add", "remove", "add-language", "remove-language", "edit")


def keep_fields(typed: Mapping[str, str]) -> Collection[str]:
    """Return the fields whose texts the person says are right as they are."""
    return ALL_FIELDS if typed.get("keepText") == "true" else ()


def render_form(
    editor: Editor,
    purpose: Purpose,
    form: AchievementForm,
    *,
    typed: Mapping[str, str] | None = None,
    faults: Sequence[FieldFault] = (),
    problem: Mapping[str, Any] | None = None,
    status: int = 200,
    **more: Any,  # noqa: ANN401 - of the template
) -> Response[str]:
    """Return the form; with faults or a problem, what was typed stays in it."""
    names, offers = _read_around(editor)
    shown = _ShownForm(
        *form, form.fields, details_by_field(faults), "" if faults or problem else _focus(form, typed or {})
    )
    return editor.pages.render(
        editor.request,
        purpose.template,
        private=True,
        status=status,
        names=names,
        form=shown,
        listed=faults,
        problem=problem,
        heading=purpose.heading,
        lead=purpose.lead,
        action=purpose.action,
        way_out=purpose.way_out,
        hidden=purpose.hidden,
        key=new_key(),
        carried=msgspec.json.encode(form.carried).decode(),
        keep_text=bool(typed and typed.get("keepText")),
        own=editor.own,
        other_bodies=[member for member in form.values.get("awardingBodies", ()) if member != editor.own],
        own_achievements=offers,
        field_id=field_id,
        codes=achievement_form.CODES,
        several=achievement_form.SEVERAL,
        row_codes=achievement_form.ROW_CODES,
        sharing=achievement_form.SHARING,
        tags=_TAGS,
        isced=_DETAILED,
        **more,
    )


def check_content(
    editor: Editor, form: AchievementForm, check: Check
) -> tuple[AchievementContent | None, list[str], list[FieldFault], Mapping[str, Any] | None]:
    """Check what a form makes. Return the content and notes about it; or faults by field; or another problem."""
    try:
        with editor.private.reading() as registry:
            content, notes = check(registry)
    except FaultyContent as error:
        return None, [], field_faults(error.faults, form.languages[0]), None
    except Exception as error:  # noqa: BLE001 - `problem_of` raises again what is a failure of the node
        return None, [], [], problem_of(editor.request, error)
    return content, notes, [], None


def render_confirm(
    editor: Editor,
    purpose: Purpose,
    form: AchievementForm,
    content: AchievementContent,
    notes: Sequence[str],
    typed: Mapping[str, str],
    **more: Any,  # noqa: ANN401 - of the template
) -> Response[str]:
    """Return the page that shows what would be published, as everybody would see it, and asks."""
    shown = view_of(content, editor.own)
    with editor.views.snapshot() as snapshot:
        names = read_member_names(snapshot.connection)
        part_titles = read_part_titles(snapshot.connection, shown.content.get("composition"))
        own = search.search(snapshot.connection, CatalogueQuery(member=editor.own), limit=_MOST_OWN).items
    fields = {
        **form.fields,
        "languages": " ".join(form.languages),
        "carried": msgspec.json.encode(form.carried).decode(),
    }
    if typed.get("keepText"):
        fields["keepText"] = typed["keepText"]
    return editor.pages.render(
        editor.request,
        purpose.confirm,
        private=True,
        names=names,
        shown=shown,
        content=shown.content,
        part_titles=part_titles,
        twins=find_twins(content, own),
        notes=notes,
        fields=fields,
        hidden=purpose.hidden,
        heading=purpose.heading,
        action=purpose.action,
        way_out=purpose.way_out,
        key=new_key(),
        raw=msgspec.json.format(msgspec.json.encode(content), indent=2).decode(),
        **more,
    )


def view_of(content: AchievementContent, member: str, *, retired: bool = False) -> AchievementView:
    """Return a content as the pages for everybody show an achievement."""
    return AchievementView(
        member,
        content.achievement,
        content.version,
        content.kind,
        content.title,
        None if content.ects is None else Decimal(str(content.ects)),
        content.eqf_level,
        retired,
        msgspec.to_builtins(content),
        {body: "claimed" for body in content.awarding_bodies if body != member},
    )


def first_language(editor: Editor) -> str:
    """Return the language in which a form for a new achievement begins: that of its reader."""
    return language_of(editor.request)


def _read_around(editor: Editor) -> tuple[dict[str, str], list[Offer]]:
    """Return the members' names, and the university's own achievements to choose parts from."""
    with editor.views.snapshot() as snapshot:
        names = read_member_names(snapshot.connection)
        own = search.search(snapshot.connection, CatalogueQuery(member=editor.own), limit=_MOST_OWN).items
    return names, own


def _focus(form: AchievementForm, typed: Mapping[str, str]) -> str:
    """Return the field that a step leads to: that of the row that was added."""
    step, _, name = typed.get("do", "").partition(":")
    if step != "add" or name not in form.rows:
        return ""
    last = f"{name}[{form.rows[name] - 1}]"
    inner = {"learningOutcomes": f".title.{form.languages[0]}", "qualityAssurance": ".type", "entitlesTo": ".type"}
    return last + inner.get(name, ".name" if name == "partners" else "")
