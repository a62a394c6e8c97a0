"""A learner's credentials as they may count in one larger credential: what each is, and by what it would count."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Literal, NamedTuple

from psycopg import Connection

from projections.queries import load_query
from projections.recognition.agreements import find_covering_by
from projections.relations.compositions import part_of
from projections.relations.crediting import Credited, Whole, by_agreement, by_decision
from projections.relations.stacks import IMPAIRED, Key, Stacks
from registry.rules.compositions import Part

Basis = Literal["own", "decision", "agreement", "composition"]
"""By what a credential counts: the member's own issue, its decision or agreement on it, or because its composition
takes such a credential as it is."""


class Held(NamedTuple):
    """One credential of a learner."""

    key: Key
    achievement: str
    version: int
    title: dict[str, str]
    fields: list[str]
    eqf_level: int | None
    ects: Decimal | None
    awarded: date
    valid_until: date | None
    status: str
    learner: str | None
    shared: bool
    """Whether it is a part of another larger credential of the member that awards this one."""
    used_in: list[str]
    """Larger credentials that have it as a part, `member/credential`: the first 20, that member's own before others."""

    @classmethod
    def of(cls, row: Sequence[Any]) -> "Held":
        """Return it from a row of the query `held_by_ids`."""
        return cls((row[0], row[1]), *row[2:])

    def trouble(self, day: date, stacks: Stacks | None) -> str | None:
        """What keeps it from counting anywhere on that day; None where nothing does.

        Without `stacks` what it rests on is not looked at.
        """
        if self.status != "active":
            return self.status
        if self.valid_until is not None and self.valid_until < day:
            return "expired"
        return IMPAIRED if stacks is not None and IMPAIRED in stacks.flags(self.key) else None


class Way(NamedTuple):
    """By what a credential counts, and as which part."""

    basis: Basis
    id: str | None
    """The decision's or the agreement's, of the member that awards the larger credential."""
    part: Part


def by_ids(connection: Connection, keys: Sequence[Key], issuer: str, without: str | None = None) -> list[Held]:
    """Return these credentials, in the order of member and id, as they may count in one of `issuer`'s.

    `without` is a larger credential of the issuer's (its id) whose use of a part does not matter: the one that is to
    be replaced.
    """
    given = {"members": [key[0] for key in keys], "ids": [key[1] for key in keys], "issuer": issuer, "without": without}
    return [Held.of(row) for row in connection.execute(load_query("holdings_by_ids"), given)]


def ways(connection: Connection, whole: Whole, held: Sequence[Held], learner: str | None) -> list[Way]:
    """By what each of these would count in a larger credential of that member's, in their order.

    A decision says most; then an agreement.
    """
    issuer = whole.key[0]
    foreign = [one.key for one in held if one.key[0] != issuer]
    granted: dict[Key, tuple[str, Credited]] = {}
    given = {"members": [key[0] for key in foreign], "ids": [key[1] for key in foreign]}
    if foreign:
        for of, credential, decision, content in connection.execute(
            load_query("decisions_on_credentials"), {**given, "by": issuer, "learner": learner}
        ):
            if (of, credential) not in granted and (found := by_decision(content, (of, credential), whole)) is not None:
                granted[of, credential] = decision, found
    rest = [key for key in foreign if key not in granted]
    agreed = find_covering_by(connection, issuer, rest) if rest else {}
    return [_way(one, whole, granted.get(one.key), agreed.get(one.key, ())) for one in held]


def _way(
    one: Held,
    whole: Whole,
    granted: tuple[str, Credited] | None,
    agreed: Sequence[tuple[str, str]],
) -> Way:
    if granted is not None:
        return Way("decision", granted[0], _part(one, granted[1]))
    for agreement, content in agreed:
        if (credited := by_agreement(content, one.ects, whole)) is not None:
            return Way("agreement", agreement, _part(one, credited))
    basis: Basis = "own" if one.key[0] == whole.key[0] else "composition"
    return Way(basis, None, _part(one, None))


def _part(one: Held, credited: Credited | None) -> Part:
    worth = one.ects if credited is None or credited.ects is None else credited.ects
    return part_of(
        (one.key[0], one.achievement, one.version),
        one.fields,
        one.eqf_level,
        worth or Decimal(0),
        one.awarded,
        credited is not None,
        one.shared,
        credited,
    )
