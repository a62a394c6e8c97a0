"""The rows of an erased learner on this node, in the vault and wherever else they lead to the learner."""

from collections.abc import Collection, Sequence
from typing import Any, Final

import msgspec
from psycopg import Cursor
from psycopg.rows import DictRow

from registry.learners.own_decisions import find_hidden_decisions
from registry.values.persons import normalise_identifier
from registry.vault.ciphers import bucket_of
from registry.vault.keys import SHARED
from registry.vault.vault import Vault

_STATEMENTS: Final = (
    """UPDATE intake.events SET content = ''
    WHERE credential IN (SELECT credential FROM vault.records WHERE learner = ANY (%(learners)s::uuid[]))""",
    """INSERT INTO vault.erased (record) SELECT record FROM vault.records WHERE learner = ANY (%(learners)s::uuid[])
    ON CONFLICT DO NOTHING""",
    "DELETE FROM intake.waiting WHERE student = ANY (%(numbers)s::bytea[])",
    """DELETE FROM office.attachments
    WHERE case_id IN (SELECT id FROM office.cases WHERE learner = ANY (%(learners)s::uuid[]))""",
    "DELETE FROM vault.held_rows WHERE learner = ANY (%(learners)s::uuid[]) OR student = ANY (%(numbers)s::bytea[])",
    "DELETE FROM vault.further_numbers WHERE learner = ANY (%(learners)s::uuid[])",
    # Merges and splits of the learner, with the links from old credentials to new. The other learner of a split needs
    # no links: their rows lead to their newest credentials.
    """DELETE FROM vault.moved_credentials WHERE ARRAY[old, new] && ARRAY(
        SELECT credential FROM vault.records WHERE learner = ANY (%(learners)s::uuid[])
    )""",
    "DELETE FROM privacy.restrictions WHERE learner = ANY (%(learners)s::uuid[])",
    "DELETE FROM vault.learner_changes WHERE ARRAY[source, target] && %(learners)s::uuid[]",
    """DELETE FROM office.texts
    WHERE case_id IN (SELECT id FROM office.cases WHERE learner = ANY (%(learners)s::uuid[]))""",
    "DELETE FROM vault.decisions WHERE learner = ANY (%(learners)s::uuid[])",
    "DELETE FROM vault.status_notes WHERE learner = ANY (%(learners)s::uuid[])",
    # The places of copies in status lists stay as they are, and lead to no credential any more.
    """UPDATE status.places SET credential = NULL
    WHERE credential IN (SELECT credential FROM vault.records WHERE learner = ANY (%(learners)s::uuid[]))""",
    "DELETE FROM vault.document_copies WHERE learner = ANY (%(learners)s::uuid[])",
    "DELETE FROM vault.records WHERE learner = ANY (%(learners)s::uuid[])",
    "DELETE FROM vault.learners WHERE learner = ANY (%(learners)s::uuid[])",
    "DELETE FROM vault.decisions WHERE decision = ANY (%(decisions)s::uuid[])",
    # Stored answers to requests that name the learner's id.
    "DELETE FROM access.requests WHERE ctid = ANY (%(answers)s::text[]::tid[])",
    # The bytes of all these rows leave the files of the database later (`registry.privacy.erased_bytes`).
    "INSERT INTO privacy.erased_bytes DEFAULT VALUES",
)


class LearnerRows:
    """The rows of one person: a learner, and those who were merged into them."""

    def __init__(self, vault: Vault, learners: Sequence[str], credentials: Collection[str]) -> None:
        """`credentials` are further credentials of the person, whose disclosures in decisions are deleted, too."""
        self._vault = vault
        self._learners = list(learners)
        self._credentials = set(credentials)

    def delete(self, cursor: Cursor[DictRow]) -> set[int]:
        """Delete the rows; return the buckets whose keys protected them."""
        rows = cursor.execute(
            "SELECT credential::text FROM vault.records WHERE learner = ANY(%s::uuid[])", (self._learners,)
        ).fetchall()
        decisions = find_hidden_decisions(cursor, self._vault, {row["credential"] for row in rows} | self._credentials)
        values = {
            "learners": self._learners,
            "decisions": [hidden.decision for hidden in decisions],
            "answers": self._find_answers(cursor),
            "numbers": self._hash_numbers(cursor),
        }
        for statement in _STATEMENTS:
            cursor.execute(statement, values)
        return {*map(bucket_of, self._learners), *(hidden.bucket for hidden in decisions)}

    def _hash_numbers(self, cursor: Cursor[DictRow]) -> list[bytes]:
        """Return the hashes of the learners' numbers, in the spelling that an earlier version stored, too."""
        rows = cursor.execute(
            "SELECT student FROM vault.learners WHERE learner = ANY(%(learners)s::uuid[])"
            " UNION ALL SELECT student FROM vault.further_numbers WHERE learner = ANY(%(learners)s::uuid[])",
            {"learners": self._learners},
        ).fetchall()
        spellings: set[str] = set()
        for learner in self._learners:
            stored = self._vault.read_learner(cursor, learner)
            number = stored.person.get("student") if stored is not None else None
            spellings |= {number, normalise_identifier(number)} if number else set()
        hashes = (self._vault.hash_for_lookup("student", spelling) for spelling in spellings)
        return [*(row["student"] for row in rows), *hashes]

    def _find_answers(self, cursor: Cursor[DictRow]) -> list[str]:
        """Return the places of stored answers to requests that name one of the learners."""
        rows = cursor.execute(
            "SELECT ctid::text AS place, encode(key, 'hex') AS key, body FROM access.requests"
            " WHERE substr(body, 1, 2) = ANY(%s::bytea[]) FOR UPDATE",
            ([bucket.to_bytes(2, "big") for bucket in (SHARED, *map(bucket_of, self._learners))],),
        )
        places = []
        for row in rows.fetchall():
            answer = msgspec.json.encode(self._vault.open_own(f"answer {row['key']}", row["body"])).decode()
            if any(learner in answer for learner in self._learners):
                places.append(row["place"])
        return places


def delete_keyless(cursor: Cursor[Any]) -> None:
    """Delete the rows of learners whose keys are destroyed: a backup from before their erasure brought them back."""
    learners = [row[0] for row in cursor.execute("SELECT learner::text FROM vault.learners WHERE key = ''").fetchall()]
    numbers = cursor.execute(
        "SELECT student FROM vault.learners WHERE learner = ANY(%(learners)s::uuid[])"
        " UNION ALL SELECT student FROM vault.further_numbers WHERE learner = ANY(%(learners)s::uuid[])",
        {"learners": learners},
    ).fetchall()
    values = {"learners": learners, "decisions": [], "answers": [], "numbers": [row[0] for row in numbers]}
    for statement in _STATEMENTS:
        cursor.execute(statement, values)
