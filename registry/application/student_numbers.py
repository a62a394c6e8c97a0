"""Student numbers that belong to another learner from now on."""

from datetime import datetime
from typing import Any

from psycopg import Cursor
from psycopg.rows import DictRow

from registry.values.persons import normalise_identifier
from registry.vault.vault import Learner, Vault


def drop_number(person: dict[str, Any], student: str, by: str, at: datetime) -> dict[str, Any]:
    """Return a person of the vault whose number belongs to somebody else now; `by` whom that was decided, and when."""
    if person.get("student") is None or normalise_identifier(person["student"]) != student:
        return person
    former = {"student": person["student"], "until": at.isoformat(), "by": by}
    return {**{name: value for name, value in person.items() if name != "student"}, "formerStudent": former}


def pass_number_on(
    cursor: Cursor[DictRow], vault: Vault, student: bytes, learner: str, fresh: Learner, person: dict[str, Any]
) -> None:
    """Let a hashed number that leads to a learner lead to a new one from now on. The person of the old one stays."""
    release_number(cursor, vault, student, learner)
    cursor.execute(
        "INSERT INTO vault.learners (learner, student, key, person) VALUES (%s, %s, %s, %s)",
        (fresh.learner, student, vault.wrap(fresh), vault.seal(fresh, "person", person)),
    )


def release_number(cursor: Cursor[DictRow], vault: Vault, student: bytes, learner: str) -> None:
    """Let a hashed number lead to a learner no longer."""
    # A learner without a number is found by nothing but the id: this hash stands for that alone.
    none = vault.hash_for_lookup("without number", learner)
    cursor.execute(
        "UPDATE vault.learners SET student = %s WHERE learner = %s AND student = %s", (none, learner, student)
    )
    cursor.execute("DELETE FROM vault.further_numbers WHERE student = %s AND learner = %s", (student, learner))
