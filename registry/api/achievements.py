"""Publishing what a university offers."""

from collections.abc import Collection
from typing import TYPE_CHECKING, Annotated, Any, Final
from uuid import UUID

import msgspec
from litestar import Request, Response, post
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import QueryParameter
from msgspec import Meta

from registry.api.bodies import InjectedLookup, body_of, given
from registry.api.idempotency import Answer
from registry.api.private_side import IdempotencyKey, PrivateSide, Write
from registry.application.achievement_content import read_content
from registry.application.achievement_texts import ALL_FIELDS, notes_of
from registry.application.registry import Registry
from registry.http import FieldError, HttpProblem, requires
from registry.vault.vault import random_id
from registry.wire.achievements import AchievementContent, AchievementJoined
from registry.wire.forms import Member, VersionedRef


class OfferedVersion(msgspec.Struct, frozen=True, rename="camel"):
    """An achievement that was published."""

    member: str
    achievement: str
    version: int
    retired: bool = False
    dry_run: bool = False
    """Whether it was checked only: nothing was published, and an id that was not sent is nobody's."""
    notes: list[str] = []
    """What is doubtful in it, for example its workload, and what was spelled otherwise than it was sent."""


_FILLED: Final = ("achievement", "version", "awarding_bodies")


if TYPE_CHECKING:
    Body = AchievementContent
else:
    Body = body_of("Achievement", AchievementContent, _FILLED)
"""What a university asks to be published: the content, of which the node can fill in id, version and awarding body."""


DryRun = Annotated[
    bool, QueryParameter(name="dryRun", description="Check only: 200 where it could be published; nothing is stored.")
]


KeepText = Annotated[
    bool,
    QueryParameter(
        name="keepText",
        description="Texts that look as if in a wrong encoding, or like placeholders, are meant as they are.",
    ),
]


_CHECKED_ONLY: Final = {200: ResponseSpec(OfferedVersion, description="It could be published; nothing was stored.")}


def _content(registry: Registry, values: dict[str, Any], kept: Collection[str]) -> tuple[AchievementContent, list[str]]:
    """The content, with this university among those that award it unless it says who does, and what is to be said of
    it. Raises `FaultyContent`.
    """
    whole = {"awardingBodies": [registry.member]} | values
    content = read_content(whole, registry.member, registry.achievements.newest_version, kept)
    return content, notes_of(values, content)


@post(
    "/v1/achievements",
    tags=["Publishing"],
    operation_id="publishAchievement",
    summary="Offer an achievement",
    status_code=201,
    responses=_CHECKED_ONLY,
    sync_to_thread=True,
    **requires("achievements:write"),
)
def publish(
    private: PrivateSide,
    request: Request[Any, Any, Any],
    data: Body,
    key: IdempotencyKey,
    *,
    dry_run: DryRun = False,
    keep_text: KeepText = False,
) -> Response[OfferedVersion]:
    """Publish version 1 of an achievement: the fields of `achievement.published.v1`.

    `achievement`, `version` and `awardingBodies` are filled in where they are left out. All that is wrong is listed at
    once: fields, rules, codes, and what the composition names.
    """
    asked = {"achievement": random_id(), "version": 1} | given(data)
    kept = ALL_FIELDS if keep_text else ()
    if dry_run:
        with private.reading() as registry:
            content, notes = _content(registry, asked, kept)
            registry.achievements.check_new(content, keep_text=kept)
        return private.respond(OfferedVersion(registry.member, content.achievement, 1, dry_run=True, notes=notes))

    def act(write: Write) -> Answer:
        member = write.registry.member
        content, notes = _content(write.registry, asked, kept)
        with write.registry.transaction() as transaction:
            write.registry.achievements.publish(content, keep_text=kept, transaction=transaction)
            return write.commit(
                transaction,
                Answer(
                    201,
                    OfferedVersion(member, content.achievement, 1, notes=notes),
                    f"/v1/achievements/{member}/{content.achievement}",
                ),
            )

    return private.write_once(request, key, data, act)


