"""Restricting the use of a learner's data, and objections to it (GDPR, Art. 18 and 21), and lifting them.

While one is in force, nothing is issued to the learner, no fresh copy, disclosure or letter is made, no merge or split
is proposed, no search by name finds them, and lists show a note in place of their name. Their data stays, they receive
what is stored, a wrong name is corrected, and they can be erased. Nothing of it is on the log.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Final, get_args

import msgspec
from psycopg import Cursor
from psycopg.rows import DictRow

from registry.accounts.journal import JournalRow
from registry.application.registry import Registry
from registry.domain.errors import Refusal
from registry.learners.erasure import UnknownLearner
from registry.learners.restriction_reasons import LIFTING, REASONS, Kind
from registry.values.actors import person_of
from registry.vault.vault import random_id
from registry.wire.forms import check_uuid

LIFT: Final = "lift-restriction"
"""The act in the settings for which a second person is needed."""


class InvalidRestriction(Refusal):
    """The kind or the reason is none of the lists, or there is no such restriction."""

    code = "invalid-restriction"


class SecondPersonNeeded(Refusal):
    """The person who proposed to lift a restriction may not confirm it."""

    code = "same-person"


class Restriction(msgspec.Struct, frozen=True, rename="camel"):
    """A restriction, or an objection."""

    restriction: str
    learner: str
    kind: Kind
    reason: str
    begun: datetime
    begun_by: str
    lifting: str | None
    """The reason for which somebody proposes to lift it, or lifted it."""
    proposed: datetime | None
    proposed_by: str | None
    lifted: datetime | None
    lifted_by: str | None

    @property
    def is_in_force(self) -> bool:
        """True until it is lifted."""
        return self.lifted is None


_COLUMNS: Final = (
    "restriction::text, learner::text, kind, reason, begun, begun_by, lifting, proposed, proposed_by, lifted, lifted_by"
)


def list_restrictions(cursor: Cursor[DictRow], learner: str) -> list[Restriction]:
    """Return a learner's restrictions and objections, those that were lifted too, the newest first."""
    rows = cursor.execute(
        f"SELECT {_COLUMNS} FROM privacy.restrictions WHERE learner = %s ORDER BY begun DESC LIMIT 100",  # noqa: S608 - names of our own
        (learner,),
    )
    return [Restriction(**row) for row in rows.fetchall()]


def restrict(registry: Registry, learner: str, kind: str, reason: str, by: str) -> str:
    """Restrict the use of a learner's data, and return the restriction's id.

    Raises `UnknownLearner`, `InvalidRestriction`.
    """
    if kind not in get_args(Kind) or reason not in REASONS[kind]:  # type: ignore[index] # it was just checked
        listed = "; ".join(f"{each}: {', '.join(reasons)}" for each, reasons in REASONS.items())
        raise InvalidRestriction(f"{kind} with the reason {reason} is none of these: {listed}", "$.reason")
    cursor = registry.cursor()
    if cursor.execute("SELECT FROM vault.learners WHERE learner = %s", (learner,)).fetchone() is None:
        raise UnknownLearner(f"this university has no learner {learner}, or has erased them", "$.learner")
    restriction = random_id()
    rows = _NewRestriction(restriction, learner, kind, reason, by)
    registry.store_rows(rows, JournalRow.now(by, f"learner.{kind}", learner))
    return restriction


class _NewRestriction:
    """The row of a restriction that begins."""

    def __init__(self, restriction: str, learner: str, kind: str, reason: str, by: str) -> None:
        self._values = (restriction, learner, kind, reason, by)

    def write(self, cursor: Cursor[DictRow]) -> None:
        """Write it. Raises `InvalidRestriction` where one of that kind is in force."""
        added = cursor.execute(
            "INSERT INTO privacy.restrictions (restriction, learner, kind, reason, begun, begun_by)"
            " VALUES (%s, %s, %s, %s, now(), %s) ON CONFLICT (learner, kind) WHERE lifted IS NULL DO NOTHING",
            self._values,
        )
        if added.rowcount != 1:
            raise InvalidRestriction(f"a {self._values[2]} of this learner is in force already", "$.kind")


def lift(registry: Registry, restriction: str, reason: str, by: str, second_person: Collection[str]) -> bool:
    """Lift a restriction; return False where it is only proposed, and waits for a second person.

    `second_person` are the acts of the settings that need one. The same call by somebody else, with the same reason,
    confirms it. Raises `InvalidRestriction`, `SecondPersonNeeded`.
    """
    if reason not in LIFTING:
        raise InvalidRestriction(f"{reason} is none of {', '.join(LIFTING)}", "$.reason")
    if check_uuid(restriction) is not None:
        raise InvalidRestriction("name the restriction by its whole id", "$.restriction")
    row = (
        registry.cursor()
        .execute(
            f"SELECT {_COLUMNS} FROM privacy.restrictions WHERE restriction = %s AND lifted IS NULL",  # noqa: S608 - names of our own
            (restriction,),
        )
        .fetchone()
    )
    if row is None:
        raise InvalidRestriction(f"no restriction {restriction} is in force", "$.restriction")
    current = Restriction(**row)
    confirms = current.proposed_by is not None and current.lifting == reason
    if LIFT in second_person:
        if confirms and current.proposed_by is not None and _is_same(registry, current.proposed_by, by):
            raise SecondPersonNeeded("a second person confirms that the restriction is lifted", "$.restriction")
        if not confirms:
            registry.store_rows(
                _Proposal(current, reason, by), JournalRow.now(by, "learner.lift-proposed", current.learner)
            )
            return False
    registry.store_rows(_Lifted(current, reason, by), JournalRow.now(by, "learner.restriction-lifted", current.learner))
    return True


def _is_same(registry: Registry, actor: str, other: str) -> bool:
    cursor = registry.cursor()
    return person_of(cursor, actor) == person_of(cursor, other)


class _Proposal:
    """A proposal to lift a restriction."""

    def __init__(self, restriction: Restriction, reason: str, by: str) -> None:
        self._restriction = restriction
        self._values = (reason, by)

    def write(self, cursor: Cursor[DictRow]) -> None:
        """Write it. Raises `InvalidRestriction` where it was lifted just now."""
        changed = cursor.execute(
            "UPDATE privacy.restrictions SET lifting = %s, proposed = now(), proposed_by = %s"
            " WHERE restriction = %s AND lifted IS NULL",
            (*self._values, self._restriction.restriction),
        )
        _check_changed(changed)


class _Lifted:
    """The end of a restriction."""

    def __init__(self, restriction: Restriction, reason: str, by: str) -> None:
        self._restriction = restriction
        self._values = (reason, by)

    def write(self, cursor: Cursor[DictRow]) -> None:
        """Write it. Raises `InvalidRestriction` where it was lifted just now, or another proposal was made."""
        changed = cursor.execute(
            "UPDATE privacy.restrictions SET lifting = %s, lifted = now(), lifted_by = %s"
            " WHERE restriction = %s AND lifted IS NULL AND proposed_by IS NOT DISTINCT FROM %s",
            (*self._values, self._restriction.restriction, self._restriction.proposed_by),
        )
        _check_changed(changed)


def _check_changed(changed: Cursor[DictRow]) -> None:
    if changed.rowcount != 1:
        raise InvalidRestriction("somebody else changed this restriction just now; look again", "$.restriction")
