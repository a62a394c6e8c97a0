"""What of all that members offer would fill a gap in a larger credential, and by what it would count."""

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
    """An achievement that would help."""

    member: str
    achievement: str
    version: int
    title: dict[str, str]
    ects: Decimal | None
    eqf_level: int | None
    basis: str
    """By what a credential of it would count: `own`, `agreement`, `assessment` (a decision like it is to be had), or
    `composition`: it is taken as it is."""
    by: str | None
    """The agreement or the assessment, `member/id`."""
    decided: int
    """So many decisions in force of that member recognise one of it, in full or in part."""


_FILLABLE = ("required", "capstone", "choices", "minEcts", "minOwnEcts", "minEctsAtLevel")


def fillings(
    connection: Connection, stack: Stack, gaps: Sequence[Unmet], held: Collection[Key], on: date, limit: int
) -> list[list[Filling]]:
    """For each gap at most `limit` achievements that the learner does not hold, the member's own first."""
    found: list[list[Filling]] = []
    if not limit or not any(gap.name in _FILLABLE for gap in gaps):
        return [[] for _ in gaps]
    search = _Search(connection, stack, held, on, limit)
    for gap in gaps:
        if gap.refs:
            found.append(search.of(gap.refs))
        elif gap.name in ("minEcts", "minOwnEcts"):
            found.append(search.kind(own=gap.name == "minOwnEcts"))
        elif gap.name == "minEctsAtLevel":
            found.append(search.kind(least=int(gap.requirement.partition("[")[2].rstrip("]"))))
        else:
            found.append([])  # there is too much of something, and nothing to add
    return found


class _Search:
    """The offers for one stack; what is named is read once for all of its gaps."""

    def __init__(self, connection: Connection, stack: Stack, held: Collection[Key], on: date, limit: int) -> None:
        self._connection = connection
        self._stack = stack
        self._held = held
        self._on = on
        self._limit = limit
        refs = {(ref.member, ref.achievement): ref for ref in named_refs(stack.composition)}
        self._missing = [ref for key, ref in refs.items() if key not in held]
        self._named: dict[Key, list[Filling]] = {}
        self._equal: dict[Key, list[Filling]] = {}
        if self._missing:
            given = {
                "members": [ref.member for ref in self._missing],
                "achievements": [ref.achievement for ref in self._missing],
                "versions": [ref.min_version or 1 for ref in self._missing],
            }
            for place, *row in self._rows("offers_by_achievement", given):
                ref, one = self._missing[place - 1], self._filling(row)
                key = (ref.member, ref.achievement)
                into = self._named if (one.member, one.achievement) == key else self._equal
                into.setdefault(key, []).append(one)

    def of(self, refs: Sequence[Ref]) -> list[Filling]:
        """These themselves, then what would stand for them."""
        keys = [(ref.member, ref.achievement) for ref in refs]
        offered = [one for source in (self._named, self._equal) for key in keys for one in source.get(key, ())]
        return offered[: self._limit]

    def kind(self, *, own: bool = False, least: int = 0) -> list[Filling]:
        """Anything that counts: what is named, then electives; of the member itself, or from a level on."""
        issuer = self._stack.whole.key[0]
        offered = [
            one
            for fillings in self._named.values()
            for one in fillings
            if one.ects and (not own or one.member == issuer) and (one.eqf_level or 0) >= least
        ]
        elective = self._stack.composition.open
        if elective is not None and len(offered) < self._limit:
            given = {
                "fields": elective.fields_of_education or None,
                "levels": elective.eqf_levels or None,
                "least": least,
                "own": own,
                "held": [self._stack.whole.key[1], *(key[1] for key in self._held), *(o.achievement for o in offered)],
                "limit": self._limit - len(offered),
            }
            offered += [self._filling(row) for _, *row in self._rows("offers_by_kind", given)]
        return offered[: self._limit]

    def _rows(self, query: str, given: dict[str, Any]) -> list[Any]:
        common = {"by": self._stack.whole.key[0], "on": self._on}
        return self._connection.execute(load_query(query) + load_query("offers"), {**given, **common}).fetchall()

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
