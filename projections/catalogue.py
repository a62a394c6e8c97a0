"""The catalogue of achievements: how it is read."""

from decimal import Decimal
from typing import Any

import msgspec
from psycopg import Connection
from psycopg.rows import dict_row

from projections import contents
from projections.decisions import joint


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
    """Other awarding bodies: `confirmed` on their own log, or `claimed`."""


_COLUMNS = (
    "SELECT v.member, v.achievement::text, v.version, v.kind, v.title, v.ects, v.eqf_level, a.retired,"
    " v.content::text AS content FROM achievement_versions v JOIN achievements a USING (member, achievement)"
)


def newest(connection: Connection, member: str | None = None) -> list[AchievementView]:
    """The newest version of each achievement, by member and title."""
    rows = (
        connection.cursor(row_factory=dict_row)
        .execute(
            f"{_COLUMNS} WHERE v.version = a.versions AND (%(m)s::text IS NULL OR v.member = %(m)s)"
            " ORDER BY v.member, v.title::text, v.achievement",
            {"m": member},
        )
        .fetchall()
    )
    return _views(connection, rows)


def versions(connection: Connection, member: str, achievement: str) -> list[AchievementView]:
    """All versions of one achievement, first to last."""
    rows = (
        connection.cursor(row_factory=dict_row)
        .execute(f"{_COLUMNS} WHERE v.member = %s AND v.achievement = %s ORDER BY v.version", (member, achievement))
        .fetchall()
    )
    return _views(connection, rows)


def _views(connection: Connection, rows: list[dict[str, Any]]) -> list[AchievementView]:
    together: dict[str, dict[str, str]] = {}
    for key, state in joint(connection).items():
        thing, _, body = key.rpartition("/")
        together.setdefault(thing, {})[body] = state
    return [
        AchievementView(
            **{**row, "content": contents.read(row["content"])},
            joint=together.get(f"{row['member']}/{row['achievement']}/{row['version']}", {}),
        )
        for row in rows
    ]
