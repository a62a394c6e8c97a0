"""Read the newest notices of a feed, and count those of some days by kind."""

from datetime import datetime
from typing import NamedTuple

from psycopg import Connection


class RecentNotice(NamedTuple):
    """A notice, and the owner's credential or achievement that it is about, with its title."""

    id: int
    kind: str
    subject: str
    """Id of the owner's credential, achievement or decision; the owner's name where it concerns the whole owner."""
    cause_member: str
    """The member who caused it; empty for counts."""
    leaf: int
    size: int
    at: datetime
    outcomes: list[str]
    """Outcomes of the decision or assessment that it is about."""
    withdrawn: bool
    """True if governance took the effect of its cause."""
    credential_title: dict[str, str] | None
    achievement_title: dict[str, str] | None


def read_newest(connection: Connection, member: str, before: int | None = None, limit: int = 20) -> list[RecentNotice]:
    """Return a member's notices, the newest first, before one of them."""
    rows = connection.execute(_NEWEST, {"member": member, "before": before, "limit": limit})
    return [RecentNotice._make((*row[:7], _outcomes(row[7]), *row[8:])) for row in rows]


def count_kinds(connection: Connection, member: str, since: datetime) -> dict[str, int]:
    """Return the number of a member's notices since a moment, by kind. Those that were taken back do not count."""
    rows = connection.execute(
        "SELECT kind, count(*) FROM feed.notices WHERE member = %s AND at >= %s AND NOT withdrawn GROUP BY kind",
        (member, since),
    )
    return dict(rows.fetchall())


def _outcomes(data: dict[str, object]) -> list[str]:
    grants = data.get("grants")
    listed = [data, *grants] if isinstance(grants, list) else [data]
    outcomes = (each.get("outcome") for each in listed if isinstance(each, dict))
    return list(dict.fromkeys(outcome for outcome in outcomes if isinstance(outcome, str)))


_NEWEST = """
SELECT n.id, n.kind, n.thing, n.cause_member, n.leaf, n.size, n.at, n.data, n.withdrawn, cv.title, av.title
FROM (
    SELECT *, CASE WHEN kind LIKE 'credential.%%' THEN thing::uuid END AS credential,
        CASE WHEN kind LIKE 'achievement.%%' AND thing <> member THEN thing::uuid END AS achievement
    FROM feed.notices
    WHERE member = %(member)s AND (%(before)s::bigint IS NULL OR id < %(before)s::bigint)
    ORDER BY id DESC LIMIT %(limit)s
) AS n
LEFT JOIN credentials c ON c.member = n.member AND c.credential = n.credential
LEFT JOIN achievement_versions cv ON cv.member = c.member AND cv.achievement = c.achievement AND cv.version = c.version
LEFT JOIN achievements a ON a.member = n.member AND a.achievement = n.achievement
LEFT JOIN achievement_versions av ON av.member = a.member AND av.achievement = a.achievement AND av.version = a.versions
ORDER BY n.id DESC
"""
