"""Reading one case: for who works on it, and for a letter."""

from datetime import date
from typing import Any

import msgspec

from registry.application.registry import Registry
from registry.domain import deadlines
from registry.domain.case import Case
from registry.domain.case_errors import ApplicantErased, UnknownCase
from registry.domain.case_events import Assessed, Decided, Proposed
from registry.letters.content import DecisionEnd
from registry.office.assessments.assessment import Assessment
from registry.office.cases.applicants import read_applicant
from registry.office.cases.attachments import files_opened_with, list_attachments
from registry.office.cases.case_list import KnownCase, describe_known
from registry.office.cases.changes import changes_of
from registry.office.cases.decision import FactsByKey
from registry.office.cases.holder import TEXT_KIND, check_holders, mismatches, reminders
from registry.office.cases.rows import Written, read_texts
from registry.office.cases.service import Office
from registry.office.cases.views import CaseView, EnquiryView, LeftView, LetterFacts, OverrideView, Step, SubjectView
from registry.office.cases.waiting_proposal import waiting_proposal
from registry.wire.recognition import RecognitionDecided


def show_case(office: Office, case_id: str) -> CaseView:
    """Return a whole case. Raises `UnknownCase`."""
    registry = office.registry
    case = registry.case(case_id)
    decision = case.decision
    written = _read_texts(registry, case)
    holders = [check for check in check_holders(registry, case, written) if check.subject not in case.removed]
    changes = changes_of(registry.cursor(), office.lookup, [str(case.id)]).get(str(case.id), [])
    facts = office.facts(case)
    [line] = describe_known(office, [office.line(case)], {str(case.id): KnownCase(case, facts, changes, holders)})
    return CaseView(
        case=line,
        effect=case.data.effect,
        towards=case.data.towards or [],
        applicant=read_applicant(registry, case.data.learner, _stated_values(written)),
        subjects=_subjects(case, facts),
        outstanding=case.outstanding,
        stopped_days=deadlines.stopped_days(case.stops),
        enquiries=[
            EnquiryView(
                enquiry.enquiry,
                enquiry.subject,
                enquiry.issuer,
                enquiry.on,
                answer.on if (answer := case.answers.get(enquiry.enquiry)) is not None else None,
                answer.answer if answer is not None else None,
            )
            for enquiry in case.enquiries.values()
        ],
        proposal=case.proposal.grants if case.proposal is not None else None,
        override=_override(case, written),
        left=_left(case, written),
        removed=sorted(case.removed),
        decisions=[registry.recognition.decision(decided.decision).data for decided in case.decisions],
        disclosures=registry.vault.read_bases(registry.cursor(), decision.decision) if decision is not None else [],
        warnings=[
            *mismatches(holders),
            *reminders(holders),
            *(change.sentence for change in changes),
            *office.warnings(case, facts),
        ],
        written=[text for text in written if text.kind not in ("file", TEXT_KIND)],
        history=_history(registry, case),
        holders=holders,
        changes=changes,
        waiting=waiting_proposal(office, case, written),
        attachments=[*files_opened_with(written), *list_attachments(registry.cursor(), str(case.id))],
    )


def _override(case: Case, written: list[Written]) -> OverrideView | None:
    proposal = case.proposal
    if proposal is None or proposal.override is None:
        return None
    override = proposal.override
    reason = next((text.content for text in written if text.text == override.text), "")
    return OverrideView(override.against, reason, proposal.by, proposal.on, case.approval is not None)


def _left(case: Case, written: list[Written]) -> list[LeftView]:
    left = case.proposal.left if case.proposal is not None else []
    reasons = {each.text: each.content for each in written if each.kind == "left"}
    return [LeftView(each.subject, reasons.get(each.text, "")) for each in left]


