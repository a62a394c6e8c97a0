"""Read a member's assessments of achievements. `precedents` finds them as precedents."""

from datetime import date
from typing import Any

import msgspec
from psycopg import Connection


class AssessmentView(msgspec.Struct, frozen=True, rename="camel"):
    """A statement about an achievement, which names no learner."""

    member: str
    assessment: str
    leaf: int
    state: str
    """`inForce` or `withdrawn`. Readers compute from `validUntil` whether it has expired."""
    of_member: str
    achievement: str
    version: int
    outcome: str
    content: Any
    """The assessment as published."""


def assessments(
    connection: Connection,
    member: str,
    assessment: str | None = None,
    *,
    in_force_on: date | None = None,
    limit: int | None = None,
) -> list[AssessmentView]:
    """Return a member's assessments, the newest first, or one of them; with a day, only those in force on it."""
    rows = connection.execute(
        "SELECT member, assessment::text, leaf, state, of_member, achievement::text, version, outcome, content"
        " FROM assessments WHERE member = %(member)s AND (%(one)s::uuid IS NULL OR assessment = %(one)s)"
        " AND (%(day)s::date IS NULL OR state = 'inForce'"
        " AND coalesce(content ->> 'validUntil', 'infinity')::date >= %(day)s::date)"
        " ORDER BY leaf DESC LIMIT %(limit)s",
        {"member": member, "one": assessment, "day": in_force_on, "limit": limit},
    )
    return [AssessmentView(*row) for row in rows]
