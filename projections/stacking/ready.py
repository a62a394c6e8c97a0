"""Stacks that are ready to award: learners whose credentials satisfy the composition of a larger achievement.

Learners are found by the achievements that the composition names; then the same rules as for one learner's progress
decide. One who would reach it by electives or by decisions about other achievements alone is not found here.
"""

from datetime import date
from decimal import Decimal
from typing import Final, NamedTuple
from uuid import UUID

import msgspec
from psycopg import Connection

from projections.queries import load_query
from projections.relations.stacks import Key
from projections.stacking.progress import NotComposed, Progress, read
from registry.rules.compositions import named_refs
from registry.wire.achievements import Composition

MOST_COMPOSED: Final = 200
_CANDIDATES: Final = 100
"""Learners that are looked at for one page."""
BEGIN: Final = str(UUID(int=0))


class Composed(NamedTuple):
    """A larger achievement that a member offers."""

    achievement: str
    version: int
    title: dict[str, str]
    ects: Decimal | None
    required: int
    """The number of achievements that are required."""
    min_ects: Decimal


class ReadyPage(NamedTuple):
    """Learners whose parts complete a larger achievement."""

    ready: list[Progress]
    considered: int
    """The number of learners that were looked at."""
    next: str | None
    """The learner after whom the next page begins; None at the end."""


def list_composed(connection: Connection, member: str) -> list[Composed]:
    """Return what a member offers that others stack into, by title."""
    rows = connection.execute(load_query("composed_achievements"), {"member": member, "limit": MOST_COMPOSED})
    return [Composed(*row) for row in rows]


def read_ready(connection: Connection, whole: Key, *, on: date, after: str = BEGIN) -> ReadyPage:
    """Return the next learners who can be awarded a larger achievement on a day. Raises `NotComposed`."""
    parameters = {"member": whole[0], "achievement": whole[1], "version": None}
    row = connection.execute(load_query("composition_of_version"), parameters).fetchone()
    if row is None or row[4] is None:
        raise NotComposed("nothing is stacked into this achievement, as far as this node has read")
    composition = msgspec.json.decode(row[4], type=Composition)
    refs = composition.required or list(named_refs(composition))
    keys = sorted({(ref.member, ref.achievement) for ref in refs})
    candidates = connection.execute(
        load_query("stack_candidates"),
        {
            "members": [key[0] for key in keys],
            "achievements": [key[1] for key in keys],
            "issuer": whole[0],
            "whole": whole[1],
            "least": len(keys) if composition.required else 1,
            "after": after,
            "limit": _CANDIDATES,
        },
    ).fetchall()
    learners = [row[0] for row in candidates]
    progress = [read(connection, learner, whole, on=on, offers=0) for learner in learners]
    ready = [each for each in progress if each is not None and each.complete]
    return ReadyPage(ready, len(learners), learners[-1] if len(learners) == _CANDIDATES else None)
