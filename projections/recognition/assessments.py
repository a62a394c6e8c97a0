"""Read a member's assessments of achievements. `precedents` finds them as precedents."""

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


def assessments(connection: Connection, member: str, assessment: str | None = None) -> list[AssessmentView]:
    """Return a member's assessments, the newest first, or one of them."""
    rows = connection.execute(
        "SELECT member, assessment::text, leaf, state, of_member, achievement::text, version, outcome, content"
        " FROM assessments WHERE member = %(member)s AND (%(one)s::uuid IS NULL OR assessment = %(one)s)"
        " ORDER BY leaf DESC",
        {"member": member, "one": assessment},
    )
    return [AssessmentView(*row) for row in rows]
