"""The use cases of a recognition office. Each is one transaction: events, worklist, texts, and the decision itself.

Everything takes who does it (`by`) and on which day it happened (`on`, else today). What an office may not do is a
`Refusal` that names its rule; a case that somebody else changed meanwhile is `CaseChanged`, and is looked at again.
"""

import copy
import functools
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any

import msgspec

from registry.application.registry import Registry
from registry.application.transaction import Transaction
from registry.domain import case_events as events
from registry.domain import deadlines
from registry.domain.case import Case, PersonOf
from registry.domain.case_errors import (
    ApplicantErased,
    AssessmentObjections,
    CaseChanged,
    DateOrder,
    UnknownCase,
)
from registry.domain.case_events import Document, IssuerAnswer
from registry.office.assessments.assessment import Assessment
from registry.office.assessments.case_assessment import check_assessment, choose_grants, refresh_assessment
from registry.office.cases import worklist
from registry.office.cases.corrections import Correction, build_correction
from registry.office.cases.decision import FactsByKey, build_decision, known_statuses, list_decided_subjects
from registry.office.cases.enquiries import choose_subject, describe_enquiry
from registry.office.cases.opening import Application, SubmittedCredential, key_of, open_case
from registry.office.cases.programmes import programme_stops
from registry.office.cases.proposal_messages import (
    Leave,
    list_changes,
    list_enquiry_notes,
    list_notes,
    list_open_suggestions,
    new_stops_error,
    override_not_accepted_error,
    stopped_error,
)
from registry.office.cases.repeated_learning import repeated_notes
from registry.office.cases.review import Review, review, review_stored
from registry.office.cases.rows import CaseRow, Texts, read_text, read_texts
from registry.office.cases.stops import override_of, status_stops, stops_not_overridden
from registry.office.cases.views import CaseUpdate
from registry.office.cases.worklist import CaseLine
from registry.office.ports import CredentialLookup
from registry.settings.settings import OfficeSetting
from registry.store.recorder import TransactionalRows
from registry.values.actors import person_of
from registry.vault.vault import Learner, random_id
from registry.wire.recognition import Grant, WithdrawalReason


