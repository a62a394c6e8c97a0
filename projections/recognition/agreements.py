"""Automatic recognition: find the agreements that cover a credential, and whether they are mutual."""

from collections import Counter
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final

import msgspec
from psycopg import Connection

from projections.core import contents
from projections.queries import build_query, load_query
from projections.relations.stacks import Key

COVERS: Final = load_query("agreement_covers").decode()
"""The condition, in SQL, that an agreement `a` covers a credential `c` of the achievement's version `v`.

It covers active credentials of the achievements that it names, awarded within its dates and before the day from which
it is withdrawn.
"""

MAX_SHOWN: Final = 20
"""Agreements of one member that are shown for one credential."""
MAX_CHECKED: Final = 1_000
"""Agreements of one member that are checked for one credential: of those that name its achievement, and as many of
those that name levels or fields."""

# The collation leaves one index for looking targets up. With another index the planner would read all targets of a
# member if it expects most of them to be of one achievement.
COVERING: Final = f"""
SELECT DISTINCT a.member, a.agreement FROM (
    (SELECT x.* FROM (
        SELECT agreement FROM agreement_targets
        WHERE achievement = c.achievement AND member COLLATE "C" = m.member
        ORDER BY agreement LIMIT {MAX_CHECKED}) AS t
    CROSS JOIN LATERAL (
        SELECT * FROM agreements WHERE member = m.member AND agreement = t.agreement OFFSET 0) AS x)
  UNION ALL
    (SELECT x.* FROM agreements x
    WHERE x.member = m.member AND x.with_member = c.member AND (x.eqf_levels IS NOT NULL OR x.fields IS NOT NULL)
    ORDER BY x.agreement LIMIT {MAX_CHECKED})) AS a
WHERE {COVERS}
ORDER BY a.agreement LIMIT {MAX_SHOWN + 1}
"""  # noqa: S608 - names of our own
"""SQL for the first agreements of a member `m` that cover a credential `c` of the achievement's version `v`.

One member's many agreements neither hide those of others nor make the answer long. The query returns one more than is
shown, if there are more.
"""

_COVERING: Final = f"""
SELECT c.member, c.credential::text, a.agreement::text, x.content::text
FROM unnest(%s::text[], %s::uuid[]) AS w (member, credential)
JOIN credentials c USING (member, credential)
JOIN achievement_versions v ON v.member = c.member AND v.achievement = c.achievement AND v.version = c.version
CROSS JOIN (SELECT %s::text AS member) AS m
CROSS JOIN LATERAL ({COVERING}) AS a
JOIN agreements x ON x.member = a.member AND x.agreement = a.agreement
ORDER BY c.member COLLATE "C", c.credential, a.agreement
"""  # noqa: S608 - names of our own


def find_covering_by(connection: Connection, member: str, keys: Sequence[Key]) -> dict[Key, list[tuple[str, str]]]:
    """Return the first agreements of one member that recognise each of these credentials, with id and content."""
    agreements: dict[Key, list[tuple[str, str]]] = {}
    parameters = [key[0] for key in keys], [key[1] for key in keys], member
    for of, credential, agreement, content in connection.execute(_COVERING.encode(), parameters):
        agreements.setdefault((of, credential), []).append((agreement, content))
    return agreements


class Recognition(msgspec.Struct, frozen=True, rename="camel"):
    """An agreement by which a member recognises an achievement without a decision."""

    member: str
    """The member that recognises it."""
    agreement: str
    mutual: bool
    """The other member recognises something of this one's in turn."""
    purpose: str
    outcome: str
    ects_ratio: Decimal
    """The factor by which its credits are multiplied."""
    towards: dict[str, Any] | None
    valid_from: date
    valid_until: date | None


def cut_by_member(texts: Sequence[str]) -> tuple[list[str], bool]:
    """Return the first texts (`member/id`, by member) of each member, and whether there are more."""
    counts: Counter[str] = Counter()
    first = []
    for text in texts:
        member = text.partition("/")[0]
        counts[member] += 1
        if counts[member] <= MAX_SHOWN:
            first.append(text)
    return first, len(first) < len(texts)


def find_covering(connection: Connection, key: Key, after: Key | None, limit: int) -> list[Key]:
    """Return the agreements that recognise a credential, in the order of member and id, after a place."""
    parameters = {"member": key[0], "credential": key[1], "limit": limit, **_after(after)}
    return connection.execute(build_query(parameters, "agreements_of_credential"), parameters).fetchall()


def _after(place: Key | None) -> dict[str, str | None]:
    return {"after": place and place[0], "after_id": place and place[1]}


def find_recognising(
    connection: Connection,
    member: str,
    achievement: str,
    day: date,
    *,
    by: str | None = None,
    after: Key | None = None,
    limit: int = 50,
) -> list[Recognition]:
    """Return the agreements that cover what is awarded on a day of an achievement's newest version.

    They are in the order of member and id, after a place: all members', or those of `by` alone.
    """
    parameters = {"member": member, "achievement": achievement, "day": day, "by": by, "limit": limit, **_after(after)}
    rows = connection.execute(build_query(parameters, "agreements_covering"), parameters).fetchall()
    return [
        Recognition(
            by,
            agreement,
            mutual,
            content["purpose"],
            content["outcome"],
            Decimal(str(content["ectsRatio"])),
            content.get("towards"),
            begin,
            end,
        )
        for by, agreement, mutual, text, begin, end in rows
        for content in [contents.read(text)]
    ]
