"""Assessments of achievements: how they are read. As precedents they are found by `precedents`."""

from typing import Any

import msgspec
from psycopg import Connection


class AssessmentView(msgspec.Struct, frozen=True, rename="camel"):
    """A statement about an achievement, with no learner in it."""

    member: str
    assessment: str
    leaf: int
    state: str
    """`inForce` or `withdrawn`. Whether it is over is the reader's to compute from `validUntil`."""
    of_member: str
    achievement: str
    version: int
    outcome: str
    content: Any
    """As stated."""


def assessments(connection: Connection, member: str, assessment: str | None = None) -> list[AssessmentView]:
    """A member's assessments, the newest first, or one."""
    rows = connection.execute(
        "SELECT member, assessment::text, leaf, state, of_member, achievement::text, version, outcome, content"
        " FROM assessments WHERE member = %(member)s AND (%(one)s::uuid IS NULL OR assessment = %(one)s)"
        " ORDER BY leaf DESC",
        {"member": member, "one": assessment},
    )
    return [AssessmentView(*row) for row in rows]
