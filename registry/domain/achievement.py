"""Achievements that this university offers, and those of others that it awards too."""

from collections.abc import Iterator, Mapping
from typing import Any, Self
from uuid import UUID, uuid5

import msgspec

from registry.domain.aggregate import Changed, Created, Thing, uuid_of
from registry.rules import achievements as rules
from registry.rules.achievements import Achievement as State
from registry.wire.achievements import AchievementContent, AchievementJoined, AchievementRetired
from registry.wire.errors import InvalidEvent
from registry.wire.forms import Fault


class Achievement(Thing):
    """What can be awarded, in its versions."""

    TOPIC = "registry.achievement"

    class Published(Created):
        """The first version."""

        TOPIC = "registry.achievement.published"
        PUBLISHED = "achievement.published.v1"
        DATA = AchievementContent

    class Revised(Changed):
        """A further version, whole."""

        TOPIC = "registry.achievement.revised"
        PUBLISHED = "achievement.revised.v1"
        DATA = AchievementContent

    class Retired(Changed):
        """No further issuing or revising."""

        TOPIC = "registry.achievement.retired"
        PUBLISHED = "achievement.retired.v1"
        DATA = AchievementRetired

    def __init__(self, data: AchievementContent) -> None:
        self.state: State = rules.publish(None, data)
        self.content = data

    @classmethod
    def publish(cls, data: AchievementContent) -> Self:
        """Offer something new. Raises a refusal, and `InvalidEvent` for a blank text."""
        _worded(data)
        rules.publish(None, data)
        return cls._create(cls.Published, id=uuid_of(data.achievement), data=data)

    def revise(self, data: AchievementContent) -> None:
        """Offer it anew, as the next version."""
        _worded(data)
        rules.revise(self.state, data)
        self.change(self.Revised, data)

    def retire(self) -> None:
        """Stop offering it."""
        rules.retire(self.state, str(self.id))
        self.change(self.Retired, AchievementRetired(str(self.id)))

    def on(self, data: Any) -> None:  # noqa: ANN401 - its own two kinds of event
        """Let a change take effect."""
        if isinstance(data, AchievementContent):
            self.state = rules.revise(self.state, data)
            self.content = data
        else:
            self.state = rules.retire(self.state, str(self.id))


def blank(data: AchievementContent) -> Fault | None:
    """The first text of an achievement that says nothing.

    A university publishes none such. What others published is read all the same: the published form allows it.
    """
    return next(blanks(msgspec.to_builtins(data)), None)


def blanks(values: Mapping[str, Any]) -> Iterator[Fault]:
    """All texts of an achievement's content, as JSON, that say nothing."""
    for path, text in texts_of("", dict(values)):
        if not text.strip():
            yield path, "is empty; write it, or leave it out where it may be left out"


def _worded(data: AchievementContent) -> None:
    if (fault := blank(data)) is not None:
        raise InvalidEvent("schema", f"${fault[0]}", fault[1])


def texts_of(path: str, value: Any) -> Iterator[tuple[str, str]]:  # noqa: ANN401 - any JSON
    """Yield every text in some JSON, with its path; `path` is that of the whole."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from texts_of(f"{path}.{name}", inner)
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from texts_of(f"{path}[{place}]", inner)


_JOINED = UUID("0d4c8a9e-6b53-5f0e-9f55-6d7c5d1a2f4b")


class Joining(Thing):
    """That this university awards a version of another's achievement together with it."""

    TOPIC = "registry.joining"

    class Joined(Created):
        """It does."""

        TOPIC = "registry.joining.joined"
        PUBLISHED = "achievement.joined.v1"
        DATA = AchievementJoined

    def __init__(self, data: AchievementJoined) -> None:
        self.data = data

    @classmethod
    def id_of(cls, data: AchievementJoined) -> UUID:
        """One aggregate for each version of each achievement."""
        ref = data.achievement
        return uuid5(_JOINED, f"{ref.member}/{ref.achievement}/{ref.version}")

    @classmethod
    def join(cls, data: AchievementJoined) -> Self:
        """Award it too."""
        rules.join(False, data.achievement.achievement)  # noqa: FBT003 - it is new: the store refuses a second
        return cls._create(cls.Joined, id=cls.id_of(data), data=data)
