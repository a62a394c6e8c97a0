"""A learner's progress towards a composed achievement: which credentials count, which do not, and what is missing.

It is computed for the day on which the larger credential would be awarded, and not stored. The flags of issued
credentials follow the same rules: a credential that is complete here is not flagged `requirements-unmet` there.
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
from projections.stacking.holdings import Contribution, Holding, find_contributions, read_holdings
from projections.stacking.offers import Filling, find_fillings
from registry.rules.choosing import Chooser
from registry.rules.compositions import Part, Unmet, sums
from registry.wire.credentials import CountedBy
from registry.wire.credentials import Part as StackedPart

OFFERS: Final = 5
"""Offers that are listed for each gap."""
MAX_CANDIDATES: Final = 500
"""The number of a learner's credentials that are considered."""


class Candidate(msgspec.Struct, frozen=True, rename="camel"):
    """A credential that was considered."""

    member: str
    credential: str
    achievement: str
    version: int
    title: dict[str, str]
    awarding_date: date
    ects: Decimal | None


class CountedCredential(Candidate, frozen=True, rename="camel"):
    """A credential that counts."""

    counts: Decimal
    """The credits that it brings, for example granted by a decision, without those that its own parts bring already."""
    basis: str
    """`own`, `decision`, `agreement`, or `composition`: the composition accepts such a credential without either."""
    by: str | None
    """The decision or the agreement, `member/id`."""
    also_counted_in: list[str]
    """Other larger credentials that have it as a part, `member/credential`."""

    def part(self) -> StackedPart:
        """Return it as a part of a larger credential."""
        by = None
        if self.by is not None:
            member, _, identifier = self.by.partition("/")
            decision, agreement = (identifier, None) if self.basis == "decision" else (None, identifier)
            by = CountedBy(member, decision, agreement)
        return StackedPart(self.member, self.credential, number(self.counts), by)


class OmittedCredential(Candidate, frozen=True, rename="camel"):
    """A credential that does not count."""

    why: str
    detail: str
    also_counted_in: list[str]


class Gap(msgspec.Struct, frozen=True, rename="camel"):
    """A requirement that is not met."""

    requirement: str
    detail: str
    ects: Decimal | None
    """The number of credits that are missing, or too many; null if the requirement is not about credits."""
    offers: list[Filling]


class Progress(msgspec.Struct, frozen=True, rename="camel"):
    """A learner's progress towards one version of an achievement, on a day."""

    learner: str
    member: str
    achievement: str
    version: int
    title: dict[str, str]
    ects: Decimal | None
    """The credits of the larger credential."""
    retired: bool
    on: date
    complete: bool
    """True if no requirement is unmet. Then `parts` has none to spare: others can count elsewhere."""
    counted: Decimal
    """The credits that count, each once."""
    min_ects: Decimal
    own: Decimal
    """The number of these that the member itself awarded."""
    min_own_ects: Decimal | None
    credited: Decimal
    max_credited_ects: Decimal | None
    held: dict[str, list[str]]
    """Credentials of this achievement that the learner has already, each with the parts that impair it."""
    parts: list[CountedCredential]
    left: list[OmittedCredential]
    gaps: list[Gap]
    more: bool
    """True if the learner has more credentials than were considered. Those that most likely count come first: the
    member's own, then those that the composition names, then active ones."""

    def list_parts(self) -> list[StackedPart]:
        """Return the parts in the form in which the larger credential names them."""
        return [counted.part() for counted in self.parts]


class NotComposed(Exception):
    """There is no such achievement, or nothing is stacked into it."""


class _Whole(NamedTuple):
    """The version of the larger achievement, and what is stacked into it."""

    version: int
    title: dict[str, str]
    ects: Decimal | None
    retired: bool
    stack: Stack


class _Choice(NamedTuple):
    """The credentials that count together."""

    holdings: Sequence[Holding]
    contributions: Sequence[Contribution]
    parts: Mapping[int, Part]
    """Those that count, by their places among the holdings."""
    left: Mapping[int, str]
    """Why others do not count, likewise."""
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
    """Return the progress of a learner on a day; None if no member has issued anything to the learner.

    `version` is the achievement's (None: its newest). Raises `NotComposed`.
    """
    whole = _read_whole(connection, achievement, version, on)
    stack = whole.stack
    keys = _candidates(connection, learner, stack)
    if not keys:
        return None
    stacks, number = read_some(keys[:MAX_CANDIDATES], lambda some: Stacks.read(connection, some))
    holdings = read_holdings(connection, keys[:number], achievement[0])
    obstacles = {holding.key: _find_obstacle(holding, achievement, on, stacks) for holding in holdings}
    usable = [holding for holding in holdings if obstacles[holding.key] is None]
    contributions = find_contributions(connection, stack.whole, usable, learner)
    choice = _choose(stack, achievement[0], usable, contributions, stacks)
    totals = sums(stack.composition, achievement[0], choice.parts.values())
    awarded = {(holding.key[0], holding.achievement) for holding in usable}
    fillings = find_fillings(connection, stack, choice.unmet, awarded, on, offers)
    return Progress(
        learner=learner,
        member=achievement[0],
        achievement=achievement[1],
        version=whole.version,
        title=whole.title,
        ects=whole.ects,
        retired=whole.retired,
        on=on,
        complete=not choice.unmet,
        counted=totals.total,
        min_ects=Decimal(str(stack.composition.min_ects)),
        own=totals.own,
        min_own_ects=_decimal(stack.composition.min_own_ects),
        credited=totals.credited,
        max_credited_ects=_decimal(stack.composition.max_credited_ects),
        held={
            "/".join(holding.key): ["/".join(part) for part in stacks.faults(holding.key)]
            for holding in holdings
            if obstacles[holding.key] == "itself"
        },
        parts=_list_counted(choice, achievement[0]),
        left=_list_omitted(choice, holdings, obstacles),
        gaps=[
            Gap(requirement.requirement, requirement.detail, requirement.ects, filling)
            for requirement, filling in zip(choice.unmet, fillings, strict=True)
        ],
        more=number < len(keys),
    )


