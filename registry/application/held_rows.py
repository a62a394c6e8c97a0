"""Rows that are held because their student number is known with another person behind it, and what is decided of them.

A held row is not issued. Its person is kept, under the key of the learner who is known, until somebody says whether it
is the same person or another one; then the row is sent again. Nothing else of the row is stored.

Whoever sends rows can replace a held row by another with the same id. So a decision names the version that somebody
read, and counts for that one only.
"""

from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final, Literal, NamedTuple, Self, get_args

import msgspec
from psycopg import Cursor
from psycopg.rows import DictRow

from registry.application.held_row_decision import HeldRowChanged, HeldRowDecision
from registry.application.records import find_credentials
from registry.application.registry import Registry
from registry.application.requests import IssueRequest
from registry.domain.errors import Duplicate, Refusal
from registry.store.recorder import StaleState
from registry.values.persons import NAMES, PERSON, contradictions, describe_person, normalise_identifier
from registry.vault.vault import KnownLearner, Learner, LearnerGone, Vault, format_array, retry_read

MAX_HELD: Final = 10_000
"""Held rows that nobody has decided on and that are kept. Further ones are refused all the same, and are told so.

Where several processes hold rows at once, there may be a batch or two more.
"""
PAGE: Final = 100
Decision = Literal["same-person", "other-person"]
DECISIONS: Final[tuple[Decision, ...]] = get_args(Decision)
VERSION_DIGITS: Final = 12
"""Hexadecimal digits of the version of a held row."""
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
    """How it differs from rows with this id that were held before: `student`, `name`, `dateOfBirth`."""

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


