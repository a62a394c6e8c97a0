"""A case of a recognition office, from the application to the closed file. All of it is private.

```
                 request/receive documents
                      ┌─► waiting ─┐
 open ─► collecting ──┴─ complete ─┴─► assessing ─ propose ─► proposed ─ approve ─► approved ─ decide ─► decided
                                           ▲                    │ return                                    │
                                           └────────────────────┘              appeal ─► appealed ─ propose ┘
```

A decided case may be proposed about again, appealed or not: approved, that becomes a decision which supersedes the
one before. An application can be withdrawn until it is decided, a decision after that. A decided or withdrawn case is
closed at the end. `ALLOWED_STATES` names the states in which each action is allowed.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final, Self

from registry.domain import case_events as events
from registry.domain.aggregate import Changed, Created, uuid_of
from registry.domain.case_checks import check_correction, check_covered, check_readable
from registry.domain.case_errors import AppealOpen, DateOrder, ProposalChanged, SecondPerson, UnknownSubject
from registry.domain.case_events import CaseState, Document, IssuerAnswer
from registry.domain.case_history import CaseHistory
from registry.domain.errors import Duplicate, IllegalTransition
from registry.wire.recognition import WithdrawalReason

_UNDECIDED: Final[tuple[CaseState, ...]] = ("collecting", "waiting", "assessing", "proposed", "approved")
ALLOWED_STATES: Final[dict[str, tuple[CaseState, ...]]] = {
    "request documents": ("collecting", "waiting", "assessing"),
    "receive documents": ("waiting",),
    "complete": ("collecting",),
    "enquire": (*_UNDECIDED, "decided", "appealed"),
    "answer": (*_UNDECIDED, "decided", "appealed"),
    "assess": ("assessing", "decided", "appealed"),
    "propose": ("assessing", "decided", "appealed"),
    "approve": ("proposed",),
    "return": ("proposed", "approved"),
    "decide": ("approved",),
    "amend": ("approved",),
    "appeal": ("decided",),
    "withdraw": (*_UNDECIDED, "decided", "appealed"),
    "close": ("decided", "withdrawn"),
    "correct": ("collecting", "waiting", "assessing", "decided", "appealed"),
}
"""The states in which each action is allowed."""

PersonOf = Callable[[str], str]
"""Maps a stored actor to a person, so that two actors can be compared."""


class Case(CaseHistory):
    """One applicant's case about one or several credentials. Each action raises a refusal where the rules forbid it."""

    TOPIC = "registry.case"

    class Opened(Created):
        """An application came in."""

        TOPIC = "registry.case.opened"
        DATA = events.Opened

    class DocumentsRequested(Changed):
        """The office asked for documents, and the clock stopped."""

        TOPIC = "registry.case.documentsRequested"
        DATA = events.DocumentsRequested

    class DocumentsReceived(Changed):
        """Documents arrived; when none is missing the clock runs again."""

        TOPIC = "registry.case.documentsReceived"
        DATA = events.DocumentsReceived

    class Completed(Changed):
        """The file is complete, and the clock starts."""

        TOPIC = "registry.case.completed"
        DATA = events.Completed

    class Enquired(Changed):
        """The office asked an issuer whether a credential is authentic."""

        TOPIC = "registry.case.enquired"
        DATA = events.Enquired

    class Answered(Changed):
        """The issuer answered."""

        TOPIC = "registry.case.answered"
        DATA = events.Answered

    class Assessed(Changed):
        """An assessment was recorded."""

        TOPIC = "registry.case.assessed"
        DATA = events.Assessed

    class Proposed(Changed):
        """An assessor made a proposal."""

        TOPIC = "registry.case.proposed"
        DATA = events.Proposed

    class Approved(Changed):
        """Another person agreed with the proposal."""

        TOPIC = "registry.case.approved"
        DATA = events.Approved

    class Returned(Changed):
        """The proposal was returned."""

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
        """A first person wants the decision withdrawn."""

        TOPIC = "registry.case.withdrawalProposed"
        DATA = events.WithdrawalProposed

    class Withdrawn(Changed):
        """The application, or the decision, was withdrawn."""

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

    @classmethod
    def open(cls, data: events.Opened) -> Self:
        """Open a case for an application."""
        check_readable(data)
        return cls._create(cls.Opened, id=uuid_of(data.case), data=data)

    def request_documents(self, documents: list[Document], on: str, by: str, text: str | None = None) -> None:
        """Ask the applicant for documents, and stop the clock."""
        self._check_allowed("request documents", on)
        if again := sorted(set(documents) & set(self.outstanding)):
            raise Duplicate(f"{', '.join(again)}: asked for already, and not received yet", "$.documents")
        self.change(self.DocumentsRequested, events.DocumentsRequested(list(dict.fromkeys(documents)), on, by, text))

    def receive_documents(self, documents: list[Document], on: str, by: str) -> None:
        """Record documents that arrived; when none is missing the clock runs again."""
        self._check_allowed("receive documents", on)
        if other := sorted(set(documents) - set(self.outstanding)):
            raise UnknownSubject(
                f"{', '.join(other)}: not asked for; {', '.join(self.outstanding)} is what this case waits for",
                "$.documents",
            )
        self.change(self.DocumentsReceived, events.DocumentsReceived(list(dict.fromkeys(documents)), on, by))

    def complete(self, term: str, on: str, by: str) -> None:
        """Declare the file complete: the office has `term` from that day on."""
        self._check_allowed("complete", on)
        self.change(self.Completed, events.Completed(term, on, by))

    def enquire(self, enquiry: str, subject: int, on: str, by: str, text: str | None = None) -> None:
        """Ask the issuer whether one of the credentials is authentic."""
        self._check_allowed("enquire", on)
        if subject >= len(self.subjects) or subject in self.removed:
            numbers = ", ".join(str(each) for each in range(len(self.subjects)) if each not in self.removed)
            raise UnknownSubject(f"the case has no credential {subject}; it is about {numbers}", "$.subject")
        about = self.subjects[subject]
        issuer = about.credential.member if about.credential is not None else None
        self.change(self.Enquired, events.Enquired(enquiry, subject, on, by, issuer, text))

    def answer(self, enquiry: str, answer: IssuerAnswer, on: str, by: str, text: str | None = None) -> None:
        """Record the issuer's only answer to an enquiry."""
        self._check_allowed("answer", on)
        if enquiry not in self.enquiries:
            raise UnknownSubject(f"no enquiry {enquiry} was made in this case", "$.enquiry")
        if enquiry in self.answers:
            raise Duplicate(f"enquiry {enquiry} was answered: {self.answers[enquiry].answer}", "$.enquiry")
        self.change(self.Answered, events.Answered(enquiry, answer, on, by, text))

    def assess(self, text: str, on: str, by: str) -> None:
        """Record an assessment; the last one counts."""
        self._check_allowed("assess", on)
        self.change(self.Assessed, events.Assessed(text, on, by))

    def propose(self, data: events.Proposed) -> None:
        """Propose grants on every credential that is not left out with a reason."""
        self._check_allowed("propose", data.on)
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
        """Approve the proposal; where the office wants two persons, by another one than made it.

        `proposal` is the id of the one that this person has read. Raises `ProposalChanged` where the case has another.
        `overridden` are the keys of the stops whose override this person accepts. `person_of` maps a stored actor to a
        person; None: one person is enough.
        """
        self._check_allowed("approve", on)
        if self.proposal is not None:
            _check_another("approve: {first} made the proposal", self.proposal.by, by, person_of)
            if proposal != self.proposal_id:
                raise ProposalChanged(
                    f"the proposal changed: you name {proposal}, and the case has {self.proposal_id}, which"
                    f" {self.proposal.by} made on {self.proposal.on}. Read that one, and name"
                    " it",
                    "$.proposalId",
                )
        self.change(self.Approved, events.Approved(on, by, list(overridden), proposal))

    def return_(self, on: str, by: str, text: str | None = None) -> None:
        """Return the proposal, or take back one of one's own, so that another can be made."""
        self._check_allowed("return", on)
        self.change(self.Returned, events.Returned(on, by, text))

    def decide(self, data: events.Decided) -> None:
        """Publish the approved proposal as a decision, which supersedes the one in force."""
        self._check_allowed("amend" if data.supersedes is not None else "decide", data.on)
        before = self.decision
        if (before.decision if before is not None else None) != data.supersedes:
            problem = (
                f"decision {before.decision} is in force: amend it" if before is not None else "nothing is decided yet"
            )
            raise IllegalTransition(problem, "$.supersedes")
        self.change(self.Decided, data)

    def appeal(self, on: str, by: str, text: str | None = None) -> None:
        """Record the applicant's appeal against the decision."""
        self._check_allowed("appeal", on)
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
        """Withdraw the application before it is decided, or the decision, for a reason, afterwards.

        With `person_of` it takes two persons to withdraw a decision: the first one's wish is recorded, and another
        person confirms it for the same reason. The decision is withdrawn only once `withdrawal` is set.
        """
        self._check_allowed("withdraw", on)
        decision = self.decision
        if (decision is None) != (reason is None):
            raise IllegalTransition(
                "nothing is decided yet: an application is withdrawn without a reason"
                if decision is None
                else "it is decided: say for which reason the decision is withdrawn",
                "$.reason",
            )
        if decision is None or reason is None:
            self.change(self.Withdrawn, events.Withdrawn(on, by))
            return
        proposal = self.withdrawal_proposal
        if person_of is not None and (proposal is None or proposal.reason != reason):
            self.change(self.WithdrawalProposed, events.WithdrawalProposed(decision.decision, reason, on, by))
            return
        if proposal is not None:
            _check_another("withdraw: {first} proposed it", proposal.by, by, person_of)
        self.change(self.Withdrawn, events.Withdrawn(on, by, decision.decision, reason, appeal_until))

    def correct(self, data: events.Corrected) -> None:
        """Correct a mistake in the file; a proposal must be returned first. Raises where nothing would change."""
        self._check_allowed("correct", data.on)
        check_correction(data, len(self.subjects), self.removed)
        self.change(self.Corrected, data)

    def close(self, on: str, by: str) -> None:
        """Close the file once no appeal can be lodged any more."""
        self._check_allowed("close", on)
        decision = self.decision
        if self.state == "decided" and decision is not None and decision.appeal_until and on <= decision.appeal_until:
            raise AppealOpen(f"an appeal may be lodged until {decision.appeal_until}", "$.on")
        self.change(self.Closed, events.Closed(on, by))

    def change(self, kind: type[Changed], data: Any) -> None:  # noqa: ANN401 - any event of a case
        """Record an event that the rules allow, if it can be read again. Raises `InvalidEvent`."""
        check_readable(data)
        super().change(kind, data)

    def _check_allowed(self, action: str, on: str) -> None:
        allowed = ALLOWED_STATES[action]
        if self.state not in allowed:
            raise IllegalTransition(
                f"{action}: only when the case is {' or '.join(allowed)}; it is {self.state}"
                + (f", for {', '.join(self.outstanding)}" if self.state == "waiting" else ""),
                "$.case",
            )
        if on < self.latest:
            raise DateOrder(f"{on} is before {self.latest}, when the case was changed last", "$.on")


def _check_another(action: str, first: str, second: str, person_of: PersonOf | None) -> None:
    """Check that the second actor is another person than the first. Raises `SecondPerson`."""
    if person_of is not None and person_of(first) == person_of(second):
        same = "" if first == second else f", and {second} is the same person"
        raise SecondPerson(f"{action.format(first=first)}{same}; another person must do this", "$.by")
