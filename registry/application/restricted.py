"""Learners whose data may be stored, and not used (GDPR, Art. 18 and 21): what refuses to use it asks here."""

from collections.abc import Collection
from typing import Final

from psycopg import Cursor
from psycopg.rows import DictRow

from registry.domain.errors import Refusal

_IN_FORCE: Final = "SELECT DISTINCT learner::text FROM privacy.restrictions WHERE lifted IS NULL"


class Restricted(Refusal):
    """The use of the learner's data is restricted."""

    code = "restricted"


def find_restricted(cursor: Cursor[DictRow], learners: Collection[str]) -> set[str]:
    """Return those of these learners the use of whose data is restricted."""
    if not learners:
        return set()
    rows = cursor.execute(f"{_IN_FORCE} AND learner = ANY(%s::uuid[])", (list(learners),)).fetchall()
    return {row["learner"] for row in rows}


def find_unusable(cursor: Cursor[DictRow], credentials: Collection[str]) -> set[str]:
    """Return those of these own credentials whose learner was erased, or the use of whose data is restricted."""
    rows = cursor.execute(
        "SELECT credential::text FROM vault.records WHERE credential = ANY(%s::uuid[])"
        " AND learner NOT IN (SELECT learner FROM privacy.restrictions WHERE lifted IS NULL)",
        (list(credentials),),
    ).fetchall()
    return set(credentials) - {row["credential"] for row in rows}


def refuse_restricted(cursor: Cursor[DictRow], learner: str | None, path: str = "$.learner") -> None:
    """Raise `Restricted` where the use of a learner's data is restricted. A learner who is None is nobody's."""
    if learner is not None and find_restricted(cursor, [learner]):
        raise Restricted(
            f"the use of the data of learner {learner} is restricted (GDPR, Art. 18 or 21): it may be stored, and not"
            " used. Lift the restriction first, if its reason is gone",
            path,
        )


def refuse_restricted_credential(cursor: Cursor[DictRow], credential: str) -> None:
    """Raise `Restricted` where the use of the data of a credential's learner is restricted."""
    row = cursor.execute("SELECT learner::text FROM vault.records WHERE credential = %s", (credential,)).fetchone()
    refuse_restricted(cursor, None if row is None else row["learner"], "$.credential")
