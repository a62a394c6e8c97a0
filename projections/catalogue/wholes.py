"""The larger achievements whose compositions name an achievement, and the titles of what is stacked into one."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final, Literal

import msgspec
from psycopg import Connection

from projections.queries import load_query
from projections.relations.stacks import Key
from registry.rules.compositions import named_refs
from registry.wire.achievements import Composition
from registry.wire.forms import Ref

MOST: Final = 100
"""Larger achievements that are looked at."""

Use = Literal["required", "choice", "capstone"]


class Whole(msgspec.Struct, frozen=True, rename="camel"):
    """A larger achievement, and how its composition names the smaller one."""

    member: str
    achievement: str
    version: int
    kind: str
    title: dict[str, str]
    ects: Decimal | None
    eqf_level: int | None
    retired: bool
    use: Use
    min_version: int | None
    """The version of the smaller one from which on it counts; None for any."""


def find_wholes(connection: Connection, member: str, achievement: str) -> list[Whole]:
    """Return the achievements of all members that name this one, those that are still offered first."""
    parameters = {"member": member, "achievement": achievement, "limit": MOST}
    wholes = []
    for *columns, text in connection.execute(load_query("wholes_of_achievement"), parameters).fetchall():
        composition = msgspec.json.decode(text, type=Composition)
        named = _find_use(composition, member, achievement)
        if named is not None:
            use, ref = named
            wholes.append(Whole(*columns, use, ref.min_version))  # type: ignore[call-arg] # a row has as many
    return wholes


def _find_use(composition: Composition, member: str, achievement: str) -> tuple[Use, Ref] | None:
    uses: list[tuple[Use, list[Ref]]] = [
        ("required", composition.required),
        ("choice", [ref for choice in composition.choices for ref in choice.from_]),
        ("capstone", [] if composition.capstone is None else [composition.capstone]),
    ]
    for use, refs in uses:
        for ref in refs:
            if (ref.member, ref.achievement) == (member, achievement):
                return use, ref
    return None


def read_part_titles(connection: Connection, composition: Mapping[str, Any] | None) -> dict[Key, dict[str, str]]:
    """Return the titles of the achievements that a composition names, as JSON. Those not read yet have none."""
    if composition is None:
        return {}
    refs = named_refs(msgspec.convert(composition, Composition))
    columns = [ref.member for ref in refs], [ref.achievement for ref in refs]
    return {(member, achievement): title for member, achievement, title in connection.execute(_TITLES, columns)}


_TITLES: Final = """
SELECT v.member, v.achievement::text, v.title
FROM (SELECT DISTINCT * FROM unnest(%s::text[], %s::uuid[])) AS w (member, achievement)
JOIN achievements a ON a.member = w.member AND a.achievement = w.achievement
JOIN achievement_versions v ON v.member = a.member AND v.achievement = a.achievement AND v.version = a.versions
"""
