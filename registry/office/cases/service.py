"""The actions of a recognition office. Each is one transaction: events, worklist, texts, and the decision itself.

Every action takes its actor (`by`) and its day (`on`, else today). What an office may not do is a `Refusal` named after
its rule. `CaseChanged` means that somebody else changed the case meanwhile; the caller reads it again.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

import msgspec

from registry.domain import case_events as events
from registry.domain import deadlines
from registry.domain.case import Case
from registry.domain.case_errors import (
    AssessmentObjections,
    DateOrder,
    UnknownCase,
)
from registry.domain.case_events import Document, IssuerAnswer
from registry.office.assessments.assessment import Assessment
from registry.office.assessments.case_assessment import check_assessment, choose_grants, refresh_assessment
from registry.office.cases.case_access import CaseAccess, withdrawal_notes
from registry.office.cases.corrections import Correction, build_correction
from registry.office.cases.decision import build_decision, known_statuses, list_decided_subjects
from registry.office.cases.decision_draft import DRAFT_KIND, DecisionDraft
from registry.office.cases.enquiries import choose_subject, describe_enquiry
from registry.office.cases.opening import Application, SubmittedCredential, open_case
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
from registry.office.cases.rows import CaseRow, Texts, read_texts
from registry.office.cases.stops import override_of, stops_not_overridden
from registry.office.cases.views import CaseUpdate
from registry.vault.vault import random_id
from registry.wire.recognition import Grant, WithdrawalReason
from registry.wire.today import utc_today


class Office(CaseAccess):
    """The actions of a recognition office on its cases. For one thread at a time, as its `Registry` is."""

    def open(self, application: Application, by: str, on: date | None = None) -> CaseUpdate:
        """Open a case. Raises a refusal, and `WireError` for a receipt that proves nothing."""
        opened = open_case(self.registry, self.lookup, application, by, _day(on))
        case = opened.case
        notes = [*opened.notes, *repeated_notes(case, self.facts(case)), *self.warnings(case)]
        return self._store(case, *opened.rows, warnings=notes)

    def request_documents(
        self, case_id: str, documents: list[Document], by: str, on: date | None = None, text: str | None = None
    ) -> CaseUpdate:
        """Ask the applicant for documents; the clock is stopped until all have arrived."""
        case = self.registry.case(case_id)
        texts, written = self._write(case, by, "documents", text)
        case.request_documents(documents, _day(on), by, written)
        return self._store(case, texts)

    def receive_documents(self, case_id: str, documents: list[Document], by: str, on: date | None = None) -> CaseUpdate:
        """Record documents that arrived."""
        case = self.registry.case(case_id)
        case.receive_documents(documents, _day(on), by)
        return self._store(case)

    def complete(self, case_id: str, by: str, on: date | None = None) -> CaseUpdate:
        """Declare the file complete; the office's time runs from that day."""
        case = self.registry.case(case_id)
        countries: list[str | None] = [facts.country for facts in self.facts(case).values()]
        countries += [subject.external.country for subject in case.subjects if subject.external is not None]
        term = deadlines.term_for(countries, self.setting.due, self.setting.due_by_country)
        case.complete(term, _day(on), by)
        return self._store(case)

    def enquire(
        self, case_id: str, subject: int | None, by: str, on: date | None = None, text: str | None = None
    ) -> CaseUpdate:
        """Ask the issuer of a credential whether it is authentic.

        `subject` may be None where the case has only one credential. Raises `UnknownSubject` where it has several.
        """
        case = self.registry.case(case_id)
        subject = choose_subject(case, subject)
        enquiry = random_id()
        texts, written = self._write(case, by, "enquiry", text)
        case.enquire(enquiry, subject, _day(on), by, written)
        return self._store(case, texts, enquiry=enquiry, addressee=describe_enquiry(case, subject))

    def answer(
        self, case_id: str, enquiry: str, answer: IssuerAnswer, by: str, on: date | None = None, text: str | None = None
    ) -> CaseUpdate:
        """Record the issuer's answer."""
        case = self.registry.case(case_id)
        texts, written = self._write(case, by, "answer", text)
        case.answer(enquiry, answer, _day(on), by, written)
        return self._store(case, texts, warnings=self.warnings(case))

    def correct(self, case_id: str, correction: Correction, by: str, on: date | None = None) -> CaseUpdate:
        """Correct the applicant, the purpose or the credentials of a case. A proposal must be returned first.

        Raises a refusal, and `WireError` for a receipt that proves nothing.
        """
        case = self.registry.case(case_id)
        learner = self._learner(case)
        texts = Texts(self.registry.vault, str(case.id), learner, by)
        stated: dict[str, Any] = {}
        for text in read_texts(
            self.registry.cursor(), self.registry.vault, str(case.id), learner, kinds=("applicant",)
        ):
            stated |= text.content
        corrections = build_correction(self.registry, self.lookup, case, correction, stated, texts, by, _day(on))
        case.correct(corrections.data)
        notes = [*corrections.notes, *repeated_notes(case, self.facts(case)), *self.warnings(case)]
        return self._store(case, texts, warnings=notes)

    def assess(
        self,
        case_id: str,
        assessment: Assessment,
        by: str,
        on: date | None = None,
        *,
        draft: DecisionDraft | None = None,
    ) -> CaseUpdate:
        """Record an assessment. Its text is encrypted, since its notes may be about the person.

        `draft` is what is written for a proposal that is not made yet; it is kept beside the assessment.
        """
        case = self.registry.case(case_id)
        check_assessment(case, assessment)
        assessment = refresh_assessment(assessment, case, self.lookup)
        texts, written = self._write(case, by, "assessment", assessment)
        assert texts is not None  # noqa: S101 - there is something to write
        assert written is not None  # noqa: S101 - likewise
        if draft is not None:
            texts.add(DRAFT_KIND, msgspec.to_builtins(draft))
        case.assess(written, _day(on), by)
        full = [Grant([number], "full", "recognised", "none") for number in list_decided_subjects(case, ())]
        stops = programme_stops(self.registry, case, full, assessment)
        return self._store(case, texts, warnings=[*(stop.detail for stop in stops), *list_open_suggestions(assessment)])

    def propose(
        self,
        case_id: str,
        grants: Sequence[Grant],
        by: str,
        on: date | None = None,
        text: str | None = None,
        *,
        leave: Sequence[Leave] = (),
        override: str | None = None,
    ) -> CaseUpdate:
        """Propose grants; without `grants`, those of the last assessment.

        `text` is for the applicant. `leave` names the credentials that are left out, each with the reason that the
        letter prints. `override` is the reason to propose in spite of stops, for the person who approves. The decision
        is checked as a verifier will check it. Raises `AssessmentObjections`, `NotCovered`, `Stopped`.
        """
        case = self.registry.case(case_id)
        facts, day = self.facts(case), _day(on)
        text_id = case.assessments[-1].text if case.assessments else None
        grants = choose_grants(self.assessment(case, text_id) if text_id is not None else None, grants)
        if not grants:
            raise AssessmentObjections(
                "nothing is proposed: pass grants, or record an assessment that has some", "$.grants"
            )
        texts = Texts(self.registry.vault, str(case.id), self._learner(case), by)
        proposal = events.Proposed(
            grants,
            day,
            by,
            texts.add("proposal", text) if text else None,
            text_id,
            [events.LeftOut(each.subject, texts.add("left", each.reason)) for each in leave],
        )
        case.propose(proposal)
        left = [each.subject for each in leave]
        data, _ = build_decision(case, grants, left, facts, random_id(), day, None)
        reviewed = review(self, case, proposal, data)
        self.registry.recognition.check_decision(data)
        if reviewed.stops:
            if not (override and override.strip()):
                raise stopped_error(reviewed.stops)
            reason = texts.add("override", override)
            case = self.registry.case(case_id)
            case.propose(msgspec.structs.replace(proposal, override=override_of(reviewed.stops, reason)))
        warnings = list_notes(self, case, proposal, reviewed)
        if override and not reviewed.stops:
            warnings.append("the proposal has no stops; the reason for an override was not stored")
        return self._store(case, texts, warnings=warnings)

    def approve(
        self, case_id: str, by: str, on: date | None = None, *, proposal_id: str, accept_override: bool = False
    ) -> CaseUpdate:
        """Approve the proposal with this id, after reviewing it again.

        Where the proposer overrides stops, this person reads and accepts the reason, which the id covers.
        Raises `ProposalChanged` where the case has another proposal, `Stopped`, `AssessmentObjections`.
        """
        case = self.registry.case(case_id)
        proposal = case.proposal
        override = proposal.override if proposal is not None else None
        overridden = override.against if override is not None else []
        case.approve(_day(on), by, proposal=proposal_id, overridden=overridden, person_of=self._person_of())
        assert proposal is not None  # noqa: S101 - a case without one is not approved
        reviewed = self.review(case, proposal)
        if new := stops_not_overridden(reviewed.stops, overridden, override):
            raise new_stops_error(new, "since it was proposed")
        if override is not None and not accept_override:
            raise override_not_accepted_error(reviewed.stops, proposal.by)
        return self._store(case, warnings=list_notes(self, case, proposal, reviewed))

    def review(self, case: Case, proposal: events.Proposed) -> Review:
        """Review a stored proposal again. Raises `AssessmentObjections` where it can no longer be decided."""
        return review_stored(self, case, proposal)

    def return_(self, case_id: str, by: str, on: date | None = None, text: str | None = None) -> CaseUpdate:
        """Return the proposal, so that another can be made."""
        case = self.registry.case(case_id)
        texts, written = self._write(case, by, "returned", text)
        case.return_(_day(on), by, written)
        return self._store(case, texts)

    def decide(self, case_id: str, by: str, on: date | None = None) -> CaseUpdate:
        """Publish the approved proposal as a decision.

        Raises `Stopped` where a stop came up that was not overridden when it was proposed and approved.
        """
        return self._decide(case_id, by, on, supersedes=None)

    def amend(self, case_id: str, by: str, on: date | None = None) -> CaseUpdate:
        """Publish the approved proposal as a decision that supersedes the one in force. Raises `Stopped` likewise."""
        decision = self.registry.case(case_id).decision
        return self._decide(case_id, by, on, supersedes=decision.decision if decision else "")

    def _decide(self, case_id: str, by: str, on: date | None, *, supersedes: str | None) -> CaseUpdate:
        case = self.registry.case(case_id)
        day, facts, decision = _day(on), self.facts(case), random_id()
        proposal, approval = case.proposal, case.approval
        left = [each.subject for each in proposal.left] if proposal is not None else []
        overridden = approval.overridden if approval is not None else []
        case.decide(
            events.Decided(
                decision,
                known_statuses(case, facts),
                day,
                by,
                self._appeal_until(day),
                supersedes,
                overridden=overridden,
                left=sorted({*left, *case.removed}),
            )
        )
        assert proposal is not None  # noqa: S101 - a case without one is not decided
        stops = self.review(case, proposal).stops
        if new := stops_not_overridden(stops, overridden, proposal.override):
            raise new_stops_error(new, "since it was approved")
        data, disclosures = build_decision(case, proposal.grants, left, facts, decision, day, supersedes)
        learner = self._learner(case)
        concerned = {number for grant in proposal.grants for number in grant.from_}
        warnings = [*(stop.detail for stop in stops), *list_enquiry_notes(case, concerned)]
        if supersedes:
            warnings += list_changes(self.registry.recognition.decision(supersedes).data, data)
        with self._storing() as transaction:
            self.registry.recognition.decide(data, disclosures, learner=learner, transaction=transaction)
            transaction.save(case)
            transaction.add(CaseRow(case))
        return self._update(case, warnings, decision=decision)

    def appeal(self, case_id: str, by: str, on: date | None = None, text: str | None = None) -> CaseUpdate:
        """Record the applicant's appeal."""
        case = self.registry.case(case_id)
        decision = case.decision
        day = _day(on)
        texts, written = self._write(case, by, "appeal", text)
        case.appeal(day, by, written)
        until = decision.appeal_until if decision is not None else None
        warnings = [f"the time for an appeal ended on {until}"] if until is not None and day > until else []
        return self._store(case, texts, warnings=warnings)

    def withdraw(
        self, case_id: str, by: str, on: date | None = None, *, reason: WithdrawalReason | None = None
    ) -> CaseUpdate:
        """Withdraw the application or, once it is decided, the published decision, for a reason.

        Where the office requires two persons, the first one's wish is recorded, and another person confirms it.
        """
        case = self.registry.case(case_id)
        decision, day = case.decision, _day(on)
        case.withdraw(day, by, reason, appeal_until=self._appeal_until(day), person_of=self._person_of())
        if decision is None or reason is None:
            return self._store(case)
        if case.withdrawal is None:
            return self._store(case, warnings=withdrawal_notes(case))
        with self._storing() as transaction:
            self.registry.recognition.withdraw_decision(decision.decision, reason, transaction)
            transaction.save(case)
            transaction.add(CaseRow(case))
        return self._update(case, decision=decision.decision)

    def close(self, case_id: str, by: str, on: date | None = None) -> CaseUpdate:
        """Close the file."""
        case = self.registry.case(case_id)
        case.close(_day(on), by)
        return self._store(case)


def _day(on: date | None) -> str:
    today = utc_today()
    if on is not None and on > today:
        raise DateOrder(f"{on} is in the future; today is {today}", "$.on")
    return (on or today).isoformat()


__all__ = ["Application", "Office", "SubmittedCredential", "UnknownCase"]
