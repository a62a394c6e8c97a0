"""Erasing a learner: the key and the rows go, everywhere on this node, and the log says that they did.

What stays: the events, which name a random id that leads to nobody any more; and of each row that became a credential
a keyed hash, so that the row sent again is not taken in anew. The same student number is a new learner from now on.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any, Final, NamedTuple

import msgspec
from psycopg import Cursor
from psycopg.rows import DictRow

from registry.application.registry import Registry
from registry.application.transaction import Transaction
from registry.batches.batch import ENDED, WrongState
from registry.batches.learner_references import LearnerReference, find_references
from registry.batches.redaction import SoughtLearner
from registry.batches.store import BatchStore
from registry.domain.errors import Duplicate, Refusal
from registry.learners.own_decisions import hidden_decisions
from registry.values.persons import normalise_identifier
from registry.vault.keys import SHARED
from registry.vault.vault import Vault, bucket_of

Key = tuple[str, str]
"""Member and credential."""


def forget_erased(registry: Registry, batch_store: BatchStore, erased: Collection[str]) -> int:
    """Delete what a restored backup brought back of learners who are erased on the log; returns how many there were.

    Raises `StillInBatch`.
    """
    rows = registry.cursor().execute(
        "SELECT learner::text FROM vault.learners WHERE learner = ANY(%s::uuid[])", (list(erased),)
    )
    back = [row["learner"] for row in rows.fetchall()]
    for learner in back:
        known = registry.vault.read_learner(registry.cursor(), learner)
        if known is not None:
            _take_out(batch_store, _find_references(batch_store, known.person))
        with registry.transaction() as transaction:
            transaction.erase(_Forgotten(registry.vault, [learner], ()))
            transaction.commit()
    return len(back)


class AffectedCase(NamedTuple):
    """A case of the learner's whose letter an erasure makes impossible."""

    case: str
    file_number: str
    appeal_until: date | None
    """The last day for an appeal of its decision; None while it is open."""

    def __str__(self) -> str:
        if self.appeal_until is None:
            return f"Case {self.file_number} is open. After the erasure it can only be withdrawn or closed."
        return (
            f"Case {self.file_number} is decided and may be appealed until {self.appeal_until}."
            " After the erasure nobody can write its letter again."
        )


class UnknownLearner(Refusal):
    """No learner of this university has that id."""

    code = "unknown-learner"


class CasesAffected(Refusal):
    """The learner has cases that an erasure leaves without a letter, and nobody confirmed that it is meant."""

    code = "cases-affected"


class Merged(Refusal):
    """The learner was merged into another, with whom they are erased."""

    code = "merged"


class StillInBatch(Refusal):
    """A batch that is just being worked through names the learner."""

    code = "still-in-batch"


def erase(
    registry: Registry,
    batch_store: BatchStore,
    learner: str,
    *,
    credentials: Collection[Key] = (),
    again: bool = False,
    transaction: Transaction | None = None,
) -> None:
    """Destroy a learner's key and rows, and say so on the log, in one transaction; before it what batches hold.

    Learners who were merged into this one are erased in the same transaction: all of them or none.

    `credentials` are those that are known of the learner anywhere: own decisions that name one by digest forget it.
    `again`: it was said before, and governance voided that.

    Raises `UnknownLearner`, `StillInBatch`, `NotAccepted` where consumers would refuse it, and `Duplicate` where it was
    said before.
    """
    sources = merged_learners(registry, learner)
    target = _merged_into(registry, learner)
    if target is not None and target not in sources:  # of two who were merged into each other either may be named
        raise Merged(f"learner {learner} was merged into {target}: erase that one, and both are erased", "$.learner")
    if registry.vault.read_learner(registry.cursor(), learner) is None and not registry.erasures.is_erased(learner):
        raise UnknownLearner(f"this university has no learner {learner}", "$.learner")
    if registry.erasures.is_erased(learner) and not again:
        raise Duplicate(f"learner {learner} was erased already", "$.learner")
    registry.checker.check_accepted({"learner.erased.v1"})  # before anything goes
    learners = [*sources, learner]
    named: list[LearnerReference] = []
    for each in learners:
        if (known := registry.vault.read_learner(registry.cursor(), each)) is not None:
            named += _find_references(batch_store, known.person)
    _take_out(batch_store, named)  # before it is said: an erasure that is said is whole
    forgotten = _Forgotten(registry.vault, learners, credentials)
    with registry.join(transaction) as joined:
        joined.add(_StillMerged(learner, sources))
        registry.erasures.erase(learners, forgotten, again=again, transaction=joined)


