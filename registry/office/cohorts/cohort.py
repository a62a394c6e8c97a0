"""Deciding a cohort by one assessment: a decision for each credential of a list.

Each decision and its row are stored in one transaction. So a run that was interrupted goes on where it stopped, and a
corrected list can be run again: decided rows stay as they are.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Final

import msgspec
from psycopg import Cursor
from psycopg.rows import DictRow

from registry.application.acceptance import NotAccepted
from registry.application.refusals import refuse_missing
from registry.application.registry import Registry
from registry.domain.errors import InvalidEvent, Refusal
from registry.office.assessments.objections import find_grant_objections
from registry.office.assessments.offered import Offered
from registry.office.assessments.statements import grant_of
from registry.office.basis import name_basis, names_openly
from registry.office.cohorts.cohort_file import CohortRow
from registry.office.errors import CohortRefused
from registry.office.ports import CredentialLookup
from registry.vault.vault import random_id
from registry.wire.forms import CredentialRef
from registry.wire.recognition import Condition, RecognitionAssessed, RecognitionDecided

_FIND: Final = "SELECT record, content, decision::text FROM vault.cohorts WHERE record = %s OR content = %s"


class CohortOutcome(msgspec.Struct, frozen=True, omit_defaults=True, rename="camel"):
    """The outcome of one row."""

    where: str
    record: str
    credential: str
    """`member/id`."""
    decision: str | None = None
    unchanged: bool = False
    """True if it was decided by this assessment before."""
    problem: str = ""
    """The reason why nothing was decided."""
    disclosure: str | None = None
    """For a decision that names its credential by digest: the disclosure that the learner can show."""


class Cohort:
    """A cohort that is decided by one assessment of this office."""

    def __init__(
        self,
        registry: Registry,
        lookup: CredentialLookup,
        assessment_id: str,
        day: date,
        conditions: Sequence[Condition] = (),
    ) -> None:
        """Raises `UnknownAssessment`, and `CohortRefused` where nothing can be decided on that assessment."""
        assessment = registry.recognition.assessment(assessment_id)
        self._registry = registry
        self._lookup = lookup
        self._day = day
        self._assessment = str(assessment.id)
        self.content: RecognitionAssessed = assessment.content
        if assessment.state != "inForce":
            raise CohortRefused(f"assessment {assessment_id} is {assessment.state}")
        until = self.content.valid_until
        if until is not None and until < day.isoformat():
            raise CohortRefused(f"assessment {assessment_id} was valid until {until}; state a new one")
        if (self.content.outcome == "conditional") != bool(conditions):
            needed = "needs its conditions" if self.content.outcome == "conditional" else "has no conditions"
            raise CohortRefused(f"the outcome {self.content.outcome} {needed}")
        self._grant = grant_of(self.content, conditions)

    def decide(self, rows: Iterable[CohortRow], *, dry_run: bool = False) -> Iterator[CohortOutcome]:
        """Decide row after row, and go on after a bad one. With `dry_run` nothing is stored, and no id is assigned."""
        refused = self._not_accepted() if dry_run else ""
        refusals = self._registry.checker.find_refusals()
        for row in rows:
            credential = f"{row.member}/{row.credential}".strip("/")
            problem = row.problem or self._problem(row)
            if problem:
                yield CohortOutcome(row.where, row.record, credential, problem=problem)
                continue
            record = _Record(self._registry, self._assessment, row)
            earlier = record.find()
            if earlier is not None and earlier[0] is not None and earlier[0] in refusals:
                problem = str(refuse_missing(refusals[earlier[0]]))
                yield CohortOutcome(row.where, row.record, credential, problem=problem)
            elif earlier is not None:
                yield CohortOutcome(row.where, row.record, credential, *earlier)
            elif dry_run:
                yield CohortOutcome(row.where, row.record, credential, problem=refused)
            else:
                yield self._decide_row(row, credential, record)

    def _not_accepted(self) -> str:
        """Return why consumers would refuse decisions of this member now; empty where they would accept them."""
        try:
            self._registry.checker.check_accepted({"recognition.decided.v1"})
        except NotAccepted as refused:
            return str(refused)
        return ""

    def _problem(self, row: CohortRow) -> str:
        offered = self._lookup.describe_credential(row.member, row.credential)
        if offered is None:
            return "has not arrived here: has its university published it, and has this node read that?"
        return self._mismatch(offered)

    def _mismatch(self, offered: Offered) -> str:
        ref, expected = offered.achievement, self.content.achievement
        if ref != expected:
            actual = "no known achievement" if ref is None else f"{ref.member}/{ref.achievement} version {ref.version}"
            assessed = f"{expected.member}/{expected.achievement} version {expected.version}"
            return f"is of {actual}; the assessment is of {assessed}"
        if offered.status != "active":
            return f"is {offered.status}"
        if offered.valid_until is not None and offered.valid_until < self._day.isoformat():
            return f"expired after {offered.valid_until}"
        if offered.flags:
            return f"is {', '.join(offered.flags)}"
        return "; ".join(
            objection.detail for objection in find_grant_objections(self.content.purpose, [offered], [self._grant])
        )

    def _decide_row(self, row: CohortRow, credential: str, record: "_Record") -> CohortOutcome:
        openly = names_openly(self.content.purpose, [self.content.outcome])
        reference = CredentialRef(row.member, row.credential)
        basis, hidden = name_basis("onLog", self.content.achievement, reference, openly=openly)
        data = RecognitionDecided(
            record.decision, self.content.purpose, self.content.effect, [basis], [self._grant], self._day.isoformat()
        )
        try:
            with self._registry.transaction() as transaction:
                self._registry.recognition.decide(data, hidden, transaction=transaction)
                transaction.add(record)
                transaction.commit()
        except (Refusal, InvalidEvent) as error:
            earlier = record.find()  # another run of the same list may have been faster
            return CohortOutcome(row.where, row.record, credential, *(earlier or (None, False, str(error))))
        return CohortOutcome(row.where, row.record, credential, data.decision, disclosure=hidden)


class _Record:
    """The row of a decision, stored with it."""

    def __init__(self, registry: Registry, assessment_id: str, row: CohortRow) -> None:
        vault = registry.vault
        self._registry = registry
        self.decision = random_id()
        self._record = vault.hash_for_lookup("cohort", f"{assessment_id}\0{row.record}")
        self._content = vault.digest(f"cohort\0{assessment_id}\0{row.member}/{row.credential}".encode())

    def find(self) -> tuple[str | None, bool, str, str | None] | None:
        """Return the row's decision and disclosure, or why it has none; None where the row is new."""
        cursor = self._registry.cursor()
        rows = cursor.execute(_FIND, (self._record, self._content)).fetchall()
        for row in rows:
            if row["record"] == self._record and row["content"] != self._content:
                problem = "this record was decided for another credential; give the row a record of its own"
                return None, False, problem, None
        if not rows:
            return None
        decision: str = rows[0]["decision"]
        return decision, True, "", next(iter(self._registry.vault.read_bases(cursor, decision)), None)

    def write(self, cursor: Cursor[DictRow]) -> None:
        """Store the row in the decision's transaction."""
        cursor.execute(
            "INSERT INTO vault.cohorts (record, content, decision) VALUES (%s, %s, %s)",
            (self._record, self._content, self.decision),
        )
