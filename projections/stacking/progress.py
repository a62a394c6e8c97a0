"""How far a learner has come towards a composed achievement: what counts and by what, what does not, what is missing.

Nothing of it is stored. It is asked for a day, the one on which the larger credential would be awarded, and rests on
the same rules as the flag of what was awarded: what is complete here is not flagged `requirements-unmet` there.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Final, NamedTuple

import msgspec
from psycopg import Connection

from projections.queries import load_query
from projections.relations.compositions import Stack
from projections.relations.crediting import number
from projections.relations.stacks import CIRCULAR, TOO_DEEP, Key, Stacks, read_some
from projections.stacking.held import Held, Way, by_ids, ways
from projections.stacking.offers import Filling, fillings
from registry.rules.choosing import Chooser
from registry.rules.compositions import Part, Unmet, sums
from registry.wire.credentials import CountedBy
from registry.wire.credentials import Part as Stacked

OFFERS: Final = 5
"""Offers that are listed for each gap."""
MAX_CANDIDATES: Final = 500
"""Credentials of a learner that are looked at."""


class Counted(msgspec.Struct, frozen=True, rename="camel"):
    """A credential that counts."""

    member: str
    credential: str
    achievement: str
    version: int
    title: dict[str, str]
    awarding_date: date
    ects: Decimal | None
    counts: Decimal
    """The credits that it brings: granted by a decision, say, less what counts already by parts of its own."""
    basis: str
    """`own`, `decision`, `agreement`, or `composition`: such a credential is taken as it is."""
    by: str | None
    """The decision or the agreement, `member/id`."""
    also_counted_in: list[str]
    """Other larger credentials that have it as a part, `member/credential`."""

    def part(self) -> Stacked:
        """As a part of a larger credential."""
        by = None
        if self.by is not None:
            member, _, identifier = self.by.partition("/")
            decision, agreement = (identifier, None) if self.basis == "decision" else (None, identifier)
            by = CountedBy(member, decision, agreement)
        return Stacked(self.member, self.credential, number(self.counts), by)


class Left(msgspec.Struct, frozen=True, rename="camel"):
    """A credential that does not count."""

    member: str
    credential: str
    achievement: str
    version: int
    title: dict[str, str]
    awarding_date: date
    ects: Decimal | None
    why: str
    detail: str
    also_counted_in: list[str]


class Gap(msgspec.Struct, frozen=True, rename="camel"):
    """A requirement that is not met."""

    requirement: str
    detail: str
    ects: Decimal | None
    """The credits that are missing, or too many; null where it is not about credits."""
    offers: list[Filling]


class Progress(msgspec.Struct, frozen=True, rename="camel"):
    """A learner's progress towards one version of an achievement, on a day."""

    learner: str
    member: str
    achievement: str
    version: int
    title: dict[str, str]
    ects: Decimal | None
    """What the larger credential is worth."""
    retired: bool
    on: date
    complete: bool
    """Nothing is unmet; then `parts` are no more than is needed, and what is left can count elsewhere."""
    counted: Decimal
    """Credits that count, each once."""
    min_ects: Decimal
    own: Decimal
    """Of these, those of the member itself."""
    min_own_ects: Decimal | None
    credited: Decimal
    max_credited_ects: Decimal | None
    held: dict[str, list[str]]
    """Credentials of this achievement that the learner has already, each with the parts that impair it."""
    parts: list[Counted]
    left: list[Left]
    gaps: list[Gap]
    more: bool
    """Whether the learner has more credentials than were looked at. Those that most likely count come first: the
    member's own, then those that the composition names, then active ones."""

    def stacked(self) -> list[Stacked]:
        """The parts as the larger credential's issuing names them."""
        return [one.part() for one in self.parts]


class NotComposed(Exception):
    """There is no such achievement, or nothing is stacked into it."""


class _Chosen(NamedTuple):
    held: Sequence[Held]
    ways: Sequence[Way]
    parts: Mapping[int, Part]
    """By their places among those held."""
    left: Mapping[int, str]
    unmet: list[Unmet]


