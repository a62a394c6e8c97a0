"""Rows that are held because their student number is known with another person behind it, and what is decided of them.

A held row is not issued. Its person is kept, under the key of the learner who is known, until somebody says whether it
is the same person or another one; then the row is sent again. Nothing else of the row is stored.
"""

from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final, Literal, NamedTuple, Self, get_args

import msgspec
from psycopg import Cursor
from psycopg.rows import DictRow

from registry.application.records import find_credentials
from registry.application.registry import Registry
from registry.application.requests import IssueRequest
from registry.domain.errors import Duplicate, Refusal
from registry.values.persons import FORMERLY, NAMES, PERSON, contradictions, described, normalise_identifier
from registry.vault.vault import KnownLearner, Learner, LearnerGone, Vault, array, read_again, write_person

MAX_HELD: Final = 10_000
"""Held rows that nobody has decided on and that are kept. Further ones are refused all the same, and are told so.

Where several processes hold rows at once, there may be a batch or two more.
"""
PAGE: Final = 100
MAX_FORMER: Final = 20
"""Descriptions of one learner that somebody decided are of the same person."""
Decision = Literal["same-person", "other-person"]
DECISIONS: Final[tuple[Decision, ...]] = get_args(Decision)
_PURPOSE: Final = "held row"


class UnknownHeldRow(Refusal):
    """No row with this id is held."""

    code = "unknown-held-row"


class AlreadyDecided(Refusal):
    """Somebody decided on the row already, and otherwise."""

    code = "already-decided"


class Person(msgspec.Struct, frozen=True, rename="camel"):
    """Who somebody is, as far as it is known."""

    family_name: str | None = None
    given_name: str | None = None
    date_of_birth: str | None = None

    @classmethod
    def of(cls, person: Mapping[str, Any]) -> Self:
        """Return the person of a description with a credential's names."""
        return cls(*(person.get(name) or None for name in PERSON))

    def __str__(self) -> str:
        return described({name: value or "" for name, value in msgspec.to_builtins(self).items()})

    def __repr__(self) -> str:
        return "Person(…)"  # a person is never shown by accident


class HeldPerson(msgspec.Struct, frozen=True, rename="camel"):
    """A held row: the person of the vault, and the one that the row states."""

    record: str
    """The row's own id."""
    student: str
    learner: str
    held_at: datetime
    differs: tuple[str, ...]
    """`dateOfBirth`, `name`, or both; empty where they agree by now: send the row again."""
    known: Person
    stated: Person

    def __repr__(self) -> str:
        return f"HeldPerson({self.learner}, …)"  # a person is never shown by accident


class Place(NamedTuple):
    """Where a row is in the list."""

    at: datetime
    record: bytes


class HeldPage(NamedTuple):
    """Some rows that are held."""

    rows: list[HeldPerson]
    next: Place | None
    """The place after which further ones follow; None at the end."""


class Decided(NamedTuple):
    """What a decision came to."""

    record: str
    decision: Decision
    learner: str
    """The learner whom the number leads to now."""
    unchanged: bool


class HeldRow:
    """A row that is held, to be written with the batch that it came in."""

    def __init__(self, vault: Vault, record: bytes, student: bytes, known: KnownLearner, request: IssueRequest) -> None:
        """`record` and `student` are the hashes of the row's id and number."""
        content = {"record": request.record, "stated": request.person()}
        sealed = vault.seal(known.learner, _PURPOSE, content)
        self._row = record, student, known.learner.learner, datetime.now(UTC), sealed

    def write(self, cursor: Cursor[DictRow]) -> None:
        """Write it. A row that is held again waits for a decision again."""
        cursor.execute(
            "INSERT INTO vault.held_rows (record, student, learner, at, sealed) VALUES (%s, %s, %s, %s, %s)"
            " ON CONFLICT (record) DO UPDATE SET student = excluded.student, learner = excluded.learner,"
            " at = excluded.at, sealed = excluded.sealed, decision = NULL, by = NULL, decided = NULL",
            self._row,
        )


