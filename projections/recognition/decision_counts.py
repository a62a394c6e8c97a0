"""Count the decisions that a member made in each month, by the members whose achievements they name."""

from collections import defaultdict
from datetime import date
from typing import Final

from psycopg import Connection

from projections.core.state import array
from projections.queries import load_query
from registry.wire.recognition import RecognitionDecided

ANYBODY: Final = ""
"""In place of a member: all decisions, including those that name no achievement."""


class DecisionCounts:
    """A batch's changes of one deciding member's counts."""

    def __init__(self, member: str) -> None:
        self._member = member
        self._made: dict[tuple[str, str], int] = defaultdict(int)

    def add(self, data: RecognitionDecided) -> None:
        """Count a new decision, once for each member whose achievements it names, even if it is withdrawn later."""
        of_members = {basis.achievement.member for basis in data.basis if basis.achievement is not None}
        for of_member in (ANYBODY, *of_members):
            self._made[of_member, data.decision_date[:7]] += 1

    def write(self, connection: Connection) -> None:
        """Add the new decisions to the stored counts."""
        if not self._made:
            return
        keys = sorted(self._made)
        connection.execute(
            load_query("add_decision_counts"),
            {
                "member": self._member,
                "of_members": [of_member for of_member, _ in keys],
                "months": array(f"{month}-01" for _, month in keys),
                "numbers": array(str(self._made[key]) for key in keys),
            },
        )


def rebuild_counts(connection: Connection, member: str) -> None:
    """Replace a deciding member's counts by those of its decisions."""
    connection.execute("DELETE FROM decision_counts WHERE member = %s", (member,))
    connection.execute(load_query("recount_decisions"), {"member": member})


def made_by(connection: Connection, member: str, begin: date, end: date) -> int:
    """Return how many decisions a member made in the months that begin from `begin` to `end`."""
    row = connection.execute(
        "SELECT coalesce(sum(number), 0)::bigint FROM decision_counts"
        " WHERE of_member = %s AND member = %s AND month BETWEEN %s AND %s",
        (ANYBODY, member, begin, end),
    ).fetchone()
    return row[0] if row else 0


def made_elsewhere(connection: Connection, member: str, begin: date, end: date) -> dict[str, int]:
    """Return, by decider, how many decisions of other members in these months name this member's achievements."""
    rows = connection.execute(
        "SELECT member, sum(number)::bigint FROM decision_counts"
        " WHERE of_member = %s AND member <> %s AND month BETWEEN %s AND %s GROUP BY 1 ORDER BY 1",
        (member, member, begin, end),
    )
    return dict(rows.fetchall())
