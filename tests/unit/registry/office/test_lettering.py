"""What a case tells its letter."""

from datetime import date

import msgspec
import pytest

from registry.domain.case_events import Subject
from registry.letters import CannotWrite, LetterRequirements
from registry.office.assessments.assessment import (
    AssessedCredential,
    Assessment,
    ConsideredOutcome,
    ProposedGrant,
)
from registry.office.assessments.comparison import Element, Suggestion
from registry.office.assessments.offered import Offered, Requirement
from registry.office.cases.applicants import Applicant
from registry.office.cases.letter_content import asked_of, file_of
from registry.office.cases.views import LetterFacts, SubjectView
from registry.wire.achievements import LearningOutcome
from registry.wire.recognition import Basis, Condition, External, Grant, Ground, RecognitionDecided

DECISION = "432236b7-1b2c-4a5d-8e9f-0a1b2c3d4e5f"
ADA = Applicant("Jansen", "Ada", "2001-02-03", address="Kungsgatan 1\n\n582 18 Linköping", language="pt-BR")


def facts(**more):
    data = RecognitionDecided(DECISION, "admission", "binding", [], [], "2026-11-26")
    made = LetterFacts(
        office="lund",
        file_number="2026/00017",
        applicant=ADA,
        data=data,
        subjects=[],
        disclosures=[],
        appeal_until=date(2027, 1, 7),
        appealed=False,
        opened=date(2026, 10, 1),
        completed=None,
        note="A word.",
    )
    return msgspec.structs.replace(made, **more)


def assessed(*requirements, elements=(), grants=(), **offered):
    """The facts of a decision that rests on an assessment of what no member issued."""
    known = Offered(issuer="Oslo Met", member=False, title={"en": "Statistics"}, **offered)
    basis = Basis("paper", external=External("Oslo Met", "NO", "Statistics"))
    data = RecognitionDecided(
        DECISION, "admission", "binding", [basis] * len(requirements), [one.grant for one in grants], "2026-11-26"
    )
    made = Assessment(
        "admission", "binding", [AssessedCredential(known, one, list(elements)) for one in requirements], list(grants)
    )
    views = [SubjectView(Subject("paper", external=basis.external), None, None)] * len(requirements)
    return facts(data=data, subjects=views, assessment=made, numbers=list(range(len(requirements))))


def test_what_the_office_established_is_in_the_letter_with_who_says_so():
    [found] = file_of(assessed(Requirement(), ects=10, eqf_level=6, awarding_date="2026-06-30")).established
    assert (found.ects, found.eqf_level, found.awarded, found.source) == (10, 6, date(2026, 6, 30), "office")
    [found] = file_of(assessed(Requirement(), ects=2.5, stated_in="Open Badges")).established
    assert (found.ects, found.source) == (2.5, "document")


def test_a_slight_difference_is_told_with_its_reason_and_a_named_one_is_not_slight():
    suggested = [Suggestion("substantiallyLess", "5 of 7.5 ECTS; below 80%")]
    elements = [
        Element(name="workload", original="5 ECTS", required="7.5 ECTS", suggested=suggested, no_difference="Holiday."),
        Element(name="level", original="EQF 5", required="EQF 6", suggested=[Suggestion("lowerLevel", "")],
                named=["lowerLevel"]),
    ]  # fmt: skip
    full = Grant([0], "full", "recognised", "none")
    [judged] = file_of(assessed(Requirement(ects=7.5), elements=elements, grants=[ProposedGrant(full)])).judged
    assert judged.slight == {"workload": "Holiday."}


def test_a_refusal_says_why_nothing_milder_was_possible_and_what_can_be_done():
    refused = Grant([0], "refused", "recognised", "none", grounds=[Ground("level", "lowerLevel")])
    considered = [
        ConsideredOutcome("partial", "nothingComparable"),
        ConsideredOutcome("conditional", "noConditionSuffices"),
    ]
    proposed = ProposedGrant(refused, considered, [Condition("bridgingCourse")])
    [judged] = file_of(assessed(Requirement(), grants=[proposed])).judged
    assert judged.not_possible == [("partial", "nothingComparable"), ("conditional", "noConditionSuffices")]
    assert judged.measures == [Condition("bridgingCourse")]


def test_without_an_assessment_nothing_is_said_to_have_been_looked_at():
    assert file_of(facts()).judged == []


def test_a_letter_has_the_cases_number_last_day_and_words_for_the_applicant():
    asked = asked_of(facts())
    assert (asked.file_number, asked.appeal_until, asked.remarks) == ("2026/00017", date(2027, 1, 7), ["A word."])
    assert asked.applicant.name == "Ada Jansen"
    assert asked.applicant.address == ["Kungsgatan 1", "582 18 Linköping"]
    assert asked.applicant.date_of_birth == date(2001, 2, 3)


def test_a_birth_date_of_which_only_a_part_is_known_is_left_out():
    applicant = msgspec.structs.replace(ADA, date_of_birth="1999-05")
    assert asked_of(facts(applicant=applicant)).applicant.date_of_birth is None


@pytest.mark.parametrize(("tag", "language"), [("pt-BR", "pt"), ("SV", "sv"), ("fi", "en"), (None, "en")])
def test_it_is_in_the_applicants_language_where_there_is_one(tag, language):
    assert asked_of(facts(applicant=msgspec.structs.replace(ADA, language=tag))).language == language
    assert asked_of(facts(), "de").language == "de"


def test_what_was_asked_for_is_said_once_in_the_letters_words():
    outcome = LearningOutcome({"en": "reads data", "nl": "leest gegevens"})
    asked = [
        Requirement(ects=5, eqf_level=6, fields_of_education=["061"], learning_outcomes=[outcome]),
        Requirement(ects=5, access_to=8, fields_of_education=["061", "0542"]),
    ]
    said = asked_of(assessed(*asked), "nl").required
    assert said == LetterRequirements(
        level="EQF-niveau 6; EQF-niveau 7",
        workload="5 ECTS",
        profile="Vakgebied 061 (ISCED-F); vakgebied 0542 (ISCED-F)",
        learning_outcomes="Leest gegevens",
    )
    assert asked_of(facts()).required is None
    assert asked_of(assessed(Requirement())).required is None


def test_without_a_name_it_says_how_to_give_one():
    with pytest.raises(CannotWrite, match="--applicant FILE"):
        asked_of(facts(applicant=Applicant(student="s17", learner="432236b7-1b2c-4a5d-8e9f-0a1b2c3d4e5f")))
