"""Read a university's year, by achievement and status, and the list of its credentials."""

from calendar import monthrange
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
from psycopg import Connection

from projections.credentials import award_counts
from projections.credentials.award_counts import AchievementAwards
from projections.credentials.credentials import MAX_FAULTS
from projections.queries import build_query
from projections.recognition import decision_counts
from projections.relations.stacks import Key, Listed, Stacks, read_some


class UniversityYear(msgspec.Struct, frozen=True, rename="camel"):
    """One member's twelve months."""

    member: str
    begin: date
    end: date
    standing: str | None
    roles: list[str]
    size: int
    awarded: list[AchievementAwards]
    decisions: int
    recognised_elsewhere: dict[str, int]
    """Decisions of other members that name its achievements, by decider."""


def read_year(connection: Connection, member: str, year: int, month: int = 1) -> UniversityYear:
    """Return a member's twelve months that begin with a month (1 to 12) of a year; the most issued awards first.

    Stored counts are read, so the cost does not depend on the number of awards. Impairment by others is not a status
    of a credential; the worklist has it.
    """
    begin, last = date(year, month, 1), date(year + (month > 1), (month - 2) % 12 + 1, 1)
    end = last.replace(day=monthrange(last.year, last.month)[1])
    governed = connection.execute("SELECT standing, roles FROM members WHERE member = %s", (member,)).fetchone()
    size = connection.execute("SELECT size FROM positions WHERE member = %s", (member,)).fetchone()
    return UniversityYear(
        member=member,
        begin=begin,
        end=end,
        standing=governed[0] if governed else None,
        roles=governed[1] if governed else [],
        size=size[0] if size else 0,
        awarded=award_counts.within(connection, member, begin, last),
        decisions=decision_counts.made_by(connection, member, begin, last),
        recognised_elsewhere=decision_counts.made_elsewhere(connection, member, begin, last),
    )


class AwardLine(msgspec.Struct, frozen=True, rename="camel"):
    """One credential in a university's list, which does not name the learner."""

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
    """Parts, however deep, that no longer hold, `member/credential`: the first 20."""


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
) -> Listed[AwardLine]:
    """Return a member's credentials awarded from `begin` to `end`, the newest first, after a place.

    The place is a day, an achievement and an id. A page ends early if the parts are too many to be read at once.
    """
    parameters = {
        "member": member,
        "begin": begin,
        "end": end,
        "achievement": achievement,
        "status": status,
        "after_day": after and after[0],
        "after_achievement": after and after[1],
        "after_credential": after and after[2],
        "limit": limit + 1,
    }
    rows: list[Any] = connection.execute(build_query(parameters, "awards_of_member"), parameters).fetchall()

    def lines(rows: Sequence[Any]) -> list[AwardLine]:
        stacks = Stacks.read(connection, [(member, row[0]) for row in rows if row[10]])
        return [AwardLine(*(*row[:10], _impaired_by(stacks, (member, row[0])) if row[10] else [])) for row in rows]

    items, number = read_some(rows[:limit], lines)
    return Listed(items, number < len(rows))


def _impaired_by(stacks: Stacks, key: Key) -> list[str]:
    return ["/".join(part) for part in stacks.faults(key)[:MAX_FAULTS]]
