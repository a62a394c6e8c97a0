"""The worklist: all cases, and which of them are late."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, Final, NamedTuple

import msgspec
from psycopg import Cursor
from psycopg.rows import DictRow

from registry.domain.case_events import CaseState
from registry.domain.deadlines import Urgency, urgency
from registry.office.cases.holder import HolderState

MOST: Final = 500
Place = tuple[date, str]
"""The end of a page: the due date (the last of all days where there is none), and the case."""
_LAST: Final = date(9999, 12, 31)


class CredentialLine(msgspec.Struct, frozen=True, rename="camel"):
    """One credential of a case, as a list shows it."""

    title: str
    """Empty where it is not known yet."""
    issuer: str
    country: str | None
    """The issuer's (ISO 3166-1 alpha-2)."""


class CaseLine(msgspec.Struct, frozen=True, rename="camel"):
    """A case in the worklist."""

    case: str
    file_number: str
    state: CaseState
    urgency: Urgency
    purpose: str
    opened: date
    completed: date | None
    due: date | None
    assessor: str | None
    approver: str | None
    decision: str | None
    appeal_until: date | None
    applicant: str | None = None
    """The applicant's name, the family name first; null where they were erased, or the use of it is restricted."""
    is_restricted: bool = False
    """True if the use of the applicant's data is restricted (GDPR, Art. 18 and 21)."""
    credentials: list[CredentialLine] = []
    assignee: str | None = None
    """The officer who works on it."""
    assessor_name: str | None = None
    """The name of the API key, where the assessor is one."""
    approver_name: str | None = None
    holder: HolderState | None = None
    """The worst result of comparing its holders with the applicant; null where the applicant was erased."""
    changed: bool = False
    """True if a credential changed since the decision, and nobody acknowledged it."""

    concerns: list[str] = []
    """Problems of its credentials now: `denied` by the issuer, or a status such as `revoked`; each once."""

    @property
    def place(self) -> Place:
        """The place at which the next page begins."""
        return self.due or _LAST, self.case


class WorklistQuery(msgspec.Struct, frozen=True):
    """A query of the worklist; a field that is None selects all."""

    state: str | None = None
    states: Sequence[str] | None = None
    """Only cases in one of these states."""
    assessor: str | None = None
    overdue: bool = False
    due_by: date | None = None
    learner: str | None = None
    credential: tuple[str, str] | None = None
    file_number: str | None = None
    assignee: str | None = None
    unassigned: bool = False
    cases: Sequence[str] | None = None
    """Only these, for example those that a search by name found."""


def read_lines(
    cursor: Cursor[DictRow],
    query: WorklistQuery,
    *,
    today: date,
    soon: int,
    after: Place | None = None,
    limit: int = 50,
) -> list[CaseLine]:
    """Cases in the order of their due dates, those without one at the end."""
    due_by = today - timedelta(days=1) if query.overdue else query.due_by
    member, credential = query.credential or (None, None)
    rows = cursor.execute(
        _LISTED,
        {
            "state": query.state,
            "states": None if query.states is None else list(query.states),
            "assessor": query.assessor,
            "due_by": due_by,
            "learner": query.learner,
            "file_number": query.file_number,
            "assignee": query.assignee,
            "unassigned": query.unassigned,
            "cases": None if query.cases is None else list(query.cases),
            "member": member,
            "credential": credential,
            "day": after[0] if after is not None else None,
            "id": after[1] if after is not None else None,
            "limit": min(limit, MOST),
        },
    )
    return [line(row, today, soon) for row in rows]


def line(row: dict[str, Any], today: date, soon: int) -> CaseLine:
    """A row as it is shown on a day."""
    late = urgency(row["state"], row["completed"], row["due"], today, soon)
    return CaseLine(
        row["id"], row["file_number"], row["state"], late, row["purpose"], row["opened"], row["completed"],
        row["due"], row["assessor"], row["approver"], row["decision"], row["appeal_until"],
    )  # fmt: skip


