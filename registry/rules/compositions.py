"""The check of a stacked credential's parts against its achievement's composition (docs/events.md, "Achievements").

A breach is flagged and never refused: parts are on other members' streams, which may grow. A part whose credential is
not known yet satisfies nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from itertools import chain
from typing import NamedTuple

from registry.wire.achievements import Composition, OpenElective, SharingLimit
from registry.wire.forms import Ref

Key = tuple[str, str]
"""An achievement: its member and id."""


class Part(NamedTuple):
    """A known part: its achievement, and the credits for which it counts in this stack."""

    member: str
    achievement: str
    version: int
    fields: Sequence[str]
    eqf_level: int | None
    ects: Decimal
    """The credits that the stack states for it."""
    awarded: date
    by_recognition: bool
    """True if a decision or an agreement lets it count."""
    shared: bool
    """True if it is also a part of another credential of the member that awards this one."""
    stands_for: frozenset[Key] = frozenset()
    """Achievements (member, id) as which a decision or an agreement lets it count."""
    admitted: bool = False
    """A decision or an agreement lets it count towards the larger credential as a whole."""


class Unmet(NamedTuple):
    """One requirement that the parts do not satisfy: its name in the composition, and why."""

    requirement: str
    detail: str
    ects: Decimal | None = None
    """The credits that are missing, or too many; None for a requirement without credits."""
    refs: tuple[Ref, ...] = ()
    """Achievements of which each would help; empty where none is named."""

    @property
    def name(self) -> str:
        """The requirement's field in the composition, for example `choices` for `choices[1].minEcts`."""
        return self.requirement.partition("[")[0]


class Sums(NamedTuple):
    """Sums over parts, in ECTS."""

    total: Decimal
    """The sum of named and elective parts; of electives only as much as may count."""
    own: Decimal
    credited: Decimal
    """The sum of parts of other members, or by recognition."""
    shared: Decimal
    at_level: dict[int, Decimal]
    """The sum at each EQF level that the composition names, or above."""


def sums(composition: Composition, issuer: str, parts: Iterable[Part]) -> Sums:
    """Return the sums of these parts in a composition of this member's."""
    parts = list(parts)
    versions = named_versions(named_refs(composition))
    named = [part for part in parts if is_named(part, versions)]
    elective = composition.open
    others = [part for part in parts if not is_named(part, versions)]
    kinds = None if elective is None else Kinds.of(elective)
    opened = [part for part in others if kinds.include(part)] if kinds is not None else []
    counted = named + opened
    total = _sum(named)
    if elective is not None:
        total += min(_sum(opened), Decimal(str(elective.max_ects)))
    return Sums(
        total,
        _sum(part for part in counted if is_own(part, issuer)),
        _sum(part for part in counted if not is_own(part, issuer)),
        _sum(part for part in parts if part.shared),
        {
            share.eqf_level: _sum(part for part in counted if (part.eqf_level or 0) >= share.eqf_level)
            for share in composition.min_ects_at_level or ()
        },
    )


def unmet(composition: Composition, issuer: str, awarded: date, parts: Iterable[Part]) -> list[Unmet]:
    """Return the requirements that these parts do not satisfy.

    `issuer` is the member that awards the larger credential, `awarded` the day on which it does.
    """
    parts = list(parts)
    total = sums(composition, issuer, parts)
    faults = list(_missing(composition, parts))
    faults += _least("minEcts", total.total, composition.min_ects)
    faults += _least("minOwnEcts", total.own, composition.min_own_ects)
    for share in composition.min_ects_at_level or ():
        faults += _least(f"minEctsAtLevel[{share.eqf_level}]", total.at_level[share.eqf_level], share.ects)
    faults += _most("maxCreditedEcts", total.credited, composition.max_credited_ects)
    sharing = composition.sharing
    if sharing == "forbidden" and any(part.shared for part in parts):
        faults.append(Unmet("sharing", "a part counts in another credential of this member too"))
    elif isinstance(sharing, SharingLimit):
        faults += _most("sharing", total.shared, sharing.max_ects)
    if (months := composition.max_age_months) is not None:
        old = [part for part in parts if too_old(part, months, awarded)]
        if old:
            faults.append(Unmet("maxAgeMonths", f"{len(old)} parts were awarded more than {months} months before"))
    return faults


def is_own(part: Part, issuer: str) -> bool:
    """Return whether a part counts as the issuer's own, not as credited from elsewhere."""
    return part.member == issuer and not part.by_recognition


def named_refs(composition: Composition) -> list[Ref]:
    """Return all achievements that a composition names: required ones, the capstone, and those of choices."""
    capstone = [composition.capstone] if composition.capstone is not None else []
    return [*composition.required, *capstone, *chain.from_iterable(choice.from_ for choice in composition.choices)]


