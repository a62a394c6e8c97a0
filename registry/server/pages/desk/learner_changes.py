"""Merging two learners who are one person, and splitting one who is two: one person proposes, another confirms."""

from collections.abc import Callable, Mapping
from typing import Any, Final
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post

from projections.api.reading import Views
from projections.records.member_names import read_member_names
from registry.api.idempotency import Answer
from registry.api.private_side import PrivateSide, Write
from registry.application.registry import Registry
from registry.http import FieldError, HttpProblem, requires
from registry.learners.change import CannotChange, Change, Preview
from registry.learners.changes import LearnerChanges
from registry.learners.numbers import find_learner
from registry.server.pages.desk.learner import FIELDS, read_learner, render_learner
from registry.server.pages.desk.learner_services import changes_of
from registry.server.pages.forms import Typed, content_of, form_key, new_key
from registry.server.pages.frame import Pages
from registry.server.pages.refusals import problem_of
from registry.server.pages.templates import isolate
from registry.values.actors import actor_names, person_of
from registry.values.uuids import canonical_uuid
from registry.wire.forms import check_uuid

_MAX_TEXT: Final = 200
_CHOSEN: Final = "credential-"


@post(
    "/desk/learners/{learner:uuid}/merge",
    include_in_schema=False,
    sync_to_thread=True,
    **requires("learners:decide", "credentials:write"),
)
def propose_merge(
    request: Request[Any, Any, Any], private: PrivateSide, views: Views, pages: Pages, learner: UUID, data: Typed
) -> Response[Any]:
    """Propose to merge a learner into another one."""

    def propose(registry: Registry, changes: LearnerChanges) -> str:
        target = _find_target(registry, data.get("target", "").strip())
        return changes.propose_merge(str(learner), target, request.user.actor).change

    return _propose(request, private, views, pages, learner, data, propose)


@post(
    "/desk/learners/{learner:uuid}/split",
    include_in_schema=False,
    sync_to_thread=True,
    **requires("learners:decide", "credentials:write"),
)
def propose_split(
    request: Request[Any, Any, Any], private: PrivateSide, views: Views, pages: Pages, learner: UUID, data: Typed
) -> Response[Any]:
    """Propose that the credentials that were chosen become another person's."""

    def propose(registry: Registry, changes: LearnerChanges) -> str:
        del registry
        chosen = [canonical_uuid(name.removeprefix(_CHOSEN)) for name in data if name.startswith(_CHOSEN)]
        number = data.get("number", "").strip()
        if not number or len(number) > _MAX_TEXT:
            raise HttpProblem(
                "unprocessable", errors=[FieldError("number", "enter the other person's own student number", "number")]
            )
        stated = {name: value for name, field in FIELDS.items() if (value := data.get(field, "").strip())}
        return changes.propose_split(str(learner), chosen, number, stated, request.user.actor).change

    return _propose(request, private, views, pages, learner, data, propose)


def _find_target(registry: Registry, text: str) -> str:
    """Return the learner whom an id or a student number names. Raises `HttpProblem`."""
    identifier = canonical_uuid(text)
    if check_uuid(identifier) is None:
        return identifier
    owner = find_learner(registry, text) if 0 < len(text) <= _MAX_TEXT else None
    if owner is None:
        raise HttpProblem(
            "unprocessable", errors=[FieldError("target", "no learner here has this number or id", "target")]
        )
    return owner.learner.learner


def _propose(
    request: Request[Any, Any, Any],
    private: PrivateSide,
    views: Views,
    pages: Pages,
    learner: UUID,
    data: Mapping[str, str],
    propose: Callable[[Registry, LearnerChanges], str],
) -> Response[Any]:
    """Store a proposal once, and lead to it; where it is refused, show the learner again with the reason."""

    def act(write: Write) -> Answer:
        return Answer(201, {"change": propose(write.registry, changes_of(write.registry, views))})

    try:
        answer = private.write_once(request, form_key(data), content_of(data), act)
    except Exception as error:  # noqa: BLE001 - `problem_of` raises again what is a failure of the node
        problem = problem_of(request, error)
        page = read_learner(private, views, str(learner))
        return render_learner(request, pages, page, problem=problem, typed=data, status=problem["status"])
    return pages.redirect(request, f"/desk/learner-changes/{answer.content['change']}", "learner-proposed")


