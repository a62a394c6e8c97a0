"""The proposal of a case that waits for another person: all that they should see before they approve it."""

from collections.abc import Sequence

import msgspec

from registry.domain.case import Case
from registry.domain.case_events import Proposed
from registry.domain.errors import Refusal
from registry.office.assessments.assessment import Assessment
from registry.office.assessments.case_assessment import find_measures
from registry.office.assessments.compared_with import is_compared
from registry.office.assessments.requirements import programme_title
from registry.office.cases.proposal_messages import list_notes
from registry.office.cases.review import Review
from registry.office.cases.rows import Written
from registry.office.cases.service import Office
from registry.office.cases.views import ComparedView, ProposalView


def waiting_proposal(office: Office, case: Case, written: Sequence[Written]) -> ProposalView | None:
    """Return the proposal that waits, looked at again; None where none does, or where the applicant was erased.

    `written` are the case's texts, opened.
    """
    proposal, identifier = case.proposal, case.proposal_id
    if proposal is None or identifier is None or case.state not in ("proposed", "approved") or not written:
        return None
    reviewed: Review | None = None
    try:
        reviewed = office.review(case, proposal)
        notes = list_notes(office, case, proposal, reviewed)
    except Refusal as error:
        notes = [f"it cannot be approved as it is: {error.detail}"]
    registry, assessment = office.registry, reviewed.assessment if reviewed is not None else None
    return ProposalView(
        proposal_id=identifier,
        by=proposal.by,
        on=proposal.on,
        grants=proposal.grants,
        towards=[None if each.towards is None else programme_title(registry, each.towards) for each in proposal.grants],
        note=next((each.content for each in written if each.text == proposal.text), None),
        assessed=_is_assessed(case, proposal, written),
        compared=[
            ComparedView(
                number,
                None if each.requirement.towards is None else programme_title(registry, each.requirement.towards),
                list(each.elements),
            )
            for number, several in (reviewed.compared.items() if reviewed is not None else ())
            for each in several
        ],
        considered=[]
        if assessment is None or all(grant.outcome != "refused" for grant in proposal.grants)
        else [outcome for proposed in assessment.proposed for outcome in proposed.considered],
        measures=find_measures(assessment, proposal.grants),
        notes=notes,
    )


def _is_assessed(case: Case, proposal: Proposed, written: Sequence[Written]) -> bool:
    """Return whether the proposal rests on an assessment that compared something."""
    text = proposal.assessment or (case.assessments[-1].text if case.assessments else None)
    content = next((each.content for each in written if each.text == text), None)
    return content is not None and is_compared(msgspec.convert(content, Assessment))
