"""Which of a learner's credentials to stack into a larger one, so that as little as possible stays unmet.

The judge is `compositions.unmet`, the same that flags what was issued: what is called complete here is never flagged
there. The search is greedy, but for what must not count together, where the ways are tried (64 of them at most). The
work of one search is limited, since members decide how much there is to choose from: past the limit fewer ways are
tried, and more than is needed may be kept.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from itertools import islice, product
from typing import Final, Literal, NamedTuple

from registry.rules.compositions import (
    Kinds,
    Part,
    Unmet,
    is_named,
    is_of,
    is_own,
    named_refs,
    named_versions,
    too_old,
    unmet,
)
from registry.wire.achievements import Composition, SharingLimit

_WAYS: Final = 64
MAX_WORK: Final = 1_000_000
"""Credentials that one search looks at while it adds up what others bring, and looks at again after each change."""

Why = Literal["not-named", "too-old", "awarded-later", "used", "used-up", "duplicate", "excluded", "credited-enough"]
"""Why a credential does not count: of no kind that is asked for; awarded too long before, or after the day asked; used
in another stack, or as much of what is used there as may count does; a second one of its achievement; not together
with one that counts; as much is credited as may be."""


class Chosen(NamedTuple):
    """What is chosen of some candidates, by their places."""

    parts: dict[int, Part]
    """Each with the credits that it brings: what parts of its own that are chosen too bring is taken off."""
    left: dict[int, Why]
    unmet: list[Unmet]


class Chooser:
    """Chooses among candidates for one larger credential: whose composition it is, who awards it and when."""

    def __init__(
        self,
        composition: Composition,
        issuer: str,
        awarded: date,
        candidates: Sequence[Part],
        contained: Mapping[int, frozenset[int]],
    ) -> None:
        """`contained` are the candidates that one holds as parts of its own, however deep, by their places."""
        self._composition = composition
        self._issuer = issuer
        self._awarded = awarded
        versions = named_versions(named_refs(composition))
        capstone = [composition.capstone] if composition.capstone is not None else []
        self._asked = named_versions([*composition.required, *capstone])
        self._choosable = named_versions(ref for choice in composition.choices for ref in choice.from_)
        self._candidates = candidates
        self._contained = contained
        self._named = [is_named(part, versions) for part in candidates]
        ranks = [self._rank(part) for part in candidates]
        self._order = sorted(range(len(candidates)), key=lambda place: (ranks[place], place))
        sharing = composition.sharing
        self._shared = _decimal(sharing.max_ects) if isinstance(sharing, SharingLimit) else None
        self._credited = _decimal(composition.max_credited_ects)
        kinds = None if composition.open is None else Kinds.of(composition.open)
        self._obstacles = [self._obstacle(place, kinds) for place in range(len(candidates))]
        self._refs = len(named_refs(composition)) + sum(len(group) for group in composition.excludes or ())
        self._work = 0

    def choose(self) -> Chosen:
        """Return the best choice of those that were tried; at least one is."""
        ways = (self._way(banned) for number, banned in enumerate(self._bans()) if not number or self._may_go_on())
        return min(islice(ways, _WAYS), key=lambda way: (len(way.unmet), -_total(way.parts.values())))

    def fewest(self, chosen: Chosen) -> dict[int, Part]:
        """Of a choice that leaves nothing unmet return no more than is needed: what is left can count elsewhere.

        What is asked for least is left out first, many at a time where none of them is needed.
        """
        kept = frozenset(chosen.parts)
        waiting = [[place for place in self._order if place in kept]]
        while waiting and self._may_go_on():
            last = waiting.pop()
            if not self._unmet(self._valued(kept.difference(last))):
                kept = kept.difference(last)
            elif len(last) > 1:
                waiting += [last[: len(last) // 2], last[len(last) // 2 :]]
        return self._valued(kept)

    def _may_go_on(self) -> bool:
        return self._work < MAX_WORK

    def _bans(self) -> Iterable[frozenset[int]]:
        """Places to be left out so that of each group that excludes itself one achievement stays."""
        options: list[list[frozenset[int]]] = []
        for group in self._composition.excludes or ():
            held = [frozenset(n for n, part in enumerate(self._candidates) if is_of(part, ref)) for ref in group]
            held = [places for places in held if places]
            if len(held) > 1:
                options.append([frozenset[int]().union(*held) - one for one in held])
        return (frozenset[int]().union(*bans) for bans in product(*options))

    def _way(self, banned: frozenset[int]) -> Chosen:
        left: dict[int, Why] = {}
        taken: set[int] = set()
        room = _Room(self._shared, self._credited)
        kinds: set[tuple[str, str]] = set()
        for place in self._order:
            part = self._candidates[place]
            own = part.stands_for | {(part.member, part.achievement)}
            why = self._obstacles[place]
            if why is None and place in banned:
                why = "excluded"
            if why is None and own & kinds:  # the same learning is credited once
                why = "duplicate"
            if why is None:
                why = self._limit(place, taken, room)
            if why is None:
                taken.add(place)
                room.take(part, own=is_own(part, self._issuer))
                kinds |= own
            else:
                left[place] = why
        parts = self._valued(frozenset(taken))
        return Chosen(parts, left, self._unmet(parts))

    def _unmet(self, parts: Mapping[int, Part]) -> list[Unmet]:
        self._work += self._refs + len(parts)
        return unmet(self._composition, self._issuer, self._awarded, parts.values())

    def _obstacle(self, place: int, kinds: Kinds | None) -> Why | None:
        """What alone keeps a candidate from counting."""
        part = self._candidates[place]
        if not self._named[place] and (kinds is None or not kinds.include(part)):
            return "not-named"
        if part.awarded > self._awarded:
            return "awarded-later"
        months = self._composition.max_age_months
        if months is not None and too_old(part, months, self._awarded):
            return "too-old"
        if self._composition.sharing == "forbidden" and part.shared:
            return "used"
        return None

    def _limit(self, place: int, taken: set[int], room: "_Room") -> Why | None:
        """What is left out because no more of its kind may count; what is asked for by name stays, with less."""
        shared = self._shared is not None and self._candidates[place].shared
        if self._named[place] or room.is_left(shared=shared) or not self._candidates[place].ects:
            return None
        if self._may_go_on() and self._valued(frozenset(taken | {place}))[place].ects:
            return None
        return "used-up" if shared else "credited-enough"

    def _valued(self, taken: frozenset[int]) -> dict[int, Part]:
        """These parts with the credits that each brings: counted once, and no more than the limits let count."""
        brings: dict[int, Decimal] = {}
        for place in sorted(taken, key=lambda place: len(self._contained.get(place, ()))):  # those within others first
            within = self._contained.get(place, frozenset()) & taken
            self._work += 1 + len(within)
            brings[place] = max(Decimal(0), self._candidates[place].ects - _sum(brings[one] for one in within))
        shared, credited = self._shared, self._credited
        for place in self._order:
            if place not in taken:
                continue
            part = self._candidates[place]
            if shared is not None and part.shared:
                brings[place] = min(brings[place], shared)
                shared -= brings[place]
            if credited is not None and not is_own(part, self._issuer):
                brings[place] = min(brings[place], credited)
                credited -= brings[place]
        return {place: self._candidates[place]._replace(ects=brings[place]) for place in sorted(taken)}

    def _rank(self, part: Part) -> tuple[int, bool, Decimal, int]:
        """What is asked for most comes first; of these the own, the larger, the newer."""
        plain = part._replace(admitted=False)
        if is_named(plain, self._asked):
            kind = 0
        elif is_named(plain, self._choosable):
            kind = 1
        else:
            kind = 2 if part.admitted else 3
        return kind, not is_own(part, self._issuer), -part.ects, -part.awarded.toordinal()


class _Room:
    """What is left under the limits for sure: as if each credential that was taken brought all of its credits."""

    def __init__(self, shared: Decimal | None, credited: Decimal | None) -> None:
        self._shared = shared
        self._credited = credited

    def take(self, part: Part, *, own: bool) -> None:
        """Take one more credential."""
        if self._shared is not None and part.shared:
            self._shared -= part.ects
        if self._credited is not None and not own:
            self._credited -= part.ects

    def is_left(self, *, shared: bool) -> bool:
        """Whether there is room for one more, which is shared or not."""
        if shared and self._shared is not None and self._shared <= 0:
            return False
        return self._credited is None or self._credited > 0


def _sum(values: Iterable[Decimal]) -> Decimal:
    return sum(values, Decimal(0))


def _total(parts: Iterable[Part]) -> Decimal:
    return _sum(part.ects for part in parts)


def _decimal(number: float | None) -> Decimal | None:
    return None if number is None else Decimal(str(number))
