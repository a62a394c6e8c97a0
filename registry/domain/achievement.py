"""Achievements that this university offers, and those of other members that it awards jointly."""

from collections.abc import Iterator, Mapping
from typing import Any, Self
from uuid import UUID, uuid5

import msgspec

from registry.domain.aggregate import Changed, Created, MemberAggregate, uuid_of
from registry.rules import achievements as rules
from registry.rules.achievements import Achievement as State
from registry.wire.achievements import AchievementContent, AchievementJoined, AchievementRetired
from registry.wire.errors import InvalidEvent
from registry.wire.forms import Fault


class Achievement(MemberAggregate):
    """An achievement that this university offers, with its versions."""

    TOPIC = "registry.achievement"

    class Published(Created):
        """The first version was published."""

        TOPIC = "registry.achievement.published"
        PUBLISHED = "achievement.published.v1"
        DATA = AchievementContent

    class Revised(Changed):
        """A further version, complete, was published."""

        TOPIC = "registry.achievement.revised"
        PUBLISHED = "achievement.revised.v1"
        DATA = AchievementContent

    class Retired(Changed):
        """The university stopped awarding and revising it."""

        TOPIC = "registry.achievement.retired"
        PUBLISHED = "achievement.retired.v1"
        DATA = AchievementRetired

    def __init__(self, data: AchievementContent) -> None:
        self.state: State = rules.publish(None, data)
        self.content = data

    @classmethod
    def publish(cls, data: AchievementContent) -> Self:
        """Publish a new achievement. Raises a refusal, and `InvalidEvent` for a blank text."""
        _check_texts(data)
        rules.publish(None, data)
        return cls._create(cls.Published, id=uuid_of(data.achievement), data=data)

    def revise(self, data: AchievementContent) -> None:
        """Publish the next version."""
        _check_texts(data)
        rules.revise(self.state, data)
        self.change(self.Revised, data)

    def retire(self) -> None:
        """Stop awarding and revising it."""
        rules.retire(self.state, str(self.id))
        self.change(self.Retired, AchievementRetired(str(self.id)))

    def on(self, data: Any) -> None:  # noqa: ANN401 - either of its events
        """Apply an event's data to the state."""
        if isinstance(data, AchievementContent):
            self.state = rules.revise(self.state, data)
            self.content = data
        else:
            self.state = rules.retire(self.state, str(self.id))


def find_blank_text(data: AchievementContent) -> Fault | None:
    """Return the first blank text of an achievement; None where every text says something.

    A university publishes no blank text. Those that others published are read: the published form allows them.
    """
    return next(blank_texts(msgspec.to_builtins(data)), None)


def blank_texts(values: Mapping[str, Any]) -> Iterator[Fault]:
    """Yield the blank texts of an achievement's content, which is given as JSON."""
    for path, text in texts_of("", dict(values)):
        if not text.strip():
            yield path, "is empty; write it, or leave it out where it is optional"


def _check_texts(data: AchievementContent) -> None:
    if (fault := find_blank_text(data)) is not None:
        raise InvalidEvent("schema", f"${fault[0]}", fault[1])


def texts_of(path: str, value: Any) -> Iterator[tuple[str, str]]:  # noqa: ANN401 - any JSON
    """Yield every text in a JSON value with its path; `path` is the value's own."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from texts_of(f"{path}.{name}", inner)
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from texts_of(f"{path}[{place}]", inner)


_JOINED = UUID("0d4c8a9e-6b53-5f0e-9f55-6d7c5d1a2f4b")


class Joining(MemberAggregate):
    """A confirmation that this university jointly awards a version of another member's achievement."""

    TOPIC = "registry.joining"

    class Joined(Created):
        """The university confirmed it."""

        TOPIC = "registry.joining.joined"
        PUBLISHED = "achievement.joined.v1"
        DATA = AchievementJoined

    def __init__(self, data: AchievementJoined) -> None:
        self.data = data

    @classmethod
    def id_of(cls, data: AchievementJoined) -> UUID:
        """Return the id of the aggregate, one for each version of each achievement."""
        ref = data.achievement
        return uuid5(_JOINED, f"{ref.member}/{ref.achievement}/{ref.version}")

    @classmethod
    def join(cls, data: AchievementJoined) -> Self:
        """Confirm that this university awards it jointly."""
        rules.join(False, data.achievement.achievement)  # noqa: FBT003 - it is new: the store refuses a second
        return cls._create(cls.Joined, id=cls.id_of(data), data=data)
