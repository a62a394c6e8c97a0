"""A case of a recognition office, from the application to the closed file. All of it is private.

```
                 request/receive documents
                      ┌─► waiting ─┐
 open ─► collecting ──┴─ complete ─┴─► assessing ─ propose ─► proposed ─ approve ─► approved ─ decide ─► decided
                                           ▲                    │ return                                    │
                                           └────────────────────┘              appeal ─► appealed ─ propose ┘
```

A decided case may be proposed about again, appealed or not: approved, that becomes a decision which supersedes the
one before. An application can be withdrawn until it is decided, a decision after that; what is decided or withdrawn
is closed at the end. The rules name the states that allow a move (`MOVES`), and what else it takes.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final, Self

import msgspec

from registry.domain import case_events as events
from registry.domain.aggregate import Changed, Created, Thing, uuid_of
from registry.domain.case_checks import check_correction, check_covered, check_readable
from registry.domain.case_errors import AppealOpen, DateOrder, ProposalChanged, SecondPerson, UnknownSubject
from registry.domain.case_events import CaseState, Document, IssuerAnswer, Subject
from registry.domain.errors import Duplicate, IllegalTransition
from registry.domain.proposals import proposal_id
from registry.wire.recognition import Towards, WithdrawalReason

_GOING: Final[tuple[CaseState, ...]] = ("collecting", "waiting", "assessing", "proposed", "approved")
MOVES: Final[dict[str, tuple[CaseState, ...]]] = {
    "request documents": ("collecting", "waiting", "assessing"),
    "receive documents": ("waiting",),
    "complete": ("collecting",),
    "enquire": (*_GOING, "decided", "appealed"),
    "answer": (*_GOING, "decided", "appealed"),
    "assess": ("assessing", "decided", "appealed"),
    "propose": ("assessing", "decided", "appealed"),
    "approve": ("proposed",),
    "return": ("proposed", "approved"),
    "decide": ("approved",),
    "amend": ("approved",),
    "appeal": ("decided",),
    "withdraw": (*_GOING, "decided", "appealed"),
    "close": ("decided", "withdrawn"),
    "correct": ("collecting", "waiting", "assessing", "decided", "appealed"),
}
"""The states in which each move is allowed."""


FORGED: Final = {("formal", "notAuthentic")}
"""The grounds of a refusal because the issuer denies the credential, and for nothing else."""
PersonOf = Callable[[str], str]
"""Says which person a stored actor is, so that two actors can be compared."""


class Case(Thing):
    """One applicant's case about one or several credentials."""

    TOPIC = "registry.case"

    class Opened(Created):
        """It was opened."""

        TOPIC = "registry.case.opened"
        DATA = events.Opened

    class DocumentsRequested(Changed):
        """The clock stands."""

        TOPIC = "registry.case.documentsRequested"
        DATA = events.DocumentsRequested

    class DocumentsReceived(Changed):
        """It goes on when all have come."""

        TOPIC = "registry.case.documentsReceived"
        DATA = events.DocumentsReceived

    class Completed(Changed):
        """The clock starts."""

        TOPIC = "registry.case.completed"
        DATA = events.Completed

    class Enquired(Changed):
        """The issuer was asked."""

        TOPIC = "registry.case.enquired"
        DATA = events.Enquired

    class Answered(Changed):
        """The issuer answered."""

        TOPIC = "registry.case.answered"
        DATA = events.Answered

    class Assessed(Changed):
        """It was assessed."""

        TOPIC = "registry.case.assessed"
        DATA = events.Assessed

    class Proposed(Changed):
        """An assessor made a proposal."""

        TOPIC = "registry.case.proposed"
        DATA = events.Proposed

    class Approved(Changed):
        """Another person agreed."""

        TOPIC = "registry.case.approved"
        DATA = events.Approved

    class Returned(Changed):
        """Another person did not."""

        TOPIC = "registry.case.returned"
        DATA = events.Returned

    class Decided(Changed):
        """A decision was published, the first or an amended one."""

        TOPIC = "registry.case.decided"
        DATA = events.Decided

    class Appealed(Changed):
        """The applicant appealed."""

        TOPIC = "registry.case.appealed"
        DATA = events.Appealed

    class WithdrawalProposed(Changed):
        """Somebody wants the decision withdrawn."""

        TOPIC = "registry.case.withdrawalProposed"
        DATA = events.WithdrawalProposed

    class Withdrawn(Changed):
        """The application, or the decision, was taken back."""

        TOPIC = "registry.case.withdrawn"
        DATA = events.Withdrawn

    class Corrected(Changed):
        """Something in the file was corrected."""

        TOPIC = "registry.case.corrected"
        DATA = events.Corrected

    class Closed(Changed):
        """The file was closed."""

        TOPIC = "registry.case.closed"
        DATA = events.Closed

    def __init__(self, data: events.Opened) -> None:
        self.data = data
        self.state: CaseState = "collecting"
        self.latest = data.on
        self.outstanding: list[Document] = []
        self.requested: list[Document] = []
        """All documents that the applicant was ever asked for."""
        self.removed: set[int] = set()
        """The numbers of credentials that the case is about no more."""
        self.completed: events.Completed | None = None
        self.stops: list[tuple[str, str | None]] = []
        """When the clock stood, from one day to another; None: it still does."""
        self.enquiries: dict[str, events.Enquired] = {}
        self.answers: dict[str, events.Answered] = {}
        self.assessments: list[events.Assessed] = []
        self.assessed_for: dict[str, list[Towards]] = {}
        """What the case should count towards when each assessment was made, by the ids of their texts."""
        self.decided_for: dict[str, list[Towards]] = {}
        """The same of each decision, by its id."""
        self.proposals = 0
        """How many there were."""
        self.proposal: events.Proposed | None = None
        self.approval: events.Approved | None = None
        self.decisions: list[events.Decided] = []
        self.appeals: list[events.Appealed] = []
        self.withdrawal: events.Withdrawn | None = None
        self.withdrawal_proposal: events.WithdrawalProposed | None = None
        """Of the decision that stands; None where nobody wants it withdrawn."""
        self.carried_out: events.Proposed | None = None
        """The proposal that the decision that stands carried out."""
        self._refuted_then: set[int] = set()
        """The credentials that their issuers had denied when that decision was made."""
        self._appealed = 0
        """How many decisions there were when the last appeal was lodged."""

    # Reading

    @property
    def subjects(self) -> list[Subject]:
        """What it is about."""
        return self.data.subjects

    @property
    def decision(self) -> events.Decided | None:
        """The decision that stands, None where there is none."""
        return self.decisions[-1] if self.decisions else None

    @property
    def proposal_id(self) -> str | None:
        """The id of the last proposal: whoever approves names it."""
        return None if self.proposal is None else proposal_id(str(self.id), self.proposals, self.proposal)

    @property
    def assessor(self) -> str | None:
        """Who proposed, or else who assessed last."""
        if self.proposal is not None:
            return self.proposal.by
        return self.assessments[-1].by if self.assessments else None

    def said(self, subject: int) -> IssuerAnswer | None:
        """The issuer's last answer about a credential."""
        answers = [one.answer for key, one in self.answers.items() if self.enquiries[key].subject == subject]
        return answers[-1] if answers else None

    def refuted(self, subject: int) -> bool:
        """Whether it is that the credential is none of theirs."""
        return self.said(subject) == "notAuthentic"

    def refuted_on(self, subject: int) -> str | None:
        """Return the day on which the issuer denied a credential; None where its last answer is another."""
        answers = [one for key, one in self.answers.items() if self.enquiries[key].subject == subject]
        return answers[-1].on if answers and answers[-1].answer == "notAuthentic" else None

    def unanswered(self) -> list[events.Enquired]:
        """Return the enquiries that the issuers have not answered."""
        return [one for key, one in self.enquiries.items() if key not in self.answers]

    def appealed_on(self) -> str | None:
        """Return the day of the appeal that nothing was decided about yet; None where there is none."""
        pending = self.state in ("appealed", "proposed", "approved") and self._appealed == len(self.decisions)
        return self.appeals[-1].on if pending and self.appeals else None

    def honoured(self) -> set[int]:
        """Return the credentials that the decision that stands is about and does not refuse as forged.

        Before a decision, those of the proposal; before a proposal, all of the case.
        """
        proposal = (self.carried_out if self.decisions else None) or self.proposal
        numbers = set(range(len(self.subjects))) - self.removed
        if proposal is None:
            return numbers
        forged = {
            number
            for grant in proposal.grants
            if grant.outcome == "refused" and {(one.aspect, one.difference) for one in grant.grounds or ()} == FORGED
            for number in grant.from_
        }
        return numbers - forged - {one.subject for one in proposal.left}

    def denied_since(self) -> set[int]:
        """Return the credentials that the decision honours and whose issuers denied them after it was made."""
        if not self.decisions:
            return set()
        return {number for number in self.honoured() - self._refuted_then if self.refuted(number)}

    # Moves; each raises a refusal

    @classmethod
    def open(cls, data: events.Opened) -> Self:
        """An application comes in."""
        check_readable(data)
        return cls._create(cls.Opened, id=uuid_of(data.case), data=data)

    def request_documents(self, documents: list[Document], on: str, by: str, text: str | None = None) -> None:
        """Ask the applicant for documents; the clock stands from now on."""
        self._may("request documents", on)
        if again := sorted(set(documents) & set(self.outstanding)):
            raise Duplicate(f"{', '.join(again)}: asked for already, and not received yet", "$.documents")
        self.change(self.DocumentsRequested, events.DocumentsRequested(list(dict.fromkeys(documents)), on, by, text))

    def receive_documents(self, documents: list[Document], on: str, by: str) -> None:
        """Documents come; when all have come that were asked for the clock goes on."""
        self._may("receive documents", on)
        if other := sorted(set(documents) - set(self.outstanding)):
            raise UnknownSubject(
                f"{', '.join(other)}: not asked for; {', '.join(self.outstanding)} is what this case waits for",
                "$.documents",
            )
        self.change(self.DocumentsReceived, events.DocumentsReceived(list(dict.fromkeys(documents)), on, by))

    def complete(self, term: str, on: str, by: str) -> None:
        """Say that the file is complete: the office has `term` from that day on."""
        self._may("complete", on)
        self.change(self.Completed, events.Completed(term, on, by))

    def enquire(self, enquiry: str, subject: int, on: str, by: str, text: str | None = None) -> None:
        """Ask the issuer whether one of the credentials is authentic."""
        self._may("enquire", on)
        if subject >= len(self.subjects) or subject in self.removed:
            numbers = ", ".join(str(each) for each in range(len(self.subjects)) if each not in self.removed)
            raise UnknownSubject(f"the case has no credential {subject}; it is about {numbers}", "$.subject")
        about = self.subjects[subject]
        issuer = about.credential.member if about.credential is not None else None
        self.change(self.Enquired, events.Enquired(enquiry, subject, on, by, issuer, text))

    def answer(self, enquiry: str, answer: IssuerAnswer, on: str, by: str, text: str | None = None) -> None:
        """The issuer answers an enquiry, once."""
        self._may("answer", on)
        if enquiry not in self.enquiries:
            raise UnknownSubject(f"no enquiry {enquiry} was made in this case", "$.enquiry")
        if enquiry in self.answers:
            raise Duplicate(f"enquiry {enquiry} was answered: {self.answers[enquiry].answer}", "$.enquiry")
        self.change(self.Answered, events.Answered(enquiry, answer, on, by, text))

    def assess(self, text: str, on: str, by: str) -> None:
        """Record an assessment; the last one counts."""
        self._may("assess", on)
        self.change(self.Assessed, events.Assessed(text, on, by))

    def propose(self, data: events.Proposed) -> None:
        """Propose what to grant: on every credential, or say which ones are left out."""
        self._may("propose", data.on)
        check_covered(data, len(self.subjects), self.removed)
        self.change(self.Proposed, data)

    def approve(
        self,
        on: str,
        by: str,
        *,
        proposal: str,
        overridden: Sequence[str] = (),
        person_of: PersonOf | None = str.casefold,
    ) -> None:
        """Agree with the proposal: another person than who made it, where the office wants two.

        `proposal` is the id of the one that this person has read. Raises `ProposalChanged` where the case has another.
        `overridden` are the keys of the stops whose override this person accepts. `person_of` says which person a
        stored actor is; None: one person is enough.
        """
        self._may("approve", on)
        if self.proposal is not None:
            _check_another("approve: {first} made the proposal", self.proposal.by, by, person_of)
            if proposal != self.proposal_id:
                raise ProposalChanged(
                    f"the proposal changed: you name {proposal}, and the case has {self.proposal_id}, which"
                    f" {self.proposal.by} made on {self.proposal.on}. Read that one (`registry case show`), and name"
                    " it",
                    "$.proposalId",
                )
        self.change(self.Approved, events.Approved(on, by, list(overridden), proposal))

    def return_(self, on: str, by: str, text: str | None = None) -> None:
        """Give the proposal back, or take an own one back; another can be made then."""
        self._may("return", on)
        self.change(self.Returned, events.Returned(on, by, text))

    def decide(self, data: events.Decided) -> None:
        """The approved proposal is published; as the superseding one where a decision stands."""
        self._may("amend" if data.supersedes is not None else "decide", data.on)
        before = self.decision
        if (before.decision if before is not None else None) != data.supersedes:
            stands = f"decision {before.decision} stands: amend it" if before is not None else "nothing is decided yet"
            raise IllegalTransition(stands, "$.supersedes")
        self.change(self.Decided, data)

    def appeal(self, on: str, by: str, text: str | None = None) -> None:
        """The applicant appeals against the decision."""
        self._may("appeal", on)
        self.change(self.Appealed, events.Appealed(on, by, text))

    def withdraw(
        self,
        on: str,
        by: str,
        reason: WithdrawalReason | None = None,
        *,
        appeal_until: str | None = None,
        person_of: PersonOf | None = None,
    ) -> None:
        """Take back the application before it is decided, the decision (for a reason) afterwards.

        Where `person_of` tells persons apart, a decision is withdrawn by two: the first is noted, and another confirms
        it for the same reason. A decision was withdrawn only where `withdrawal` is set then.
        """
        self._may("withdraw", on)
        stands = self.decision
        if (stands is None) != (reason is None):
            raise IllegalTransition(
                "nothing is decided yet: an application is withdrawn without a reason"
                if stands is None
                else "it is decided: say for which reason the decision is withdrawn",
                "$.reason",
            )
        if stands is None or reason is None:
            self.change(self.Withdrawn, events.Withdrawn(on, by))
            return
        proposal = self.withdrawal_proposal
        if person_of is not None and (proposal is None or proposal.reason != reason):
            self.change(self.WithdrawalProposed, events.WithdrawalProposed(stands.decision, reason, on, by))
            return
        if proposal is not None:
            _check_another("withdraw: {first} proposed it", proposal.by, by, person_of)
        self.change(self.Withdrawn, events.Withdrawn(on, by, stands.decision, reason, appeal_until))

    def correct(self, data: events.Corrected) -> None:
        """Correct a mistake in the file; a proposal is returned first. Raises where nothing would change."""
        self._may("correct", data.on)
        check_correction(data, len(self.subjects), self.removed)
        self.change(self.Corrected, data)

    def close(self, on: str, by: str) -> None:
        """Close the file, when no appeal can be lodged any more."""
        self._may("close", on)
        stands = self.decision
        if self.state == "decided" and stands is not None and stands.appeal_until and on <= stands.appeal_until:
            raise AppealOpen(f"an appeal may be lodged until {stands.appeal_until}", "$.on")
        self.change(self.Closed, events.Closed(on, by))

    def change(self, kind: type[Changed], data: Any) -> None:  # noqa: ANN401 - any of its events
        """Record a change that the rules have allowed, if it can be read again. Raises `InvalidEvent`."""
        check_readable(data)
        super().change(kind, data)

    def _may(self, move: str, on: str) -> None:
        allowed = MOVES[move]
        if self.state not in allowed:
            raise IllegalTransition(
                f"{move}: only when the case is {' or '.join(allowed)}; it is {self.state}"
                + (f", for {', '.join(self.outstanding)}" if self.state == "waiting" else ""),
                "$.case",
            )
        if on < self.latest:
            raise DateOrder(f"{on} is before {self.latest}, when the case was changed last", "$.on")

    # Effects

    def on(self, data: Any) -> None:  # noqa: ANN401 - its own kinds of event
        """Let a change take effect."""
        self.latest = data.on
        match data:
            case events.DocumentsRequested():
                self._requested(data)
            case events.DocumentsReceived():
                self._received(data)
            case events.Completed():
                self.completed, self.state = data, "assessing"
            case events.Enquired():
                self.enquiries[data.enquiry] = data
            case events.Answered():
                self.answers[data.enquiry] = data
            case events.Assessed():
                self.assessments.append(data)
                self.assessed_for[data.text] = list(self.data.towards or ())
            case events.Proposed():
                self.proposal, self.approval, self.state = data, None, "proposed"
                self.proposals += 1
            case events.Approved():
                self.approval, self.state = data, "approved"
            case events.Returned():
                self.approval, self.state = None, self._before_proposal()
            case events.Decided():
                self.decisions.append(data)
                self.decided_for[data.decision] = list(self.data.towards or ())
                self.withdrawal_proposal = None
                self.carried_out, self.state = self.proposal, "decided"
                self._refuted_then = {number for number in range(len(self.subjects)) if self.refuted(number)}
            case events.Appealed():
                self.appeals.append(data)
                self._appealed, self.state = len(self.decisions), "appealed"
            case events.WithdrawalProposed():
                self.withdrawal_proposal = data
            case events.Withdrawn():
                self.withdrawal, self.state = data, "withdrawn"
            case events.Corrected():
                self._corrected(data)
            case events.Closed():
                self.state = "closed"

    def _corrected(self, data: events.Corrected) -> None:
        self.data = msgspec.structs.replace(
            self.data,
            purpose=data.purpose or self.data.purpose,
            effect=data.effect or self.data.effect,
            towards=self.data.towards if data.towards is None else data.towards or None,
            subjects=[*self.data.subjects, *data.added],
        )
        self.removed |= set(data.removed)

    def _requested(self, data: events.DocumentsRequested) -> None:
        self.requested = [*self.requested, *data.documents]
        self.outstanding = [*self.outstanding, *data.documents]
        if self.completed is not None and self.state != "waiting":
            self.stops.append((data.on, None))
        self.state = "waiting"

    def _received(self, data: events.DocumentsReceived) -> None:
        self.outstanding = [one for one in self.outstanding if one not in data.documents]
        if self.outstanding:
            return
        self.state = "collecting" if self.completed is None else "assessing"
        if self.completed is not None:
            self.stops[-1] = self.stops[-1][0], data.on

    def _before_proposal(self) -> CaseState:
        if not self.decisions:
            return "assessing"
        return "appealed" if self._appealed == len(self.decisions) else "decided"


def _check_another(move: str, first: str, second: str, person_of: PersonOf | None) -> None:
    """Check that whoever does `move` is another person than the first. Raises `SecondPerson`."""
    if person_of is not None and person_of(first) == person_of(second):
        same = "" if first == second else f", and {second} is the same person"
        raise SecondPerson(f"{move.format(first=first)}{same}; another person must do this", "$.by")
