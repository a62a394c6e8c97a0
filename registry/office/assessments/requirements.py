"""What a case's credentials are compared with: an own achievement, or one of the office's programme profiles."""

from collections.abc import Iterable
from difflib import get_close_matches
from uuid import UUID

import msgspec

from registry.application.registry import Registry
from registry.domain.case import Case
from registry.domain.case_errors import UnknownProfile
from registry.office.assessments.offered import Requirement, requirement_of
from registry.office.assessments.profiles import find_profile, get_profile, list_profiles
from registry.values.persons import comparison_key
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


def programme_notes(registry: Registry, towards: Iterable[Towards]) -> list[str]:
    """Return in sentences with which of these programmes nothing is compared, since the office does not know them."""
    found = []
    for one in towards:
        if one.achievement is not None:
            if one.member != registry.member:
                found.append(f"{one.member}/{one.achievement} is not this office's own: nothing is compared with it")
            continue
        if _of_towards(registry, one) is not None:
            continue
        name = next(iter((one.title or {}).values()), "")
        near = _near(registry, name)
        meant = f"; did you mean {' or '.join(repr(each) for each in near)}?" if near else ""
        found.append(
            f"no profile is called {name!r}{meant or '.'} Nothing is compared. `registry office profile list` shows the"
            " profiles; an own achievement is named by MEMBER/ACHIEVEMENT"
        )
    return found


def _near(registry: Registry, name: str) -> list[str]:
    """Return the names of profiles that read like this one, or begin with it, the nearest first."""
    wanted = comparison_key(name)
    names = {comparison_key(each.name): each.name for each in list_profiles(registry.cursor())}
    keys = get_close_matches(wanted, names, n=3, cutoff=0.6) if wanted else []
    keys += [key for key in names if wanted and key not in keys and (wanted in key or key in wanted)]
    return [names[key] for key in keys[:3]]


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
