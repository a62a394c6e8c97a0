"""The private rows that go with a case's events, written in the same transaction."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any, Final

import msgspec
from psycopg import Cursor
from psycopg.rows import DictRow

from registry.domain import deadlines
from registry.domain.case import Case
from registry.vault.keys import VaultError
from registry.vault.vault import Learner, Vault, random_id


class CaseRow:
    """The worklist's row of a case, as its last event leaves it."""

    def __init__(self, case: Case) -> None:
        stands = case.decision
        running = case.state in ("assessing", "proposed", "approved") and stands is None
        completed = case.completed
        due = deadlines.due(completed.on, completed.term, case.stops) if running and completed is not None else None
        if (appealed_on := case.pending_appeal_day()) is not None and completed is not None:
            due = deadlines.due(appealed_on, completed.term, [])  # an appeal has the time of a new case
        self.values: dict[str, Any] = {
            "id": str(case.id),
            "file_number": case.data.file_number,
            "learner": case.data.learner,
            "state": case.state,
            "purpose": case.data.purpose,
            "opened": date.fromisoformat(case.data.on),
            "completed": _date(completed.on if completed is not None else None),
            "due": due,
            "assessor": case.assessor,
            "approver": case.approval.by if case.approval is not None else None,
            "decision": stands.decision if stands is not None else None,
            "appeal_until": _date(stands.appeal_until if stands is not None else None),
        }
        self._subjects = [
            (
                case.id,
                number,
                subject.credential.member,
                subject.credential.credential,
                _status_at_decision(case, number),
                stands is not None and number in stands.left,
            )
            for number, subject in enumerate(case.subjects)
            if subject.credential is not None and number not in case.removed
        ]
        self._denied = [(case.id, number) for number in sorted(case.denied_since_decision())]
        self._removed = [(case.id, number) for number in sorted(case.removed)]

    def write(self, cursor: Cursor[DictRow]) -> None:
        """Write it, new or once more."""
        cursor.execute(_CASE, self.values)
        cursor.executemany(_SUBJECT, self._subjects)
        cursor.execute(
            "DELETE FROM office.denials WHERE case_id = %s AND subject <> ALL(%s)",
            (self.values["id"], [number for _, number in self._denied]),
        )
        cursor.executemany(
            "INSERT INTO office.denials (case_id, subject) VALUES (%s, %s) ON CONFLICT DO NOTHING", self._denied
        )
        cursor.executemany("DELETE FROM office.subjects WHERE case_id = %s AND number = %s", self._removed)


_CASE: Final = """
INSERT INTO office.cases (id, file_number, learner, state, purpose, opened, completed, due, assessor, approver,
    decision, appeal_until)
VALUES (%(id)s, %(file_number)s, %(learner)s, %(state)s, %(purpose)s, %(opened)s, %(completed)s, %(due)s,
    %(assessor)s, %(approver)s, %(decision)s, %(appeal_until)s)
ON CONFLICT (id) DO UPDATE SET state = excluded.state, purpose = excluded.purpose, completed = excluded.completed,
    due = excluded.due, assessor = excluded.assessor, approver = excluded.approver, decision = excluded.decision,
    appeal_until = excluded.appeal_until
"""
_SUBJECT: Final = """
INSERT INTO office.subjects (case_id, number, member, credential, seen, left_out) VALUES (%s, %s, %s, %s, %s, %s)
ON CONFLICT (case_id, number) DO UPDATE SET member = excluded.member, credential = excluded.credential,
    seen = excluded.seen, left_out = excluded.left_out
"""


def _status_at_decision(case: Case, number: int) -> str | None:
    """Return a credential's status and flags when the decision that stands was made; None before a decision."""
    stands = case.decision
    for known_status in stands.statuses if stands is not None else ():
        if known_status.subject == number:
            return ", ".join([known_status.status, *(flag for flag in known_status.flags if flag != "pending")])
    return None