def named_versions(refs: Iterable[Ref]) -> dict[Key, int]:
    """Return the named achievements, each with the first version that counts."""
    versions: dict[Key, int] = {}
    for ref in refs:
        key, least = (ref.member, ref.achievement), ref.min_version or 1
        versions[key] = min(versions.get(key, least), least)
    return versions


def is_named(part: Part, versions: Mapping[Key, int]) -> bool:
    """Return whether a part counts as one of these (`named_versions`), or is admitted to the whole by a decision."""
    least = versions.get((part.member, part.achievement))
    return (
        part.admitted
        or (least is not None and part.version >= least)
        or any(key in versions for key in part.stands_for)
    )


def too_old(part: Part, months: int, awarded: date) -> bool:
    """Return whether a part was awarded more than this number of months before the larger credential."""
    return _months_later(part.awarded, months) < awarded


def _missing(composition: Composition, parts: Sequence[Part]) -> Iterable[Unmet]:
    by_key: dict[Key, list[Part]] = {}
    for part in parts:
        for key in (*part.stands_for, (part.member, part.achievement)):
            by_key.setdefault(key, []).append(part)

    def of(ref: Ref) -> list[Part]:
        return [part for part in by_key.get((ref.member, ref.achievement), ()) if is_of(part, ref)]

    for number, ref in enumerate(composition.required):
        if not of(ref):
            yield Unmet(f"required[{number}]", f"no part is of {ref.member}/{ref.achievement}", refs=(ref,))
    capstone = composition.capstone
    if capstone is not None and not of(capstone):
        yield Unmet("capstone", f"no part is of {capstone.member}/{capstone.achievement}", refs=(capstone,))
    for number, choice in enumerate(composition.choices):
        chosen = {
            id(part): part
            for key, least in named_versions(choice.from_).items()
            for part in by_key.get(key, ())
            if part.version >= least or key in part.stands_for
        }.values()
        yield from _least(f"choices[{number}].minEcts", _sum(chosen), choice.min_ects, choice.from_)
        if choice.min_count is not None and len(chosen) < choice.min_count:
            detail = f"{len(chosen)} of the {choice.min_count} that are asked for"
            yield Unmet(f"choices[{number}].minCount", detail, refs=tuple(choice.from_))
    for number, group in enumerate(composition.excludes or ()):
        if sum(bool(of(ref)) for ref in group) > 1:
            yield Unmet(f"excludes[{number}]", "parts that do not count together")


def is_of(part: Part, ref: Ref) -> bool:
    """Return whether a part is of that achievement, or a decision lets it count as one."""
    same = (part.member, part.achievement) == (ref.member, ref.achievement)
    return (same and part.version >= (ref.min_version or 1)) or (ref.member, ref.achievement) in part.stands_for


class Kinds(NamedTuple):
    """The fields and levels that an open elective admits; an empty set admits all."""

    fields: frozenset[str]
    """ISCED-F codes; a shorter one covers the longer."""
    levels: frozenset[int]

    @classmethod
    def of(cls, elective: OpenElective) -> "Kinds":
        """Return the kinds that this elective takes."""
        return cls(frozenset(elective.fields_of_education), frozenset(elective.eqf_levels))

    def include(self, part: Part) -> bool:
        """Return whether a part is of one of these kinds."""
        in_field = not self.fields or any(
            own[:length] in self.fields for own in part.fields for length in range(1, len(own) + 1)
        )
        return in_field and (not self.levels or part.eqf_level in self.levels)


def _sum(parts: Iterable[Part]) -> Decimal:
    return sum((part.ects for part in parts), Decimal(0))


def _least(requirement: str, have: Decimal, required: float | None, refs: Iterable[Ref] = ()) -> list[Unmet]:
    if required is None or have >= (least := Decimal(str(required))):
        return []
    detail = f"{have.normalize():f} of the {required} ECTS that are asked for"
    return [Unmet(requirement, detail, least - have, tuple(refs))]


def _most(requirement: str, have: Decimal, allowed: float | None) -> list[Unmet]:
    if allowed is None or have <= (most := Decimal(str(allowed))):
        return []
    return [Unmet(requirement, f"{have.normalize():f} ECTS, {allowed} at most", have - most)]


def _months_later(day: date, months: int) -> date:
    """Return the same day that number of months later, or the last of its month; `date.max` beyond the calendar."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if year >= date.max.year:
        return date.max
    for last in range(day.day, 27, -1):
        try:
            return date(year, month + 1, last)
        except ValueError:
            continue
    return date(year, month + 1, day.day)
