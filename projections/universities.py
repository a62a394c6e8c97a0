"""A university's year: what it awarded, by achievement and status; and how others recognised it."""

from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
from psycopg import Connection

from projections import worklist
from projections.stacks import Stacks


class AwardedLine(msgspec.Struct, frozen=True, rename="camel"):
    """One achievement's awards within the period."""

    achievement: str
    title: dict[str, str]
    """Of the newest version awarded."""
    issued: int
    active: int
    suspended: int
    revoked: int
    replaced: int
    ects: Decimal | None
    """The credits of the active ones; None where non-credit."""
    impaired: int
    """Of the active and suspended ones, those that rest on a part that no longer holds."""


class UniversityYear(msgspec.Struct, frozen=True, rename="camel"):
    """What one member did within a period."""

    member: str
    begin: date
    end: date
    standing: str | None
    roles: list[str]
    size: int
    awarded: list[AwardedLine]
    decisions: int
    recognised_elsewhere: dict[str, int]
    """Decisions of other members that name its achievements, by decider."""


def read_year(connection: Connection, member: str, begin: date, end: date) -> UniversityYear:
    """A member's awards from `begin` to `end`, both included, most issued first."""
    rows: list[Any] = connection.execute(_AWARDED, {"member": member, "begin": begin, "end": end}).fetchall()
    impaired = _impaired(connection, member, begin, end)
    known = connection.execute("SELECT standing, roles FROM members WHERE member = %s", (member,)).fetchone()
    size = connection.execute("SELECT size FROM positions WHERE member = %s", (member,)).fetchone()
    decided = connection.execute(
        "SELECT count(*) FROM decisions WHERE member = %s AND decision_date BETWEEN %s AND %s",
        (member, begin, end),
    ).fetchone()
    elsewhere = connection.execute(
        "SELECT b.member, count(DISTINCT b.decision) FROM decision_bases b JOIN decisions d USING (member, decision)"
        " WHERE b.of_member = %s AND b.member <> %s AND d.decision_date BETWEEN %s AND %s GROUP BY 1 ORDER BY 1",
        (member, member, begin, end),
    ).fetchall()
    return UniversityYear(
        member=member,
        begin=begin,
        end=end,
        standing=known[0] if known else None,
        roles=known[1] if known else [],
        size=size[0] if size else 0,
        awarded=[AwardedLine(*(*row, impaired.get(row[0], 0))) for row in rows],
        decisions=decided[0] if decided else 0,
        recognised_elsewhere=dict(elsewhere),
    )


def _impaired(connection: Connection, member: str, begin: date, end: date) -> dict[str, int]:
    """How many of each achievement's awards within the period are impaired."""
    found = list(worklist.impaired(connection, member))
    if not found:
        return {}
    rows = connection.execute(
        "SELECT achievement::text, count(*) FROM credentials WHERE member = %s AND credential = ANY (%s::uuid[])"
        " AND awarding_date BETWEEN %s AND %s GROUP BY 1",
        (member, found, begin, end),
    )
    return dict(rows.fetchall())


class AwardLine(msgspec.Struct, frozen=True, rename="camel"):
    """One credential as a university's list shows it. Whose it is stands in the learner's record alone."""

    credential: str
    achievement: str
    version: int
    title: dict[str, str]
    awarding_date: date
    ects: Decimal | None
    valid_until: date | None
    status: str
    replaced_by: str | None
    leaf: int
    impaired_by: list[str]
    """Parts, however deep, that no longer hold, `member/credential`."""


def awards(
    connection: Connection,
    member: str,
    begin: date,
    end: date,
    *,
    achievement: str | None = None,
    status: str | None = None,
    after: tuple[str, str, str] | None = None,
    limit: int = 100,
) -> list[AwardLine]:
    """A member's credentials awarded from `begin` to `end`, the newest first, after a place (day, achievement, id)."""
    rows = connection.execute(
        _AWARDS,
        {
            "member": member,
            "begin": begin,
            "end": end,
            "achievement": achievement,
            "status": status,
            "day": after and after[0],
            "of": after and after[1],
            "credential": after and after[2],
            "limit": limit,
        },
    )
    found: list[Any] = rows.fetchall()
    stacked = [(member, row[0]) for row in found if row[10]]
    stacks = Stacks.read(connection, stacked)
    return [
        AwardLine(*(*row[:10], ["/".join(part) for part in stacks.faults((member, row[0]))] if row[10] else []))
        for row in found
    ]


_AWARDS = """
SELECT c.credential::text, c.achievement::text, c.version, v.title, c.awarding_date, c.ects, c.valid_until, c.status,
    c.replaced_by::text, c.leaf, c.has_parts
FROM credentials c JOIN achievement_versions v USING (member, achievement, version)
WHERE c.member = %(member)s AND c.awarding_date BETWEEN %(begin)s AND %(end)s
    AND (%(achievement)s::uuid IS NULL OR c.achievement = %(achievement)s)
    AND (%(status)s::text IS NULL OR c.status = %(status)s)
    AND (%(day)s::date IS NULL
        OR (c.awarding_date, c.achievement, c.credential) < (%(day)s::date, %(of)s::uuid, %(credential)s::uuid))
ORDER BY c.awarding_date DESC, c.achievement DESC, c.credential DESC
LIMIT %(limit)s
"""
_AWARDED = """
SELECT c.achievement::text,
       (SELECT v.title FROM achievement_versions v
        WHERE v.member = %(member)s AND v.achievement = c.achievement ORDER BY v.version DESC LIMIT 1),
       count(*), count(*) FILTER (WHERE status = 'active'), count(*) FILTER (WHERE status = 'suspended'),
       count(*) FILTER (WHERE status = 'revoked'), count(*) FILTER (WHERE status = 'replaced'),
       sum(c.ects) FILTER (WHERE status = 'active')
FROM credentials c
WHERE c.member = %(member)s AND c.awarding_date BETWEEN %(begin)s AND %(end)s
GROUP BY 1 , c.achievement ORDER BY 3 DESC, 1
"""
