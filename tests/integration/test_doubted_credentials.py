"""Credentials that their issuers deny, revoke or say nothing about: what the office's people and the letter say."""

from datetime import date

import pytest

from registry.cli.recognition.case_showing import _marks
from registry.domain.deadlines import last_day_of
from registry.letters.composing import NO_FILE
from registry.letters.content import LANGUAGES
from registry.letters.page import page
from registry.office.cases.case_list import list_cases
from registry.office.cases.case_view import collect_letter_facts, show_case
from registry.office.cases.changes import acknowledge
from registry.office.cases.letter_content import file_of
from registry.office.cases.proposal_messages import Leave
from registry.office.cases.worklist import WorklistQuery
from tests.support.days import today
from tests.support.letters import content, qualification
from tests.support.lund import STATISTICS, Lund, full, grant


@pytest.fixture
def lund(dsn):
    made = Lund(dsn)
    yield made
    made.close()


def look_at(lund, case, **asked):
    lines = list_cases(lund.office, WorklistQuery(), today=today(), **asked).lines
    return next((_marks(one) for one in lines if one.case == case), None)


def denied(lund, case):
    enquiry = lund.office.enquire(case, 0, "desk").enquiry
    lund.office.answer(case, enquiry, "notAuthentic", "desk")


def test_an_enquiry_without_an_answer_is_said_at_each_step_and_in_the_case(lund):
    case = lund.open(lund.issue()).case
    lund.office.complete(case, "desk")
    enquiry = lund.office.enquire(case, 0, "desk").enquiry
    steps = [lund.office.propose(case, [full()], "k.berg"), lund.approve(case, "l.holm")]
    shown = show_case(lund.office, case)
    for warnings in (*(one.warnings for one in steps), lund.office.decide(case, "l.holm").warnings, shown.warnings):
        assert [one for one in warnings if f"has not answered (enquiry {enquiry})" in one]
    lund.office.answer(case, enquiry, "authentic", "desk")
    assert not [one for one in show_case(lund.office, case).warnings if "answer" in one]


@pytest.mark.parametrize("external", [True, False])
def test_a_denial_after_the_decision_marks_the_case_as_changed_until_somebody_has_seen_it(lund, external):
    case = lund.approved(STATISTICS if external else lund.issue())
    lund.office.decide(case, "l.holm")
    assert look_at(lund, case, changed=True) is None
    denied(lund, case)
    assert "changed, its issuer denies it" in look_at(lund, case, changed=True)
    [change] = acknowledge(lund.registry, lund.office.lookup, lund.registry.case(case), "desk")
    assert change.sentence.endswith("is denied by its issuer now")
    assert look_at(lund, case, changed=True) is None
    assert "its issuer denies it" in look_at(lund, case)


def test_a_denial_that_was_overridden_stays_in_look_at_and_is_no_change(lund):
    case = lund.open(lund.issue()).case
    lund.office.complete(case, "desk")
    denied(lund, case)
    lund.office.propose(case, [full()], "k.berg", override="Its archive burnt down.")
    lund.approve(case, "l.holm", accept_override=True)
    lund.office.decide(case, "l.holm")
    lund.publish()
    assert look_at(lund, case, changed=True) is None
    assert "its issuer denies it" in look_at(lund, case)
    assert file_of(collect_letter_facts(lund.office, case)).standings == [("denied", today())]


def test_a_revoked_credential_that_was_overridden_is_named_so_in_the_file_of_the_letter(lund):
    credential = lund.issue()
    case = lund.open(credential).case
    lund.office.complete(case, "desk")
    lund.put(lund.twente.revoke(credential))
    lund.project()
    lund.office.propose(case, [full()], "k.berg", override="It was revoked by mistake.")
    assert "revoked" in look_at(lund, case)
    lund.approve(case, "l.holm", accept_override=True)
    lund.office.decide(case, "l.holm")
    lund.publish()
    assert "revoked" in look_at(lund, case)
    assert file_of(collect_letter_facts(lund.office, case)).standings == [("revoked", today())]


def test_a_refusal_as_forged_needs_no_further_look(lund):
    case = lund.open(lund.issue()).case
    lund.office.complete(case, "desk")
    denied(lund, case)
    lund.office.propose(case, [grant("refused", "formal:notAuthentic")], "k.berg")
    lund.approve(case, "l.holm")
    lund.office.decide(case, "l.holm")
    lund.publish()
    assert "denies" not in look_at(lund, case)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("standing", ["revoked", "suspended", "replaced", "denied"])
def test_a_letter_never_calls_verified_what_its_issuer_revoked_or_denies(language, standing):
    def evidence(**more):
        made = page(content(language, qualifications=[qualification(evidence="onLog", **more)]))
        return made["grants"][0]["rows"][0]["original"][-1]["text"]

    said = evidence(standing=standing, standing_on=date(2026, 11, 26))
    assert said != evidence()
    assert "2026" in said
    assert NO_FILE.standings == []


def line_of(lund, case):
    return next(one for one in list_cases(lund.office, WorklistQuery(), today=today()).lines if one.case == case)


def test_an_appealed_case_is_due_as_a_new_one_from_the_day_of_the_appeal(lund):
    case = lund.approved(lund.issue())
    lund.office.decide(case, "l.holm")
    assert (line_of(lund, case).due, line_of(lund, case).urgency) == (None, "done")
    lund.office.appeal(case, "desk")
    term = lund.registry.case(case).completed.term
    assert line_of(lund, case).due == last_day_of(today(), term)
    assert line_of(lund, case).urgency == "inTime"
    lund.office.propose(case, [full(ects=None)], "k.berg")
    assert line_of(lund, case).due == last_day_of(today(), term)


def test_a_change_of_a_credential_that_was_left_out_marks_nothing(lund):
    first, second = lund.issue(), lund.issue()
    case = lund.open(first, second).case
    lund.office.complete(case, "desk")
    lund.office.propose(case, [full()], "k.berg", leave=[Leave(1, "For information only.")])
    lund.approve(case, "l.holm")
    lund.office.decide(case, "l.holm")
    lund.put(lund.twente.revoke(second))
    lund.project()
    assert look_at(lund, case, changed=True) is None
    assert "revoked" not in look_at(lund, case)
    lund.put(lund.twente.revoke(first))
    lund.project()
    assert look_at(lund, case, changed=True) == "changed, revoked"
