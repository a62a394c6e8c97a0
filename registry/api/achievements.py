"""Publishing what a university offers."""

from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import msgspec
from litestar import Request, Response, post
from litestar.handlers import HTTPRouteHandler

from registry.api.bodies import as_sent, body_of, content_of
from registry.api.desk import Answered, Desk, IdempotencyKey, Writer
from registry.http import requires
from registry.vault import random_id
from registry.wire.achievements import AchievementContent


class OfferedVersion(msgspec.Struct, frozen=True, rename="camel"):
    """An achievement that was published."""

    member: str
    achievement: str
    version: int
    retired: bool = False


_FILLED: Final = ("achievement", "version", "awarding_bodies")


if TYPE_CHECKING:
    Body = AchievementContent
else:
    Body = body_of("Achievement", AchievementContent, _FILLED)
"""What a university asks to be published: the content, of which the node can fill in id, version and awarding body."""


@post(
    "/v1/achievements",
    tags=["Publishing"],
    operation_id="publishAchievement",
    summary="Offer an achievement",
    status_code=201,
    sync_to_thread=True,
    **requires("achievements:write"),
)
def publish(
    desk: Desk, request: Request[Any, Any, Any], data: Body, body: bytes, key: IdempotencyKey
) -> Response[OfferedVersion]:
    """Publish version 1 of an achievement: the fields of `achievement.published.v1`.

    `achievement`, `version` and `awardingBodies` are filled in where they are left out.
    """
    asked = as_sent(body)

    def act(writer: Writer) -> Answered:
        member = writer.registry.member
        given = data.achievement or random_id()
        content = content_of(
            {"awardingBodies": [member]} | asked | {"achievement": given, "version": 1}, AchievementContent
        )
        made = Answered(
            201, OfferedVersion(member, content.achievement, 1), f"/v1/achievements/{member}/{content.achievement}"
        )
        writer.answered(made)
        writer.registry.publish_achievement(content)
        return made

    return desk.once(request, key, data, act)


@post(
    "/v1/achievements/{achievement:uuid}/versions",
    tags=["Publishing"],
    operation_id="reviseAchievement",
    summary="Offer the next version",
    status_code=201,
    sync_to_thread=True,
    **requires("achievements:write"),
)
def revise(
    desk: Desk, request: Request[Any, Any, Any], achievement: UUID, data: Body, body: bytes, key: IdempotencyKey
) -> Response[OfferedVersion]:
    """Publish the whole content again as the next version. Where `version` is given it must be the next one."""
    asked = as_sent(body)

    def act(writer: Writer) -> Answered:
        member = writer.registry.member
        version = writer.registry.achievement(str(achievement)).state.version + 1
        filled = {"awardingBodies": [member], "version": version} | asked | {"achievement": str(achievement)}
        content = content_of(filled, AchievementContent)
        made = Answered(
            201, OfferedVersion(member, str(achievement), content.version), f"/v1/achievements/{member}/{achievement}"
        )
        writer.answered(made)
        writer.registry.revise_achievement(content)
        return made

    return desk.once(request, key, data, act)


@post(
    "/v1/achievements/{achievement:uuid}/retire",
    tags=["Publishing"],
    operation_id="retireAchievement",
    summary="Stop offering an achievement",
    status_code=200,
    sync_to_thread=True,
    **requires("achievements:write"),
)
def retire(
    desk: Desk, request: Request[Any, Any, Any], achievement: UUID, key: IdempotencyKey
) -> Response[OfferedVersion]:
    """Nothing more is issued of it; what was issued stays."""

    def act(writer: Writer) -> Answered:
        registry = writer.registry
        version = registry.achievement(str(achievement)).state.version
        made = Answered(200, OfferedVersion(registry.member, str(achievement), version, retired=True))
        writer.answered(made)
        registry.retire_achievement(str(achievement))
        return made

    return desk.once(request, key, None, act)


ROUTES: list[HTTPRouteHandler] = [publish, revise, retire]
