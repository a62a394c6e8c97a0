"""The review of a proposal and its stops: at the proposal, its approval and the decision."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

from registry.application.registry import Registry
from registry.domain.case import Case
from registry.domain.case_errors import AssessmentObjections, UnknownSubject
from registry.domain.case_events import Proposed
from registry.office.assessments.assessment import Assessment
from registry.office.assessments.case_assessment import (
    check_assessment,
    check_proposal,
    describe_subjects,
    refresh_assessment,
)
from registry.office.assessments.comparison import Comparison, compare
from registry.office.assessments.offered import Offered
from registry.office.assessments.requirements import (
    are_same_programmes,
    programme_title,
    programmes_of_grant,
    requirement_of_programme,
)
from registry.office.cases import holder
from registry.office.cases.decision import FactsByKey, build_decision, known_statuses
from registry.office.cases.earlier_decisions import earlier_decisions
from registry.office.cases.opening import key_of
from registry.office.cases.programmes import check_programme_named, programme_stops
from registry.office.cases.stated_facts import stated_by_documents
from registry.office.cases.stops import Stop, stops_of
from registry.office.ports import CredentialLookup
from registry.vault.vault import random_id
from registry.wire.recognition import RecognitionDecided


class CaseReader(Protocol):
    """The part of an office that reviewing needs."""

    registry: Registry
    lookup: CredentialLookup

    def facts(self, case: Case) -> FactsByKey:
        """Return what the views know of a case's credentials."""
        ...

    def assessment(self, case: Case, text: str) -> Assessment:
        """Return an assessment of a case by the id of its sealed text."""
        ...


class Review(NamedTuple):
    """The facts of a proposal's review, as they are known now."""

    assessment: Assessment | None
    """None: nothing was assessed."""
    offered: Sequence[Offered]
    """All credentials of the case, by their numbers."""
    compared: Mapping[int, Sequence[Comparison]]
    """The comparisons of each credential, by its number: one where it was assessed, else one for each programme."""
    stops: Sequence[Stop]
    """All stops of the proposal."""


def review(office: CaseReader, case: Case, proposal: Proposed, data: RecognitionDecided) -> Review:
    """Look at a proposal again. This is the one place that does; `data` is the decision that it leads to.

    Raises `AssessmentObjections` where it cannot be decided at all; the rest are stops, which can be overridden.
    """
    grants = proposal.grants
    text = proposal.assessment or (case.assessments[-1].text if case.assessments else None)
    assessment = None
    if text is not None:
        assessment = office.assessment(case, text)
        _check_current(office, case, assessment, text)
        assessment = refresh_assessment(assessment, case, office.lookup)
    stated = stated_by_documents(office.registry, case) if assessment is None else {}
    offered = (
        describe_subjects(case, office.lookup, stated)
        if assessment is None
        else [each.offered for each in assessment.assessed]
    )
    left = {each.subject for each in proposal.left}
    check_programme_named(office.registry, case, grants)
    check_proposal(case, assessment, offered, grants, data.basis, {*left, *case.removed})
    compared = _compare_all(office, case, proposal, assessment, offered)
    stops = stops_of(
        case,
        grants,
        known_statuses(case, office.facts(case)),
        holder.check_holders(office.registry, case),
        offered,
        compared,
        earlier_decisions(office.registry, case),
        office.lookup.find_parts([key for each in case.subjects if (key := key_of(each)) is not None]),
    )
    if assessment is not None:
        stops += programme_stops(office.registry, case, grants, assessment)
    return Review(assessment, offered, compared, list(dict.fromkeys(stops)))


def review_stored(office: CaseReader, case: Case, proposal: Proposed) -> Review:
    """Look at a stored proposal again, with what is known now.

    Raises `AssessmentObjections` where it cannot be decided any more, with what to do about it.
    """
    left = [each.subject for each in proposal.left]
    facts = office.facts(case)
    data, _ = build_decision(case, proposal.grants, left, facts, random_id(), proposal.on, None)
    try:
        return review(office, case, proposal, data)
    except AssessmentObjections as error:
        raise AssessmentObjections(
            f"{error.detail.rstrip('.')}. Return the proposal, and propose again", error.path, error.problems
        ) from error


def _check_current(office: CaseReader, case: Case, assessment: Assessment, text: str) -> None:
    """Check that an assessment still fits its case. Raises `AssessmentObjections` where it was corrected since."""
    try:
        check_assessment(case, assessment)
    except UnknownSubject as error:
        raise AssessmentObjections(
            f"the case was corrected after it was assessed: {error.detail}. Assess it again", "$.grants"
        ) from error
    then, now = case.assessed_for.get(text, []), case.data.towards or []
    if not are_same_programmes(then, now):
        before, after = (
            " and ".join(programme_title(office.registry, programme) for programme in programmes) or "no programme"
            for programmes in (then, now)
        )
        raise AssessmentObjections(
            f"the case was corrected after it was assessed: it was for {before} then, and is for {after} now. Assess it"
            " again",
            "$.grants",
        )


def _compare_all(
    office: CaseReader, case: Case, proposal: Proposed, assessment: Assessment | None, offered: Sequence[Offered]
) -> dict[int, list[Comparison]]:
    """Return the comparisons; without an assessment, of what is recognised where the office says what it requires."""
    if assessment is not None:
        return {
            number: [Comparison(comparison.requirement, comparison.elements)]
            for number, comparison in enumerate(assessment.assessed)
            if number not in case.removed
        }
    compared: dict[int, list[Comparison]] = {}
    for grant in proposal.grants:
        if grant.outcome == "refused":
            continue
        for towards in programmes_of_grant(case, grant):
            requirement = requirement_of_programme(office.registry, towards)
            if requirement is None:
                continue
            for number in grant.from_:
                comparison = Comparison(requirement, compare(offered[number], requirement))
                if comparison not in compared.setdefault(number, []):
                    compared[number].append(comparison)
    return compared
