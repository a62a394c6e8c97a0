"""Stacks that are ready to award: learners whose parts complete a larger achievement, and issuing it to one of them."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple
from uuid import UUID

import msgspec
from anyio.to_thread import run_sync
from litestar import Response, Router, get, post
from litestar.di import Provide

from projections.records.member_names import read_member_names
from projections.stacking import progress, ready
from projections.stacking.progress import NotComposed, Progress
from projections.stacking.ready import BEGIN, Composed, ReadyPage
from registry.api.bodies import Offers
from registry.api.credentials import CredentialRow, make_issue
from registry.http import Cursors, FieldError, HttpProblem, requires
from registry.http.responses import POSITION
from registry.server.pages.desk.achievement_editor import Editor, InjectedEditor, provide_editor
from registry.server.pages.forms import Typed, form_key, new_key
from registry.server.pages.refusals import problem_of
from registry.wire.forms import check_uuid
from registry.wire.today import utc_today

PATH: Final = "/desk/stacks"


class ReadyLearner(NamedTuple):
    """A learner who can be awarded the larger achievement, as the vault knows them."""

    progress: Progress
    person: Mapping[str, Any]
    """`familyName`, `givenName`, `dateOfBirth` and `student`, where they are known; empty for an erased learner."""

    @property
    def parts(self) -> str:
        """The parts that would be awarded, in a form that can be compared."""
        return _write_parts(self.progress)


@get(PATH, include_in_schema=False, **requires("university:read"))
async def list_stacks(editor: InjectedEditor) -> Response[str]:
    """List the larger achievements of this university."""

    def read(connection: Any) -> tuple[list[Composed], dict[str, str]]:  # noqa: ANN401 - a connection
        return ready.list_composed(connection, editor.own), read_member_names(connection)

    response = await editor.views.answer("", read, "search")
    composed, names = response.content
    return editor.pages.render(
        editor.request,
        "desk/stacks.html",
        position=response.headers[POSITION],
        names=names,
        composed=composed,
        can_see_learners="learners:read" in editor.request.user.scopes,
    )


@get(f"{PATH}/{{achievement:uuid}}", include_in_schema=False, **requires("university:read", "learners:read"))
async def show_ready(editor: InjectedEditor, achievement: UUID) -> Response[str]:
    """Show the learners who can be awarded one larger achievement."""
    cursors, cursor = Cursors("ready", str(achievement)), str(editor.request.query_params.get("cursor", ""))
    after = str(cursors.decode(cursor, UUID)[0]) if cursor else BEGIN

    def read(connection: Any) -> tuple[ReadyPage, Composed, dict[str, str]]:  # noqa: ANN401 - a connection
        composed = _find_composed(connection, editor.own, str(achievement))
        page = ready.read_ready(connection, (editor.own, str(achievement)), on=utc_today(), after=after)
        return page, composed, read_member_names(connection)

    response = await editor.views.answer("", read, "scan")
    page, composed, names = response.content
    learners = await run_sync(_with_persons, editor, page.ready)
    return editor.pages.render(
        editor.request,
        "desk/stack.html",
        private=True,
        position=response.headers[POSITION],
        names=names,
        composed=composed,
        learners=learners,
        page=page,
        next=None if page.next is None else cursors.encode([page.next]),
        can_award="credentials:write" in editor.request.user.scopes,
    )


def _find_composed(connection: Any, member: str, achievement: str) -> Composed:  # noqa: ANN401 - a connection
    """Return a larger achievement. Raises `HttpProblem` for one that this university does not offer."""
    for composed in ready.list_composed(connection, member):
        if composed.achievement == achievement:
            return composed
    raise HttpProblem("not-found", "this university offers no such larger achievement, as far as this node has read")


def _with_persons(editor: Editor, ready_learners: list[Progress]) -> list[ReadyLearner]:
    with editor.private.reading() as registry:
        cursor = registry.cursor()
        learners = [registry.vault.read_learner(cursor, each.learner) for each in ready_learners]
    return [
        ReadyLearner(each, {} if learner is None else learner.person)
        for each, learner in zip(ready_learners, learners, strict=True)
    ]


@post(
    f"{PATH}/{{achievement:uuid}}",
    include_in_schema=False,
    sync_to_thread=True,
    status_code=200,
    **requires("credentials:write", "learners:read"),
)
def award(editor: InjectedEditor, offered: Offers, achievement: UUID, data: Typed) -> Response[Any]:
    """Show what would be issued to one learner, or issue it. The parts are checked again at that moment."""
    learner = data.get("learner", "")
    if check_uuid(learner) is not None:
        raise HttpProblem("invalid", errors=[FieldError("learner", "is no id of a learner")])
    if data.get("do") != "award":
        return _render_award(editor, str(achievement), learner)
    problem: Mapping[str, Any] | None = None
    try:
        row = _read_row(editor, str(achievement), learner, data)
        act = make_issue(row, offered, editor.request.user.scopes)
        answer = editor.private.write_once(editor.request, form_key(data), row, act)
    except Exception as error:  # noqa: BLE001 - `problem_of` raises again what is a failure of the node
        problem = problem_of(editor.request, error)
    else:
        done = "credential-unchanged" if msgspec.to_builtins(answer.content)["unchanged"] else "stack-awarded"
        return editor.pages.redirect(editor.request, f"{PATH}/{achievement}", done)
    return _render_award(editor, str(achievement), learner, typed=data, problem=problem)


def _read_row(editor: Editor, achievement: str, learner: str, typed: Mapping[str, str]) -> CredentialRow:
    """Return the row that the form stands for: its person from the vault, its parts as they were shown.

    Raises `HttpProblem`, and `msgspec.ValidationError` for a value of the form.
    """
    if not typed.get("record", "").strip():
        raise HttpProblem("unprocessable", errors=[FieldError("$.record", "write your own id of this award", "record")])
    person = _read_person(editor, learner)
    if not person:
        raise HttpProblem("not-found", "the vault of this university has no such learner")
    values = {
        "record": typed.get("record", "").strip(),
        "awarding_date": typed.get("awarding_date", "").strip(),
        "student": person.get("student", ""),
        "family_name": person.get("familyName", ""),
        "given_name": person.get("givenName", ""),
        "date_of_birth": person.get("dateOfBirth", ""),
        "achievement": achievement,
        "parts": msgspec.json.decode(typed.get("parts") or "[]", type=list[Any]),
        "keep_text": True,  # the names are those that the vault has: they were judged when they came
    }
    return msgspec.convert(values, CredentialRow)


def _read_person(editor: Editor, learner: str) -> Mapping[str, Any]:
    with editor.private.reading() as registry:
        learner_data = registry.vault.read_learner(registry.cursor(), learner)
    return {} if learner_data is None else learner_data.person


def _render_award(
    editor: Editor,
    achievement: str,
    learner: str,
    *,
    typed: Mapping[str, str] | None = None,
    problem: Mapping[str, Any] | None = None,
) -> Response[str]:
    """Return the page that asks before a larger credential is issued."""
    with editor.views.snapshot() as snapshot:
        composed = _find_composed(snapshot.connection, editor.own, achievement)
        try:
            now = progress.read(snapshot.connection, learner, (editor.own, achievement), on=utc_today(), offers=0)
        except NotComposed as error:
            raise HttpProblem("not-found", str(error)) from error
        names = read_member_names(snapshot.connection)
    if now is None:
        raise HttpProblem("not-found", "no member has issued anything to this learner")
    return editor.pages.render(
        editor.request,
        "desk/stack_award.html",
        private=True,
        status=200 if problem is None else problem["status"],
        position=snapshot.position,
        names=names,
        composed=composed,
        learner=ReadyLearner(now, _read_person(editor, learner)),
        problem=problem,
        typed=typed or {"awarding_date": utc_today().isoformat()},
        key=new_key(),
    )


def _write_parts(now: Progress) -> str:
    """Return the parts of a progress as JSON, as the API takes them."""
    rows = [
        {name: value for name, value in msgspec.to_builtins(part).items() if value is not None}
        for part in now.list_parts()
    ]
    for row in rows:
        if "by" in row:
            row["by"] = {name: value for name, value in row["by"].items() if value is not None}
    return msgspec.json.encode(rows).decode()


ROUTES: Final = [
    Router(
        "/",
        route_handlers=[list_stacks, show_ready, award],
        dependencies={"editor": Provide(provide_editor, sync_to_thread=False)},
    )
]
