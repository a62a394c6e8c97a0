"""Check whether stacked credentials satisfy their achievements' compositions, for many at once."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final, NamedTuple

import msgspec
from psycopg import Connection

from projections.core import contents
from projections.core.errors import TooCostly
from projections.queries import load_query
from projections.relations.crediting import Credited, Whole, by_agreement, by_decision
from projections.relations.reach import MAX_PART_ROWS, Key
from registry.rules.compositions import Part, named_refs, unmet
from registry.wire.achievements import Composition

UNMET: Final = "requirements-unmet"
"""The flag of a credential whose parts do not satisfy its composition."""


class Stack(NamedTuple):
    """A larger credential: its awarding day, its composition, and what its parts may count as."""

    awarded: date
    composition: Composition
    whole: Whole

    @classmethod
    def of(cls, key: Key, awarded: date, composition: str, title: dict[str, str]) -> "Stack":
        """Return it from an achievement (member, id) as published."""
        requirements = msgspec.convert(contents.read(composition), Composition)
        refs = ((ref.member, ref.achievement) for ref in named_refs(requirements))
        return cls(awarded, requirements, Whole.of(key, refs, title))


def unmet_requirements(connection: Connection, keys: Sequence[Key]) -> dict[Key, list[str]]:
    """Return, in words, the requirements that the parts of each credential do not satisfy, if there are any.

    Raises `TooCostly` if their parts are more rows than one answer may read, which those of one credential never are.
    """
    stacked = _stacks(connection, keys)
    if not stacked:
        return {}
    parts: dict[Key, list[Part]] = {}
    parameters = {
        "members": [key[0] for key in stacked],
        "ids": [key[1] for key in stacked],
        "limit": MAX_PART_ROWS + 1,
    }
    rows = connection.execute(load_query("parts_of_stacks"), parameters).fetchall()
    if len(rows) > MAX_PART_ROWS:
        raise TooCostly(f"these {len(stacked)} credentials have more than {MAX_PART_ROWS} direct parts")
    for member, credential, *row in rows:
        key = member, credential
        parts.setdefault(key, []).append(_part(stacked[key].whole, row))
    breaches_of: dict[Key, list[str]] = {}
    for key, stack in stacked.items():
        if breaches := unmet(stack.composition, key[0], stack.awarded, parts.get(key, ())):
            breaches_of[key] = [f"{breach.requirement}: {breach.detail}" for breach in breaches]
    return breaches_of


def _stacks(connection: Connection, keys: Sequence[Key]) -> dict[Key, Stack]:
    """Return those whose achievement has a composition. Each composition is read once."""
    parameters = [key[0] for key in keys], [key[1] for key in keys]
    credentials = connection.execute(_STACKED, parameters).fetchall()
    versions = list(dict.fromkeys((row[0], row[2], row[3]) for row in credentials))
    compositions = {
        (member, achievement, version): Stack.of((member, achievement), date.min, composition, title)
        for member, achievement, version, composition, title in connection.execute(
            _COMPOSITIONS, ([v[0] for v in versions], [v[1] for v in versions], [v[2] for v in versions])
        )
    }
    return {
        (member, credential): compositions[member, achievement, version]._replace(awarded=awarded)
        for member, credential, achievement, version, awarded in credentials
    }


def _part(whole: Whole, row: Sequence[Any]) -> Part:
    member, credential, achievement, version, fields, level, ects, awarded, recognised, shared = row[:10]
    decision, agreement, worth = row[10:]
    credited = None
    if decision is not None:
        credited = by_decision(decision, (member, credential), whole)
    elif agreement is not None:
        credited = by_agreement(agreement, worth, whole)
    return part_of((member, achievement, version), fields, level, ects, awarded, recognised, shared, credited)


def part_of(
    achievement: tuple[str, str, int],
    fields: Sequence[str],
    level: int | None,
    ects: Decimal,
    awarded: date,
    recognised: bool,  # noqa: FBT001 - a row's columns, in their order
    shared: bool,  # noqa: FBT001 - likewise
    credited: Credited | None,
) -> Part:
    """Return a part as the rules need it, with what a decision or an agreement grants."""
    part = Part(*achievement, fields, level, ects, awarded, recognised, shared)
    if credited is None:
        return part
    return part._replace(
        eqf_level=level if credited.eqf_level is None else credited.eqf_level,
        stands_for=credited.stands_for,
        admitted=credited.admitted,
    )


_STACKED = """
SELECT c.member, c.credential::text, c.achievement::text, c.version, c.awarding_date
FROM unnest(%s::text[], %s::uuid[]) AS w (member, credential)
JOIN credentials c USING (member, credential)
JOIN achievement_versions v
    ON v.member = c.member AND v.achievement = c.achievement AND v.version = c.version
WHERE v.content ->> 'composition' IS NOT NULL
"""

_COMPOSITIONS = """
SELECT v.member, v.achievement::text, v.version, (v.content -> 'composition')::text, v.title
FROM unnest(%s::text[], %s::uuid[], %s::int[]) AS w (member, achievement, version)
JOIN achievement_versions v USING (member, achievement, version)
"""
