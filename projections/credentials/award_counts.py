"""Count the credentials that a member awarded of each achievement in each month, by status.

The counts depend on the member's stream alone. They change in the transaction that changes the credentials, so they are
always exact, and reading them costs the same for any number of credentials.
"""

from collections import defaultdict
from datetime import date
from decimal import Decimal
from typing import Any, Final

import msgspec
from psycopg import Connection

from projections.core.state import array
from projections.queries import load_query
from registry.wire.forms import Number

_STATUSES: Final = ("active", "suspended", "revoked", "replaced")


class AwardCounts:
    """A batch's changes of one member's counts."""

    def __init__(self, member: str) -> None:
        self._member = member
        self._changes: dict[tuple[str, str, Number | None], list[int]] = defaultdict(lambda: [0, 0, 0, 0])

    def add_issued(self, achievement: str, day: str, ects: Number | None, status: str) -> None:
        """Add a new credential that has this status after the batch; `day` is its awarding date."""
        self._changes[achievement, day[:7], ects][_STATUSES.index(status)] += 1

    def add_changed(self, achievement: str, day: str, ects: Number | None, before: str, after: str) -> None:
        """Add a change of status of an earlier batch's credential."""
        changes = self._changes[achievement, day[:7], ects]
        changes[_STATUSES.index(before)] -= 1
        changes[_STATUSES.index(after)] += 1

    def write(self, connection: Connection) -> None:
        """Add the changes to the stored counts."""
        counts: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0, 0, 0])
        worth: dict[tuple[str, str], Decimal] = {}
        for (achievement, month, ects), numbers in self._changes.items():
            key = month, achievement
            counts[key] = [old + new for old, new in zip(counts[key], numbers, strict=True)]
            if ects is not None:
                worth[key] = worth.get(key, Decimal(0)) + Decimal(str(ects)) * numbers[0]
        if not counts:
            return
        keys = sorted(counts)
        columns: dict[str, Any] = {
            name: array(str(counts[key][place]) for key in keys) for place, name in enumerate(_STATUSES)
        }
        columns["months"] = array(f"{month}-01" for month, _ in keys)
        columns["achievements"] = array(achievement for _, achievement in keys)
        columns["ects"] = array(str(worth.get(key, "NULL")) for key in keys)
        connection.execute(load_query("add_award_counts"), columns | {"member": self._member})


def rebuild_counts(connection: Connection, member: str) -> None:
    """Replace a member's counts by those of its credentials."""
    connection.execute("DELETE FROM award_counts WHERE member = %s", (member,))
    connection.execute(load_query("recount_awards"), {"member": member})


class AchievementAwards(msgspec.Struct, frozen=True, rename="camel"):
    """One achievement's awards in a range of months."""

    achievement: str
    title: dict[str, str]
    """The title of its newest version."""
    issued: int
    active: int
    suspended: int
    revoked: int
    replaced: int
    ects: Decimal | None
    """The credits of the active ones; None for a non-credit achievement."""


def within(connection: Connection, member: str, begin: date, end: date) -> list[AchievementAwards]:
    """Return a member's awards in the months that begin from `begin` to `end`, the most issued first."""
    rows = connection.execute(load_query("awards_of_months"), {"member": member, "begin": begin, "end": end})
    return [AchievementAwards(*row) for row in rows]


def of_achievement(connection: Connection, member: str, achievement: str) -> dict[str, int]:
    """Return how many credentials of an achievement there are, by the status that they have now."""
    row = connection.execute(load_query("awards_of_achievement"), {"member": member, "achievement": achievement})
    return dict(zip(_STATUSES, map(int, row.fetchone() or ()), strict=True))
