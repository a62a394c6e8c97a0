"""The same credential of the same applicant is not decided in two cases by oversight."""

import pytest

from registry.domain.case_errors import Stopped
from registry.office.cases.applicants import Applicant
from registry.office.cases.earlier_decisions import decided_for_others
from tests.support.days import today
from tests.support.lund import ADA, STATISTICS, Lund, full


@pytest.fixture
def lund(dsn):
    made = Lund(dsn)
    yield made
    made.close()


def decided(lund, subject):
    case = lund.approved(subject)
    lund.office.decide(case, "l.holm")
    lund.publish()
    return lund.registry.case(case)


def ready(lund, subject, **more):
    case = lund.open(subject, **more).case
    lund.office.complete(case, "desk")
    return case


def test_what_another_case_decided_about_a_credential_stops_the_proposal_until_it_is_overridden(lund):
    credential = lund.issue()
    before = decided(lund, credential)
    case = ready(lund, credential)
    said = (
        f"twente/{credential}: case {before.data.file_number} decided about it on {today()}: full, for creditTransfer"
    )
    with pytest.raises(Stopped, match=said):
        lund.office.propose(case, [full()], "k.berg")
    lund.office.propose(case, [full()], "k.berg", override="It is about another programme.")
    assert lund.approve(case, "l.holm", accept_override=True).state == "approved"


def test_a_withdrawn_decision_another_person_or_another_credential_stops_nothing(lund):
    credential = lund.issue()
    before = decided(lund, credential)
    other = Applicant(family_name="Okafor", given_name="Chi", date_of_birth="1999-01-01")
    lund.office.propose(ready(lund, credential, applicant=other), [full()], "k.berg")
    lund.office.propose(ready(lund, lund.issue()), [full()], "k.berg")
    lund.office.withdraw(str(before.id), "desk", reason="decidedInError")
    lund.office.withdraw(str(before.id), "l.holm", reason="decidedInError")
    lund.office.propose(ready(lund, credential), [full()], "k.berg")


def test_a_decision_for_another_applicant_is_a_note_of_the_proposal(lund):
    credential = lund.issue()
    before = decided(lund, credential)
    number = before.data.file_number
    other = Applicant(family_name="Okafor", given_name="Chi", date_of_birth="1999-01-01")
    case = ready(lund, credential, applicant=other)
    said = f"twente/{credential}: case {number} decided about it on {today()}: full, for creditTransfer"
    assert any(said in note for note in lund.office.propose(case, [full()], "k.berg").warnings)
    [found] = decided_for_others(lund.registry, lund.registry.case(case))
    assert (found.subject, found.case, found.file_number) == (0, str(before.id), number)
    assert decided_for_others(lund.registry, lund.registry.case(ready(lund, credential))) == []
    assert decided_for_others(lund.registry, lund.registry.case(ready(lund, lund.issue(), applicant=other))) == []


def test_what_no_member_issued_is_the_same_by_issuer_country_and_title_for_the_same_learner(lund):
    before = decided(lund, STATISTICS)
    case = ready(lund, STATISTICS, applicant=Applicant(learner=before.data.learner))
    with pytest.raises(Stopped, match=r"Statistics.*decided about it"):
        lund.office.propose(case, [full(ects=None)], "k.berg")


def test_another_award_of_an_achievement_that_was_credited_before_stops_the_proposal(lund):
    before = decided(lund, lund.issue())
    case = ready(lund, lund.issue(), applicant=Applicant(learner=before.data.learner))
    with pytest.raises(Stopped, match=r"decided about another award of the same achievement"):
        lund.office.propose(case, [full()], "k.berg")


def test_a_decision_made_meanwhile_stops_the_approval(lund):
    credential = lund.issue()
    case = ready(lund, credential)
    lund.office.propose(case, [full()], "k.berg")
    decided(lund, credential)
    with pytest.raises(Stopped, match=r"since it was proposed, this came up:\n- .*decided about it"):
        lund.approve(case, "l.holm")


def test_an_override_covers_the_decision_that_was_read_and_none_made_after(lund):
    credential = lund.issue()
    decided(lund, credential)
    case, other = ready(lund, credential), ready(lund, credential)
    for each in (case, other):
        lund.office.propose(each, [full()], "k.berg", override="It is about another programme.")
    lund.approve(other, "l.holm", accept_override=True)
    third = ready(lund, credential)
    lund.office.propose(third, [full()], "k.berg", override="It is about another programme.")
    lund.approve(third, "l.holm", accept_override=True)
    lund.office.decide(third, "l.holm")
    lund.publish()
    number = lund.registry.case(third).data.file_number
    said = f"case {number} decided about it .*the reason changed since"
    with pytest.raises(Stopped, match=f"since it was proposed, this came up:(.|\n)*{said}"):
        lund.approve(case, "l.holm", accept_override=True)
    with pytest.raises(Stopped, match=f"since it was approved, this came up:(.|\n)*{said}"):
        lund.office.decide(other, "l.holm")
    lund.office.return_(case, "k.berg")
    lund.office.propose(case, [full()], "k.berg", override="It is about another programme.")
    lund.approve(case, "l.holm", accept_override=True)
    assert lund.office.decide(case, "l.holm").state == "decided"


def test_the_note_at_the_opening_says_open_or_decided_with_the_learner(lund):
    credential = lund.issue()
    before = decided(lund, credential)
    number, learner = before.data.file_number, before.data.learner
    warnings = " ".join(lund.open(credential, applicant=ADA).warnings)
    assert f"has a case: {number}, which is decided" in warnings
    assert f"id of that case: {learner}" in warnings
    assert f"in another case, too: {number}, which is decided (learner {learner})" in warnings
    again = " ".join(lund.open(lund.issue(), applicant=Applicant(learner=learner)).warnings)
    assert f"the applicant has another case: {number}, which is decided (learner {learner})" in again
