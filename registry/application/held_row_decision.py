"""What a decision on a held row writes: who the learner is from now on, and whose the number is."""

from datetime import UTC, datetime
from typing import Any, Final

from psycopg import Cursor
from psycopg.rows import DictRow

from registry.application.student_numbers import drop_number, pass_number_on
from registry.domain.errors import Refusal
from registry.values.persons import FORMERLY, NAMES, PERSON
from registry.vault.vault import KnownLearner, Learner, Vault, write_person

MAX_FORMER: Final = 20
"""Descriptions of one learner that somebody decided are of the same person."""


class HeldRowChanged(Refusal):
    """The row, or the person whom its number leads to, is not as it was when it was read. Nothing was stored."""

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
        known: KnownLearner,
        stated: dict[str, str],
        version: str,
        by: str,
        fresh: Learner | None,
    ) -> None:
        """`known` is as it was read. `fresh` is the new learner of the number; None: it is the same person."""
        self._vault = vault
        self._row = row
        self._known = known
        self._stated = stated
        self._version = version
        self._by = by
        self._fresh = fresh
        self._now = datetime.now(UTC)

    def write(self, cursor: Cursor[DictRow]) -> None:
        """Write it. Raises `HeldRowChanged` where the row or the learner was changed meanwhile."""
        # Rows that are being issued to the learner at this moment come before, or look again.
        cursor.execute("LOCK TABLE registry_events IN EXCLUSIVE MODE")
        student, learner = self._row["student"], self._known.learner.learner
        changed = cursor.execute(
            "UPDATE vault.held_rows SET decision = %s, by = %s, decided = %s, version = %s"
            " WHERE record = %s AND decision IS NULL AND sealed = %s",
            (
                "same-person" if self._fresh is None else "other-person",
                self._by,
                self._now,
                self._version,
                self._row["record"],
                self._row["sealed"],
            ),
        ).rowcount
        known = self._vault.find_learners(cursor, [student]).get(student)
        if changed != 1 or known is None or known.learner.learner != learner or known.person != self._known.person:
            raise HeldRowChanged
        person = self._same(known.person) if self._fresh is None else self._without_number(known.person)
        write_person(cursor, learner, self._vault.seal(known.learner, "person", person), known.sealed)
        if self._fresh is not None:
            pass_number_on(cursor, self._vault, student, learner, self._fresh, self._stated)

    def _same(self, person: dict[str, Any]) -> dict[str, Any]:
        former = {name: person[name] for name in PERSON if person.get(name)}
        former |= {"until": self._now.isoformat(), "by": self._by}
        kept = {name: value for name, value in person.items() if name not in NAMES}
        stated = {name: self._stated[name] for name in PERSON if self._stated.get(name)}
        return {**kept, **stated, FORMERLY: [*person.get(FORMERLY, ()), former][-MAX_FORMER:]}

    def _without_number(self, person: dict[str, Any]) -> dict[str, Any]:
        return drop_number(person, self._stated["student"], self._by, self._now)
