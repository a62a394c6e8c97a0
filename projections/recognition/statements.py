"""Read what members say of achievements in general: by agreements and by assessments, never about a person."""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from psycopg import Connection

from projections.queries import load_query
from projections.relations.stacks import Key


class Statement(NamedTuple):
    """The outcome that a member states for an achievement."""

    outcome: str
    basis: str
    """`agreement` or `assessment`."""
    valid_until: date | None


def read_statements(connection: Connection, at: str, keys: Sequence[Key], today: date) -> dict[Key, Statement]:
    """Return what the member `at` says of the newest versions of achievements; nothing of those it is silent about."""
    parameters = {
        "at": at,
        "members": [member for member, _ in keys],
        "achievements": [achievement for _, achievement in keys],
        "day": today,
    }
    rows = connection.execute(load_query("recognition_at"), parameters)
    return {(member, achievement): Statement(*statement) for member, achievement, *statement in rows}


class Assessed(NamedTuple):
    """A member's assessment of an achievement."""

    member: str
    outcome: str
    valid_until: date | None


_ASSESSMENTS = """
SELECT DISTINCT ON (a.member) a.member, a.outcome, (a.content ->> 'validUntil')::date
FROM assessments a JOIN achievements o ON o.member = a.of_member AND o.achievement = a.achievement
WHERE a.of_member = %(member)s AND a.achievement = %(achievement)s AND a.version <= o.versions AND a.state = 'inForce'
    AND (a.content ->> 'validUntil' IS NULL OR (a.content ->> 'validUntil')::date >= %(today)s)
ORDER BY a.member, a.leaf DESC LIMIT %(limit)s
"""


def read_assessments(connection: Connection, member: str, achievement: str, today: date, limit: int) -> list[Assessed]:
    """Return the newest assessment in force of each member about an achievement, by member."""
    parameters = {"member": member, "achievement": achievement, "today": today, "limit": limit}
    return [Assessed(*row) for row in connection.execute(_ASSESSMENTS, parameters)]
