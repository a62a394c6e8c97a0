"""What a proposal was compared with, what is granted on what, and what the second person approves."""

import msgspec
import pytest

from registry.domain.case_errors import AssessmentObjections, ProposalChanged, Stopped, UnknownSubject
from registry.domain.case_events import Proposed
from registry.office.assessments.offered import Requirement
from registry.office.assessments.profiles import ProfileRow
from registry.office.cases.assessment_draft import draft_of
from registry.office.cases.case_view import collect_letter_facts, show_case
from registry.office.cases.corrections import Correction
from registry.office.cases.letter_content import file_of
from registry.office.cases.opening import SubmittedCredential
from registry.office.cases.proposal_messages import Leave
from registry.office.cases.rows import CaseRow
from registry.wire.achievements import Composition
from registry.wire.credentials import Part
from registry.wire.recognition import External, Towards
from tests.support.lund import STATISTICS, Lund, full, grant

DATA = Towards(title={"en": "Minor data science"})
ENERGY = Towards(title={"en": "Energy minor"})
BADGE = External("University of Twente", "NL", "Data literacy")


@pytest.fixture
def lund(dsn):
    made = Lund(dsn)
    made.registry.store_rows(ProfileRow("Minor data science", Requirement(ects=5, fields_of_education=["061"]), "k"))
    made.registry.store_rows(ProfileRow("Energy minor", Requirement(ects=5, fields_of_education=["0713"]), "k"))
    yield made
    made.close()


def ready(lund, *subjects, **more):
    """A case whose file is complete."""
    case = lund.open(*subjects, **more).case
    lund.office.complete(case, "desk")
    return case


def assess(lund, case, *, against=None, requirement=None, ects=5):
    """Assess a case's only credential as it begins, and propose full recognition in the assessment."""
    draft = draft_of(lund.office, case, against)
    [one] = draft.assessed
    if requirement is not None:
        one = msgspec.structs.replace(one, requirement=requirement)
    offered = {"assessed": [one], "proposed": [{"grant": full(ects=ects)}]}
    whole = msgspec.convert(msgspec.to_builtins(draft) | msgspec.to_builtins(offered), type(draft))
    return lund.office.assess(case, whole, "k.berg")


# What is granted on what


def test_the_short_form_raises_no_level_and_grants_no_more_credits_than_the_original(lund):
    case = ready(lund, lund.issue())
    for wrong, code in (
        (grant("full", eqf_level=8, ects=5), "levelAboveOriginal: EQF 8 on EQF 6"),
        (full(ects=6), "aboveOriginal: 6 ECTS on 5"),
        (full(ects=3), "fullWithLess: 3 ECTS on 5"),
        (grant("full", "level:lowerLevel", ects=5), "fullDespiteDifference"),
    ):
        with pytest.raises(AssessmentObjections, match=code):
            lund.office.propose(case, [msgspec.structs.replace(wrong, grounds=wrong.grounds or None)], "k.berg",
                                override="My cousin.")  # fmt: skip
    assert lund.office.propose(case, [msgspec.structs.replace(full(), eqf_level=6)], "k.berg").state == "proposed"


def test_a_level_that_nobody_stated_is_granted_by_an_override_alone(lund):
    case = ready(lund, STATISTICS)
    raised = msgspec.structs.replace(full(ects=None), eqf_level=8)
    with pytest.raises(Stopped, match="EQF level 8 is granted, and nobody stated the level"):
        lund.office.propose(case, [raised], "k.berg")
    lund.office.propose(case, [raised], "k.berg", override="The board interviewed the applicant.")
    assert show_case(lund.office, case).override.against == ["levelNotStated:0"]
    lund.office.return_(case, "k.berg")
    assess(lund, case, ects=None)
    with pytest.raises(Stopped, match="EQF level 8 is granted"):
        lund.office.propose(case, [raised], "k.berg")


def test_two_awards_of_one_achievement_in_a_case_are_credited_once(lund):
    case = ready(lund, lund.issue(), lund.issue())
    for wrong in ([full(0, 1, ects=10)], [full(0), full(1)]):
        with pytest.raises(AssessmentObjections, match=r"10 ECTS on 5 \(awards of one achievement count once\)"):
            lund.office.propose(case, wrong, "k.berg")
    assert lund.office.propose(case, [full(0, 1, ects=5)], "k.berg").state == "proposed"


def test_a_credential_and_a_part_of_it_are_not_both_recognised(lund):
    part = lund.issue()
    composition = Composition(required=[], choices=[], min_ects=0, sharing="allowed")
    programme = lund.course(ects=30, kind="programme", composition=composition)
    whole = lund.issue(achievement=programme, ects=30, parts=[Part("twente", part, 5)])
    case = ready(lund, whole, part)
    with pytest.raises(Stopped, match=f"twente/{part}: it is a part of credential twente/{whole}"):
        lund.office.propose(case, [full(0, 1, ects=35)], "k.berg")
    with pytest.raises(Stopped) as stopped:
        lund.office.propose(case, [full(0, ects=30)], "k.berg", leave=[Leave(1, "It is in the programme.")])
    assert "it is a part of" not in str(stopped.value)