class Room:
    """How many more held rows are kept. A row that waits already needs no room."""

    def __init__(self, free: int, waiting: set[bytes]) -> None:
        self._free = free
        self._waiting = waiting

    def take(self, record: bytes) -> bool:
        """Take the room of one row; return whether there was any."""
        if record in self._waiting:
            return True
        self._free -= 1
        return self._free >= 0


class HeldRows:
    """The held rows of one university, and the decisions on them."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._vault = registry.vault

    def room(self, records: Collection[bytes]) -> Room:
        """Return the room for further rows, some of which, by their hashes, may wait already."""
        cursor = self._registry.cursor()
        count = cursor.execute(f"SELECT count(*) AS n FROM vault.held_rows h WHERE {_WAITS}").fetchone()  # noqa: S608 - a text of our own
        assert count is not None  # noqa: S101 - an aggregate gives a row
        waiting = cursor.execute(
            f"SELECT record FROM vault.held_rows h WHERE {_WAITS} AND record = ANY(%s::bytea[])",  # noqa: S608 - likewise
            (array(records),),
        )
        return Room(MAX_HELD - count["n"], {row["record"] for row in waiting.fetchall()})

    def page(self, after: Place | None = None, limit: int = PAGE) -> HeldPage:
        """Return rows that wait for a decision, the oldest first, after a place.

        A row whose person is no longer another waits to be sent again, or to be decided on: it differs in nothing.
        """
        return read_again(lambda: self._page(after, limit))

    def _page(self, after: Place | None, limit: int) -> HeldPage:
        at, record = after if after is not None else (None, b"")
        rows = self._registry.cursor().execute(_READ, {"at": at, "record": record, "limit": limit + 1}).fetchall()
        learners: dict[str, Learner] = {}
        persons: dict[str, dict[str, Any]] = {}

        def learner(identifier: str, wrapped: bytes) -> Learner:
            if identifier not in learners:
                learners[identifier] = self._vault.unwrap(identifier, wrapped)
            return learners[identifier]

        found = []
        for row in rows[:limit]:
            known = learner(row["learner"], row["key"])
            if row["learner"] not in persons:
                persons[row["learner"]] = self._vault.open(known, "person", row["person"])
            content = self._vault.open(learner(row["held_learner"], row["held_key"]), _PURPOSE, row["sealed"])
            found.append(_held_person(known.learner, persons[row["learner"]], row["at"], content))
        last = rows[limit - 1] if len(rows) > limit else None
        return HeldPage(found, None if last is None else Place(last["at"], last["record"]))

    def waiting(self) -> Iterator[HeldPerson]:
        """Yield all rows that wait for a decision, the oldest first."""
        after: Place | None = None
        while True:
            page = self.page(after)
            yield from page.rows
            if (after := page.next) is None:
                return

    def decide(self, record: str, decision: Decision, by: str) -> Decided:
        """Say who a held row is about; it is issued when it is sent again. The same decision again changes nothing.

        `same-person`: the learner's name and date of birth are those of the row from now on; the former ones stay known
        as the same person's. `other-person`: the number belongs to a new learner, the row's person, from now on; the
        learner who had it keeps their credentials and is found by their id.

        Raises `UnknownHeldRow`, `AlreadyDecided`, `Duplicate` where the learner was changed meanwhile.
        """
        hashed = self._vault.hashed("record", normalise_identifier(record))
        cursor = self._registry.cursor()
        row = cursor.execute(
            "SELECT student, learner::text, sealed, decision FROM vault.held_rows WHERE record = %s", (hashed,)
        ).fetchone()
        then = None if row is None else self._vault.learner(cursor, row["learner"])
        if row is None or then is None:
            became = find_credentials(self._registry, [record]).get(record)
            why = "" if became is None else f": it was issued as credential {became}"
            raise UnknownHeldRow(
                f"no row with this id is held{why}; `registry learner held` lists those that are", "record"
            )
        if row["decision"] is not None and row["decision"] != decision:
            raise AlreadyDecided(f"somebody decided {row['decision']} on this row before; send the row again", "record")
        if row["decision"] is not None:
            now = self._vault.find_known(cursor, [row["student"]]).get(row["student"], then)
            return Decided(record, decision, now.learner.learner, unchanged=True)
        stated = self._vault.open(then.learner, _PURPOSE, row["sealed"])["stated"]
        fresh = self._vault.new_learner() if decision == "other-person" else None
        try:
            self._registry.save([], private=_Deciding(self._vault, hashed, row, stated, by, fresh))
        except LearnerGone as error:
            raise Duplicate("somebody else changed the learner just now; look again", "record") from error
        return Decided(record, decision, (fresh or then.learner).learner, unchanged=False)


def _held_person(learner: str, person: Mapping[str, Any], at: datetime, content: dict[str, Any]) -> HeldPerson:
    stated = content["stated"]
    return HeldPerson(
        content["record"],
        stated["student"],
        learner,
        at,
        contradictions(person, stated),
        Person.of(person),
        Person.of(stated),
    )


_WAITS: Final = (
    "h.decision IS NULL AND EXISTS (SELECT FROM vault.learners l WHERE l.learner = h.learner)"
    " AND (EXISTS (SELECT FROM vault.learners l WHERE l.student = h.student)"
    " OR EXISTS (SELECT FROM vault.further_numbers n WHERE n.student = h.student))"
)
"""Whether a held row waits for a decision. What is counted is what is listed."""
_READ: Final = f"""
SELECT h.at, h.record, h.sealed, l.learner::text AS held_learner, l.key AS held_key,
    k.learner::text, k.key, k.person
