"""The assessment that an assessor begins with: what is known of a case's credentials beside what is required."""

from typing import NamedTuple

from registry.domain.case import Case
from registry.office.assessments.assessment import Assessment
from registry.office.assessments.case_assessment import draft_assessment
from registry.office.assessments.offered import Requirement
from registry.office.assessments.profiles import list_profiles
from registry.office.assessments.requirements import find_requirement, programme_title, requirement_of_case
from registry.office.cases.service import Office
from registry.office.cases.stated_facts import stated_by_documents


class Programme(NamedTuple):
    """A requirement that a case can be compared with."""

    code: str
    """The id of one of the university's own achievements, or the name of a profile."""
    title: str


def list_programmes(office: Office, case_id: str) -> list[Programme]:
    """Return what a case can be compared with: its own programmes of this university, then the office's profiles."""
    registry = office.registry
    own = [
        Programme(towards.achievement, programme_title(registry, towards))
        for towards in registry.case(case_id).data.towards or ()
        if towards.achievement is not None and towards.member == registry.member
    ]
    return [*own, *(Programme(profile.name, profile.name) for profile in list_profiles(registry.cursor()))]


def draft_of(office: Office, case_id: str, against: str | None) -> Assessment:
    """Return an assessment to begin with. `against` is an id of one of the member's achievements or a profile's name.

    Where it is left out, the case's own programme says what is required. Raises `UnknownCase`, `UnknownProfile`.
    """
    return _draft(office, office.registry.case(case_id), against)


def _draft(office: Office, case: Case, against: str | None) -> Assessment:
    if against is not None:
        requirement = find_requirement(office.registry, against)
    else:
        requirement = requirement_of_case(office.registry, case) or Requirement()
    return draft_assessment(case, office.lookup, requirement, stated_by_documents(office.registry, case))


def last_assessment_or_draft(office: Office, case_id: str) -> Assessment:
    """Return the case's last assessment; before the first one, a draft for the case's own programme."""
    case = office.registry.case(case_id)
    if case.assessments:
        return office.assessment(case, case.assessments[-1].text)
    return _draft(office, case, None)