def test_an_uploaded_badge_of_a_credential_on_the_log_is_noted_when_the_case_is_opened_and_proposed(lund):
    moved = lund.open(lund.issue(), BADGE)
    note = "credentials 0 and 1 have the same title and may be the same one"
    assert [one for one in moved.warnings if one.startswith(note)]
    lund.office.complete(moved.case, "desk")
    told = lund.office.propose(moved.case, [full(0, 1, ects=None)], "k.berg").warnings
    assert [one for one in told if one.startswith(note)]
    assert not [one for one in lund.open(lund.issue(), STATISTICS).warnings if "same title" in one]


# What it was compared with


def test_an_assessment_made_before_the_programme_was_corrected_is_made_again(lund):
    case = ready(lund, lund.issue(), towards=[DATA])
    assess(lund, case)
    lund.office.correct(case, Correction(towards=[ENERGY]), "desk")
    said = "it was for Minor data science then, and is for Energy minor now. Assess it again"
    with pytest.raises(AssessmentObjections, match=said):
        lund.office.propose(case, [], "k.berg", override="Never mind.")
    assess(lund, case)
    with pytest.raises(Stopped, match="0713 have no broad field in common"):
        lund.office.propose(case, [], "k.berg")


def test_a_comparison_with_another_programme_than_the_cases_or_the_grants_is_a_stop(lund):
    case = ready(lund, lund.issue(), towards=[ENERGY])
    told = assess(lund, case, against="Minor data science").warnings[0]
    assert "was compared with Minor data science, and the case is for Energy minor" in told
    with pytest.raises(Stopped, match="was compared with Minor data science, and the case is for Energy minor"):
        lund.office.propose(case, [], "k.berg")
    other = ready(lund, lund.issue(), towards=[DATA])
    assess(lund, other)
    with pytest.raises(Stopped, match="was compared with Minor data science, and the grant is for Energy minor"):
        lund.office.propose(other, [msgspec.structs.replace(full(), towards=ENERGY)], "k.berg")
    assert lund.office.propose(other, [], "k.berg").state == "proposed"


def test_a_requirement_that_was_weakened_is_a_stop_and_the_letter_names_the_programme(lund):
    case = ready(lund, lund.issue(), towards=[DATA])
    assess(lund, case, requirement=Requirement(towards=DATA, ects=3))
    said = r'ects 5 became 3, fieldsOfEducation \["061"\] became nothing'
    with pytest.raises(Stopped, match=said):
        lund.office.propose(case, [], "k.berg")
    lund.office.propose(case, [], "k.berg", override="The programme board asks for less since May.")
    assert show_case(lund.office, case).override.against == ["requirementDiffers:0"]
    lund.approve(case, "l.holm", accept_override=True)
    lund.office.decide(case, "l.holm")
    assert file_of(collect_letter_facts(lund.office, case)).compared_with == [[DATA]]


def test_a_profile_that_was_changed_since_the_proposal_stops_its_approval(lund):
    case = ready(lund, lund.issue(), towards=[DATA])
    assess(lund, case)
    lund.office.propose(case, [], "k.berg")
    lund.registry.store_rows(ProfileRow("Minor data science", Requirement(ects=10), "k"))
    with pytest.raises(Stopped, match="since it was proposed, this came up"):
        lund.approve(case, "l.holm", accept_override=True)


def test_an_override_covers_what_the_programme_asked_for_then_and_not_what_it_asks_for_now(lund):
    case = ready(lund, lund.issue(), towards=[DATA])
    assess(lund, case, requirement=Requirement(towards=DATA, ects=3))
    lund.office.propose(case, [], "k.berg", override="The programme board asks for less since May.")
    changed = Requirement(ects=30, fields_of_education=["061"])
    lund.registry.store_rows(ProfileRow("Minor data science", changed, "k"))
    with pytest.raises(Stopped, match=r"since it was proposed, this came up:\n- .*ects 30 became 3.*changed since"):
        lund.approve(case, "l.holm", accept_override=True)


def test_of_two_programmes_a_grant_names_one_and_is_compared_with_that(lund):
    case = ready(lund, lund.issue(), towards=[DATA, ENERGY])
    with pytest.raises(AssessmentObjections, match=r"for 2 programmes \(Minor data science; Energy minor\): say which"):
        lund.office.propose(case, [full()], "k.berg")
    with pytest.raises(Stopped, match="differentField is worth a look"):
        lund.office.propose(case, [msgspec.structs.replace(full(), towards=ENERGY)], "k.berg")
    assert lund.office.propose(case, [msgspec.structs.replace(full(), towards=DATA)], "k.berg").state == "proposed"


