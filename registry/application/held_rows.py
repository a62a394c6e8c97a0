"""Rows that are held because their student number is known with another person behind it, and decisions on them.

A held row is not issued. The person that it states is stored, under the key of the learner who is known, until somebody
decides whether it is the same person or another one; then the row is sent again. Nothing else of the row is stored.

The sender of rows can replace a held row by another with the same id. So a decision names the version that its author
has read, and is valid for that version only.
"""

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any, Final, NamedTuple

from psycopg.rows import DictRow

from registry.application.held_row import Decision, EarlierRow, HeldPerson, open_content
from registry.application.held_row_decision import HeldRowChanged, HeldRowDecision
from registry.application.records import find_credentials
from registry.application.registry import Registry
from registry.domain.errors import Duplicate, Refusal
from registry.values.persons import normalise_identifier
from registry.vault.vault import KnownLearner, Learner, LearnerGone, format_array, retry_read

MAX_HELD: Final = 10_000
"""Held rows that are stored without a decision. Further rows are refused, too, and their outcome says so.

Where several processes hold rows at once, there may be a batch or two more.
"""
PAGE: Final = 100
_WAITS: Final = (
    "h.decision IS NULL AND EXISTS (SELECT FROM vault.learners l WHERE l.learner = h.learner)"
    " AND (EXISTS (SELECT FROM vault.learners l WHERE l.student = h.student)"
    " OR EXISTS (SELECT FROM vault.further_numbers n WHERE n.student = h.student))"
)
"""The condition that a held row waits for a decision, for the count as for the list."""
_READ_PAGE: Final = f"""
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
"""  # noqa: S608 - a constant of this module


class UnknownHeldRow(Refusal):
    """No row with this id is held."""

    code = "unknown-held-row"


class AlreadyDecided(Refusal):
    """Somebody has made another decision on the row."""

    code = "already-decided"


class Place(NamedTuple):
    """The place of a row in the list."""

    at: datetime
    record: bytes


class HeldPage(NamedTuple):
    """Some rows that are held."""

    rows: list[HeldPerson]
    next: Place | None
    """The place after which further ones follow; None at the end."""


class DecisionResult(NamedTuple):
    """The result of a decision."""

    record: str
    decision: Decision
    learner: str
    """The learner to whom the number leads now."""
    unchanged: bool


