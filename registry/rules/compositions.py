"""Whether the parts of a stacked credential satisfy its achievement's composition (EVENTS.md, "Achievements").

A breach is shown and never refused: parts come from other members' streams, which may say more tomorrow. A
part whose credential is not known yet satisfies nothing.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from itertools import chain
from typing import NamedTuple

from registry.wire.achievements import Composition, OpenElective, SharingLimit
from registry.wire.forms import Ref


class Part(NamedTuple):
    """A known part: what it is of, and what it counts for in this stack."""

    member: str
    achievement: str
    version: int
    fields: Sequence[str]
    eqf_level: int | None
    ects: Decimal
    """What the stack says that it counts for."""
    awarded: date
    by_recognition: bool
    """A decision or an agreement let it count."""
    shared: bool
    """It is a part of another credential, too."""


class Unmet(NamedTuple):
    """One requirement that the parts do not satisfy: its name in the composition, and why."""

    requirement: str
    detail: str


def unmet(composition: Composition, issuer: str, awarded: date, parts: Iterable[Part]) -> list[Unmet]:
    """What these parts do not satisfy; empty where they satisfy all.

    `issuer` is the member that awards the larger credential, `awarded` the day on which it does.
    """
    known = list(parts)
    named = [part for part in known if any(_is(part, ref) for ref in _named(composition))]
    elective = composition.open
    opened = [part for part in known if part not in named and elective is not None and _fits(part, elective)]
    counted = named + opened
    found = list(_missing(composition, known))
    total = _sum(named)
    if elective is not None:
        total += min(_sum(opened), Decimal(str(elective.max_ects)))
    found += _least("minEcts", total, composition.min_ects)
    own = [part for part in counted if part.member == issuer and not part.by_recognition]
    found += _least("minOwnEcts", _sum(own), composition.min_own_ects)
    for share in composition.min_ects_at_level or ():
        at_level = _sum(part for part in counted if (part.eqf_level or 0) >= share.eqf_level)
        found += _least(f"minEctsAtLevel[{share.eqf_level}]", at_level, share.ects)
    credited = [part for part in counted if part not in own]
    found += _most("maxCreditedEcts", _sum(credited), composition.max_credited_ects)
    sharing = composition.sharing
    shared = _sum(part for part in known if part.shared)
    if sharing == "forbidden" and any(part.shared for part in known):
        found.append(Unmet("sharing", "a part counts in another credential, too"))
    elif isinstance(sharing, SharingLimit):
        found += _most("sharing", shared, sharing.max_ects)
    if (months := composition.max_age_months) is not None:
        old = [part for part in known if _months_later(part.awarded, months) < awarded]
        if old:
            found.append(Unmet("maxAgeMonths", f"{len(old)} parts were awarded more than {months} months before"))
    return found


def _named(composition: Composition) -> Iterable[Ref]:
    capstone = [composition.capstone] if composition.capstone is not None else []
    return chain(composition.required, capstone, *(choice.from_ for choice in composition.choices))


def _missing(composition: Composition, known: Sequence[Part]) -> Iterable[Unmet]:
    for number, ref in enumerate(composition.required):
        if not any(_is(part, ref) for part in known):
            yield Unmet(f"required[{number}]", f"no part is of {ref.member}/{ref.achievement}")
    capstone = composition.capstone
    if capstone is not None and not any(_is(part, capstone) for part in known):
        yield Unmet("capstone", f"no part is of {capstone.member}/{capstone.achievement}")
    for number, choice in enumerate(composition.choices):
        chosen = [part for part in known if any(_is(part, ref) for ref in choice.from_)]
        yield from _least(f"choices[{number}].minEcts", _sum(chosen), choice.min_ects)
        if choice.min_count is not None and len(chosen) < choice.min_count:
            yield Unmet(f"choices[{number}].minCount", f"{len(chosen)} of the {choice.min_count} that are asked for")
    for number, group in enumerate(composition.excludes or ()):
        if sum(any(_is(part, ref) for part in known) for ref in group) > 1:
            yield Unmet(f"excludes[{number}]", "parts that do not count together")


def _is(part: Part, ref: Ref) -> bool:
    same = (part.member, part.achievement) == (ref.member, ref.achievement)
    return same and part.version >= (ref.min_version or 1)


def _fits(part: Part, elective: OpenElective) -> bool:
    """An empty list of fields or levels asks for none in particular; a shorter code covers the longer."""
    fields, levels = elective.fields_of_education, elective.eqf_levels
    in_field = not fields or any(own.startswith(code) for own in part.fields for code in fields)
    return in_field and (not levels or part.eqf_level in levels)


def _sum(parts: Iterable[Part]) -> Decimal:
    return sum((part.ects for part in parts), Decimal(0))


def _least(requirement: str, have: Decimal, asked: float | None) -> list[Unmet]:
    if asked is None or have >= Decimal(str(asked)):
        return []
    return [Unmet(requirement, f"{have.normalize():f} of the {asked} ECTS that are asked for")]


def _most(requirement: str, have: Decimal, allowed: float | None) -> list[Unmet]:
    if allowed is None or have <= Decimal(str(allowed)):
        return []
    return [Unmet(requirement, f"{have.normalize():f} ECTS, {allowed} at most")]


def _months_later(day: date, months: int) -> date:
    """The same day so many months on, or the last of its month; the last day of time where there is none."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if year >= date.max.year:
        return date.max
    for last in range(day.day, 27, -1):
        try:
            return date(year, month + 1, last)
        except ValueError:
            continue
    return date(year, month + 1, day.day)
