"""Read the catalogue of achievements."""

from decimal import Decimal
from typing import Any

import msgspec
from psycopg import Connection

from projections.core import contents


class AchievementView(msgspec.Struct, frozen=True, rename="camel"):
    """One version of an achievement."""

    member: str
    achievement: str
    version: int
    kind: str
    title: dict[str, str]
    ects: Decimal | None
    eqf_level: int | None
    retired: bool
    content: dict[str, Any]
    joint: dict[str, str]
    """The other awarding bodies, each `confirmed` by its own log or `claimed` by this member alone."""


_COLUMNS = (
    "SELECT v.member, v.achievement::text, v.version, v.kind, v.title, v.ects, v.eqf_level, a.retired,"
    " v.content::text AS content FROM achievement_versions v JOIN achievements a USING (member, achievement)"
)


def newest(connection: Connection, member: str | None = None) -> list[AchievementView]:
    """Return the newest version of each achievement, by member and title."""
    rows = connection.execute(
        f"{_COLUMNS} WHERE v.version = a.versions AND (%(m)s::text IS NULL OR v.member = %(m)s)"
        " ORDER BY v.member, v.title::text, v.achievement",
        {"m": member},
    ).fetchall()
    return _views(connection, rows)


def versions(connection: Connection, member: str, achievement: str) -> list[AchievementView]:
    """Return all versions of one achievement, the first one first."""
    rows = connection.execute(
        f"{_COLUMNS} WHERE v.member = %s AND v.achievement = %s ORDER BY v.version", (member, achievement)
    ).fetchall()
    return _views(connection, rows)


def read_joint_awarders(connection: Connection, member: str, achievement: str, version: int) -> dict[str, str]:
    """Return the other awarding bodies of one version, as `AchievementView.joint` has them."""
    key = member, achievement, version
    return _joint(connection, [key]).get(key, {})


def _joint(connection: Connection, keys: list[tuple[str, str, int]]) -> dict[tuple[str, str, int], dict[str, str]]:
    bodies: dict[tuple[str, str, int], dict[str, str]] = {}
    columns = tuple([key[place] for key in keys] for place in range(3))
    for member, achievement, version, body, state in connection.execute(_JOINT, columns):
        bodies.setdefault((member, achievement, version), {})[body] = state
    return bodies


def _views(connection: Connection, rows: list[tuple[Any, ...]]) -> list[AchievementView]:
    bodies = _joint(connection, [(row[0], row[1], row[2]) for row in rows])
    return [
        AchievementView(*columns, contents.read(content), bodies.get((columns[0], columns[1], columns[2]), {}))  # type: ignore[call-arg] # a row has as many
        for *columns, content in rows
    ]


_JOINT = """
SELECT v.member, v.achievement::text, v.version, b.body,
    CASE WHEN j.member IS NULL THEN 'claimed' ELSE 'confirmed' END
FROM unnest(%s::text[], %s::uuid[], %s::int[]) AS w (member, achievement, version)
JOIN achievement_versions v USING (member, achievement, version)
CROSS JOIN LATERAL (SELECT DISTINCT unnest(v.bodies) AS body) AS b
LEFT JOIN joined j ON j.member = b.body AND j.of_member = v.member
    AND j.achievement = v.achievement AND j.version = v.version
WHERE b.body <> v.member
ORDER BY 1, 2, 3, 4
"""
