"""The assessment that an assessor begins with: what is known of a case's credentials beside what is required."""

from registry.office.assessments.assessment import Assessment
from registry.office.assessments.case_assessment import draft_assessment
from registry.office.assessments.offered import Requirement
from registry.office.assessments.requirements import find_requirement, requirement_of_case
from registry.office.cases.service import Office
from registry.office.cases.stated_facts import stated_by_documents


def draft_of(office: Office, case_id: str, against: str | None) -> Assessment:
    """Return an assessment to begin with. `against` is an id of one of the member's achievements or a profile's name.

    Where it is left out, the case's own programme says what is required. Raises `UnknownCase`, `UnknownProfile`.
    """
    aggregate = office.registry.case(case_id)
    if against is not None:
        requirement = find_requirement(office.registry, against)
    else:
        requirement = requirement_of_case(office.registry, aggregate) or Requirement()
    return draft_assessment(aggregate, office.lookup, requirement, stated_by_documents(office.registry, aggregate))


def last_assessment_or_draft(office: Office, case_id: str) -> Assessment:
    """Return the case's last assessment; before the first one, a draft for the case's own programme."""
    case = office.registry.case(case_id)
    if case.assessments:
        return office.assessment(case, case.assessments[-1].text)
    return draft_of(office, case_id, None)