def collect_letter_facts(office: Office, case_id: str, decision: str | None = None) -> LetterFacts:
    """Return the facts of the letter about a decision of a case: the last one where none is named.

    Raises `UnknownCase` where the case has no such decision, `ApplicantErased` where nobody can be written to.
    """
    registry = office.registry
    case = registry.case(case_id)
    decisions = [each for each in case.decisions if decision in (None, each.decision)]
    if not decisions:
        raise UnknownCase(f"the case has no decision {decision or 'yet'}", "$.decision")
    decided = decisions[-1]
    written = _read_texts(registry, case)
    applicant = read_applicant(registry, case.data.learner, _stated_values(written))
    if applicant is None:
        raise ApplicantErased("the applicant was erased; there is nobody to write to", "$.case")
    data: RecognitionDecided = registry.recognition.decision(decided.decision).data
    proposal = _proposal_of(registry, case, decided)
    texts = {each.text: each.content for each in written}
    assessment = texts.get(proposal.assessment or _assessed_before(registry, case, decided) or "")
    return LetterFacts(
        office=registry.member,
        file_number=case.data.file_number,
        applicant=applicant,
        data=data,
        subjects=_subjects(case, office.facts(case), decided),
        disclosures=registry.vault.read_bases(registry.cursor(), decided.decision),
        appeal_until=date.fromisoformat(decided.appeal_until) if decided.appeal_until is not None else None,
        appealed=bool(case.appeals) and decided.supersedes is not None,
        opened=date.fromisoformat(case.data.on),
        completed=date.fromisoformat(case.completed.on) if case.completed is not None else None,
        note=texts.get(proposal.text or ""),
        numbers=decided_numbers(decided, data),
        assessment=msgspec.convert(assessment, Assessment) if assessment is not None else None,
        left=[LeftView(each.subject, texts.get(each.text, "")) for each in proposal.left],
        towards=case.decided_for[decided.decision],
        before=registry.recognition.decision(decided.supersedes).data if decided.supersedes is not None else None,
        ended=_find_end(case, decided),
        denied={
            number: date.fromisoformat(day)
            for number in range(len(case.subjects))
            if (day := case.denied_on(number)) is not None and day <= decided.on
        },
    )


def decided_numbers(decided: Decided, data: RecognitionDecided) -> list[int]:
    """Return which credentials of its case a decision's bases are.

    A credential that was left out is none; one that was removed before the decision is written there as left out, too.
    """
    left = set(decided.left)
    numbers: list[int] = []
    number = 0
    while len(numbers) < len(data.basis):
        if number not in left:
            numbers.append(number)
        number += 1
    return numbers


def _find_end(case: Case, decided: Decided) -> DecisionEnd | None:
    """Why a decision is not in force any more."""
    after = next((each for each in case.decisions if each.supersedes == decided.decision), None)
    if after is not None:
        return DecisionEnd(superseded_by=after.decision)
    withdrawal = case.withdrawal
    if withdrawal is not None and withdrawal.decision == decided.decision:
        return DecisionEnd(withdrawn=date.fromisoformat(withdrawal.on))
    return None


def _subjects(case: Case, facts: FactsByKey, decided: Decided | None = None) -> list[SubjectView]:
    stands = decided or case.decision
    statuses = {each.subject: each for each in stands.statuses} if stands is not None else {}
    return [
        SubjectView(
            each,
            facts.get((each.credential.member, each.credential.credential)) if each.credential is not None else None,
            statuses.get(number),
        )
        for number, each in enumerate(case.subjects)
    ]


def texts_of(office: Office, case: Case) -> list[Written]:
    """Return all that was written in a case, opened; nothing where the applicant was erased."""
    return _read_texts(office.registry, case)


def _read_texts(registry: Registry, case: Case) -> list[Written]:
    holder = registry.vault.read_learner(registry.cursor(), case.data.learner)
    return [] if holder is None else read_texts(registry.cursor(), registry.vault, str(case.id), holder[0])


def _stated_values(written: list[Written]) -> dict[str, str]:
    stated: dict[str, str] = {}
    for text in written:
        if text.kind == "applicant":
            stated |= text.content
    return stated


def _proposal_of(registry: Registry, case: Case, decided: Decided) -> Proposed:
    """Return the proposal that a decision carried out."""
    proposal: Proposed | None = None
    for event in registry.store.events.get(case.id):
        data: Any = event.data  # type: ignore[attr-defined] # an event of ours
        if isinstance(data, Proposed):
            proposal = data
        elif isinstance(data, Decided) and data.decision == decided.decision:
            break
    assert proposal is not None  # noqa: S101 - nothing is decided without a proposal
    return proposal


def _assessed_before(registry: Registry, case: Case, decided: Decided) -> str | None:
    """Return the text of the last assessment before a decision, as proposals of earlier versions do not name theirs."""
    text: str | None = None
    for event in registry.store.events.get(case.id):
        data: Any = event.data  # type: ignore[attr-defined] # an event of ours
        if isinstance(data, Assessed):
            text = data.text
        elif isinstance(data, Decided) and data.decision == decided.decision:
            break
    return text


def _history(registry: Registry, case: Case) -> list[Step]:
    steps = []
    for event in registry.store.events.get(case.id):
        data: Any = msgspec.to_builtins(event.data)  # type: ignore[attr-defined] # an event of ours
        what = type(event).TOPIC.rpartition(".")[2]  # type: ignore[attr-defined] # likewise
        steps.append(Step(what, data.pop("on"), data.pop("by"), data))
    return steps