def test_a_stored_proposal_that_cannot_be_decided_any_more_says_that_it_is_returned(lund):
    """As an earlier version let it be proposed: of two programmes the grant names none."""
    cases = [ready(lund, lund.issue(), towards=[DATA, ENERGY]) for _ in range(2)]
    for case, approved in zip(cases, (False, True), strict=True):
        stored = lund.registry.case(case)
        stored.propose(Proposed([full()], stored.latest, "k.berg"))
        if approved:
            stored.approve(stored.latest, "l.holm", proposal=stored.proposal_id)
        with lund.registry.transaction() as transaction:
            transaction.save(stored)
            transaction.add(CaseRow(stored))
            transaction.commit()
    said = r"say which one this grant is about; .*\. Return the proposal, and propose again"
    with pytest.raises(AssessmentObjections, match=said):
        lund.approve(cases[0], "l.holm")
    with pytest.raises(AssessmentObjections, match=said):
        lund.office.decide(cases[1], "l.holm")
    for case in cases:
        assert lund.office.return_(case, "k.berg").state == "assessing"


def test_an_own_achievement_that_nobody_published_is_refused_at_the_opening_and_at_a_correction(lund):
    unknown = Towards("lund", "6ba7b810-9dad-11d1-80b4-00c04fd430c8")
    with pytest.raises(UnknownSubject, match="lund has published no achievement 6ba7b810") as refused:
        lund.open(lund.issue(), towards=[DATA, unknown])
    assert refused.value.path == "$.towards[1].achievement"
    case = ready(lund, lund.issue(), towards=[DATA])
    with pytest.raises(UnknownSubject, match="lund has published no achievement") as refused:
        lund.office.correct(case, Correction(towards=[unknown]), "desk")
    assert refused.value.path == "$.towards[0].achievement"
    assert lund.registry.case(case).data.towards == [DATA]


# What the second person approves


def test_an_approval_is_of_the_proposal_that_was_read_and_of_no_other(lund):
    case = ready(lund, lund.issue())
    read = lund.office.propose(case, [grant("partial", "workload:substantiallyLess", ects=3)], "k.berg").proposal_id
    assert show_case(lund.office, case).waiting.proposal_id == read
    lund.office.return_(case, "k.berg")
    second = lund.office.propose(case, [full()], "k.berg").proposal_id
    with pytest.raises(ProposalChanged, match=f"the proposal changed: you name {read}, and the case has {second}"):
        lund.office.approve(case, "l.holm", proposal_id=read)
    lund.office.return_(case, "k.berg")
    third = lund.office.propose(case, [full()], "k.berg").proposal_id
    assert len({read, second, third}) == 3
    assert lund.office.approve(case, "l.holm", proposal_id=third).state == "approved"
    assert show_case(lund.office, case).history[-1].data["proposal"] == third


def test_an_override_is_accepted_with_the_reason_that_was_read_and_with_no_other(lund):
    case = ready(lund, STATISTICS)
    lund.office.propose(case, [full()], "k.berg", override="The rector confirmed it on paper.")
    read = show_case(lund.office, case).waiting.proposal_id
    lund.office.return_(case, "k.berg")
    lund.office.propose(case, [full()], "k.berg", override="My cousin.")
    with pytest.raises(ProposalChanged):
        lund.office.approve(case, "l.holm", proposal_id=read, accept_override=True)


def test_the_second_person_sees_the_grants_what_was_compared_and_all_notes(lund):
    case = ready(lund, lund.issue(), towards=[DATA])
    told = lund.office.propose(case, [full()], "k.berg", text="Well done.")
    waiting = show_case(lund.office, case).waiting
    assert (waiting.by, waiting.grants, waiting.note, waiting.assessed) == ("k.berg", [full()], "Well done.", False)
    [compared] = waiting.compared
    assert (compared.subject, compared.towards) == (0, "Minor data science")
    assert compared.elements[1].required == "5 ECTS"
    assert waiting.notes == told.warnings
    assert any(one.startswith("nothing was assessed") for one in waiting.notes)
    assert lund.approve(case, "l.holm").warnings == told.warnings


# Enquiries


def test_an_enquiry_in_a_case_of_several_credentials_names_one_that_the_case_still_has(lund):
    case = ready(lund, lund.issue(), STATISTICS)
    with pytest.raises(UnknownSubject, match=r"about 2 credentials; say which one: .*1: Oslo Met about credential 1"):
        lund.office.enquire(case, None, "desk")
    assert lund.office.enquire(case, 1, "desk").addressee == "Oslo Met about credential 1 (Statistics)"
    lund.office.correct(case, Correction(remove=[1]), "desk")
    with pytest.raises(UnknownSubject, match="the case has no credential 1; it is about 0"):
        lund.office.enquire(case, 1, "desk")
    assert lund.office.enquire(case, None, "desk").addressee.startswith("twente about credential twente/")


def test_a_letter_of_an_earlier_decision_says_what_was_applied_for_then(lund):
    case = lund.approved(SubmittedCredential(external=STATISTICS), towards=[Towards(title={"en": "Jazz"})])
    lund.office.decide(case, "l.holm")
    lund.office.correct(case, Correction(towards=[Towards(title={"en": "Opera"})]), "desk")
    assert collect_letter_facts(lund.office, case).towards == [Towards(title={"en": "Jazz"})]
