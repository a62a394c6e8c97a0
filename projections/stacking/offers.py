"""Achievements that members offer and that would fill a gap in a larger credential."""

from collections.abc import Collection, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
from psycopg import Connection

from projections.queries import load_query
from projections.relations.compositions import Stack
from projections.relations.stacks import Key
from registry.rules.compositions import Unmet, named_refs
from registry.wire.forms import Ref


class Filling(msgspec.Struct, frozen=True, rename="camel"):
    """An achievement that would fill a gap."""

    member: str
    achievement: str
    version: int
    title: dict[str, str]
    ects: Decimal | None
    eqf_level: int | None
    basis: str
    """The reason why a credential of it would count: `own`, `agreement`, `assessment` (the member can decide likewise),
    or `composition`: the composition accepts it without either."""
    by: str | None
    """The agreement or the assessment, `member/id`."""
    decided: int
    """The number of decisions in force of that member that recognise one of it, in full or in part."""


_FILLABLE = ("required", "capstone", "choices", "minEcts", "minOwnEcts", "minEctsAtLevel")


def find_fillings(
    connection: Connection, stack: Stack, gaps: Sequence[Unmet], awarded: Collection[Key], on: date, limit: int
) -> list[list[Filling]]:
    """Return, for each gap, at most `limit` achievements outside of `awarded`, the member's own first."""
    if not limit or not any(gap.name in _FILLABLE for gap in gaps):
        return [[] for _ in gaps]
    search = _Search(connection, stack, awarded, on, limit)
    return [search.find(gap) for gap in gaps]


class _Search:
    """The offers for one stack; those that its composition names are read once for all of its gaps."""

    def __init__(self, connection: Connection, stack: Stack, awarded: Collection[Key], on: date, limit: int) -> None:
        self._connection = connection
        self._stack = stack
        self._awarded = awarded
        self._on = on
        self._limit = limit
        refs = {(ref.member, ref.achievement): ref for ref in named_refs(stack.composition)}
        self._missing = [ref for key, ref in refs.items() if key not in awarded]
        self._named: dict[Key, list[Filling]] = {}
        self._equal: dict[Key, list[Filling]] = {}
        if self._missing:
            parameters = {
                "members": [ref.member for ref in self._missing],
                "achievements": [ref.achievement for ref in self._missing],
                "versions": [ref.min_version or 1 for ref in self._missing],
            }
            for place, *row in self._rows("offers_by_achievement", parameters):
                ref, filling = self._missing[place - 1], self._filling(row)
                key = (ref.member, ref.achievement)
                by_key = self._named if (filling.member, filling.achievement) == key else self._equal
                by_key.setdefault(key, []).append(filling)

    def find(self, gap: Unmet) -> list[Filling]:
        """Return the offers for a gap; none where credits are too many."""
        if gap.refs:
            return self._find_named(gap.refs)
        if gap.name in ("minEcts", "minOwnEcts"):
            return self._find_credits(own=gap.name == "minOwnEcts")
        if gap.name == "minEctsAtLevel":
            return self._find_credits(least=int(gap.requirement.partition("[")[2].rstrip("]")))
        return []

    def _find_named(self, refs: Sequence[Ref]) -> list[Filling]:
        """Return these achievements themselves, then their equals."""
        keys = [(ref.member, ref.achievement) for ref in refs]
        fillings = [filling for source in (self._named, self._equal) for key in keys for filling in source.get(key, ())]
        return fillings[: self._limit]

    def _find_credits(self, *, own: bool = False, least: int = 0) -> list[Filling]:
        """Return achievements with credits, named ones before electives; only the member's own, or from a level on."""
        issuer = self._stack.whole.key[0]
        fillings = [
            filling
            for named in self._named.values()
            for filling in named
            if filling.ects and (not own or filling.member == issuer) and (filling.eqf_level or 0) >= least
        ]
        elective = self._stack.composition.open
        if elective is not None and len(fillings) < self._limit:
            parameters = {
                "fields": elective.fields_of_education or None,
                "levels": elective.eqf_levels or None,
                "least": least,
                "own": own,
                "held": [
                    self._stack.whole.key[1],
                    *(key[1] for key in self._awarded),
                    *(filling.achievement for filling in fillings),
                ],
                "limit": self._limit - len(fillings),
            }
            fillings += [self._filling(row) for _, *row in self._rows("offers_by_kind", parameters)]
        return fillings[: self._limit]

    def _rows(self, query: str, parameters: dict[str, Any]) -> list[Any]:
        common = {"by": self._stack.whole.key[0], "day": self._on}
        return self._connection.execute(load_query(query) + load_query("offers"), {**parameters, **common}).fetchall()

    def _filling(self, row: Sequence[Any]) -> Filling:
        member, achievement, version, title, ects, level, agreement, assessment, decided = row
        issuer, basis, by = self._stack.whole.key[0], "composition", None
        if member == issuer:
            basis = "own"
        elif agreement is not None:
            basis, by = "agreement", f"{issuer}/{agreement}"
        elif assessment is not None:
            basis, by = "assessment", f"{issuer}/{assessment}"
        return Filling(member, achievement, version, title, ects, level, basis, by, int(decided))
