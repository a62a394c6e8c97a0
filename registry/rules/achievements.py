"""Rules of achievements (docs/events.md, "Achievements")."""

import msgspec

from registry.rules.errors import Duplicate, IllegalTransition, Retired, UnknownAchievement, WrongVersion
from registry.wire.achievements import AchievementContent


class Achievement(msgspec.Struct, frozen=True, gc=False):
    """The state of an achievement for the rules: the ECTS of each version, first to last, and whether it is retired."""

    ects: tuple[int | float | None, ...]
    retired: bool = False

    @property
    def version(self) -> int:
        """The newest version."""
        return len(self.ects)


def publish(existing: Achievement | None, data: AchievementContent) -> Achievement:
    """Publish the first version."""
    if existing is not None:
        raise Duplicate(f"achievement {data.achievement} exists", "$.data.achievement")
    if data.version != 1:
        raise WrongVersion(f"the first version is 1, not {data.version}", "$.data.version")
    return Achievement((data.ects,))


def revise(existing: Achievement | None, data: AchievementContent) -> Achievement:
    """Publish the next version, with the whole content again."""
    if existing is None:
        raise UnknownAchievement(f"no achievement {data.achievement} was published", "$.data.achievement")
    if data.version != existing.version + 1:
        raise WrongVersion(f"the next version is {existing.version + 1}, not {data.version}", "$.data.version")
    if existing.retired:
        raise Retired(f"achievement {data.achievement} is retired", "$.data.achievement")
    return Achievement((*existing.ects, data.ects))


def retire(existing: Achievement | None, achievement: str) -> Achievement:
    """Retire an achievement: it is no longer issued or revised."""
    if existing is None:
        raise UnknownAchievement(f"no achievement {achievement} was published", "$.data.achievement")
    if existing.retired:
        raise IllegalTransition(f"achievement {achievement} is retired already", "$.data.achievement")
    return msgspec.structs.replace(existing, retired=True)


def join(joined: bool, achievement: str) -> None:  # noqa: FBT001 - the whole state is one bit
    """Join another member's achievement, once, to award it together with that member."""
    if joined:
        raise Duplicate(f"this version of {achievement} was joined already", "$.data.achievement")
