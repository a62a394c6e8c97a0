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
from registry.office.cases.case_list import describe
from registry.office.cases.changes import changes_of
from registry.office.cases.holder import TEXT_KIND, check_holders, mismatches, reminders
from registry.office.cases.rows import Written, read_texts
from registry.office.cases.service import Office
from registry.office.cases.views import CaseView, EnquiryView, LeftView, LetterFacts, OverrideView, Step, SubjectView
from registry.office.cases.waiting_proposal import waiting_proposal
from registry.wire.recognition import RecognitionDecided


def show_case(office: Office, case: str) -> CaseView:
    """A case, whole. Raises `UnknownCase`."""
    registry = office.registry
    found = registry.case(case)
    stands = found.decision
    written = _written(registry, found)
    holders = [one for one in check_holders(registry, found, written) if one.subject not in found.removed]
    changes = changes_of(registry.cursor(), office.lookup, [str(found.id)]).get(str(found.id), [])
    [line] = describe(office, [office.line(found)])
    return CaseView(
        case=line,
        effect=found.data.effect,
        towards=found.data.towards or [],
        applicant=read_applicant(registry, found.data.learner, _said(written)),
        subjects=_subjects(office, found),
        outstanding=found.outstanding,
        stopped_days=deadlines.stopped_days(found.stops),
        enquiries=[
            EnquiryView(
                one.enquiry,
                one.subject,
                one.issuer,
                one.on,
                answer.on if (answer := found.answers.get(one.enquiry)) is not None else None,
                answer.answer if answer is not None else None,
            )
            for one in found.enquiries.values()
        ],
        proposal=found.proposal.grants if found.proposal is not None else None,
        override=_override(found, written),
        left=_left(found, written),
        removed=sorted(found.removed),
        decisions=[registry.recognition.decision(one.decision).data for one in found.decisions],
        disclosures=registry.vault.bases(registry.cursor(), stands.decision) if stands is not None else [],
        warnings=[
            *mismatches(holders),
            *reminders(holders),
            *(change.sentence for change in changes),
            *office.warnings(found),
        ],
        written=[text for text in written if text.kind not in ("file", TEXT_KIND)],
        history=_history(registry, found),
        holders=holders,
        changes=changes,
        waiting=waiting_proposal(office, found, written),
        attachments=[*files_opened_with(written), *list_attachments(registry.cursor(), str(found.id))],
    )


def _override(case: Case, written: list[Written]) -> OverrideView | None:
    proposal = case.proposal
    if proposal is None or proposal.override is None:
        return None
    override = proposal.override
    reason = next((one.content for one in written if one.text == override.text), "")
    return OverrideView(override.against, reason, proposal.by, proposal.on, case.approval is not None)


def _left(case: Case, written: list[Written]) -> list[LeftView]:
    left = case.proposal.left if case.proposal is not None else []
    reasons = {one.text: one.content for one in written if one.kind == "left"}
    return [LeftView(one.subject, reasons.get(one.text, "")) for one in left]


def collect_letter_facts(office: Office, case: str, decision: str | None = None) -> LetterFacts:
    """What a letter about a decision of a case says; about the last one where none is named.

    Raises `UnknownCase` where the case has no such decision, `ApplicantErased` where nobody can be written to.
    """
    registry = office.registry
    found = registry.case(case)
    made = [one for one in found.decisions if decision in (None, one.decision)]
    if not made:
        raise UnknownCase(f"the case has no decision {decision or 'yet'}", "$.decision")
    about = made[-1]
    written = _written(registry, found)
    applicant = read_applicant(registry, found.data.learner, _said(written))
    if applicant is None:
        raise ApplicantErased("the applicant was erased; there is nobody to write to", "$.case")
    data: RecognitionDecided = registry.recognition.decision(about.decision).data
    proposal = _proposal_of(registry, found, about)
    texts = {one.text: one.content for one in written}
    assessment = texts.get(proposal.assessment or _assessed_before(registry, found, about) or "")
    return LetterFacts(
        office=registry.member,
        file_number=found.data.file_number,
        applicant=applicant,
        data=data,
        subjects=_subjects(office, found, about),
        disclosures=registry.vault.bases(registry.cursor(), about.decision),
        appeal_until=date.fromisoformat(about.appeal_until) if about.appeal_until is not None else None,
        appealed=bool(found.appeals) and about.supersedes is not None,
        opened=date.fromisoformat(found.data.on),
        completed=date.fromisoformat(found.completed.on) if found.completed is not None else None,
        note=texts.get(proposal.text or ""),
        numbers=decided_numbers(about, data),
        assessment=msgspec.convert(assessment, Assessment) if assessment is not None else None,
        left=[LeftView(one.subject, texts.get(one.text, "")) for one in proposal.left],
        towards=found.decided_for[about.decision],
        before=registry.recognition.decision(about.supersedes).data if about.supersedes is not None else None,
        ended=_ended(found, about),
        denied={
            number: date.fromisoformat(day)
            for number in range(len(found.subjects))
            if (day := found.denied_on(number)) is not None and day <= about.on
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


def _ended(case: Case, decided: Decided) -> DecisionEnd | None:
    """Why a decision is not in force any more."""
    after = next((one for one in case.decisions if one.supersedes == decided.decision), None)
    if after is not None:
        return DecisionEnd(superseded_by=after.decision)
    withdrawal = case.withdrawal
    if withdrawal is not None and withdrawal.decision == decided.decision:
        return DecisionEnd(withdrawn=date.fromisoformat(withdrawal.on))
    return None


def _subjects(office: Office, case: Case, decided: Decided | None = None) -> list[SubjectView]:
    facts = office.facts(case)
    stands = decided or case.decision
    seen = {one.subject: one for one in stands.statuses} if stands is not None else {}
    return [
        SubjectView(
            one,
            facts.get((one.credential.member, one.credential.credential)) if one.credential is not None else None,
            seen.get(number),
        )
        for number, one in enumerate(case.subjects)
    ]


def texts_of(office: Office, case: Case) -> list[Written]:
    """Return all that was written in a case, opened; nothing where the applicant was erased."""
    return _written(office.registry, case)


def _written(registry: Registry, case: Case) -> list[Written]:
    known = registry.vault.learner(registry.cursor(), case.data.learner)
    return [] if known is None else read_texts(registry.cursor(), registry.vault, str(case.id), known[0])


def _said(written: list[Written]) -> dict[str, str]:
    said: dict[str, str] = {}
    for one in written:
        if one.kind == "applicant":
            said |= one.content
    return said


def _proposal_of(registry: Registry, case: Case, decided: Decided) -> Proposed:
    """Return the proposal that a decision carried out."""
    found: Proposed | None = None
    for event in registry.store.events.get(case.id):
        data: Any = event.data  # type: ignore[attr-defined] # an event of ours
        if isinstance(data, Proposed):
            found = data
        elif isinstance(data, Decided) and data.decision == decided.decision:
            break
    assert found is not None  # noqa: S101 - nothing is decided without a proposal
    return found


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
    found = []
    for event in registry.store.events.get(case.id):
        data: Any = msgspec.to_builtins(event.data)  # type: ignore[attr-defined] # an event of ours
        what = type(event).TOPIC.rpartition(".")[2]  # type: ignore[attr-defined] # likewise
        found.append(Step(what, data.pop("on"), data.pop("by"), data))
    return found
