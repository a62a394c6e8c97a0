"""What a case's credentials are compared with: an own achievement, or one of the office's programme profiles."""

import json
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Any
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
    found = [
        each
        for each in (requirement_of_programme(registry, one) for one in case.data.towards or ())
        if each is not None
    ]
    if len(found) > 1:
        raise UnknownProfile(
            "the case counts towards several programmes that state what they require; choose one (`--against`)",
            "$.against",
        )
    return found[0] if found else None


def programmes_of_grant(case: Case, grant: Grant) -> list[Towards]:
    """Return what a grant counts towards; where it names nothing, what its case should count towards."""
    return [grant.towards] if grant.towards is not None else list(case.data.towards or ())


def programme_title(registry: Registry, towards: Towards) -> str:
    """Return a programme in words: its title, in English where there is one."""
    title = towards.title
    if title is None and towards.member == registry.member and towards.achievement is not None:
        title = registry.achievement(towards.achievement).content.title
    if title is None:
        return f"{towards.member}/{towards.achievement}"
    return title.get("en") or next(iter(title.values()), "")


def is_same_programme(one: Towards, other: Towards) -> bool:
    """Whether two name the same programme: the same achievement, or a title in common, without case and accents."""
    if one.achievement is not None or other.achievement is not None:
        return (one.member, one.achievement) == (other.member, other.achievement)
    titles = ({comparison_key(text) for text in (each.title or {}).values()} for each in (one, other))
    return bool(set.intersection(*titles))


def are_same_programmes(some: Sequence[Towards], others: Sequence[Towards]) -> bool:
    """Whether two lists name the same programmes, in any order."""
    return all(
        any(is_same_programme(one, each) for each in listed)
        for listing, listed in ((some, others), (others, some))
        for one in listing
    )


def requirement_changes(wanted: Requirement, stated: Requirement) -> list[str]:
    """Return what a stated requirement has other than the wanted one: each name, and both values. Titles aside."""
    before, after = (msgspec.to_builtins(msgspec.structs.replace(each, towards=None)) for each in (wanted, stated))
    return [
        f"{name} {_value(before.get(name))} became {_value(after.get(name))}"
        for name in (field.encode_name for field in msgspec.structs.fields(Requirement))
        if before.get(name) != after.get(name)
    ]


def _value(value: Any) -> str:  # noqa: ANN401 - JSON
    return "nothing" if value in (None, False, []) else json.dumps(value, ensure_ascii=False)


def programme_notes(registry: Registry, towards: Iterable[Towards]) -> list[str]:
    """Return in sentences with which of these programmes nothing is compared, since the office does not know them."""
    found = []
    for one in towards:
        if one.achievement is not None:
            if one.member != registry.member:
                found.append(f"{one.member}/{one.achievement} is not this office's own: nothing is compared with it")
            continue
        if requirement_of_programme(registry, one) is not None:
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


def requirement_of_programme(registry: Registry, towards: Towards) -> Requirement | None:
    """Return what an own achievement, or the profile of that name, requires; None where the office states nothing."""
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
