"""Student numbers that belong to another learner from now on."""

from datetime import datetime
from typing import Any

from psycopg import Cursor
from psycopg.rows import DictRow

from registry.values.persons import normalise_identifier
from registry.vault.vault import Learner, Vault


def drop_number(person: dict[str, Any], student: str, by: str, at: datetime) -> dict[str, Any]:
    """Return a person of the vault without a number that belongs to somebody else now; `by` decided that, and when."""
    if person.get("student") is None or normalise_identifier(person["student"]) != student:
        return person
    former = {"student": person["student"], "until": at.isoformat(), "by": by}
    return {**{name: value for name, value in person.items() if name != "student"}, "formerStudent": former}


def pass_number_on(
    cursor: Cursor[DictRow], vault: Vault, student: bytes, learner: str, successor: Learner, person: dict[str, Any]
) -> None:
    """Let a hashed number lead to a new learner instead of this one, whose person stays as it is."""
    release_number(cursor, vault, student, learner)
    cursor.execute(
        "INSERT INTO vault.learners (learner, student, key, person) VALUES (%s, %s, %s, %s)",
        (successor.learner, student, vault.wrap(successor), vault.seal(successor, "person", person)),
    )


def release_number(cursor: Cursor[DictRow], vault: Vault, student: bytes, learner: str) -> None:
    """Let a hashed number lead to a learner no longer."""
    # A learner without a number is found by the id only: this hash takes the place of the number's.
    none = vault.hash_for_lookup("without number", learner)
    cursor.execute(
        "UPDATE vault.learners SET student = %s WHERE learner = %s AND student = %s", (none, learner, student)
    )
    cursor.execute("DELETE FROM vault.further_numbers WHERE student = %s AND learner = %s", (student, learner))
