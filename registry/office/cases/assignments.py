"""Assignments: the officer who works on a case."""

from collections.abc import Sequence
from datetime import UTC, datetime

from psycopg import Cursor
from psycopg.rows import DictRow

from registry.application.registry import Registry
from registry.application.transaction import Transaction
from registry.domain.case import Case
from registry.domain.case_errors import UnknownSubject


class _Assigned:
    """A row to be written."""

    def __init__(self, values: tuple[object, ...]) -> None:
        self._values = values

    def write(self, cursor: Cursor[DictRow]) -> None:
        """Write it."""
        cursor.execute(
            "INSERT INTO office.assignments (case_id, assignee, assigned, by) VALUES (%s, %s, %s, %s)", self._values
        )


def assign(
    registry: Registry, case: Case, assignee: str | None, by: str, transaction: Transaction | None = None
) -> None:
    """Let somebody work on a case; None: nobody. Raises `UnknownSubject` where that is so already."""
    before = assignees(registry.cursor(), [str(case.id)]).get(str(case.id))
    if before == assignee:
        raise UnknownSubject(
            "nobody works on this case already" if assignee is None else f"{assignee} works on this case already",
            "$.assignee",
        )
    with registry.join(transaction) as joined:
        joined.add(_Assigned((case.id, assignee, datetime.now(UTC), by)))


def assignees(cursor: Cursor[DictRow], cases: Sequence[str]) -> dict[str, str]:
    """Return who works on each of these cases; without those that nobody works on."""
    rows = cursor.execute(
        "SELECT DISTINCT ON (case_id) case_id::text, assignee FROM office.assignments WHERE case_id = ANY(%s::uuid[])"
        " ORDER BY case_id, number DESC",
        (list(cases),),
    ).fetchall()
    return {row["case_id"]: row["assignee"] for row in rows if row["assignee"] is not None}
