"""How many credentials a member awarded of each achievement in each month, by status: kept beside the rows they count.

All that is here depends on the member's stream alone. Counts change with the credentials they count, in the
projector's transaction, so that they are exact at every moment and reading them costs the same whatever their number.
"""

from collections import defaultdict
from datetime import date
from decimal import Decimal
from typing import Any, Final

import msgspec
from psycopg import Connection

from projections.core.state import array
from projections.queries import named
from registry.wire.forms import Number

_STATUSES: Final = ("active", "suspended", "revoked", "replaced")


class AwardCounts:
    """What a batch does to the counts of one member."""

    def __init__(self, member: str) -> None:
        self._member = member
        self._changes: dict[tuple[str, str, Number | None], list[int]] = defaultdict(lambda: [0, 0, 0, 0])

    def issued(self, achievement: str, day: str, ects: Number | None, status: str) -> None:
        """A new credential, with the status that the batch left it in; `day` is when it was awarded."""
        self._changes[achievement, day[:7], ects][_STATUSES.index(status)] += 1

    def changed(self, achievement: str, day: str, ects: Number | None, before: str, after: str) -> None:
        """A credential of an earlier batch has another status."""
        changes = self._changes[achievement, day[:7], ects]
        changes[_STATUSES.index(before)] -= 1
        changes[_STATUSES.index(after)] += 1

    def write(self, connection: Connection) -> None:
        """Add the changes to the counts that are there."""
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
        connection.execute(named("add_award_counts"), columns | {"member": self._member})


def count_anew(connection: Connection, member: str) -> None:
    """Make a member's counts from its credentials, whatever they were."""
    connection.execute("DELETE FROM award_counts WHERE member = %s", (member,))
    connection.execute(named("count_awards_anew"), {"member": member})


class Awarded(msgspec.Struct, frozen=True, rename="camel"):
    """One achievement's awards within some months."""

    achievement: str
    title: dict[str, str]
    """Of its newest version."""
    issued: int
    active: int
    suspended: int
    revoked: int
    replaced: int
    ects: Decimal | None
    """The credits of the active ones; None where non-credit."""


def within(connection: Connection, member: str, begin: date, end: date) -> list[Awarded]:
    """A member's awards of the months that begin from `begin` to `end`, most issued first."""
    rows = connection.execute(named("awards_of_months"), {"member": member, "begin": begin, "end": end})
    return [Awarded(*row) for row in rows]
