"""The decision form becomes the assessment and the grants that the API would receive as JSON."""

import msgspec
import pytest

from registry.office.assessments.assessment import AssessedCredential, Assessment
from registry.office.assessments.comparison import compare
from registry.office.assessments.offered import Offered, Requirement
from registry.server.pages.office.decision_form import read_decision

OFFERED = Offered(issuer="twente", member=True, title={"en": "Energy"}, ects=5, eqf_level=6)


def draft(credentials=1):
    assessed = AssessedCredential(OFFERED, Requirement(), compare(OFFERED, Requirement()))
    return Assessment("creditTransfer", "binding", [assessed] * credentials, [])


def test_an_outcome_becomes_a_grant_on_its_credential():
    form = {"outcome-1": "full", "ects-1": "4,5", "mode-1": "credited", "grade-1": "passOnly"}
    [proposed] = read_decision(form, draft(2)).proposed
    grant = proposed.grant
    assert (grant.from_, grant.outcome, grant.ects) == ([1], "full", 4.5)
    assert (grant.mode, grant.grade_transfer, grant.grounds) == ("credited", "passOnly", None)


def test_differences_that_the_assessor_names_become_the_grounds():
    form = {"outcome-0": "partial", "ects-0": "3", "workload-0": "substantiallyLess", "formal-0": "documentsIncomplete"}
    assessment = read_decision(form, draft())
    elements = {element.name: element.named for element in assessment.assessed[0].elements}
    assert elements["workload"] == ["substantiallyLess"]
    assert elements["level"] == []
    grounds = [(ground.aspect, ground.difference) for ground in assessment.proposed[0].grant.grounds]
    assert grounds == [("workload", "substantiallyLess"), ("formal", "documentsIncomplete")]


def test_without_an_outcome_nothing_is_proposed():
    assert read_decision({"outcome-0": "", "level-0": "lowerLevel"}, draft()).proposed == []


def test_a_condition_counts_for_a_conditional_outcome_only():
    form = {"condition-0": "examination", "level-0": "lowerLevel"}
    conditional = read_decision({**form, "outcome-0": "conditional"}, draft()).proposed[0].grant
    assert [condition.code for condition in conditional.conditions] == ["examination"]
    assert read_decision({**form, "outcome-0": "partial"}, draft()).proposed[0].grant.conditions is None


@pytest.mark.parametrize(
    "form",
    [
        {"outcome-0": "maybe"},
        {"outcome-0": "full", "ects-0": "many"},
        {"outcome-0": "full", "ects-0": "-1"},
        {"outcome-0": "full", "mode-0": "free"},
        {"outcome-0": "partial", "level-0": "keyOutcomeUnknown"},
    ],
)
def test_values_that_no_choice_offers_are_refused(form):
    with pytest.raises(msgspec.ValidationError):
        read_decision(form, draft())