def _read_whole(connection: Connection, achievement: Key, version: int | None, on: date) -> _Whole:
    """Return a version of the larger achievement (None: its newest). Raises `NotComposed`."""
    row = connection.execute(
        load_query("composition_of_version"),
        {"member": achievement[0], "achievement": achievement[1], "version": version},
    ).fetchone()
    if row is None:
        raise NotComposed(f"{achievement[0]} offers no such achievement, as far as this node has read its log")
    number, title, ects, retired, composition = row
    if composition is None:
        raise NotComposed("nothing is stacked into this achievement: it has no composition")
    return _Whole(number, title, ects, retired, Stack.of(achievement, on, composition, title))


def _candidates(connection: Connection, learner: str, stack: Stack) -> list[Key]:
    """Return the learner's credentials that may count: one more than `MAX_CANDIDATES` if there are more."""
    refs = sorted(stack.whole.refs)
    parameters = {
        "learner": learner,
        "issuer": stack.whole.key[0],
        "members": [ref[0] for ref in refs],
        "achievements": [ref[1] for ref in refs],
        "limit": MAX_CANDIDATES + 1,
    }
    return connection.execute(load_query("part_candidates"), parameters).fetchall()


def _find_obstacle(holding: Holding, achievement: Key, on: date, stacks: Stacks) -> str | None:
    """Return why a credential cannot count; `itself` for one of the larger achievement."""
    if holding.status == "active" and (holding.key[0], holding.achievement) == achievement:
        return "itself"
    if (obstacle := holding.find_obstacle(on, stacks)) is not None:
        return obstacle
    if stacks.too_deep(holding.key):
        return TOO_DEEP
    return CIRCULAR if stacks.circular(holding.key) else None


def _choose(
    stack: Stack, issuer: str, holdings: Sequence[Holding], contributions: Sequence[Contribution], stacks: Stacks
) -> _Choice:
    """Choose the credentials that count together, and leave out those that are not necessary."""
    places = {holding.key: place for place, holding in enumerate(holdings)}
    contained = {
        place: frozenset(places[part] for part in stacks.deep_parts(holding.key) if part in places)
        for place, holding in enumerate(holdings)
    }
    parts = [contribution.part for contribution in contributions]
    chooser = Chooser(stack.composition, issuer, stack.awarded, parts, contained)
    chosen = chooser.choose()
    necessary = chosen.parts if chosen.unmet else chooser.fewest(chosen)
    spare = dict.fromkeys(chosen.parts.keys() - necessary.keys(), "spare")
    return _Choice(holdings, contributions, necessary, {**chosen.left, **spare}, chosen.unmet)


def _facts_of(holding: Holding) -> tuple[str, str, str, int, dict[str, str], date, Decimal | None]:
    """Return the fields of a `Candidate`."""
    member, credential = holding.key
    return member, credential, holding.achievement, holding.version, holding.title, holding.awarded, holding.ects


def _list_counted(choice: _Choice, issuer: str) -> list[CountedCredential]:
    return [
        CountedCredential(
            *_facts_of(holding),
            counts=part.ects,
            basis=contribution.basis,
            by=None if contribution.id is None else f"{issuer}/{contribution.id}",
            also_counted_in=holding.used_in,
        )
        for place, part in choice.parts.items()
        for holding, contribution in [(choice.holdings[place], choice.contributions[place])]
    ]


def _list_omitted(
    choice: _Choice, holdings: Sequence[Holding], obstacles: Mapping[Key, str | None]
) -> list[OmittedCredential]:
    reasons = {choice.holdings[place].key: why for place, why in choice.left.items()}
    return [
        OmittedCredential(
            *_facts_of(holding),
            why=why,
            detail=WHY[why],
            also_counted_in=holding.used_in,
        )
        for holding in holdings
        if (why := obstacles[holding.key] or reasons.get(holding.key)) is not None and why not in ("replaced", "itself")
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
    "used-up": "no more credit may be shared with other larger credentials",
    "duplicate": "another credential of the same achievement counts",
    "excluded": "it does not count together with one that does",
    "spare": "nothing would be unmet without it",
    "credited-enough": "no more credit from elsewhere may be counted",
}


def _decimal(number: float | None) -> Decimal | None:
    return None if number is None else Decimal(str(number))