@post(
    "/v1/achievements/{achievement:uuid}/versions",
    tags=["Publishing"],
    operation_id="reviseAchievement",
    summary="Offer the next version",
    status_code=201,
    responses=_CHECKED_ONLY,
    sync_to_thread=True,
    **requires("achievements:write"),
)
def revise(
    private: PrivateSide,
    request: Request[Any, Any, Any],
    achievement: UUID,
    data: Body,
    key: IdempotencyKey,
    *,
    dry_run: DryRun = False,
    keep_text: KeepText = False,
) -> Response[OfferedVersion]:
    """Publish the whole content again as the next version. Where `version` is given it must be the next one."""
    asked = given(data) | {"achievement": str(achievement)}
    kept = ALL_FIELDS if keep_text else ()

    def revised(registry: Registry) -> tuple[AchievementContent, list[str]]:
        return _content(
            registry, {"version": registry.achievements.get(str(achievement)).state.version + 1} | asked, kept
        )

    if dry_run:
        with private.reading() as registry:
            content, notes = revised(registry)
            registry.achievements.check_revision(content, keep_text=kept)
        checked = OfferedVersion(registry.member, str(achievement), content.version, dry_run=True, notes=notes)
        return private.respond(checked)

    def act(write: Write) -> Answer:
        member = write.registry.member
        content, notes = revised(write.registry)
        with write.registry.transaction() as transaction:
            write.registry.achievements.revise(content, keep_text=kept, transaction=transaction)
            return write.commit(
                transaction,
                Answer(
                    201,
                    OfferedVersion(member, str(achievement), content.version, notes=notes),
                    f"/v1/achievements/{member}/{achievement}",
                ),
            )

    return private.write_once(request, key, data, act)


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
    private: PrivateSide, request: Request[Any, Any, Any], achievement: UUID, key: IdempotencyKey
) -> Response[OfferedVersion]:
    """Nothing more is issued of it; what was issued stays."""

    def act(write: Write) -> Answer:
        registry = write.registry
        version = registry.achievements.get(str(achievement)).state.version
        with write.registry.transaction() as transaction:
            registry.achievements.retire(str(achievement), transaction=transaction)
            return write.commit(
                transaction, Answer(200, OfferedVersion(registry.member, str(achievement), version, retired=True))
            )

    return private.write_once(request, key, None, act)


class JointVersion(msgspec.Struct, frozen=True, rename="camel"):
    """Which version of another member's achievement this university awards, too."""

    member: Member
    """Whose achievement it is."""
    achievement: UUID
    version: Annotated[int, Meta(ge=1, lt=2**31)]


@post(
    "/v1/achievements/joint",
    tags=["Publishing"],
    operation_id="joinAchievement",
    summary="Confirm that an achievement is awarded jointly",
    status_code=201,
    sync_to_thread=True,
    **requires("achievements:write"),
)
def join(
    private: PrivateSide,
    lookup: InjectedLookup,
    request: Request[Any, Any, Any],
    data: JointVersion,
    key: IdempotencyKey,
) -> Response[JointVersion]:
    """Another member's achievement names this university among its awarding bodies: that is so. Until it is confirmed,
    the other's saying so is shown as claimed.
    """
    ref = VersionedRef(data.member, str(data.achievement), data.version)

    def act(write: Write) -> Answer:
        offered = lookup.describe_achievement(ref)
        if offered is None:
            raise HttpProblem("not-found", f"version {ref.version} of this achievement has not arrived here")
        if write.registry.member not in offered.awarding_bodies:
            bodies = ", ".join(offered.awarding_bodies)
            trouble = FieldError("$.version", f"names as its awarding bodies {bodies}, not {write.registry.member}")
            raise HttpProblem("unprocessable", errors=[trouble])
        with write.registry.transaction() as transaction:
            write.registry.achievements.join(AchievementJoined(ref), transaction=transaction)
            return write.commit(transaction, Answer(201, data, f"/v1/achievements/{ref.member}/{ref.achievement}"))

    return private.write_once(request, key, data, act)


ROUTES: list[HTTPRouteHandler] = [publish, revise, retire, join]
