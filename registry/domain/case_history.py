"""The state of a case after its events, and what follows from it."""

from functools import singledispatchmethod
from typing import Any, Final

import msgspec

from registry.domain import case_events as events
from registry.domain.aggregate import MemberAggregate
from registry.domain.case_events import CaseState, Document, IssuerAnswer, Subject
from registry.domain.proposals import proposal_id
from registry.wire.recognition import Towards

FORGED: Final = {("formal", "notAuthentic")}
"""The grounds of a refusal because the issuer denies the credential, and for no other reason."""


class CaseHistory(MemberAggregate):
    """The state of a case after its events. `Case` adds the actions that the rules allow."""

    def __init__(self, data: events.Opened) -> None:
        self.data = data
        self.state: CaseState = "collecting"
        self.latest = data.on
        """The day of the last event."""
        self.outstanding: list[Document] = []
        """The documents that the case waits for."""
        self.requested: list[Document] = []
        """All documents that the applicant was ever asked for."""
        self.removed: set[int] = set()
        """The numbers of credentials that a correction removed from the case."""
        self.completed: events.Completed | None = None
        self.stops: list[tuple[str, str | None]] = []
        """The times in which the clock was stopped: first and last day; None as the last while it is stopped."""
        self.enquiries: dict[str, events.Enquired] = {}
        self.answers: dict[str, events.Answered] = {}
        self.assessments: list[events.Assessed] = []
        self.assessed_for: dict[str, list[Towards]] = {}
        """The programmes that the case named when each assessment was made, by the ids of their texts."""
        self.decided_for: dict[str, list[Towards]] = {}
        """The programmes that the case named when each decision was made, by its id."""
        self.proposals = 0
        """The number of proposals so far."""
        self.proposal: events.Proposed | None = None
        self.approval: events.Approved | None = None
        self.decisions: list[events.Decided] = []
        self.appeals: list[events.Appealed] = []
        self.withdrawal: events.Withdrawn | None = None
        self.withdrawal_proposal: events.WithdrawalProposed | None = None
        """The first person's wish to withdraw the decision in force; None while nobody has it."""
        self.carried_out: events.Proposed | None = None
        """The proposal that the decision in force carried out."""
        self._denied_then: set[int] = set()
        """The credentials that their issuers had denied when that decision was made."""
        self._appealed = 0
        """The number of decisions when the last appeal was lodged."""

    @property
    def subjects(self) -> list[Subject]:
        """The credentials that the case is about, with those that were removed since."""
        return self.data.subjects

    @property
    def decision(self) -> events.Decided | None:
        """The decision in force; None where there is none."""
        return self.decisions[-1] if self.decisions else None

    @property
    def proposal_id(self) -> str | None:
        """The id of the last proposal, which the person who approves it names."""
        return None if self.proposal is None else proposal_id(str(self.id), self.proposals, self.proposal)

    @property
    def assessor(self) -> str | None:
        """The person who proposed, or else who assessed last."""
        if self.proposal is not None:
            return self.proposal.by
        return self.assessments[-1].by if self.assessments else None

    def last_answer(self, subject: int) -> IssuerAnswer | None:
        """Return the issuer's last answer about a credential; None where there is none."""
        answers = self._answers_about(subject)
        return answers[-1].answer if answers else None

    def is_denied(self, subject: int) -> bool:
        """Return whether the issuer's last answer about a credential is that it is not authentic."""
        return self.last_answer(subject) == "notAuthentic"

    def denied_on(self, subject: int) -> str | None:
        """Return the day on which the issuer denied a credential; None where its last answer is another."""
        return self._answers_about(subject)[-1].on if self.is_denied(subject) else None

    def _answers_about(self, subject: int) -> list[events.Answered]:
        return [answer for enquiry, answer in self.answers.items() if self.enquiries[enquiry].subject == subject]

    def pending_appeal_day(self) -> str | None:
        """Return the day of the appeal that no decision followed yet; None where there is none."""
        pending = self.state in ("appealed", "proposed", "approved") and self._appealed == len(self.decisions)
        return self.appeals[-1].on if pending and self.appeals else None

    def honoured_subjects(self) -> set[int]:
        """Return the credentials that the decision in force is about and does not refuse as forged.

        Before a decision, those of the proposal; before a proposal, all of the case.
        """
        proposal = (self.carried_out if self.decisions else None) or self.proposal
        numbers = set(range(len(self.subjects))) - self.removed
        if proposal is None:
            return numbers
        forged = {
            number
            for grant in proposal.grants
            if grant.outcome == "refused"
            and {(ground.aspect, ground.difference) for ground in grant.grounds or ()} == FORGED
            for number in grant.from_
        }
        return numbers - forged - {left_out.subject for left_out in proposal.left}

    def denied_since_decision(self) -> set[int]:
        """Return the credentials that the decision honours and whose issuers denied them after it was made."""
        if not self.decisions:
            return set()
        return {number for number in self.honoured_subjects() - self._denied_then if self.is_denied(number)}

    def on(self, data: Any) -> None:  # noqa: ANN401 - any event of a case
        """Apply an event's data to the state."""
        self.latest = data.on
        self._apply(data)

    @singledispatchmethod
    def _apply(self, data: Any) -> None:  # noqa: ANN401 - any event of a case
        super().on(data)

    @_apply.register
    def _(self, data: events.DocumentsRequested) -> None:
        self.requested = [*self.requested, *data.documents]
        self.outstanding = [*self.outstanding, *data.documents]
        if self.completed is not None and self.state != "waiting":
            self.stops.append((data.on, None))
        self.state = "waiting"

    @_apply.register
    def _(self, data: events.DocumentsReceived) -> None:
        self.outstanding = [document for document in self.outstanding if document not in data.documents]
        if self.outstanding:
            return
        self.state = "collecting" if self.completed is None else "assessing"
        if self.completed is not None:
            self.stops[-1] = self.stops[-1][0], data.on

    @_apply.register
    def _(self, data: events.Completed) -> None:
        self.completed, self.state = data, "assessing"

    @_apply.register
    def _(self, data: events.Enquired) -> None:
        self.enquiries[data.enquiry] = data

    @_apply.register
    def _(self, data: events.Answered) -> None:
        self.answers[data.enquiry] = data

    @_apply.register
    def _(self, data: events.Assessed) -> None:
        self.assessments.append(data)
        self.assessed_for[data.text] = list(self.data.towards or ())

    @_apply.register
    def _(self, data: events.Proposed) -> None:
        self.proposal, self.approval, self.state = data, None, "proposed"
        self.proposals += 1

    @_apply.register
    def _(self, data: events.Approved) -> None:
        self.approval, self.state = data, "approved"

    @_apply.register
    def _(self, data: events.Returned) -> None:
        del data
        self.approval, self.state = None, self._state_before_proposal()

    @_apply.register
    def _(self, data: events.Decided) -> None:
        self.decisions.append(data)
        self.decided_for[data.decision] = list(self.data.towards or ())
        self.withdrawal_proposal = None
        self.carried_out, self.state = self.proposal, "decided"
        self._denied_then = {number for number in range(len(self.subjects)) if self.is_denied(number)}

    @_apply.register
    def _(self, data: events.Appealed) -> None:
        self.appeals.append(data)
        self._appealed, self.state = len(self.decisions), "appealed"

    @_apply.register
    def _(self, data: events.WithdrawalProposed) -> None:
        self.withdrawal_proposal = data

    @_apply.register
    def _(self, data: events.Withdrawn) -> None:
        self.withdrawal, self.state = data, "withdrawn"

    @_apply.register
    def _(self, data: events.Corrected) -> None:
        self.data = msgspec.structs.replace(
            self.data,
            purpose=data.purpose or self.data.purpose,
            effect=data.effect or self.data.effect,
            towards=self.data.towards if data.towards is None else data.towards or None,
            subjects=[*self.data.subjects, *data.added],
        )
        self.removed |= set(data.removed)

    @_apply.register
    def _(self, data: events.Closed) -> None:
        del data
        self.state = "closed"

    def _state_before_proposal(self) -> CaseState:
        if not self.decisions:
            return "assessing"
        return "appealed" if self._appealed == len(self.decisions) else "decided"
