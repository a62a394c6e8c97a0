"""The private part of an office's year: from when a case ran, and which applicants appealed."""

from collections.abc import Sequence
from datetime import date
from typing import Final, NamedTuple

from psycopg import Cursor
from psycopg.rows import DictRow

from registry.application.registry import Registry
from registry.domain.case import Case

MAX_APPEALS: Final = 1_000
"""The number of cases with an appeal that one report reads at most, the newest first."""


class CaseDays(NamedTuple):
    """The day on which a case was opened, and on which its file was complete; None where nobody said so."""

    opened: date
    completed: date | None


class Appeals(NamedTuple):
    """The appeals of a year, and those of them after which a decision was amended."""

    lodged: int
    amended: int
    is_complete: bool


def read_case_days(cursor: Cursor[DictRow], decisions: Sequence[str]) -> dict[str, CaseDays]:
    """Return the days of the cases of these decisions, by the decision in force."""
    rows = cursor.execute(
        "SELECT decision::text, opened, completed FROM office.cases WHERE decision = ANY(%s::uuid[])",
        (list(decisions),),
    ).fetchall()
    return {row["decision"]: CaseDays(row["opened"], row["completed"]) for row in rows}


def read_appeals(registry: Registry, year: int) -> Appeals:
    """Return the appeals that were lodged in a year."""
    rows = registry.cursor().execute(
        "SELECT c.id::text FROM office.cases c WHERE EXISTS (SELECT FROM registry_events e"
        " WHERE e.originator_id = c.id AND e.topic = %s) ORDER BY c.opened DESC, c.id LIMIT %s",
        (Case.Appealed.TOPIC, MAX_APPEALS + 1),
    ).fetchall()  # fmt: skip
    lodged = amended = 0
    for row in rows[:MAX_APPEALS]:
        case = registry.case(row["id"])
        for appeal in case.appeals:
            if appeal.on.startswith(f"{year:04}-"):
                lodged += 1
                amended += any(each.supersedes is not None and each.on >= appeal.on for each in case.decisions)
    return Appeals(lodged, amended, len(rows) <= MAX_APPEALS)
