"""An assessment is refreshed with each of its credentials, and none is dropped in silence."""

from types import SimpleNamespace

import pytest

from registry.domain.case_events import Subject
from registry.office.assessments.assessment import AssessedCredential, Assessment
from registry.office.assessments.case_assessment import refresh_assessment
from registry.office.assessments.comparison import compare
from registry.office.assessments.offered import Offered, Requirement
from registry.wire.recognition import External

STATED = Offered(issuer="Oslo Met", member=False, title={"en": "Statistics"}, ects=5)
EXTERNAL = Subject("paper", external=External("Oslo Met", "NO", "Statistics"))


def assessment_of(number):
    credential = AssessedCredential(STATED, Requirement(), compare(STATED, Requirement()))
    return Assessment("creditTransfer", "binding", [credential] * number, [])


def case_of(number):
    return SimpleNamespace(subjects=[EXTERNAL] * number, last_answer=lambda number: "authentic" if number else None)


def test_each_credential_is_refreshed():
    refreshed = refresh_assessment(assessment_of(2), case_of(2), SimpleNamespace())
    assert [(each.offered.ects, each.offered.authentic) for each in refreshed.assessed] == [(5, None), (5, True)]


@pytest.mark.parametrize(("assessed", "subjects"), [(2, 1), (1, 2)])
def test_an_assessment_of_other_credentials_is_not_cut_in_silence(assessed, subjects):
    with pytest.raises(ValueError, match="zip"):
        refresh_assessment(assessment_of(assessed), case_of(subjects), SimpleNamespace())
