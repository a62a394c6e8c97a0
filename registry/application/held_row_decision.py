"""The rows that a decision on a held row writes: the learner's person, and the learner to whom the number leads."""

from datetime import UTC, datetime
from typing import Any, Final

from psycopg import Cursor
from psycopg.rows import DictRow

from registry.application.student_numbers import drop_number, pass_number_on
from registry.domain.errors import Refusal
from registry.values.persons import FORMERLY, NAMES, PERSON
from registry.vault.vault import KnownLearner, Learner, Vault
from registry.vault.vault_rows import write_person

MAX_FORMER: Final = 20
"""The most descriptions of one learner that are stored as the same person's."""


class HeldRowChanged(Refusal):
    """The row, or the person whom its number leads to, was changed after it was read. Nothing was stored."""

    code = "held-row-changed"

    def __init__(self) -> None:
        super().__init__(
            "this row, or the person whom its number leads to, changed since you read it; nothing was stored."
            " Read it again: `registry learner held` lists it with its version",
            "version",
        )


class HeldRowDecision:
    """A decision on a held row, to be written."""

    def __init__(
        self,
        vault: Vault,
        row: DictRow,
        read: KnownLearner,
        stated: dict[str, str],
        version: str,
        by: str,
        successor: Learner | None,
    ) -> None:
        """`read` is the learner whom the author of the decision has seen, `successor` the new learner of the number.

        Without a successor, it is the same person.
        """
        self._vault = vault
        self._row = row
        self._read = read
        self._stated = stated
        self._version = version
        self._by = by
        self._successor = successor
        self._now = datetime.now(UTC)

    def write(self, cursor: Cursor[DictRow]) -> None:
        """Write the decision. Raises `HeldRowChanged` where the row or the learner was changed meanwhile."""
        # A batch with rows of this learner commits before, or finds the change and is built again.
        cursor.execute("LOCK TABLE registry_events IN EXCLUSIVE MODE")
        student, learner = self._row["student"], self._read.learner.learner
        changed = cursor.execute(
            "UPDATE vault.held_rows SET decision = %s, by = %s, decided = %s, version = %s"
            " WHERE record = %s AND decision IS NULL AND sealed = %s",
            (
                "same-person" if self._successor is None else "other-person",
                self._by,
                self._now,
                self._version,
                self._row["record"],
                self._row["sealed"],
            ),
        ).rowcount
        now = self._vault.find_learners(cursor, [student]).get(student)
        if changed != 1 or now is None or now.learner.learner != learner or now.person != self._read.person:
            raise HeldRowChanged
        person = self._rename(now.person) if self._successor is None else self._drop_number(now.person)
        write_person(cursor, learner, self._vault.seal(now.learner, "person", person), now.sealed)
        if self._successor is not None:
            pass_number_on(cursor, self._vault, student, learner, self._successor, self._stated)

    def _rename(self, person: dict[str, Any]) -> dict[str, Any]:
        """Return a person with the names and date of birth of the row; the former ones are stored with it."""
        former = {name: person[name] for name in PERSON if person.get(name)}
        former |= {"until": self._now.isoformat(), "by": self._by}
        others = {name: value for name, value in person.items() if name not in NAMES}
        stated = {name: self._stated[name] for name in PERSON if self._stated.get(name)}
        return {**others, **stated, FORMERLY: [*person.get(FORMERLY, ()), former][-MAX_FORMER:]}

    def _drop_number(self, person: dict[str, Any]) -> dict[str, Any]:
        return drop_number(person, self._stated["student"], self._by, self._now)