FROM vault.held_rows h JOIN vault.learners l USING (learner) CROSS JOIN LATERAL (
    SELECT learner, key, person FROM vault.learners WHERE student = h.student
    UNION ALL
    SELECT m.learner, m.key, m.person FROM vault.further_numbers n JOIN vault.learners m USING (learner)
    WHERE n.student = h.student
    LIMIT 1
) AS k
WHERE {_WAITS} AND (%(at)s::timestamptz IS NULL OR (h.at, h.record) > (%(at)s::timestamptz, %(record)s::bytea))
ORDER BY h.at, h.record LIMIT %(limit)s
"""  # noqa: S608 - a text of our own


class _Deciding:
    """A decision on a held row, to be written."""

    def __init__(
        self, vault: Vault, record: bytes, row: DictRow, stated: dict[str, str], by: str, fresh: Learner | None
    ) -> None:
        """`fresh` is the new learner that the number belongs to from now on; None: it is the same person."""
        self._vault = vault
        self._record = record
        self._row = row
        self._stated = stated
        self._by = by
        self._fresh = fresh
        self._now = datetime.now(UTC)

    def write(self, cursor: Cursor[DictRow]) -> None:
        """Write it. Raises `Duplicate` where the row or the number was changed meanwhile."""
        # Rows that are being issued to the learner at this moment come before, or look again.
        cursor.execute("LOCK TABLE registry_events IN EXCLUSIVE MODE")
        student, learner = self._row["student"], self._row["learner"]
        changed = cursor.execute(
            "UPDATE vault.held_rows SET decision = %s, by = %s, decided = %s"
            " WHERE record = %s AND decision IS NULL AND sealed = %s",
            (
                "same-person" if self._fresh is None else "other-person",
                self._by,
                self._now,
                self._record,
                self._row["sealed"],
            ),
        ).rowcount
        known = self._vault.find_known(cursor, [student]).get(student)
        if changed != 1 or known is None or known.learner.learner != learner:
            raise Duplicate("somebody else changed this row or its learner just now; send the row again", "record")
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
        return without_number(person, self._stated["student"], self._by, self._now)


def without_number(person: dict[str, Any], student: str, by: str, at: datetime) -> dict[str, Any]:
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
    none = vault.hashed("without number", learner)
    cursor.execute(
        "UPDATE vault.learners SET student = %s WHERE learner = %s AND student = %s", (none, learner, student)
    )
    cursor.execute("DELETE FROM vault.further_numbers WHERE student = %s AND learner = %s", (student, learner))
