"""The assessment that an assessor begins with: what is known of a case's credentials beside what is required."""

from registry.office.assessments.assessment import Assessment
from registry.office.assessments.case_assessment import draft_assessment
from registry.office.assessments.offered import Requirement
from registry.office.assessments.requirements import find_requirement, requirement_of_case
from registry.office.cases.service import Office
from registry.office.cases.stated_facts import stated_by_documents


def draft_of(office: Office, case: str, against: str | None) -> Assessment:
    """Return an assessment to begin with. `against` is an own achievement's id or a profile's name.

    Where it is left out, the case's own programme says what is required. Raises `UnknownCase`, `UnknownProfile`.
    """
    found = office.registry.case(case)
    if against is not None:
        requirement = find_requirement(office.registry, against)
    else:
        requirement = requirement_of_case(office.registry, found) or Requirement()
    return draft_assessment(found, office.lookup, requirement, stated_by_documents(office.registry, found))
