"""Groups of a member's credentials that few share: combinations on the public log that could lead to a person."""

from datetime import date
from typing import Any, Final

import msgspec
from psycopg import Connection

MAX_GROUPS: Final = 10_000
"""Groups of one report, the smallest first."""


class SmallGroup(msgspec.Struct, frozen=True):
    """Credentials that share what the log says of each."""

    achievement: str
    version: int
    awarding_date: date
    parts: int
    """The number of their parts."""
    credentials: int


class SmallGroups(msgspec.Struct, frozen=True):
    """The report of one member."""

    member: str
    fewer_than: int
    credentials: int
    """All credentials of the member whose learner is not erased."""
    exposed: int
    """Those in groups that are too small."""
    groups: list[SmallGroup]
    all_groups: bool
    """False where there are more than a report lists."""


_GROUPS: Final = """
WITH counted AS (
    SELECT achievement::text, version, awarding_date,
        (SELECT count(*) FROM parts p WHERE p.member = c.member AND p.credential = c.credential) AS parts
    FROM credentials c WHERE member = %(member)s AND learner IS NOT NULL
)
SELECT achievement, version, awarding_date, parts, count(*) AS credentials FROM counted
GROUP BY achievement, version, awarding_date, parts HAVING count(*) < %(fewer)s
ORDER BY credentials, awarding_date, achievement, version, parts
"""


def find_small_groups(connection: Connection[Any], member: str, fewer_than: int) -> SmallGroups:
    """Return the groups with fewer credentials than this number."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM credentials WHERE member = %s AND learner IS NOT NULL", (member,))
        row = cursor.fetchone()
        rows = cursor.execute(_GROUPS, {"member": member, "fewer": fewer_than}).fetchall()
    groups = [SmallGroup(*_values(each)) for each in rows]
    total = 0 if row is None else _values(row)[0]
    exposed = sum(group.credentials for group in groups)
    return SmallGroups(member, fewer_than, total, exposed, groups[:MAX_GROUPS], len(groups) <= MAX_GROUPS)


def _values(row: Any) -> list[Any]:  # noqa: ANN401 - a row in either form that connections have
    return list(row.values()) if isinstance(row, dict) else list(row)
