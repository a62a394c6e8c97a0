"""What a case's credentials are compared with: an own achievement, or one of the office's programme profiles."""

from uuid import UUID

import msgspec

from registry.application import Registry
from registry.domain.case import Case
from registry.domain.case_errors import UnknownProfile
from registry.office.offered import Requirement, requirement_of
from registry.office.profiles import find_profile, get_profile
from registry.wire.recognition import Grant, Towards


def requirement_named(registry: Registry, name: str) -> Requirement:
    """Return what is required by an own achievement's id, or by a profile's name.

    Raises `UnknownAchievement`, `UnknownProfile`.
    """
    try:
        UUID(name)
    except ValueError:
        return _of_profile(get_profile(registry.cursor(), name).name, registry)
    return requirement_of(registry.member, registry.achievement(name).content)


def requirement_of_case(registry: Registry, case: Case) -> Requirement | None:
    """Return what is required by what the case should count towards; None where nothing is stated.

    Raises `UnknownProfile` where the case names several programmes that state something: one is to be chosen.
    """
    found = [each for each in (_of_towards(registry, one) for one in case.data.towards or ()) if each is not None]
    if len(found) > 1:
        raise UnknownProfile(
            "the case counts towards several programmes that state what they require; choose one (`--against`)",
            "$.against",
        )
    return found[0] if found else None


def requirement_of_grant(registry: Registry, case: Case, grant: Grant) -> Requirement | None:
    """Return what is required by what a grant counts towards, else by the only programme of its case."""
    if grant.towards is not None:
        return _of_towards(registry, grant.towards)
    towards = case.data.towards or []
    return _of_towards(registry, towards[0]) if len(towards) == 1 else None


def _of_towards(registry: Registry, towards: Towards) -> Requirement | None:
    if towards.achievement is not None:
        if towards.member != registry.member:
            return None
        return requirement_of(registry.member, registry.achievement(towards.achievement).content)
    for title in (towards.title or {}).values():
        profile = find_profile(registry.cursor(), title)
        if profile is not None:
            return _of_profile(profile.name, registry)
    return None


def _of_profile(name: str, registry: Registry) -> Requirement:
    requirement = get_profile(registry.cursor(), name).requirement
    if requirement.towards is not None:
        return requirement
    return msgspec.structs.replace(requirement, towards=Towards(title={"en": name}))