class Office:
    """A recognition office's private side. For one thread at a time, as its `Registry` is."""

    def __init__(self, registry: Registry, setting: OfficeSetting, lookup: CredentialLookup) -> None:
        self.registry = registry
        self.setting = setting
        self.lookup = lookup
        self._transaction: Transaction | None = None

    def within(self, transaction: Transaction) -> "Office":
        """Return this office for one action: what it stores is added to the transaction, which the caller commits."""
        office = copy.copy(self)
        office._transaction = transaction  # noqa: SLF001 - of its own class
        return office

    def reading_from(self, registry: Registry) -> "Office":
        """Return this office for one read, with the connection of that registry."""
        office = copy.copy(self)
        office.registry = registry
        return office

    def identifier(self, text: str) -> str:
        """The case with this id or file number. Raises `UnknownCase`."""
        found = worklist.find_case_id(self.registry.cursor(), text)
        return found if found is not None else str(self.registry.case(text).id)

    # Opening

    def open(self, asked: Application, by: str, on: date | None = None) -> CaseUpdate:
        """Open a case. Raises a refusal, and `WireError` for a receipt that proves nothing."""
        made = open_case(self.registry, self.lookup, asked, by, _day(on))
        notes = [*made.notes, *repeated_notes(made.case, self.facts(made.case)), *self.warnings(made.case)]
        return self._keep(made.case, *made.rows, warnings=notes)

    # The file

    def request_documents(
        self, case: str, documents: list[Document], by: str, on: date | None = None, text: str | None = None
    ) -> CaseUpdate:
        """Ask the applicant for documents; the clock stands until all have come."""
        found = self.registry.case(case)
        texts, written = self._write(found, by, "documents", text)
        found.request_documents(documents, _day(on), by, written)
        return self._keep(found, texts)

    def receive_documents(self, case: str, documents: list[Document], by: str, on: date | None = None) -> CaseUpdate:
        """Documents came."""
        found = self.registry.case(case)
        found.receive_documents(documents, _day(on), by)
        return self._keep(found)

    def complete(self, case: str, by: str, on: date | None = None) -> CaseUpdate:
        """The file is complete; the office's time runs from that day."""
        found = self.registry.case(case)
        countries: list[str | None] = [one.country for one in self.facts(found).values()]
        countries += [one.external.country for one in found.subjects if one.external is not None]
        term = deadlines.term_for(countries, self.setting.due, self.setting.due_by_country)
        found.complete(term, _day(on), by)
        return self._keep(found)

    def enquire(
        self, case: str, subject: int | None, by: str, on: date | None = None, text: str | None = None
    ) -> CaseUpdate:
        """Ask the issuer of a credential whether it is authentic. None: of the only one; several are to be told apart.

        Raises `UnknownSubject`.
        """
        found = self.registry.case(case)
        subject = choose_subject(found, subject)
        enquiry = random_id()
        texts, written = self._write(found, by, "enquiry", text)
        found.enquire(enquiry, subject, _day(on), by, written)
        asked = describe_enquiry(found, subject)
        return self._keep(found, texts, enquiry=enquiry, asked=asked)

    def answer(
        self, case: str, enquiry: str, answer: IssuerAnswer, by: str, on: date | None = None, text: str | None = None
    ) -> CaseUpdate:
        """The issuer answered."""
        found = self.registry.case(case)
        texts, written = self._write(found, by, "answer", text)
        found.answer(enquiry, answer, _day(on), by, written)
        return self._keep(found, texts, warnings=self.warnings(found))

    def correct(self, case: str, asked: Correction, by: str, on: date | None = None) -> CaseUpdate:
        """Correct the file: the applicant, its purpose, or which credentials it is about. A proposal is returned first.

        Raises a refusal, and `WireError` for a receipt that proves nothing.
        """
        found = self.registry.case(case)
        learner = self._learner(found)
        texts = Texts(self.registry.vault, str(found.id), learner, by)
        written = read_texts(self.registry.cursor(), self.registry.vault, str(found.id), learner, kinds=("applicant",))
        stated: dict[str, Any] = {}
        for one in written:
            stated |= one.content
        made = build_correction(self.registry, self.lookup, found, asked, stated, texts, by, _day(on))
        found.correct(made.data)
        notes = [*made.notes, *repeated_notes(found, self.facts(found)), *self.warnings(found)]
        return self._keep(found, texts, warnings=notes)

    # The decision

    def assess(self, case: str, assessment: Assessment, by: str, on: date | None = None) -> CaseUpdate:
        """Record an assessment; it goes to the sealed texts, since notes may tell of the person."""
        found = self.registry.case(case)
        check_assessment(found, assessment)
        assessment = refresh_assessment(assessment, found, self.lookup)
        texts, written = self._write(found, by, "assessment", assessment)
        assert written is not None  # noqa: S101 - there is something to write
        found.assess(written, _day(on), by)
        every = [Grant([number], "full", "recognised", "none") for number in list_decided_subjects(found, ())]
        other = [one.detail for one in programme_stops(self.registry, found, every, assessment)]
        return self._keep(found, texts, warnings=[*other, *list_open_suggestions(assessment)])

    def propose(
        self,
        case: str,
        grants: Sequence[Grant],
        by: str,
        on: date | None = None,
        text: str | None = None,
        *,
        leave: Sequence[Leave] = (),
        override: str | None = None,
    ) -> CaseUpdate:
        """Propose what to grant; where no grants are given, what the last assessment proposes.

        `text` is for the applicant. `leave` names the credentials that are left out, each with the reason that the
        letter prints. `override` is why it is proposed although something speaks against it, for the second person.
        It is read as a verifier will, before anybody approves. Raises `AssessmentObjections`, `NotCovered`, `Stopped`.
        """
        found = self.registry.case(case)
        facts, day = self.facts(found), _day(on)
        assessed = found.assessments[-1].text if found.assessments else None
        grants = choose_grants(self.assessment(found, assessed) if assessed is not None else None, grants)
        if not grants:
            raise AssessmentObjections("nothing is proposed: give grants, or an assessment that has some", "$.grants")
        texts = Texts(self.registry.vault, str(found.id), self._learner(found), by)
        proposal = events.Proposed(
            grants,
            day,
            by,
            texts.add("proposal", text) if text else None,
            assessed,
            [events.LeftOut(one.subject, texts.add("left", one.reason)) for one in leave],
        )
        found.propose(proposal)
        left = [one.subject for one in leave]
        data, _ = build_decision(found, grants, left, facts, random_id(), day, None)
        seen = review(self, found, proposal, data)
        self.registry.recognition.check_decision(data)
        if seen.stops:
            if not (override and override.strip()):
                raise stopped_error(seen.stops)
            reason = texts.add("override", override)
            found = self.registry.case(case)
            found.propose(msgspec.structs.replace(proposal, override=override_of(seen.stops, reason)))
        warnings = list_notes(self, found, proposal, seen)
        if override and not seen.stops:
            warnings.append("nothing speaks against the proposal; the reason for an override was not kept")
        return self._keep(found, texts, warnings=warnings)

    def assessment(self, case: Case, text: str) -> Assessment:
        """Return an assessment of a case by the id of its sealed text."""
        content = read_text(self.registry.cursor(), self.registry.vault, str(case.id), self._learner(case), text)
        return msgspec.convert(content, Assessment)

    def approve(
        self, case: str, by: str, on: date | None = None, *, proposal_id: str, accept_override: bool = False
    ) -> CaseUpdate:
        """Agree with the proposal that has this id. What speaks against it is looked for again.

        Where the proposer overrides something, this person reads the reason and accepts it: the id stands for both.
        Raises `ProposalChanged` where the case has another proposal, `Stopped`, `AssessmentObjections`.
        """
        found = self.registry.case(case)
        proposal = found.proposal
        override = proposal.override if proposal is not None else None
        overridden = override.against if override is not None else []
        found.approve(_day(on), by, proposal=proposal_id, overridden=overridden, person_of=self._person_of())
        assert proposal is not None  # noqa: S101 - a case without one is not approved
        seen = self.review(found, proposal)
        if new := stops_not_overridden(seen.stops, overridden, override):
            raise new_stops_error(new, "since it was proposed")
        if override is not None and not accept_override:
            raise override_not_accepted_error(seen.stops, proposal.by)
        return self._keep(found, warnings=list_notes(self, found, proposal, seen))

    def review(self, case: Case, proposal: events.Proposed) -> Review:
        """Look at a stored proposal again. Raises `AssessmentObjections` where it cannot be decided any more."""
        return review_stored(self, case, proposal)

    def return_(self, case: str, by: str, on: date | None = None, text: str | None = None) -> CaseUpdate:
        """Give the proposal back."""
        found = self.registry.case(case)
        texts, written = self._write(found, by, "returned", text)
        found.return_(_day(on), by, written)
        return self._keep(found, texts)

    def decide(self, case: str, by: str, on: date | None = None) -> CaseUpdate:
        """Publish the approved proposal as a decision.

        Raises `Stopped` where something speaks against it that nobody overrode when it was proposed and approved.
        """
        return self._decide(case, by, on, supersedes=None)

    def amend(self, case: str, by: str, on: date | None = None) -> CaseUpdate:
        """Publish the approved proposal as a decision that supersedes the one that stands; likewise."""
        stands = self.registry.case(case).decision
        return self._decide(case, by, on, supersedes=stands.decision if stands else "")

    def _decide(self, case: str, by: str, on: date | None, *, supersedes: str | None) -> CaseUpdate:
        found = self.registry.case(case)
        day, facts, decision = _day(on), self.facts(found), random_id()
        proposal, approval = found.proposal, found.approval
        left = [one.subject for one in proposal.left] if proposal is not None else []
        overridden = approval.overridden if approval is not None else []
        found.decide(
            events.Decided(
                decision,
                known_statuses(found, facts),
                day,
                by,
                self._appeal_until(day),
                supersedes,
                overridden=overridden,
                left=sorted({*left, *found.removed}),
            )
        )
        assert proposal is not None  # noqa: S101 - a case without one is not decided
        stops = self.review(found, proposal).stops
        if new := stops_not_overridden(stops, overridden, proposal.override):
            raise new_stops_error(new, "since it was approved")
        data, disclosures = build_decision(found, proposal.grants, left, facts, decision, day, supersedes)
        learner = self._learner(found)
        concerned = {number for one in proposal.grants for number in one.from_}
        warnings = [*(one.detail for one in stops), *list_enquiry_notes(found, concerned)]
        if supersedes:
            warnings += list_changes(self.registry.recognition.decision(supersedes).data, data)
        with self._storing() as transaction:
            self.registry.recognition.decide(data, disclosures, learner=learner, transaction=transaction)
            transaction.save(found)
            transaction.add(CaseRow(found))
        return self._moved(found, warnings, decision=decision)

    def appeal(self, case: str, by: str, on: date | None = None, text: str | None = None) -> CaseUpdate:
        """The applicant appeals."""
        found = self.registry.case(case)
        stands = found.decision
        day = _day(on)
        texts, written = self._write(found, by, "appeal", text)
        found.appeal(day, by, written)
        late = stands is not None and stands.appeal_until is not None and day > stands.appeal_until
        warnings = [f"the time for an appeal ended on {stands.appeal_until}"] if late and stands is not None else []
        return self._keep(found, texts, warnings=warnings)

    def withdraw(
        self, case: str, by: str, on: date | None = None, *, reason: WithdrawalReason | None = None
    ) -> CaseUpdate:
        """Take back the application; where it is decided, the published decision, for a reason.

        Where the office wants two persons, the first one's wish is noted, and another person confirms it.
        """
        found = self.registry.case(case)
        stands, day = found.decision, _day(on)
        found.withdraw(day, by, reason, appeal_until=self._appeal_until(day), person_of=self._person_of())
        if stands is None or reason is None:
            return self._keep(found)
        if found.withdrawal is None:
            return self._keep(found, warnings=withdrawal_notes(found))
        with self._storing() as transaction:
            self.registry.recognition.withdraw_decision(stands.decision, reason, transaction)
            transaction.save(found)
            transaction.add(CaseRow(found))
        return self._moved(found, decision=stands.decision)

    def close(self, case: str, by: str, on: date | None = None) -> CaseUpdate:
        """Close the file."""
        found = self.registry.case(case)
        found.close(_day(on), by)
        return self._keep(found)

    # What all of them need

    def warnings(self, case: Case) -> list[str]:
        """What whoever works on a case should know of its credentials now."""
        facts, every = self.facts(case), list_decided_subjects(case, ())
        plain = [Grant(list(every), "full", "recognised", "none")]
        found = [one.detail for one in status_stops(case, plain, known_statuses(case, facts))]
        found += [*list_enquiry_notes(case, every), *withdrawal_notes(case)]
        today = date.today().isoformat()  # noqa: DTZ011 - a day on the office's calendar
        for one in facts.values():
            what = f"credential {one.member}/{one.credential}"
            if one.valid_until is not None and one.valid_until < today:
                found.append(f"{what} expired on {one.valid_until}")
            found += [f"{what} is recognised by agreement {by} without anybody deciding" for by in one.recognised_by]
        return found

    def _appeal_until(self, day: str) -> str | None:
        """Return the last day to appeal against what is decided on `day`; None where the law alone says it."""
        until = date.fromisoformat(day) + timedelta(days=self.setting.appeal_days)
        return until.isoformat() if self.setting.appeal_days else None

    def _person_of(self) -> PersonOf | None:
        """Return what tells persons apart; None where the office does not want two."""
        return functools.partial(person_of, self.registry.cursor()) if self.setting.two_persons else None

    def facts(self, case: Case) -> FactsByKey:
        """What the views know of a case's credentials."""
        keys = [key for one in case.subjects if (key := key_of(one)) is not None]
        return self.lookup.find_credentials(keys) if keys else {}

    def _learner(self, case: Case) -> Learner:
        known = self.registry.vault.learner(self.registry.cursor(), case.data.learner)
        if known is None:
            raise ApplicantErased("the applicant was erased; the case can only be withdrawn or closed", "$.case")
        return known[0]

    def _write(self, case: Case, by: str, kind: str, content: Any) -> tuple[Texts | None, str | None]:  # noqa: ANN401 - JSON
        if not content:
            return None, None
        texts = Texts(self.registry.vault, str(case.id), self._learner(case), by)
        return texts, texts.add(kind, content)

    def line(self, case: Case) -> CaseLine:
        """A case as the worklist has it today."""
        today = date.today()  # noqa: DTZ011 - a day on the office's calendar
        return worklist.line(CaseRow(case).values, today, self.setting.due_soon_days)

    def _moved(
        self, case: Case, warnings: Sequence[str] = (), enquiry: str | None = None, decision: str | None = None
    ) -> CaseUpdate:
        line = self.line(case)
        return CaseUpdate(
            line.case,
            line.file_number,
            line.state,
            line.due,
            line.appeal_until,
            list(warnings),
            enquiry,
            decision,
            case.proposal_id if line.state in ("proposed", "approved") else None,
        )

    def _keep(
        self,
        case: Case,
        *rows: TransactionalRows | None,
        warnings: Sequence[str] = (),
        enquiry: str | None = None,
        asked: str | None = None,
    ) -> CaseUpdate:
        with self._storing() as transaction:
            transaction.save(case)
            transaction.add(*(row for row in rows if row is not None), CaseRow(case))
        return msgspec.structs.replace(self._moved(case, warnings, enquiry), asked=asked)

    @contextmanager
    def _storing(self) -> Iterator[Transaction]:
        """The transaction of an action. Of two people who change a case at once one wins; the other looks again."""
        with self.registry.joined(self._transaction) as transaction:
            transaction.conflict = CaseChanged(
                "somebody else changed this case, or used this file number or applicant, just now; look again", "$.case"
            )
            yield transaction


def withdrawal_notes(case: Case) -> list[str]:
    """Return in a sentence who wants the decision withdrawn, while nobody has confirmed it."""
    wish = case.withdrawal_proposal
    if wish is None or case.withdrawal is not None:
        return []
    note = (
        f"{wish.by} wants the decision withdrawn ({wish.reason}), and it is still in force: another person must confirm"
        f" that (`registry case withdraw CASE --reason {wish.reason}`)"
    )
    return [note]


def _day(on: date | None) -> str:
    today = date.today()  # noqa: DTZ011 - a day on the office's calendar
    if on is not None and on > today:
        raise DateOrder(f"{on} is still to come; today is {today}", "$.on")
    return (on or today).isoformat()


__all__ = ["Application", "Office", "SubmittedCredential", "UnknownCase"]
