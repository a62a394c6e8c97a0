"""The choice of a learner's credentials to stack into a larger one, so that as few requirements as possible stay unmet.

`compositions.unmet` judges a choice, as it flags issued credentials: a choice that is complete here is never flagged
there. The search is greedy, except for parts that must not count together, where it tries the alternatives (64 at
most). The work of one search is limited, since members decide how many credentials there are to choose from: beyond the
limit it tries fewer alternatives, and may keep more than is needed.
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
"""The number of credentials that one search may look at, counting each again after every change."""

Why = Literal["not-named", "too-old", "awarded-later", "used", "used-up", "duplicate", "excluded", "credited-enough"]
"""Why a credential does not count: the composition does not ask for it; it was awarded too early, or later than the
day; it is used in another stack, or the limit of such credits is reached; it is a second one of its achievement; it
must not count together with one that counts; the limit of credited parts is reached."""


class Chosen(NamedTuple):
    """The chosen candidates, by their places."""

    parts: dict[int, Part]
    """Each with the credits that it adds: without those of its own parts that are chosen too."""
    left: dict[int, Why]
    unmet: list[Unmet]


class Chooser:
    """The search among candidates for one larger credential, of one composition, issuer and day."""

    def __init__(
        self,
        composition: Composition,
        issuer: str,
        awarded: date,
        candidates: Sequence[Part],
        contained: Mapping[int, frozenset[int]],
    ) -> None:
        """Prepare a search; `contained` has, for each candidate, the places of its parts at any depth."""
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
        """Return no more than is needed of a choice that leaves nothing unmet; the rest can count elsewhere.

        It drops first what the composition asks for least, many parts at a time where none of them is needed.
        """
        needed = frozenset(chosen.parts)
        waiting = [[place for place in self._order if place in needed]]
        while waiting and self._may_go_on():
            last = waiting.pop()
            if not self._unmet(self._value_parts(needed.difference(last))):
                needed = needed.difference(last)
            elif len(last) > 1:
                waiting += [last[: len(last) // 2], last[len(last) // 2 :]]
        return self._value_parts(needed)

    def _may_go_on(self) -> bool:
        return self._work < MAX_WORK

    def _bans(self) -> Iterable[frozenset[int]]:
        """Return the sets of places to leave out, so that one achievement of each excluding group stays."""
        options: list[list[frozenset[int]]] = []
        for group in self._composition.excludes or ():
            by_ref = [frozenset(n for n, part in enumerate(self._candidates) if is_of(part, ref)) for ref in group]
            present = [places for places in by_ref if places]
            if len(present) > 1:
                options.append([frozenset[int]().union(*present) - places for places in present])
        return (frozenset[int]().union(*bans) for bans in product(*options))

    def _way(self, banned: frozenset[int]) -> Chosen:
        left: dict[int, Why] = {}
        chosen: set[int] = set()
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
                why = self._limit(place, chosen, room)
            if why is None:
                chosen.add(place)
                room.take(part, own=is_own(part, self._issuer))
                kinds |= own
            else:
                left[place] = why
        parts = self._value_parts(frozenset(chosen))
        return Chosen(parts, left, self._unmet(parts))

    def _unmet(self, parts: Mapping[int, Part]) -> list[Unmet]:
        self._work += self._refs + len(parts)
        return unmet(self._composition, self._issuer, self._awarded, parts.values())

    def _obstacle(self, place: int, kinds: Kinds | None) -> Why | None:
        """Return why a candidate by itself does not count, or None."""
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

    def _limit(self, place: int, chosen: set[int], room: "_Room") -> Why | None:
        """Return which limit leaves a candidate out, or None; a named one stays, with fewer credits."""
        shared = self._shared is not None and self._candidates[place].shared
        if self._named[place] or room.is_left(shared=shared) or not self._candidates[place].ects:
            return None
        if self._may_go_on() and self._value_parts(frozenset(chosen | {place}))[place].ects:
            return None
        return "used-up" if shared else "credited-enough"

    def _value_parts(self, chosen: frozenset[int]) -> dict[int, Part]:
        """Return these parts with the credits that each adds: counted once, and within the limits."""
        brings: dict[int, Decimal] = {}
        for place in sorted(chosen, key=lambda place: len(self._contained.get(place, ()))):  # those within others first
            within = self._contained.get(place, frozenset()) & chosen
            self._work += 1 + len(within)
            brings[place] = max(Decimal(0), self._candidates[place].ects - _sum(brings[part] for part in within))
        shared, credited = self._shared, self._credited
        for place in self._order:
            if place not in chosen:
                continue
            part = self._candidates[place]
            if shared is not None and part.shared:
                brings[place] = min(brings[place], shared)
                shared -= brings[place]
            if credited is not None and not is_own(part, self._issuer):
                brings[place] = min(brings[place], credited)
                credited -= brings[place]
        return {place: self._candidates[place]._replace(ects=brings[place]) for place in sorted(chosen)}

    def _rank(self, part: Part) -> tuple[int, bool, Decimal, int]:
        """Rank what the composition asks for most first; then the issuer's own, the larger, the newer."""
        plain = part._replace(admitted=False)
        if is_named(plain, self._asked):
            kind = 0
        elif is_named(plain, self._choosable):
            kind = 1
        else:
            kind = 2 if part.admitted else 3
        return kind, not is_own(part, self._issuer), -part.ects, -part.awarded.toordinal()


class _Room:
    """The credits certainly left under the limits: as if each chosen credential added all of its credits."""

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
        """Return whether there is room for one more, which is shared or not."""
        if shared and self._shared is not None and self._shared <= 0:
            return False
        return self._credited is None or self._credited > 0


def _sum(values: Iterable[Decimal]) -> Decimal:
    return sum(values, Decimal(0))


def _total(parts: Iterable[Part]) -> Decimal:
    return _sum(part.ects for part in parts)


def _decimal(number: float | None) -> Decimal | None:
    return None if number is None else Decimal(str(number))