class Room:
    """The number of further rows that can be held. A row that waits already needs no room."""

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
        waiting = self._registry.cursor().execute(
            f"SELECT record FROM vault.held_rows h WHERE {_WAITS} AND record = ANY(%s::bytea[])",  # noqa: S608 - likewise
            (format_array(records),),
        )
        return Room(MAX_HELD - self.count(), {row["record"] for row in waiting.fetchall()})

    def count(self) -> int:
        """Return the number of rows that wait for a decision."""
        statement = f"SELECT count(*) AS n FROM vault.held_rows h WHERE {_WAITS}"  # noqa: S608 - a constant of this module
        count = self._registry.cursor().execute(statement).fetchone()
        assert count is not None  # noqa: S101 - an aggregate function returns a row
        return int(count["n"])

    def find_earlier(self, records: Collection[bytes]) -> dict[bytes, EarlierRow]:
        """Return the rows that are held, or were held and decided on, under these hashed ids."""

        def read() -> dict[bytes, EarlierRow]:
            rows = self._registry.cursor().execute(
                "SELECT h.record, h.sealed, h.decision, h.decided, l.learner::text, l.key FROM vault.held_rows h"
                " JOIN vault.learners l USING (learner) WHERE h.record = ANY(%s::bytea[])",
                (format_array(records),),
            )
            return {
                row["record"]: EarlierRow(
                    row["sealed"],
                    open_content(self._vault, self._holder(row), row["sealed"]),
                    row["decision"],
                    row["decided"],
                )
                for row in rows.fetchall()
            }

        return retry_read(read)

    def page(self, after: Place | None = None, limit: int = PAGE) -> HeldPage:
        """Return rows that wait for a decision, the oldest first, after a place.

        A row whose person agrees by now differs in nothing. It waits until it is sent again or decided on.
        """
        return retry_read(lambda: self._page(after, limit))

    def _page(self, after: Place | None, limit: int) -> HeldPage:
        at, record = after if after is not None else (None, b"")
        rows = self._registry.cursor().execute(_READ_PAGE, {"at": at, "record": record, "limit": limit + 1}).fetchall()
        learners: dict[str, Learner] = {}
        persons: dict[str, dict[str, Any]] = {}

        def unwrap(identifier: str, wrapped: bytes) -> Learner:
            if identifier not in learners:
                learners[identifier] = self._vault.unwrap(identifier, wrapped)
            return learners[identifier]

        shown = []
        for row in rows[:limit]:
            learner = unwrap(row["learner"], row["key"])
            if row["learner"] not in persons:
                persons[row["learner"]] = self._vault.open(learner, "person", row["person"])
            content = open_content(self._vault, unwrap(row["held_learner"], row["held_key"]), row["sealed"])
            shown.append(content.show(self._vault, learner.learner, persons[row["learner"]], row["at"]))
        last = rows[limit - 1] if len(rows) > limit else None
        return HeldPage(shown, None if last is None else Place(last["at"], last["record"]))

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
        row, learner = self._find(record)
        if row["decision"] is not None:
            raise _already_decided(row)
        content = open_content(self._vault, self._holder(row), row["sealed"])
        return content.show(self._vault, learner.learner.learner, learner.person, row["at"])

    def decide(self, record: str, version: str, decision: Decision, by: str) -> DecisionResult:
        """Decide about whom a held row is; it is issued when it is sent again. Repeating a decision changes nothing.

        `version` is the one that the author of the decision has read. `same-person`: the learner's name and date of
        birth are those of the row from now on; the former ones stay known as the same person's. `other-person`: the
        number belongs to a new learner, the row's person, from now on; the learner who had it keeps their credentials
        and is found by their id.

        Raises `UnknownHeldRow`, `AlreadyDecided`, and `HeldRowChanged` where the row or the learner is another by now.
        """
        return retry_read(lambda: self._decide(record, version, decision, by))

    def _decide(self, record: str, version: str, decision: Decision, by: str) -> DecisionResult:
        row, learner = self._find(record)
        if row["decision"] is not None:
            if row["decision"] != decision or row["version"] is None:
                raise _already_decided(row)
            if row["version"] != version:
                raise HeldRowChanged
            return DecisionResult(record, decision, learner.learner.learner, unchanged=True)
        content = open_content(self._vault, self._holder(row), row["sealed"])
        identifier = learner.learner.learner
        if content.show(self._vault, identifier, learner.person, row["at"]).version != version:
            raise HeldRowChanged
        if identifier != row["learner"]:
            raise Duplicate("its number leads to another learner than when this row was held; send it again", "record")
        successor = self._vault.new_learner() if decision == "other-person" else None
        try:
            self._registry.store_rows(
                HeldRowDecision(self._vault, row, learner, content.stated, version, by, successor)
            )
        except LearnerGone as error:
            raise HeldRowChanged from error
        return DecisionResult(record, decision, (successor or learner.learner).learner, unchanged=False)

    def _find(self, record: str) -> tuple[DictRow, KnownLearner]:
        """Return a held row, decided on or not, and the learner to whom its number leads."""
        cursor = self._registry.cursor()
        row = cursor.execute(
            "SELECT h.record, h.student, h.learner::text, h.at, h.sealed, h.decision, h.by, h.decided, h.version, l.key"
            " FROM vault.held_rows h JOIN vault.learners l USING (learner) WHERE h.record = %s",
            (self._vault.hash_for_lookup("record", normalise_identifier(record)),),
        ).fetchone()
        learner = None if row is None else self._vault.find_learners(cursor, [row["student"]]).get(row["student"])
        if row is None or learner is None:
            credential = find_credentials(self._registry, [record]).get(record)
            why = "" if credential is None else f": it was issued as credential {credential}"
            raise UnknownHeldRow(
                f"no row with this id is held{why}; `registry learner held` lists those that are", "record"
            )
        return row, learner

    def _holder(self, row: DictRow) -> Learner:
        """Return the learner under whose key a row is sealed."""
        return self._vault.unwrap(row["learner"], row["key"])


def _already_decided(row: DictRow) -> AlreadyDecided:
    return AlreadyDecided(
        f"{row['by']} decided {row['decision']} on this row on {row['decided']:%Y-%m-%d}; send the row again", "record"
    )
