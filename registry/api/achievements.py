"""Publishing what a university offers."""

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Annotated, Any, Final, NamedTuple
from uuid import UUID

import msgspec
from litestar import Request, Response, post
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import QueryParameter
from msgspec import Meta

from registry.api.bodies import InjectedLookup, body_of, values_of
from registry.api.idempotency import Answer
from registry.api.private_side import IdempotencyKey, PrivateSide, Write
from registry.application.achievement_content import read_content
from registry.application.achievement_texts import ALL_FIELDS, list_notes
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
    """True if it was only checked: nothing was published, and an id that you did not send is not used."""
    notes: list[str] = []
    """Doubts about it, for example its workload, and changes in the spelling of its texts."""


_FILLED: Final = ("achievement", "version", "awarding_bodies")


if TYPE_CHECKING:
    Body = AchievementContent
else:
    Body = body_of("Achievement", AchievementContent, _FILLED)
"""The content that a university publishes. The node fills in id, version and awarding body."""


DryRun = Annotated[
    bool, QueryParameter(name="dryRun", description="Check only: 200 if it could be published; nothing is stored.")
]


KeepText = Annotated[
    bool,
    QueryParameter(
        name="keepText",
        description="Keep texts as they are that look wrongly encoded, or like placeholders.",
    ),
]


_CHECKED_ONLY: Final = {200: ResponseSpec(OfferedVersion, description="It could be published; nothing was stored.")}


Act = Callable[[Write], Answer]


class Publication(NamedTuple):
    """A version of an achievement that is to be published: its first, or the next one."""

    values: dict[str, Any]
    """The fields by their names in JSON. Those of a next version name the achievement."""
    keep_fields: Collection[str]
    """Fields whose texts are right although they look wrong."""
    is_revision: bool = False

    def check(self, registry: Registry) -> tuple[AchievementContent, list[str]]:
        """Check that it could be published. Return its content, and notes about it."""
        content, notes = self._read(registry)
        achievements = registry.achievements
        check = achievements.check_revision if self.is_revision else achievements.check_new
        check(content, keep_text=self.keep_fields)
        return content, notes

    def publish(self, write: Write) -> Answer:
        """Publish it."""
        content, notes = self._read(write.registry)
        achievements = write.registry.achievements
        publish = achievements.revise if self.is_revision else achievements.publish
        with write.registry.transaction() as transaction:
            publish(content, keep_text=self.keep_fields, transaction=transaction)
            return write.commit(transaction, _answer(write.registry.member, content, notes))

    def _read(self, registry: Registry) -> tuple[AchievementContent, list[str]]:
        """Return the content, and notes about it. Without awarding bodies, this university is the one.

        Raises `FaultyContent`.
        """
        values = self.values
        if self.is_revision:
            version = registry.achievements.get(values["achievement"]).state.version + 1
            values = {"version": version} | values
        whole = {"awardingBodies": [registry.member]} | values
        content = read_content(whole, registry.member, registry.achievements.newest_version, self.keep_fields)
        return content, list_notes(values, content)


def make_retirement(achievement: str) -> Act:
    """Return the act that retires an achievement."""

    def act(write: Write) -> Answer:
        registry = write.registry
        version = registry.achievements.get(achievement).state.version
        with registry.transaction() as transaction:
            registry.achievements.retire(achievement, transaction=transaction)
            return write.commit(
                transaction, Answer(200, OfferedVersion(registry.member, achievement, version, retired=True))
            )

    return act


def _answer(member: str, content: AchievementContent, notes: list[str]) -> Answer:
    return Answer(
        201,
        OfferedVersion(member, content.achievement, content.version, notes=notes),
        f"/v1/achievements/{member}/{content.achievement}",
    )


@post(
    "/v1/achievements",
    tags=["Publishing"],
    operation_id="publishAchievement",
    summary="Publish an achievement",
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
    """Publish version 1 of an achievement, with the fields of `achievement.published.v1`.

    The node fills in `achievement`, `version` and `awardingBodies`. All faults are listed at once: in fields, rules,
    codes, and the composition.
    """
    values = {"achievement": random_id(), "version": 1} | values_of(data)
    publication = Publication(values, ALL_FIELDS if keep_text else ())
    if dry_run:
        with private.reading() as registry:
            content, notes = publication.check(registry)
        return private.respond(OfferedVersion(registry.member, content.achievement, 1, dry_run=True, notes=notes))

    return private.write_once(request, key, data, publication.publish)


@post(
    "/v1/achievements/{achievement:uuid}/versions",
    tags=["Publishing"],
    operation_id="reviseAchievement",
    summary="Publish the next version",
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
    """Publish the whole content again as the next version. `version`, if you send it, must be the next one."""
    values = values_of(data) | {"achievement": str(achievement)}
    revision = Publication(values, ALL_FIELDS if keep_text else (), is_revision=True)
    if dry_run:
        with private.reading() as registry:
            content, notes = revision.check(registry)
        checked = OfferedVersion(registry.member, str(achievement), content.version, dry_run=True, notes=notes)
        return private.respond(checked)

    return private.write_once(request, key, data, revision.publish)


@post(
    "/v1/achievements/{achievement:uuid}/retire",
    tags=["Publishing"],
    operation_id="retireAchievement",
    summary="Retire an achievement",
    status_code=200,
    sync_to_thread=True,
    **requires("achievements:write"),
)
def retire(
    private: PrivateSide, request: Request[Any, Any, Any], achievement: UUID, key: IdempotencyKey
) -> Response[OfferedVersion]:
    """Stop offering an achievement. It is not awarded any more; credentials stay as they are."""
    return private.write_once(request, key, None, make_retirement(str(achievement)))


class JointVersion(msgspec.Struct, frozen=True, rename="camel"):
    """A version of another member's achievement that this university awards, too."""

    member: Member
    """The member that published the achievement."""
    achievement: UUID
    version: Annotated[int, Meta(ge=1, lt=2**31)]


@post(
    "/v1/achievements/joint",
    tags=["Publishing"],
    operation_id="joinAchievement",
    summary="Confirm joint awarding",
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
    """Confirm that this university awards another member's achievement, which names it as an awarding body. Until
    then, it is shown as claimed by the other member.
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
