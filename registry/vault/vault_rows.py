"""Rows of the vault, written in one transaction with the events that they belong to."""

from collections.abc import Sequence
from typing import Final

from psycopg import Cursor
from psycopg.rows import DictRow

from registry.store.recorder import TransactionalRows
from registry.vault.vault import LearnerGone, format_array

_LEARNERS_OF_NUMBERS: Final = """
SELECT student, learner::text FROM vault.learners WHERE student = ANY(%(students)s::bytea[])
UNION ALL
SELECT student, learner::text FROM vault.further_numbers WHERE student = ANY(%(students)s::bytea[])
"""


class VaultRows:
    """New rows of the vault, written by COPY."""

    def __init__(self) -> None:
        self._learners: list[str] = []
        self._expected: dict[bytes, str] = {}
        self._records: list[str] = []
        self._record_ids: list[bytes] = []
        self._persons: dict[str, tuple[bytes, bytes]] = {}
        self._held: list[TransactionalRows] = []

    def __bool__(self) -> bool:
        """Return whether there is anything to write."""
        return bool(self._learners or self._records or self._persons or self._held)

    def add_learner(self, learner: str, student: bytes, wrapped: bytes, person: bytes) -> None:
        """Add a new learner, with the hash of their number and their wrapped key."""
        self._learners.append(f"{learner}\t{_hex(student)}\t{_hex(wrapped)}\t{_hex(person)}\n")

    def add_record(self, record: bytes, content: bytes, credential: str, learner: str, sealed: bytes) -> None:
        """Add the credential that a row became, and its disclosures."""
        self._records.append(f"{_hex(record)}\t{_hex(content)}\t{credential}\t{learner}\t{_hex(sealed)}\n")
        self._record_ids.append(record)

    def expect_learner(self, student: bytes, learner: str) -> None:
        """Expect that this hashed number still leads to the learner when the rows are written."""
        self._expected[student] = learner

    def change_person(self, learner: str, sealed: bytes, before: bytes) -> None:
        """Replace the person of a learner that was read before; both are encrypted."""
        self._persons[learner] = sealed, before

    def hold(self, row: TransactionalRows) -> None:
        """Write a row that is held because of one of these learners, after them."""
        self._held.append(row)

    def write(self, cursor: Cursor[DictRow]) -> None:
        """Write all rows.

        Raises `LearnerGone` where an expected number does not lead to its learner any more, or somebody else changed a
        person that is replaced.
        """
        if self._expected:
            rows = cursor.execute(_LEARNERS_OF_NUMBERS, {"students": format_array(self._expected)})
            if {row["student"]: row["learner"] for row in rows.fetchall()} != self._expected:
                raise LearnerGone("a learner was erased, merged or given another number meanwhile; look again")
        _copy(cursor, "vault.learners (learner, student, key, person)", self._learners)
        _copy(cursor, "vault.records (record, content, credential, learner, sealed)", self._records)
        for learner, (sealed, before) in self._persons.items():
            write_person(cursor, learner, sealed, before)
        if self._record_ids:  # a row that was held and is issued now waits for no decision
            records = format_array(self._record_ids)
            cursor.execute("DELETE FROM vault.held_rows WHERE record = ANY(%s::bytea[])", (records,))
        for row in self._held:
            row.write(cursor)


def write_person(cursor: Cursor[DictRow], learner: str, sealed: bytes, before: bytes) -> None:
    """Replace the encrypted person that was read. Raises `LearnerGone` where it is another one now."""
    changed = cursor.execute(
        "UPDATE vault.learners SET person = %s WHERE learner = %s AND person = %s", (sealed, learner, before)
    )
    if changed.rowcount != 1:
        raise LearnerGone("somebody else changed or erased a learner meanwhile; look again")


def _copy(cursor: Cursor[DictRow], target: str, lines: Sequence[str]) -> None:
    if lines:
        with cursor.copy(f"COPY {target} FROM STDIN") as rows:
            rows.write("".join(lines))


def _hex(value: bytes) -> str:
    return "\\\\x" + value.hex()