class _StillMerged:
    """Sees to it that nobody was merged into a learner while the batches were looked through."""

    def __init__(self, learner: str, sources: Sequence[str]) -> None:
        self._learner = learner
        self._sources = list(sources)

    def write(self, cursor: Cursor[DictRow]) -> None:
        """Look under the lock that merges take, too. Raises `Duplicate`."""
        if _merged_learners(cursor, self._learner) != self._sources:
            raise Duplicate("another learner was merged into this one just now; erase them again", "$.learner")


def merged_learners(registry: Registry, learner: str) -> list[str]:
    """Return the learners who were merged into this one, and are erased with them."""
    return _merged_learners(registry.cursor(), learner)


def _merged_learners(cursor: Cursor[DictRow], learner: str) -> list[str]:
    rows = cursor.execute(
        "WITH RECURSIVE merged (learner) AS (SELECT source FROM vault.learner_changes"
        " WHERE kind = 'merge' AND confirmed IS NOT NULL AND target = %s"
        " UNION SELECT c.source FROM vault.learner_changes c JOIN merged m ON c.target = m.learner"
        " WHERE c.kind = 'merge' AND c.confirmed IS NOT NULL)"
        " SELECT m.learner::text FROM merged m JOIN vault.learners USING (learner)"
        " WHERE m.learner <> %s ORDER BY 1",
        (learner, learner),
    )
    return [row["learner"] for row in rows.fetchall()]


def _merged_into(registry: Registry, learner: str) -> str | None:
    row = (
        registry.cursor()
        .execute(
            "SELECT target::text FROM vault.learner_changes c JOIN vault.learners l ON l.learner = c.target"
            " WHERE c.kind = 'merge' AND c.confirmed IS NOT NULL AND c.source = %s",
            (learner,),
        )
        .fetchone()
    )
    return None if row is None else str(row["target"])


def _find_references(batch_store: BatchStore, person: Mapping[str, Any]) -> list[LearnerReference]:
    """Return the batches that name a person by their number, or by one that belongs to somebody else now."""
    found = []
    if "student" in person:
        found += find_references(batch_store, SoughtLearner(normalise_identifier(person["student"])))
    if "formerStudent" in person:
        found += find_references(
            batch_store, SoughtLearner(normalise_identifier(person["formerStudent"]["student"]), person)
        )
    return found


def find_affected_cases(registry: Registry, learner: str, today: date) -> list[AffectedCase]:
    """Return the learner's cases that are open, or decided and within the time for an appeal.

    So are those of learners who were merged into this one: they are erased with them.
    """
    rows = registry.cursor().execute(
        "SELECT id::text, file_number, CASE WHEN state = 'decided' THEN appeal_until END AS appeal_until"
        " FROM office.cases WHERE learner = ANY(%s::uuid[]) AND state NOT IN ('withdrawn', 'closed')"
        " AND (state <> 'decided' OR appeal_until >= %s) ORDER BY file_number",
        ([learner, *merged_learners(registry, learner)], today),
    )
    return [AffectedCase(row["id"], row["file_number"], row["appeal_until"]) for row in rows.fetchall()]


def count_credentials(registry: Registry, learner: str) -> int:
    """Return how many of this university's credentials have personal data of the learner in the vault.

    Those of learners who were merged into this one count, too.
    """
    learners = [learner, *merged_learners(registry, learner)]
    row = (
        registry.cursor()
        .execute("SELECT count(*) AS n FROM vault.records WHERE learner = ANY(%s::uuid[])", (learners,))
        .fetchone()
    )
    assert row is not None  # noqa: S101 - an aggregate gives a row
    return int(row["n"])