_COLUMNS: Final = (
    "id::text, file_number, state, purpose, opened, completed, due, assessor, approver, decision::text, appeal_until"
)
_ASSIGNEE: Final = "(SELECT a.assignee FROM office.assignments a WHERE a.case_id = c.id ORDER BY a.number DESC LIMIT 1)"
_LISTED: Final = f"""
SELECT {_COLUMNS} FROM office.cases c
WHERE (%(state)s::text IS NULL OR state = %(state)s)
  AND (%(states)s::text[] IS NULL OR state = ANY(%(states)s::text[]))
  AND (%(assessor)s::text IS NULL OR assessor = %(assessor)s)
  AND (%(due_by)s::date IS NULL OR due <= %(due_by)s)
  AND (%(file_number)s::text IS NULL OR file_number = %(file_number)s)
  AND (%(cases)s::uuid[] IS NULL OR id = ANY(%(cases)s::uuid[]))
  AND (%(assignee)s::text IS NULL OR {_ASSIGNEE} = %(assignee)s)
  AND (NOT %(unassigned)s::boolean OR {_ASSIGNEE} IS NULL)
  AND (%(learner)s::uuid IS NULL OR learner = %(learner)s)
  AND (%(credential)s::uuid IS NULL OR EXISTS (SELECT FROM office.subjects s
       WHERE s.case_id = c.id AND s.member = %(member)s AND s.credential = %(credential)s))
  AND (%(day)s::date IS NULL OR (coalesce(due, date '9999-12-31'), id) > (%(day)s::date, %(id)s::uuid))
ORDER BY coalesce(due, date '9999-12-31'), id LIMIT %(limit)s
"""  # noqa: S608 - names of our own


class Counts(msgspec.Struct, frozen=True, rename="camel"):
    """The office at a glance."""

    states: dict[str, int]
    overdue: int
    due_soon: int


def count_cases(cursor: Cursor[DictRow], *, today: date, soon: int) -> Counts:
    """Return the number of cases in each state, and of those that are late or soon will be."""
    rows = cursor.execute(
        "SELECT state, count(*) AS cases, count(*) FILTER (WHERE due < %(today)s) AS overdue,"
        " count(*) FILTER (WHERE due BETWEEN %(today)s AND %(soon)s) AS due_soon"
        " FROM office.cases GROUP BY state ORDER BY state",
        {"today": today, "soon": today + timedelta(days=soon)},
    ).fetchall()
    return Counts(
        {row["state"]: row["cases"] for row in rows},
        sum(row["overdue"] for row in rows),
        sum(row["due_soon"] for row in rows),
    )


class AssignedCounts(NamedTuple):
    """The number of cases that a person works on, and of those that nobody does."""

    own: int
    unassigned: int


def count_assigned(cursor: Cursor[DictRow], person: str, states: Sequence[str]) -> AssignedCounts:
    """Return how many cases in these states a person has, and how many nobody has."""
    row = cursor.execute(_ASSIGNED, {"person": person, "states": list(states)}).fetchone()
    assert row is not None  # noqa: S101 - an aggregate returns one row
    return AssignedCounts(row["own"], row["free"])


_ASSIGNED: Final = f"""
SELECT count(*) FILTER (WHERE assignee = %(person)s) AS own, count(*) FILTER (WHERE assignee IS NULL) AS free
FROM (SELECT {_ASSIGNEE} AS assignee FROM office.cases c WHERE state = ANY(%(states)s)) AS assigned
"""  # noqa: S608 - names of our own


def find_case_id(cursor: Cursor[DictRow], text: str) -> str | None:
    """Return the id of the case with this file number; None where there is none."""
    row = cursor.execute("SELECT id::text FROM office.cases WHERE file_number = %s", (text,)).fetchone()
    return None if row is None else str(row["id"])
