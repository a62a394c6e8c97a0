"""Decisions, assessments and agreements that this office publishes about credentials of others."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
from eventsourcing.persistence import StoredEvent

from registry.application.private_store import PrivateStore
from registry.application.transaction import Transaction
from registry.domain.errors import UnknownAgreement, UnknownAssessment, UnknownDecision
from registry.domain.recognition import Agreement, Assessment, Decision
from registry.store.recorder import EVENTS_TABLE
from registry.vault.hidden_basis import HiddenBasis
from registry.vault.vault import Learner
from registry.wire.recognition import (
    AgreementDeclared,
    RecognitionAssessed,
    RecognitionDecided,
    WithdrawalReason,
)


class Recognition:
    """The decisions, assessments and agreements of one office.

    Each method that writes adds to the caller's transaction, or commits one of its own.
    """

    def __init__(self, store: PrivateStore) -> None:
        self._store = store

    def decision(self, decision: str) -> Decision:
        """Return one of the office's decisions. Raises `UnknownDecision`."""
        aggregate: Decision = self._store.get(Decision, decision, UnknownDecision)
        return aggregate

    def assessment(self, assessment: str) -> Assessment:
        """Return one of the office's assessments. Raises `UnknownAssessment`."""
        aggregate: Assessment = self._store.get(Assessment, assessment, UnknownAssessment)
        return aggregate

    def agreement(self, agreement: str) -> Agreement:
        """Return one of the office's agreements. Raises `UnknownAgreement`."""
        aggregate: Agreement = self._store.get(Agreement, agreement, UnknownAgreement)
        return aggregate

    def find_same_agreement(self, data: AgreementDeclared) -> str | None:
        """Return an agreement of the office's that says the same for all days of this one; None where there is none.

        It may be on the log, or stored and not published yet.
        """
        for identifier in self._list_agreements(Agreement.Declared.TOPIC):
            first = next(iter(self._store.recorder.select_events(UUID(identifier))))
            event: Any = self._store.mapper.to_domain_event(first)
            if is_repeated(data, event.data, self.agreement(identifier).withdrawn_from):
                return identifier
        return None

    def read_ends(self, agreements: Sequence[str]) -> dict[str, str]:
        """Return the first days (`YYYY-MM-DD`) on which those of these agreements that ended cover nothing.

        An end counts as soon as it is stored, before the log has it.
        """
        rows = self._store.cursor().execute(
            f"SELECT originator_id, originator_version, topic, state FROM {EVENTS_TABLE}"  # noqa: S608 - a constant of this project
            " WHERE topic = %s AND originator_id = ANY(%s::uuid[])",
            (Agreement.Withdrawn.TOPIC, list(agreements)),
        )
        ends: dict[str, str] = {}
        for row in rows:  # an agreement ends once
            event: Any = self._store.mapper.to_domain_event(StoredEvent(**row))
            ends[str(row["originator_id"])] = event.data.withdrawn_from
        return ends

    def _list_agreements(self, topic: str) -> list[str]:
        """Return the ids of the agreements with an event of this topic, the oldest first."""
        rows = self._store.cursor().execute(
            f"SELECT originator_id FROM {EVENTS_TABLE} WHERE topic = %s ORDER BY notification_id",  # noqa: S608 - a constant of this project
            (topic,),
        )
        return [str(row["originator_id"]) for row in rows.fetchall()]

    def decide(
        self,
        data: RecognitionDecided,
        disclosure: str | Sequence[str] | None = None,
        *,
        learner: Learner | None = None,
        transaction: Transaction | None = None,
    ) -> None:
        """Publish a decision, and what it supersedes.

        `disclosure` has the digest `credentialDigest`; there is one for each digest. It goes to the vault in the same
        transaction, under the key of `learner` where the decision is made in a case.
        """
        superseded = None if data.supersedes is None else self.decision(data.supersedes)
        decided = Decision.decide(data, superseded)
        with self._store.join(transaction) as joined:
            joined.save(decided)
            if superseded is not None:
                joined.save(superseded)
            if disclosure:
                disclosures = [disclosure] if isinstance(disclosure, str) else disclosure
                joined.add(HiddenBasis(self._store.vault, data.decision, disclosures, learner))

    def check_decision(self, data: RecognitionDecided) -> None:
        """Check a decision's form as a verifier would; nothing is stored. Raises `InvalidEvent`.

        Whether consumers would accept the decision is checked when it is made, so that it can be proposed before.
        """
        decision = Decision.decide(msgspec.structs.replace(data, supersedes=None), None)
        self._store.checker.check_form(self._store.collect_events([decision]))

    def withdraw_decision(
        self, decision: str, reason: WithdrawalReason, transaction: Transaction | None = None
    ) -> None:
        """Withdraw a decision."""
        withdrawn = self.decision(decision)
        withdrawn.withdraw(reason)
        self._store.save(withdrawn, transaction=transaction)

    def assess(self, data: RecognitionAssessed, transaction: Transaction | None = None) -> None:
        """Publish an assessment of an achievement."""
        self._store.save(Assessment.assess(data), transaction=transaction)

    def withdraw_assessment(
        self, assessment: str, reason: WithdrawalReason, transaction: Transaction | None = None
    ) -> None:
        """Withdraw an assessment."""
        withdrawn = self.assessment(assessment)
        withdrawn.withdraw(reason)
        self._store.save(withdrawn, transaction=transaction)

    def declare_agreement(self, data: AgreementDeclared, transaction: Transaction | None = None) -> None:
        """Declare that credentials of another member are recognised automatically."""
        self._store.save(Agreement.declare(data), transaction=transaction)

    def withdraw_agreement(self, agreement: str, withdrawn_from: str, transaction: Transaction | None = None) -> None:
        """End an agreement from a day on."""
        ended = self.agreement(agreement)
        ended.withdraw(withdrawn_from)
        self._store.save(ended, transaction=transaction)


def is_repeated(new: AgreementDeclared, earlier: AgreementDeclared, withdrawn_from: str = "") -> bool:
    """Return True if an earlier agreement says what a new one says, from its first day to its last.

    `withdrawn_from` is the day on which the earlier one was ended; empty if it was not.
    """
    renamed = msgspec.structs.replace(
        earlier, agreement=new.agreement, valid_from=new.valid_from, valid_until=new.valid_until
    )
    if renamed != new:
        return False
    ends_in_time = earlier.valid_until is None or (
        new.valid_until is not None and new.valid_until <= earlier.valid_until
    )
    is_not_ended = not withdrawn_from or (new.valid_until is not None and new.valid_until < withdrawn_from)
    return earlier.valid_from <= new.valid_from and ends_in_time and is_not_ended
