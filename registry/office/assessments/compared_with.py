"""The source of a requirement with which an assessment compares: its name, its version, and where it is kept."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

import msgspec

from registry.application.registry import Registry
from registry.domain.errors import UnknownAchievement
from registry.office.assessments.assessment import Assessment
from registry.office.assessments.offered import Requirement, is_blank, requirement_of
from registry.office.assessments.profiles import StoredProfile, find_profile, list_profiles
from registry.office.assessments.requirements import is_same_programme, requirement_changes
from registry.wire.forms import Text
from registry.wire.recognition import Towards


class RequirementSource(msgspec.Struct, frozen=True, rename="camel"):
    """The place where a requirement is kept."""

    kind: Literal["achievement", "profile", "stated"]
    """One of the member's achievements, a profile of the office, or what the office stated for one case alone."""
    title: Text
    is_current: bool
    """False if it requires something else now than it did when the assessment was made."""
    code: str | None = None
    """The id of the achievement or the name of the profile; None for what was stated for one case."""
    version: int | None = None
    """The version that the achievement has now."""
    changed: datetime | None = None
    """The time when the profile was changed last."""
    by: str | None = None
    """The actor who changed the profile last."""


def is_compared(assessment: Assessment) -> bool:
    """Return whether an assessment compared a credential with something that is required."""
    return any(not is_blank(each.requirement) for each in assessment.assessed)


def find_sources(registry: Registry, requirements: Sequence[Requirement]) -> list[RequirementSource | None]:
    """Return what requirements come from, each looked up once: the credentials of a draft share one."""
    sources: dict[bytes, RequirementSource | None] = {}
    keys = [msgspec.json.encode(each) for each in requirements]
    for key, requirement in zip(keys, requirements, strict=True):
        if key not in sources:
            sources[key] = find_source(registry, requirement)
    return [sources[key] for key in keys]


def find_source(registry: Registry, requirement: Requirement) -> RequirementSource | None:
    """Return what a requirement comes from; None where nothing is required, so that nothing can be compared."""
    if is_blank(requirement):
        return None
    towards = requirement.towards
    achievement = _find_achievement(registry, requirement)
    if achievement is not None and achievement.is_current:
        return achievement  # also where a profile has its title, or requires the same
    if (profile := _find_profile(registry, requirement)) is not None:
        own = profile.requirement
        is_current = not requirement_changes(own, requirement)
        return RequirementSource(
            "profile", {"en": profile.name}, is_current, profile.name, changed=profile.changed, by=profile.by
        )
    title = None if towards is None else towards.title
    return achievement or RequirementSource("stated", title or {}, is_current=True)


def _find_achievement(registry: Registry, requirement: Requirement) -> RequirementSource | None:
    """Return the member's achievement that a requirement names; None where it names none that there is."""
    towards = requirement.towards
    if towards is None or towards.achievement is None or towards.member != registry.member:
        return None
    try:
        content = registry.achievements.get(towards.achievement).content
    except UnknownAchievement:
        return None
    is_current = not requirement_changes(requirement_of(registry.member, content), requirement)
    return RequirementSource("achievement", content.title, is_current, towards.achievement, content.version)


def _find_profile(registry: Registry, requirement: Requirement) -> StoredProfile | None:
    """Return the profile that a requirement comes from.

    One about an achievement is found by what it requires: otherwise the achievement itself is meant.
    """
    towards = requirement.towards
    if towards is None:
        return None
    titles = (towards.title or {}).values() if towards.achievement is None else ()
    for title in titles:
        if (profile := find_profile(registry.cursor(), title)) is not None:
            return profile
    return next((each for each in list_profiles(registry.cursor()) if _is_meant(each, towards, requirement)), None)


def _is_meant(profile: StoredProfile, towards: Towards, requirement: Requirement) -> bool:
    named = profile.requirement.towards
    if named is None or not is_same_programme(named, towards):
        return False
    return not requirement_changes(profile.requirement, requirement)