def _take_out(batch_store: BatchStore, named: Sequence[LearnerReference]) -> None:
    """Take the learner's rows out of all batches. Those come first that may be taken up meanwhile."""
    if busy := [one.batch.batch for one in named if one.is_being_read]:
        raise _still_in(*busy)
    for one in sorted(named, key=lambda one: one.batch.state in ENDED):
        try:
            one.redact(batch_store)
        except WrongState as error:  # it was taken up just now
            raise _still_in(one.batch.batch) from error


def _still_in(*batches: str) -> StillInBatch:
    return StillInBatch(
        f"batch {', '.join(batches)} names the learner and is just being worked through; erase them when it has ended",
        "$.learner",
    )


class _Forgotten:
    """The rows of learners in the vault, and what else on this node leads from or to them."""

    def __init__(self, vault: Vault, learners: Sequence[str], credentials: Collection[Key]) -> None:
        """`learners` are one person: a learner, and those who were merged into them."""
        self._vault = vault
        self._learners = list(learners)
        self._credentials = {credential for _, credential in credentials}

    def delete(self, cursor: Cursor[DictRow]) -> set[int]:
        """Delete them; return the buckets whose keys protected them."""
        own = cursor.execute(
            "SELECT credential::text FROM vault.records WHERE learner = ANY(%s::uuid[])", (self._learners,)
        ).fetchall()
        known = {row["credential"] for row in own} | self._credentials
        decisions = hidden_decisions(cursor, self._vault, known)
        given = {
            "learners": self._learners,
            "decisions": [one.decision for one in decisions],
            "answers": self._answers(cursor),
            "numbers": self._numbers(cursor),
        }
        for statement in _STATEMENTS:
            cursor.execute(statement, given)
        return {*map(bucket_of, self._learners), *(one.bucket for one in decisions)}

    def _numbers(self, cursor: Cursor[DictRow]) -> list[bytes]:
        """Return the hashes of the learners' numbers, in the spelling that an earlier version stored, too."""
        rows = cursor.execute(
            "SELECT student FROM vault.learners WHERE learner = ANY(%(learners)s::uuid[])"
            " UNION ALL SELECT student FROM vault.further_numbers WHERE learner = ANY(%(learners)s::uuid[])",
            {"learners": self._learners},
        ).fetchall()
        spellings: set[str] = set()
        for learner in self._learners:
            known = self._vault.read_learner(cursor, learner)
            number = known.person.get("student") if known is not None else None
            spellings |= {number, normalise_identifier(number)} if number else set()
        return [*(row["student"] for row in rows), *(self._vault.hash_for_lookup("student", one) for one in spellings)]

    def _answers(self, cursor: Cursor[DictRow]) -> list[str]:
        """Return the places of kept answers to requests that name one of the learners."""
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
    # What became of the learner in a merge or a split, with the links from old credentials to new. A row of the other
    # of two who were split leads to their newest credential without them.
    """DELETE FROM vault.moved_credentials WHERE ARRAY[old, new] && ARRAY(
        SELECT credential FROM vault.records WHERE learner = ANY (%(learners)s::uuid[])
    )""",
    "DELETE FROM vault.learner_changes WHERE ARRAY[source, target] && %(learners)s::uuid[]",
    """DELETE FROM office.texts
    WHERE case_id IN (SELECT id FROM office.cases WHERE learner = ANY (%(learners)s::uuid[]))""",
    "DELETE FROM vault.decisions WHERE learner = ANY (%(learners)s::uuid[])",
    "DELETE FROM vault.status_notes WHERE learner = ANY (%(learners)s::uuid[])",
    "DELETE FROM vault.records WHERE learner = ANY (%(learners)s::uuid[])",
    "DELETE FROM vault.learners WHERE learner = ANY (%(learners)s::uuid[])",
    "DELETE FROM vault.decisions WHERE decision = ANY (%(decisions)s::uuid[])",
    # Kept answers to requests: they name the learner's id.
    "DELETE FROM access.requests WHERE ctid = ANY (%(answers)s::text[]::tid[])",
)