def _date(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


class Written(msgspec.Struct, frozen=True, rename="camel"):
    """A text of a case, decrypted."""

    text: str
    """The id of the text."""
    kind: str
    """`applicant`, `holder`, `note`, `documents`, `enquiry`, `answer`, `assessment`, `proposal`, `returned`, `appeal`,
    `draft`, `file`."""
    written: datetime
    by: str
    content: Any


class Texts:
    """The texts of one action on a case, encrypted with the applicant's key."""

    def __init__(self, vault: Vault, case: str, learner: Learner, by: str) -> None:
        self._vault = vault
        self._case = case
        self._learner = learner
        self._by = by
        self._rows: list[tuple[Any, ...]] = []

    def add(self, kind: str, content: Any) -> str:  # noqa: ANN401 - any JSON value
        """Encrypt a text, and return its id."""
        text = random_id()
        sealed = self._vault.seal(self._learner, f"case {self._case} {text}", content)
        self._rows.append((text, self._case, kind, datetime.now(UTC), self._by, sealed))
        return text

    def write(self, cursor: Cursor[DictRow]) -> None:
        """Write them."""
        cursor.executemany(
            "INSERT INTO office.texts (id, case_id, kind, written, by, sealed) VALUES (%s, %s, %s, %s, %s, %s)",
            self._rows,
        )


def read_texts(
    cursor: Cursor[DictRow], vault: Vault, case: str, learner: Learner, *, kinds: Sequence[str] | None = None
) -> list[Written]:
    """Return what was written in a case, the oldest first: all, or only texts of these kinds."""
    rows = cursor.execute(
        "SELECT id::text, kind, written, by, sealed FROM office.texts WHERE case_id = %(case)s"
        " AND (%(kinds)s::text[] IS NULL OR kind = ANY(%(kinds)s::text[])) ORDER BY written, id",
        {"case": case, "kinds": None if kinds is None else list(kinds)},
    )
    return [
        Written(
            row["id"],
            row["kind"],
            row["written"],
            row["by"],
            vault.open(learner, f"case {case} {row['id']}", row["sealed"]),
        )
        for row in rows
    ]


def read_text(cursor: Cursor[DictRow], vault: Vault, case: str, learner: Learner, text: str) -> Any:  # noqa: ANN401 - as written
    """One text of a case. Raises `VaultError` where there is none."""
    row = cursor.execute("SELECT sealed FROM office.texts WHERE id = %s AND case_id = %s", (text, case)).fetchone()
    if row is None:
        raise VaultError(f"text {text} of case {case} is not in the vault any more")
    return vault.open(learner, f"case {case} {text}", row["sealed"])


def find_case_of_decision(cursor: Cursor[DictRow], decision: str) -> str | None:
    """Return the case whose last decision this is; None where no case has it."""
    row = cursor.execute("SELECT id::text FROM office.cases WHERE decision = %s", (decision,)).fetchone()
    return None if row is None else str(row["id"])


def cases_about(cursor: Cursor[DictRow], keys: Sequence[tuple[str, str]]) -> list[tuple[str, str, str, str, str]]:
    """Return cases about these credentials: number, state, member, credential, learner; withdrawn ones left out."""
    rows = cursor.execute(
        "SELECT c.file_number, c.state, s.member, s.credential::text, c.learner::text"
        " FROM unnest(%s::text[], %s::uuid[]) AS w (member, credential)"
        " JOIN office.subjects s USING (member, credential) JOIN office.cases c ON c.id = s.case_id"
        " WHERE c.state <> 'withdrawn' ORDER BY c.file_number LIMIT 100",
        ([key[0] for key in keys], [key[1] for key in keys]),
    ).fetchall()
    return [(row["file_number"], row["state"], row["member"], row["credential"], row["learner"]) for row in rows]


def next_file_number(cursor: Cursor[DictRow], year: int) -> str:
    """The year's next number that no case has, `2026/00017`. One that is drawn and not used leaves a gap."""
    while has_file_number(cursor, number := _drawn(cursor, year)):
        pass  # an office may give such numbers by itself
    return number


def has_file_number(cursor: Cursor[DictRow], number: str) -> bool:
    """Return whether a case has this number."""
    row = cursor.execute("SELECT FROM office.cases WHERE file_number = %s", (number,)).fetchone()
    return row is not None


def _drawn(cursor: Cursor[DictRow], year: int) -> str:
    row = cursor.execute(
        "INSERT INTO office.file_numbers AS f (year, last) VALUES (%s, 1)"
        " ON CONFLICT (year) DO UPDATE SET last = f.last + 1 RETURNING last",
        (year,),
    ).fetchone()
    assert row is not None  # noqa: S101 - the statement gives one
    return f"{year}/{row['last']:05d}"
