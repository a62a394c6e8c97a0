"""Erasing a learner: this node destroys the key and deletes the rows everywhere, and the log announces it.

The events stay, with a random id that leads to nobody any more, and so does a keyed hash of each row that became a
credential, so that the same row is not issued again. The same student number is a new learner from now on.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from psycopg import Cursor
from psycopg.rows import DictRow

from registry.application.registry import Registry
from registry.application.transaction import Transaction
from registry.batches.batch import ENDED, WrongState
from registry.batches.learner_references import LearnerReference, find_references
from registry.batches.redaction import SoughtLearner
from registry.batches.store import BatchStore
from registry.domain.errors import Duplicate, Refusal
from registry.learners.learner_rows import LearnerRows
from registry.values.persons import normalise_identifier

Key = tuple[str, str]
"""Member and credential."""


def forget_erased(registry: Registry, batch_store: BatchStore, erased: Collection[str]) -> int:
    """Delete what a restored backup brought back of learners who are erased on the log; return the number of learners.

    Raises `StillInBatch`.
    """
    rows = registry.cursor().execute(
        "SELECT learner::text FROM vault.learners WHERE learner = ANY(%s::uuid[])", (list(erased),)
    )
    back = [row["learner"] for row in rows.fetchall()]
    for learner in back:
        stored = registry.vault.read_learner(registry.cursor(), learner)
        if stored is not None:
            _redact(batch_store, _find_references(batch_store, stored.person))
        with registry.transaction() as transaction:
            transaction.erase(LearnerRows(registry.vault, [learner], ()))
            transaction.commit()
    return len(back)


class AffectedCase(NamedTuple):
    """A case of the learner that will have no letter after the erasure."""

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
    """The learner has cases that an erasure leaves without a letter, and nobody confirmed that."""

    code = "cases-affected"


class Merged(Refusal):
    """The learner was merged into another, with whom they are erased."""

    code = "merged"


class StillInBatch(Refusal):
    """A batch that a worker is reading names the learner."""

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
    """Destroy a learner's key and rows, and announce it on the log, in one transaction. Batches are redacted before.

    Learners who were merged into this one are erased in the same transaction: all of them or none.

    `credentials` are all known ones of the learner: their disclosures in this office's decisions are deleted.
    `again` announces an erasure once more after governance voided its announcement.

    Raises `UnknownLearner`, `StillInBatch`, `NotAccepted` where consumers would refuse it, and `Duplicate` where it was
    announced before.
    """
    sources = find_merged_learners(registry, learner)
    target = _find_merge_target(registry, learner)
    if target is not None and target not in sources:  # after merges in both directions, either may be named
        raise Merged(f"learner {learner} was merged into {target}: erase that one, and both are erased", "$.learner")
    if registry.vault.read_learner(registry.cursor(), learner) is None and not registry.erasures.is_erased(learner):
        raise UnknownLearner(f"this university has no learner {learner}", "$.learner")
    if registry.erasures.is_erased(learner) and not again:
        raise Duplicate(f"learner {learner} was erased already", "$.learner")
    registry.checker.check_accepted({"learner.erased.v1"})  # before anything is deleted
    learners = [*sources, learner]
    references: list[LearnerReference] = []
    for identifier in learners:
        if (stored := registry.vault.read_learner(registry.cursor(), identifier)) is not None:
            references += _find_references(batch_store, stored.person)
    _redact(batch_store, references)  # before the announcement: an erasure that is announced is complete
    rows = LearnerRows(registry.vault, learners, {credential for _, credential in credentials})
    with registry.join(transaction) as joined:
        joined.add(_MergeCheck(learner, sources))
        registry.erasures.erase(learners, rows, again=again, transaction=joined)


class _MergeCheck:
    """Checks that nobody was merged into a learner while the batches were searched."""

    def __init__(self, learner: str, sources: Sequence[str]) -> None:
        self._learner = learner
        self._sources = list(sources)

    def write(self, cursor: Cursor[DictRow]) -> None:
        """Check under the lock that merges take, too. Raises `Duplicate`."""
        if _read_merged_learners(cursor, self._learner) != self._sources:
            raise Duplicate("another learner was merged into this one just now; erase them again", "$.learner")


def find_merged_learners(registry: Registry, learner: str) -> list[str]:
    """Return the learners who were merged into this one, and are erased with them."""
    return _read_merged_learners(registry.cursor(), learner)


def _read_merged_learners(cursor: Cursor[DictRow], learner: str) -> list[str]:
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


def _find_merge_target(registry: Registry, learner: str) -> str | None:
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
    """Return the references of batches to a person, by their number or by one that belongs to somebody else now."""
    references = []
    if "student" in person:
        references += find_references(batch_store, SoughtLearner(normalise_identifier(person["student"])))
    if "formerStudent" in person:
        references += find_references(
            batch_store, SoughtLearner(normalise_identifier(person["formerStudent"]["student"]), person)
        )
    return references


def find_affected_cases(registry: Registry, learner: str, today: date) -> list[AffectedCase]:
    """Return the learner's cases that are open, or decided and within the time for an appeal.

    Cases of learners who were merged into this one count, too: these are erased with them.
    """
    rows = registry.cursor().execute(
        "SELECT id::text, file_number, CASE WHEN state = 'decided' THEN appeal_until END AS appeal_until"
        " FROM office.cases WHERE learner = ANY(%s::uuid[]) AND state NOT IN ('withdrawn', 'closed')"
        " AND (state <> 'decided' OR appeal_until >= %s) ORDER BY file_number",
        ([learner, *find_merged_learners(registry, learner)], today),
    )
    return [AffectedCase(row["id"], row["file_number"], row["appeal_until"]) for row in rows.fetchall()]


def count_credentials(registry: Registry, learner: str) -> int:
    """Return how many of this university's credentials have personal data of the learner in the vault.

    Those of learners who were merged into this one count, too.
    """
    learners = [learner, *find_merged_learners(registry, learner)]
    row = (
        registry.cursor()
        .execute("SELECT count(*) AS n FROM vault.records WHERE learner = ANY(%s::uuid[])", (learners,))
        .fetchone()
    )
    assert row is not None  # noqa: S101 - an aggregate function returns a row
    return int(row["n"])


def _redact(batch_store: BatchStore, references: Sequence[LearnerReference]) -> None:
    """Redact the learner's rows in all batches, first in those that a worker may begin to read meanwhile."""
    if busy := [reference.batch.batch for reference in references if reference.is_being_read]:
        raise _still_in_batch(*busy)
    for reference in sorted(references, key=lambda reference: reference.batch.state in ENDED):
        try:
            reference.redact(batch_store)
        except WrongState as error:  # a worker began to read it just now
            raise _still_in_batch(reference.batch.batch) from error


def _still_in_batch(*batches: str) -> StillInBatch:
    return StillInBatch(
        f"batch {', '.join(batches)} names the learner and is being processed; erase them when it has ended",
        "$.learner",
    )