class EarlierRow(NamedTuple):
    """What was held under a row's id before."""

    sealed: bytes
    stated: dict[str, str]
    changes: tuple[str, ...]
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
        known: KnownLearner,
        request: IssueRequest,
        earlier: EarlierRow | None,
    ) -> None:
        """`record` and `student` are the hashes of the row's id and number."""
        stated = request.person()
        self.changes: tuple[str, ...] = () if earlier is None else _changes(earlier.stated, stated)
        """How it differs from the row that was held under this id until now."""
        before = () if earlier is None else earlier.changes
        content = {"record": request.record, "stated": stated, "changes": sorted({*before, *self.changes})}
        self._values = {
            "record": record,
            "student": student,
            "learner": known.learner.learner,
            "at": datetime.now(UTC),
            "sealed": vault.seal(known.learner, _PURPOSE, content),
            "before": None if earlier is None else earlier.sealed,
            "decision": None if earlier is None else earlier.decision,
            "decided": None if earlier is None else earlier.decided,
        }

    def write(self, cursor: Cursor[DictRow]) -> None:
        """Write it. A row that is held again waits for a decision again.

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
            (format_array(records),),
        )
        return Room(MAX_HELD - count["n"], {row["record"] for row in waiting.fetchall()})

    def earlier(self, records: Collection[bytes]) -> dict[bytes, EarlierRow]:
        """Return what is held, or was held and decided on, under these hashed ids."""
        return retry_read(lambda: self._earlier(records))

    def _earlier(self, records: Collection[bytes]) -> dict[bytes, EarlierRow]:
        rows = self._registry.cursor().execute(
            "SELECT h.record, h.sealed, h.decision, h.decided, l.learner::text, l.key FROM vault.held_rows h"
            " JOIN vault.learners l USING (learner) WHERE h.record = ANY(%s::bytea[])",
            (format_array(records),),
        )
        found = {}
        for row in rows.fetchall():
            learner = self._vault.unwrap(row["learner"], row["key"])
            content = self._vault.open(learner, _PURPOSE, row["sealed"])
            changes = tuple(content.get("changes", ()))
            found[row["record"]] = EarlierRow(
                row["sealed"], content["stated"], changes, row["decision"], row["decided"]
            )
        return found

    def page(self, after: Place | None = None, limit: int = PAGE) -> HeldPage:
        """Return rows that wait for a decision, the oldest first, after a place.

        A row whose person is no longer another waits to be sent again, or to be decided on: it differs in nothing.
        """
        return retry_read(lambda: self._page(after, limit))

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
            found.append(self._held_person(known.learner, persons[row["learner"]], row["at"], content))
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

    def read(self, record: str) -> HeldPerson:
        """Return the row of this id that waits for a decision. Raises `UnknownHeldRow`, `AlreadyDecided`."""
        return retry_read(lambda: self._read(record))

    def _read(self, record: str) -> HeldPerson:
        row, known = self._find(record)
        if row["decision"] is not None:
            raise _already_decided(row)
        content = self._vault.open(self._holder(row), _PURPOSE, row["sealed"])
        return self._held_person(known.learner.learner, known.person, row["at"], content)

    def decide(self, record: str, version: str, decision: Decision, by: str) -> Decided:
        """Say who a held row is about; it is issued when it is sent again. The same decision again changes nothing.

        `version` is the one that whoever decides has read. `same-person`: the learner's name and date of birth are
        those of the row from now on; the former ones stay known as the same person's. `other-person`: the number
        belongs to a new learner, the row's person, from now on; the learner who had it keeps their credentials and is
        found by their id.

        Raises `UnknownHeldRow`, `AlreadyDecided`, and `HeldRowChanged` where the row or the learner is another by now.
        """
        return retry_read(lambda: self._decide(record, version, decision, by))

    def _decide(self, record: str, version: str, decision: Decision, by: str) -> Decided:
        row, known = self._find(record)
        if row["decision"] is not None:
            if row["decision"] != decision or row["version"] is None:
                raise _already_decided(row)
            if row["version"] != version:
                raise HeldRowChanged
            return Decided(record, decision, known.learner.learner, unchanged=True)
        content = self._vault.open(self._holder(row), _PURPOSE, row["sealed"])
        learner = known.learner.learner
        if self._held_person(learner, known.person, row["at"], content).version != version:
            raise HeldRowChanged
        if learner != row["learner"]:
            raise Duplicate("its number leads to another learner than when this row was held; send it again", "record")
        fresh = self._vault.new_learner() if decision == "other-person" else None
        deciding = HeldRowDecision(self._vault, row, known, content["stated"], version, by, fresh)
        try:
            self._registry.store_rows(deciding)
        except LearnerGone as error:
            raise HeldRowChanged from error
        return Decided(record, decision, (fresh or known.learner).learner, unchanged=False)

    def _find(self, record: str) -> tuple[DictRow, KnownLearner]:
        """Return a held row, decided on or not, and the learner whom its number leads to."""
        hashed = self._vault.hash_for_lookup("record", normalise_identifier(record))
        cursor = self._registry.cursor()
        row = cursor.execute(
            "SELECT h.record, h.student, h.learner::text, h.at, h.sealed, h.decision, h.by, h.decided, h.version, l.key"
            " FROM vault.held_rows h JOIN vault.learners l USING (learner) WHERE h.record = %s",
            (hashed,),
        ).fetchone()
        known = None if row is None else self._vault.find_learners(cursor, [row["student"]]).get(row["student"])
        if row is None or known is None:
            became = find_credentials(self._registry, [record]).get(record)
            why = "" if became is None else f": it was issued as credential {became}"
            raise UnknownHeldRow(
                f"no row with this id is held{why}; `registry learner held` lists those that are", "record"
            )
        return row, known

    def _holder(self, row: DictRow) -> Learner:
        """Return the learner under whose key a row is sealed."""
        return self._vault.unwrap(row["learner"], row["key"])

    def _held_person(
        self, learner: str, person: Mapping[str, Any], at: datetime, content: dict[str, Any]
    ) -> HeldPerson:
        stated = content["stated"]
        shown = [learner, [person.get(name) for name in PERSON], content["record"], sorted(stated.items())]
        return HeldPerson(
            content["record"],
            self._vault.digest(b"held row\0" + msgspec.json.encode(shown)).hex()[:VERSION_DIGITS],
            stated["student"],
            learner,
            at,
            contradictions(person, stated),
            Person.of(person),
            Person.of(stated),
            tuple(content.get("changes", ())),
        )


def _already_decided(row: DictRow) -> AlreadyDecided:
    return AlreadyDecided(
        f"{row['by']} decided {row['decision']} on this row on {row['decided']:%Y-%m-%d}; send the row again", "record"
    )


def _changes(before: Mapping[str, str], now: Mapping[str, str]) -> tuple[str, ...]:
    """Return in what two persons differ at all, and not only in what contradicts: `student`, `name`, `dateOfBirth`."""
    aspects = {"student": ("student",), "name": NAMES, "dateOfBirth": ("dateOfBirth",)}
    return tuple(
        aspect
        for aspect, names in aspects.items()
        if any((before.get(name) or "") != (now.get(name) or "") for name in names)
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
