"""Counts of what a member awarded between two days, and the titles of its achievements."""

from collections.abc import Collection
from datetime import date
from typing import NamedTuple

from psycopg import Connection


class Term(NamedTuple):
    """Days between which an achievement was awarded, both included."""

    achievement: str
    first_day: date
    last_day: date


def count_awards(connection: Connection, member: str, terms: Collection[Term]) -> dict[str, int]:
    """Return the number of credentials of each achievement in its term, whatever their status now."""
    rows = connection.execute(
        "SELECT t.achievement::text, (SELECT count(*) FROM credentials c WHERE c.member = %(member)s"
        " AND c.achievement = t.achievement AND c.awarding_date BETWEEN t.first AND t.last)"
        " FROM unnest(%(achievements)s::uuid[], %(first)s::date[], %(last)s::date[]) AS t (achievement, first, last)",
        {
            "member": member,
            "achievements": [term.achievement for term in terms],
            "first": [term.first_day for term in terms],
            "last": [term.last_day for term in terms],
        },
    ).fetchall()
    return dict(rows)


def read_titles(connection: Connection, member: str, achievements: Collection[str]) -> dict[str, dict[str, str]]:
    """Return the title of each achievement's newest version, by language."""
    rows = connection.execute(
        "SELECT DISTINCT ON (achievement) achievement::text, title FROM achievement_versions"
        " WHERE member = %s AND achievement = ANY (%s::uuid[]) ORDER BY achievement, version DESC",
        (member, list(achievements)),
    ).fetchall()
    return dict(rows)
