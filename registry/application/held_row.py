"""A row that is held: the person that it states, sealed under the key of the learner who has its number.

The version of a held row stands for all that a person who decides has seen of it.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, Literal, NamedTuple, Self

import msgspec
from psycopg import Cursor
from psycopg.rows import DictRow

from registry.application.requests import IssueRequest
from registry.store.recorder import StaleState
from registry.values.persons import NAMES, PERSON, contradictions, describe_person
from registry.vault.shown_version import shown_version
from registry.vault.vault import KnownLearner, Learner, Vault

Decision = Literal["same-person", "other-person"]
_PURPOSE: Final = "held row"


class Person(msgspec.Struct, frozen=True, rename="camel"):
    """Name and date of birth of a person, as far as they are known."""

    family_name: str | None = None
    given_name: str | None = None
    date_of_birth: str | None = None

    @classmethod
    def of(cls, person: Mapping[str, Any]) -> Self:
        """Return the person of a description with a credential's names."""
        return cls(*(person.get(name) or None for name in PERSON))

    def __str__(self) -> str:
        return describe_person({name: value or "" for name, value in msgspec.to_builtins(self).items()})

    def __repr__(self) -> str:
        return "Person(…)"  # a person is never shown by accident


class HeldPerson(msgspec.Struct, frozen=True, rename="camel"):
    """A held row: the person of the vault, and the one that the row states."""

    record: str
    """The row's own id."""
    version: str
    """Stands for all that is shown of the row and of the known person; a decision names it."""
    student: str
    learner: str
    held_at: datetime
    differs: tuple[str, ...]
    """`dateOfBirth`, `name`, or both; empty where they agree by now: send the row again."""
    known: Person
    stated: Person
    changes: tuple[str, ...] = ()
    """Differences from rows with this id that were held before: `student`, `name`, `dateOfBirth`."""

    def __repr__(self) -> str:
        return f"HeldPerson({self.learner}, …)"  # a person is never shown by accident


class HeldContent(msgspec.Struct, frozen=True):
    """The sealed content of a held row."""

    record: str
    stated: dict[str, str]
    changes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return "HeldContent(…)"  # a person is never shown by accident

    def show(self, vault: Vault, learner: str, person: Mapping[str, Any], at: datetime) -> HeldPerson:
        """Return it beside the learner to whom its number leads now, with the version of what is shown."""
        shown = [learner, [person.get(name) for name in PERSON], self.record, sorted(self.stated.items())]
        return HeldPerson(
            self.record,
            shown_version(vault, "held row", shown),
            self.stated["student"],
            learner,
            at,
            contradictions(person, self.stated),
            Person.of(person),
            Person.of(self.stated),
            self.changes,
        )


def open_content(vault: Vault, learner: Learner, sealed: bytes) -> HeldContent:
    """Return the content of a held row, which is under this learner's key."""
    return msgspec.convert(vault.open(learner, _PURPOSE, sealed), HeldContent)


class EarlierRow(NamedTuple):
    """The row that was held under an id until now, and the decision on it."""

    sealed: bytes
    content: HeldContent
    decision: Decision | None = None
    decided: datetime | None = None

    def __repr__(self) -> str:
        return "EarlierRow(…)"  # a person is never shown by accident


class HeldRow:
    """A row that is held, to be written with the batch that it came in."""

    def __init__(
        self,
        vault: Vault,
        record: bytes,
        student: bytes,
        learner: KnownLearner,
        request: IssueRequest,
        earlier: EarlierRow | None,
    ) -> None:
        """`record` and `student` are the hashes of the row's id and number; the number leads to `learner`."""
        stated = request.person()
        self.changes: tuple[str, ...] = () if earlier is None else _changes(earlier.content.stated, stated)
        """Differences from the row that was held under this id until now."""
        before = () if earlier is None else earlier.content.changes
        content = {"record": request.record, "stated": stated, "changes": sorted({*before, *self.changes})}
        self._values = {
            "record": record,
            "student": student,
            "learner": learner.learner.learner,
            "at": datetime.now(UTC),
            "sealed": vault.seal(learner.learner, _PURPOSE, content),
            "before": None if earlier is None else earlier.sealed,
            "decision": None if earlier is None else earlier.decision,
            "decided": None if earlier is None else earlier.decided,
        }

    def write(self, cursor: Cursor[DictRow]) -> None:
        """Write the row. One that is held again waits for a decision again.

        Raises `StaleState` where another row was held under its id meanwhile, or somebody decided on the row.
        """
        written = cursor.execute(
            "INSERT INTO vault.held_rows AS h (record, student, learner, at, sealed)"
            " VALUES (%(record)s, %(student)s, %(learner)s, %(at)s, %(sealed)s)"
            " ON CONFLICT (record) DO UPDATE SET student = excluded.student, learner = excluded.learner,"
            " at = excluded.at, sealed = excluded.sealed, decision = NULL, by = NULL, decided = NULL, version = NULL"
            " WHERE h.sealed = %(before)s AND h.decision IS NOT DISTINCT FROM %(decision)s::text"
            " AND h.decided IS NOT DISTINCT FROM %(decided)s::timestamptz",
            self._values,
        )
        if written.rowcount != 1:
            raise StaleState("a row with this id was held or decided on meanwhile; look again")


def _changes(before: Mapping[str, str], now: Mapping[str, str]) -> tuple[str, ...]:
    """Return all in which two persons differ, contradictions or not: `student`, `name`, `dateOfBirth`."""
    aspects = {"student": ("student",), "name": NAMES, "dateOfBirth": ("dateOfBirth",)}
    return tuple(
        aspect
        for aspect, names in aspects.items()
        if any((before.get(name) or "") != (now.get(name) or "") for name in names)
    )
