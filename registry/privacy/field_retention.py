"""Rules of how long single fields stay, while the rest of their row stays: with the daily rules of whole rows.

After a case is closed and its time for an appeal is over, nobody writes to its applicant any more, and the
learner's id stands for the applicant. So address, e-mail, date of birth and student number go from what the application
says, and the names of files, which often quote the person. The texts themselves stay as long as the law on archives
says (`case_texts_days`).
"""

from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

from psycopg import Cursor
from psycopg.rows import DictRow

from registry.vault.vault import Vault

APPLICANT_FIELDS: Final = ("email", "address", "dateOfBirth", "student")
"""Fields of an application that go."""


class FieldRule(NamedTuple):
    """A rule: its name in `[retention]`, the table and column, the rows concerned, and what takes the fields away."""

    name: str
    table: str
    column: str
    where: str
    apply: Callable[[Cursor[DictRow], Vault, Sequence[str]], int]
    """Takes the fields from the rows at these places; returns the number of rows."""


def _reduce_applicants(cursor: Cursor[DictRow], vault: Vault, places: Sequence[str]) -> int:
    """Encrypt what applications say again, without some fields. A text of an erased applicant has no key, and stays."""
    rows = cursor.execute(
        "SELECT t.id::text AS text, t.case_id::text AS case_id, t.sealed, l.learner::text, l.key FROM office.texts t"
        " JOIN office.cases c ON c.id = t.case_id JOIN vault.learners l ON l.learner = c.learner"
        " WHERE t.ctid = ANY(%s::tid[])",
        (list(places),),
    ).fetchall()
    for row in rows:
        learner, purpose = vault.unwrap(row["learner"], row["key"]), f"case {row['case_id']} {row['text']}"
        stated: dict[str, Any] = vault.open(learner, purpose, row["sealed"])
        for name in APPLICANT_FIELDS:
            stated.pop(name, None)
        cursor.execute(
            "UPDATE office.texts SET sealed = %s, is_reduced = true WHERE id = %s",
            (vault.seal(learner, purpose, stated), row["text"]),
        )
    return len(rows)


def _delete_file_names(cursor: Cursor[DictRow], vault: Vault, places: Sequence[str]) -> int:
    """Delete the files' own names; the files stay under their ids."""
    del vault  # a name that goes need not be read
    statement = "UPDATE office.attachments SET sealed_name = NULL WHERE ctid = ANY(%s::tid[])"
    return cursor.execute(statement, (list(places),)).rowcount


def list_field_rules(closed: str) -> tuple[FieldRule, ...]:
    """Return all rules of fields. `closed` is the SQL of the ids of cases that ended some days ago."""
    return (
        FieldRule(
            "applicant_details_days",
            "office.texts",
            "sealed",
            f"kind = 'applicant' AND NOT is_reduced AND case_id IN ({closed})",
            _reduce_applicants,
        ),
        FieldRule(
            "file_names_days",
            "office.attachments",
            "sealed_name",
            f"sealed_name IS NOT NULL AND case_id IN ({closed})",
            _delete_file_names,
        ),
    )
