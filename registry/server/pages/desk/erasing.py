"""Erasing a learner: what becomes impossible, the cases that lose their letters, and a confirmation that is typed."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple
from uuid import UUID

from litestar import Request, Response, get, post

from registry.api.learners import Erase, Erasing, erase_learner
from registry.api.private_side import PrivateSide
from registry.http import FieldError, HttpProblem, requires
from registry.learners.erasure import AffectedCase, count_credentials, find_affected_cases, find_merged_learners
from registry.learners.name_search import normalise_name
from registry.privacy.processing_record import list_kept
from registry.server.pages.forms import Typed, form_key, new_key
from registry.server.pages.frame import Pages
from registry.server.pages.refusals import problem_of
from registry.values.persons import full_name
from registry.wire.today import utc_today


class Consequences(NamedTuple):
    """The data and cases that an erasure destroys."""

    name: str
    """The learner's name, which a person types to confirm."""
    credentials: int
    merged: int
    """The number of learners who were merged into this one, and are erased with them."""
    cases: list[AffectedCase]

    def __repr__(self) -> str:
        return f"Consequences({self.credentials} credentials)"  # a person is never shown by accident


def is_confirmed(typed: str, name: str) -> bool:
    """Return whether what was typed is the name, whatever its capitals, accents and punctuation."""
    return bool(name) and normalise_name(typed).split() == normalise_name(name).split()


def _read(private: PrivateSide, learner: str) -> Consequences:
    with private.reading() as registry:
        owner = registry.vault.read_learner(registry.cursor(), learner)
        if owner is None:
            raise HttpProblem("not-found", "this university has no such learner, or has erased them")
        return Consequences(
            full_name(owner.person) or learner[:8],
            count_credentials(registry, learner),
            len(find_merged_learners(registry, learner)),
            find_affected_cases(registry, learner, utc_today()),
        )


def _render(
    request: Request[Any, Any, Any],
    pages: Pages,
    learner: str,
    consequences: Consequences,
    *,
    problem: Mapping[str, Any] | None = None,
    typed: Mapping[str, str] | None = None,
    status: int = 200,
) -> Response[str]:
    return pages.render(
        request,
        "desk/erase.html",
        private=True,
        status=status,
        learner=learner,
        consequences=consequences,
        kept=list_kept(request.app.state.kept_basis),
        problem=problem,
        typed=typed or {},
        key=new_key(),
    )


@get(
    "/desk/learners/{learner:uuid}/erase",
    include_in_schema=False,
    sync_to_thread=True,
    **requires("learners:erase", "learners:read"),
)
def ask(request: Request[Any, Any, Any], private: PrivateSide, pages: Pages, learner: UUID) -> Response[str]:
    """Show what an erasure destroys, and ask for its confirmation."""
    return _render(request, pages, str(learner), _read(private, str(learner)))


@post(
    "/desk/learners/{learner:uuid}/erase",
    include_in_schema=False,
    sync_to_thread=True,
    **requires("learners:erase", "learners:read"),
)
def erase(
    request: Request[Any, Any, Any], private: PrivateSide, eraser: Erase, pages: Pages, learner: UUID, data: Typed
) -> Response[Any]:
    """Erase a learner, whose name was typed and whose cases were each confirmed."""
    key = form_key(data)
    confirmed = sorted(name.removeprefix("case-") for name in data if name.startswith("case-"))
    body = Erasing(learner, confirm_cases=confirmed)
    try:
        consequences = _read(private, str(learner))
    except HttpProblem as unread:
        if unread.kind != "not-found":
            raise
        # The learner is erased. The same form sent again gets the answer that it got; any other one is refused.
        erase_learner(private, eraser, request, learner, body, key)
        return pages.redirect(request, f"/desk/learners/{learner}", "learner-erased")
    try:
        if not is_confirmed(data.get("name", ""), consequences.name):
            _refuse_name()
        erase_learner(private, eraser, request, learner, body, key)
    except Exception as error:  # noqa: BLE001 - `problem_of` raises again what is a failure of the node
        problem = problem_of(request, error)
        return _render(
            request, pages, str(learner), consequences, problem=problem, typed=data, status=problem["status"]
        )
    return pages.redirect(request, f"/desk/learners/{learner}", "learner-erased")


def _refuse_name() -> None:
    fault = FieldError("name", "type the learner's name as it is shown, to confirm", "name")
    raise HttpProblem("unprocessable", errors=[fault])


ROUTES: Final = [ask, erase]
