"""The larger achievements that an achievement can be stacked into, because their compositions name it."""

from decimal import Decimal
from typing import Final, Literal

import msgspec
from psycopg import Connection

from projections.queries import load_query
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
        found = _find_use(composition, member, achievement)
        if found is not None:
            use, ref = found
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
