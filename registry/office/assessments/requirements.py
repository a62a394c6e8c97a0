"""Requirements that a case's credentials are compared with: of the office's achievements or its programme profiles."""

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


def find_requirement(registry: Registry, name: str) -> Requirement:
    """Return the requirement of one of the member's achievements, by its id, or of a profile, by its name.

    Raises `UnknownAchievement`, `UnknownProfile`.
    """
    try:
        UUID(name)
    except ValueError:
        return _of_profile(get_profile(registry.cursor(), name).name, registry)
    return requirement_of(registry.member, registry.achievements.get(name).content)


def requirement_of_case(registry: Registry, case: Case) -> Requirement | None:
    """Return the requirement of the programme that the case names; None where the office states none.

    Raises `UnknownProfile` where the case names several programmes with a requirement: the caller must choose one.
    """
    requirements = [
        requirement
        for programme in case.data.towards or ()
        if (requirement := requirement_of_programme(registry, programme)) is not None
    ]
    if len(requirements) > 1:
        raise UnknownProfile(
            "the case names several programmes with a requirement; choose one",
            "$.against",
        )
    return requirements[0] if requirements else None


def programmes_of_grant(case: Case, grant: Grant) -> list[Towards]:
    """Return the programme that a grant names; where it names none, those of its case."""
    return [grant.towards] if grant.towards is not None else list(case.data.towards or ())


def programme_title(registry: Registry, towards: Towards) -> str:
    """Return a programme's title, in English where there is one."""
    title = towards.title
    if title is None and towards.member == registry.member and towards.achievement is not None:
        title = registry.achievements.get(towards.achievement).content.title
    if title is None:
        return f"{towards.member}/{towards.achievement}"
    return title.get("en") or next(iter(title.values()), "")


def is_same_programme(first: Towards, second: Towards) -> bool:
    """Return whether two are one programme: the same achievement, or a common title without case and accents."""
    if first.achievement is not None or second.achievement is not None:
        return (first.member, first.achievement) == (second.member, second.achievement)
    titles = ({comparison_key(text) for text in (each.title or {}).values()} for each in (first, second))
    return bool(set.intersection(*titles))


def are_same_programmes(first: Sequence[Towards], second: Sequence[Towards]) -> bool:
    """Return whether two lists have the same programmes, in any order."""
    return all(
        any(is_same_programme(programme, other) for other in others)
        for programmes, others in ((first, second), (second, first))
        for programme in programmes
    )


def requirement_changes(own: Requirement, stated: Requirement) -> list[str]:
    """Return the differences of a stated requirement from the office's own: each name, and both values."""
    before, after = (msgspec.to_builtins(msgspec.structs.replace(each, towards=None)) for each in (own, stated))
    return [
        f"{name} {_value(before.get(name))} became {_value(after.get(name))}"
        for name in (field.encode_name for field in msgspec.structs.fields(Requirement))
        if before.get(name) != after.get(name)
    ]


def _value(value: Any) -> str:  # noqa: ANN401 - JSON
    return "nothing" if value in (None, False, []) else json.dumps(value, ensure_ascii=False)


def programme_notes(registry: Registry, towards: Iterable[Towards]) -> list[str]:
    """Return in sentences which of these programmes have no requirement, so that nothing is compared with them."""
    notes = []
    for programme in towards:
        if programme.achievement is not None:
            if programme.member != registry.member:
                notes.append(
                    f"{programme.member}/{programme.achievement} is not this office's own: nothing is compared with it"
                )
            continue
        if requirement_of_programme(registry, programme) is not None:
            continue
        name = next(iter((programme.title or {}).values()), "")
        similar = _similar_profiles(registry, name)
        hint = f"; did you mean {' or '.join(repr(each) for each in similar)}?" if similar else ""
        notes.append(
            f"no profile is called {name!r}{hint or '.'} Nothing is compared. `registry office profile list` shows the"
            " profiles; name one of your achievements by MEMBER/ACHIEVEMENT"
        )
    return notes


def _similar_profiles(registry: Registry, name: str) -> list[str]:
    """Return the names of profiles that are similar to this one, the nearest first."""
    key = comparison_key(name)
    names = {comparison_key(each.name): each.name for each in list_profiles(registry.cursor())}
    matches = get_close_matches(key, names, n=3, cutoff=0.6) if key else []
    matches += [each for each in names if key and each not in matches and (key in each or each in key)]
    return [names[each] for each in matches[:3]]


def requirement_of_programme(registry: Registry, towards: Towards) -> Requirement | None:
    """Return the requirement of a member's achievement, or of the profile with its title; None where there is none."""
    if towards.achievement is not None:
        if towards.member != registry.member:
            return None
        return requirement_of(registry.member, registry.achievements.get(towards.achievement).content)
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
