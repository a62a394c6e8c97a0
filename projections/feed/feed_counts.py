"""Check the feed's counts of decisions against the decisions of a set of views.

A count stays in the feed. Decisions may have been withdrawn or voided since, so one thing alone can be checked: there
never were fewer decisions than the count says.
"""

from typing import NamedTuple

from psycopg import Connection


class FeedCount(NamedTuple):
    """A notice of the feed that counts decisions, and how many there can have been."""

    notice: int
    """The notice's id."""
    member: str
    achievement: str
    outcome: str
    at_least: int
    """The number in the notice."""
    possible: int
    """Number of such decisions in the log before that day, whether or not they are still in force."""


def find_impossible_counts(served: Connection, own: Connection) -> list[FeedCount]:
    """Return the counts in the feed beside `served` that are higher than the views of `own` allow.

    Empty, too, where there is no feed. Raises `psycopg.DataError` where a count is not a count.
    """
    exists = served.execute("SELECT to_regclass('feed.notices') IS NOT NULL").fetchone()
    if exists is None or not exists[0]:
        return []
    notices = served.execute(_COUNTS).fetchall()
    if not notices:
        return []
    names = ("ids", "members", "achievements", "outcomes", "numbers", "days")
    columns = {name: [row[place] for row in notices] for place, name in enumerate(names)}
    rows = own.execute(_POSSIBLE, columns)
    return [FeedCount(*row) for row in rows]


_COUNTS = """
SELECT id, member, thing, data ->> 'outcome', greatest(leaf, (data ->> 'atLeast')::bigint), data ->> 'before'
FROM feed.notices
WHERE cause_member = '' AND kind LIKE 'achievement.decided.%' AND NOT withdrawn
ORDER BY id
"""

# Decisions that were voided later may have been counted before, so they are added.
_POSSIBLE = """
SELECT * FROM (
    SELECT n.id, n.member, n.achievement, n.outcome, n.number,
        (SELECT count(*) FROM refusals WHERE code = 'voided') + (
            SELECT count(DISTINCT (b.member, b.decision))
            FROM decision_bases b
            JOIN decisions d ON d.member = b.member AND d.decision = b.decision
            WHERE b.of_member = n.member AND b.member <> n.member AND b.credential IS NULL
              AND b.achievement = n.achievement::uuid AND d.decision_date < n.day::date
              AND EXISTS (
                SELECT FROM json_array_elements(d.content -> 'grants') AS granted,
                    json_array_elements_text(granted -> 'from') AS f (i)
                WHERE granted ->> 'outcome' = n.outcome AND f.i = b.basis::text)
        ) AS possible
    FROM unnest(%(ids)s::bigint[], %(members)s::text[], %(achievements)s::text[], %(outcomes)s::text[],
        %(numbers)s::bigint[], %(days)s::text[]) AS n (id, member, achievement, outcome, number, day)
) AS c
WHERE possible < number ORDER BY id
"""