@get("/desk/learner-changes", include_in_schema=False, sync_to_thread=True, **requires("learners:decide"))
def list_changes(request: Request[Any, Any, Any], private: PrivateSide, views: Views, pages: Pages) -> Response[str]:
    """List merges and splits, those that wait first."""
    with private.reading() as registry:
        changes = changes_of(registry, views).list_changes(limit=_MAX_LISTED)
    changes.sort(key=lambda change: change.confirmed is not None)
    return pages.render(
        request,
        "desk/learner_changes.html",
        private=True,
        changes=changes,
        waiting=sum(change.confirmed is None for change in changes),
        cut=len(changes) == _MAX_LISTED,
    )


_MAX_LISTED: Final = 200


def _render_change(
    request: Request[Any, Any, Any],
    private: PrivateSide,
    views: Views,
    pages: Pages,
    change: str,
    *,
    problem: Mapping[str, Any] | None = None,
    status: int = 200,
) -> Response[str]:
    preview: Preview | None = None
    objection = ""
    with private.reading() as registry:
        changes = changes_of(registry, views)
        stored: Change = changes.get(change)
        if stored.confirmed is None:
            try:
                preview = changes.preview(change)
            except CannotChange as error:
                objection = str(error)
        cursor = registry.cursor()
        is_own = person_of(cursor, stored.proposed_by) == person_of(cursor, request.user.actor)
        actors = [actor for actor in (stored.proposed_by, stored.confirmed_by) if actor is not None]
        people = {actor: actor for actor in actors} | actor_names(cursor, actors)
    with views.snapshot() as snapshot:
        names = read_member_names(snapshot.connection)
    return pages.render(
        request,
        "desk/learner_change.html",
        private=True,
        status=status,
        names=names,
        change=stored,
        preview=preview,
        objection=objection,
        is_own=is_own,
        people={actor: isolate(name) for actor, name in people.items()},
        problem=problem,
        own=request.app.state.member,
        key=new_key(),
        scopes=request.user.scopes,
    )


@get("/desk/learner-changes/{change:uuid}", include_in_schema=False, sync_to_thread=True, **requires("learners:decide"))
def show_change(
    request: Request[Any, Any, Any], private: PrivateSide, views: Views, pages: Pages, change: UUID
) -> Response[str]:
    """Show a merge or split: its effect while it waits, and what it did once it is confirmed."""
    return _render_change(request, private, views, pages, str(change))


@post(
    "/desk/learner-changes/{change:uuid}/confirm",
    include_in_schema=False,
    sync_to_thread=True,
    **requires("learners:decide", "credentials:write"),
)
def confirm(
    request: Request[Any, Any, Any], private: PrivateSide, views: Views, pages: Pages, change: UUID, data: Typed
) -> Response[Any]:
    """Let a merge or split take effect, as a second person."""

    def act(write: Write) -> Answer:
        _, preview = changes_of(write.registry, views).confirm(str(change), request.user.actor)
        return Answer(200, {"unchanged": preview is None})

    return _decide(request, private, views, pages, change, data, act, "learner-confirmed")


@post(
    "/desk/learner-changes/{change:uuid}/drop",
    include_in_schema=False,
    sync_to_thread=True,
    **requires("learners:decide", "credentials:write"),
)
def drop(
    request: Request[Any, Any, Any], private: PrivateSide, views: Views, pages: Pages, change: UUID, data: Typed
) -> Response[Any]:
    """Drop a merge or split that nobody has confirmed."""

    def act(write: Write) -> Answer:
        changes_of(write.registry, views).drop(str(change))
        return Answer(200, {"unchanged": False})

    return _decide(request, private, views, pages, change, data, act, "learner-dropped")


def _decide(
    request: Request[Any, Any, Any],
    private: PrivateSide,
    views: Views,
    pages: Pages,
    change: UUID,
    data: Mapping[str, str],
    act: Callable[[Write], Answer],
    done: str,
) -> Response[Any]:
    try:
        answer = private.write_once(request, form_key(data), None, act)
    except Exception as error:  # noqa: BLE001 - `problem_of` raises again what is a failure of the node
        problem = problem_of(request, error)
        return _render_change(request, private, views, pages, str(change), problem=problem, status=problem["status"])
    if msgspec.to_builtins(answer.content)["unchanged"]:
        done = "learner-confirmed-before"
    path = "/desk/learner-changes" if done == "learner-dropped" else f"/desk/learner-changes/{change}"
    return pages.redirect(request, path, done)


ROUTES: Final = [propose_merge, propose_split, list_changes, show_change, confirm, drop]
