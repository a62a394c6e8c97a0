"""What can be studied: the achievements that members offer."""

from typing import Any
from uuid import UUID

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler

from projections import catalogue
from projections.api.members import Name
from projections.api.reading import Views, WaitFor
from projections.catalogue import AchievementView
from registry.http import HttpProblem


@get(
    "/v1/achievements/{member:str}/{achievement:uuid}",
    tags=["Catalogue"],
    operation_id="getAchievement",
    summary="One achievement, in all its versions",
    sync_to_thread=True,
)
def one(views: Views, member: Name, achievement: UUID, wait_for: WaitFor = "") -> Response[list[AchievementView]]:
    """All versions, the first first; a credential is of one of them for ever."""

    def made(connection: Any) -> list[AchievementView]:  # noqa: ANN401 - a connection
        found = catalogue.versions(connection, member, str(achievement))
        if not found:
            raise HttpProblem("not-found", "this member offers no such achievement, as far as this node has read")
        return found

    return views.answer(wait_for, made)


ROUTES: list[HTTPRouteHandler] = [one]