def read(
    connection: Connection,
    learner: str,
    achievement: Key,
    *,
    on: date,
    version: int | None = None,
    offers: int = OFFERS,
) -> Progress | None:
    """The progress of a learner on a day; None where no member says anything of the learner.

    `version` is the achievement's (None: its newest). Raises `NotComposed`.
    """
    row = connection.execute(
        load_query("composition_of_version"),
        {"member": achievement[0], "achievement": achievement[1], "version": version},
    ).fetchone()
    if row is None:
        raise NotComposed(f"{achievement[0]} offers no such achievement, as far as this node has read its log")
    version, title, ects, retired, composition = row
    if composition is None:
        raise NotComposed("nothing is stacked into this achievement: it has no composition")
    stack = Stack.of(achievement, on, composition, title)
    keys = _candidates(connection, learner, stack)
    if not keys:
        return None
    stacks, number = read_some(keys[:MAX_CANDIDATES], lambda some: Stacks.read(connection, some))
    everything = by_ids(connection, keys[:number], achievement[0])
    troubles = {one.key: _trouble(one, achievement, on, stacks) for one in everything}
    good = [one for one in everything if troubles[one.key] is None]
    found = _choose(stack, achievement[0], good, ways(connection, stack.whole, good, learner), stacks)
    come_to = sums(stack.composition, achievement[0], found.parts.values())
    fillers = fillings(connection, stack, found.unmet, {(one.key[0], one.achievement) for one in good}, on, offers)
    return Progress(
        learner=learner,
        member=achievement[0],
        achievement=achievement[1],
        version=version,
        title=title,
        ects=ects,
        retired=retired,
        on=on,
        complete=not found.unmet,
        counted=come_to.total,
        min_ects=Decimal(str(stack.composition.min_ects)),
        own=come_to.own,
        min_own_ects=_decimal(stack.composition.min_own_ects),
        credited=come_to.credited,
        max_credited_ects=_decimal(stack.composition.max_credited_ects),
        held={
            "/".join(one.key): ["/".join(part) for part in stacks.faults(one.key)]
            for one in everything
            if troubles[one.key] == "itself"
        },
        parts=_counted(found, achievement[0]),
        left=_left(found, everything, troubles),
        gaps=[_gap(one, offered) for one, offered in zip(found.unmet, fillers, strict=True)],
        more=number < len(keys),
    )


def _candidates(connection: Connection, learner: str, stack: Stack) -> list[Key]:
    """One more than are looked at, where there are more."""
    refs = sorted(stack.whole.refs)
    given = {
        "learner": learner,
        "issuer": stack.whole.key[0],
        "members": [ref[0] for ref in refs],
        "achievements": [ref[1] for ref in refs],
        "limit": MAX_CANDIDATES + 1,
    }
    return connection.execute(load_query("part_candidates"), given).fetchall()


def _trouble(one: Held, achievement: Key, on: date, stacks: Stacks) -> str | None:
    if one.status == "active" and (one.key[0], one.achievement) == achievement:
        return "itself"
    if (trouble := one.trouble(on, stacks)) is not None:
        return trouble
    if stacks.too_deep(one.key):
        return TOO_DEEP
    return CIRCULAR if stacks.circular(one.key) else None


def _choose(stack: Stack, issuer: str, held: Sequence[Held], by: Sequence[Way], stacks: Stacks) -> _Chosen:
    places = {one.key: place for place, one in enumerate(held)}
    contained = {
        place: frozenset(places[part] for part in stacks.deep_parts(one.key) if part in places)
        for place, one in enumerate(held)
    }
    parts = [way.part for way in by]
    chooser = Chooser(stack.composition, issuer, stack.awarded, parts, contained)
    chosen = chooser.choose()
    kept = chosen.parts if chosen.unmet else chooser.fewest(chosen)
    spare = dict.fromkeys(chosen.parts.keys() - kept.keys(), "spare")
    return _Chosen(held, by, kept, {**chosen.left, **spare}, chosen.unmet)


def _counted(found: _Chosen, issuer: str) -> list[Counted]:
    return [
        Counted(
            member=one.key[0],
            credential=one.key[1],
            achievement=one.achievement,
            version=one.version,
            title=one.title,
            awarding_date=one.awarded,
            ects=one.ects,
            counts=part.ects,
            basis=way.basis,
            by=None if way.id is None else f"{issuer}/{way.id}",
            also_counted_in=one.used_in,
        )
        for place, part in found.parts.items()
        for one, way in [(found.held[place], found.ways[place])]
    ]


def _left(found: _Chosen, everything: Sequence[Held], troubles: Mapping[Key, str | None]) -> list[Left]:
    whys = {found.held[place].key: why for place, why in found.left.items()}
    return [
        Left(
            member=one.key[0],
            credential=one.key[1],
            achievement=one.achievement,
            version=one.version,
            title=one.title,
            awarding_date=one.awarded,
            ects=one.ects,
            why=why,
            detail=WHY[why],
            also_counted_in=one.used_in,
        )
        for one in everything
        if (why := troubles[one.key] or whys.get(one.key)) is not None and why not in ("replaced", "itself")
    ]


WHY: Final = {
    "suspended": "it is suspended",
    "revoked": "it was revoked",
    "expired": "its validity has ended by then",
    "impaired": "it rests on a part that no longer holds",
    "circular": "it is, however deep, a part of itself",
    "too-deep": "it has more levels of parts, or more parts, than are followed",
    "not-named": "the composition neither names its achievement nor takes others of its kind",
    "too-old": "it was awarded too long before",
    "awarded-later": "it was awarded later than the day asked about",
    "used": "it counts in another larger credential of this university, and parts may not be shared",
    "used-up": "as much of what counts elsewhere is counted as may be",
    "duplicate": "another credential of the same achievement counts",
    "excluded": "it does not count together with one that does",
    "spare": "nothing would be unmet without it",
    "credited-enough": "as much from elsewhere is credited as may be",
}


def _gap(one: Unmet, offered: list[Filling]) -> Gap:
    return Gap(one.requirement, one.detail, one.ects, offered)


def _decimal(number: float | None) -> Decimal | None:
    return None if number is None else Decimal(str(number))
