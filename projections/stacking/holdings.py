"""A learner's credentials, and what each contributes to one larger credential."""

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
"""The reason why a credential counts: the member issued it itself, its decision or its agreement recognises it, or the
composition accepts such a credential without either."""


class Holding(NamedTuple):
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
    """True if it is a part of another larger credential of the member that awards this one."""
    used_in: list[str]
    """Larger credentials that have it as a part, `member/credential`: the first 20, that member's own before others."""

    @classmethod
    def from_row(cls, row: Sequence[Any]) -> "Holding":
        """Return it from a row of the query `holdings_by_ids`."""
        return cls((row[0], row[1]), *row[2:])

    def find_obstacle(self, day: date, stacks: Stacks | None) -> str | None:
        """Return why it cannot count in any larger credential on that day; None if it can.

        Without `stacks`, its own parts are not checked.
        """
        if self.status != "active":
            return self.status
        if self.valid_until is not None and self.valid_until < day:
            return "expired"
        return IMPAIRED if stacks is not None and IMPAIRED in stacks.flags(self.key) else None


class Contribution(NamedTuple):
    """The credits that a credential brings to a larger one, and their basis."""

    basis: Basis
    id: str | None
    """The id of the decision or the agreement, of the member that awards the larger credential."""
    part: Part


def read_holdings(
    connection: Connection, keys: Sequence[Key], issuer: str, without: str | None = None
) -> list[Holding]:
    """Return these credentials, in the order of member and id, as they may count in one of `issuer`'s.

    `without` is the id of a larger credential of the issuer whose use of a part does not matter: the one that is to
    be replaced.
    """
    parameters = {
        "members": [key[0] for key in keys],
        "ids": [key[1] for key in keys],
        "issuer": issuer,
        "without": without,
    }
    return [Holding.from_row(row) for row in connection.execute(load_query("holdings_by_ids"), parameters)]


def find_contributions(
    connection: Connection, whole: Whole, holdings: Sequence[Holding], learner: str | None
) -> list[Contribution]:
    """Return what each of these contributes to a larger credential, in their order.

    A decision takes precedence over an agreement.
    """
    issuer = whole.key[0]
    foreign = [holding.key for holding in holdings if holding.key[0] != issuer]
    granted = _read_granted(connection, whole, foreign, learner) if foreign else {}
    rest = [key for key in foreign if key not in granted]
    agreements = find_covering_by(connection, issuer, rest) if rest else {}
    return [
        _contribution(holding, whole, granted.get(holding.key), agreements.get(holding.key, ())) for holding in holdings
    ]


def _read_granted(
    connection: Connection, whole: Whole, keys: Sequence[Key], learner: str | None
) -> dict[Key, tuple[str, Credited]]:
    """Return, by credential, the first decision that grants credit for it, and the credit."""
    parameters = {
        "members": [key[0] for key in keys],
        "ids": [key[1] for key in keys],
        "by": whole.key[0],
        "learner": learner,
    }
    granted: dict[Key, tuple[str, Credited]] = {}
    for member, credential, decision, content in connection.execute(load_query("decisions_on_credentials"), parameters):
        key = (member, credential)
        if key not in granted and (credited := by_decision(content, key, whole)) is not None:
            granted[key] = decision, credited
    return granted


def _contribution(
    holding: Holding,
    whole: Whole,
    granted: tuple[str, Credited] | None,
    agreements: Sequence[tuple[str, str]],
) -> Contribution:
    if granted is not None:
        return Contribution("decision", granted[0], _part(holding, granted[1]))
    for agreement, content in agreements:
        if (credited := by_agreement(content, holding.ects, whole)) is not None:
            return Contribution("agreement", agreement, _part(holding, credited))
    basis: Basis = "own" if holding.key[0] == whole.key[0] else "composition"
    return Contribution(basis, None, _part(holding, None))


def _part(holding: Holding, credited: Credited | None) -> Part:
    worth = holding.ects if credited is None or credited.ects is None else credited.ects
    return part_of(
        (holding.key[0], holding.achievement, holding.version),
        holding.fields,
        holding.eqf_level,
        worth or Decimal(0),
        holding.awarded,
        credited is not None,
        holding.shared,
        credited,
    )
