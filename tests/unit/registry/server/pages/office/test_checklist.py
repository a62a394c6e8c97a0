"""The seven questions: what the data answers, and what it leaves open."""

from registry.office.assessments.offered import Offered
from registry.server.pages.office.checklist import QUESTIONS, answer_questions
from registry.server.pages.vocabulary import VOCABULARY
from registry.wire.achievements import LearningOutcome


def findings(**facts):
    offered = Offered(issuer="twente", member=True, title={"en": "Statistics"}, **facts)
    return {answer.question: (answer.tone, answer.finding) for answer in answer_questions(offered)}


def test_nothing_is_guessed_of_what_is_not_known():
    answers = findings()
    assert list(answers) == list(QUESTIONS)
    assert {tone for tone, _ in answers.values()} == {"quiet"}


def test_facts_of_the_log_answer_all_questions():
    answers = findings(
        accredited=True,
        evidence="onLog",
        authentic=True,
        eqf_level=6,
        level_basis="referenced",
        learning_outcomes=[LearningOutcome({"en": "Reads data"})],
        ects=5,
        assessments=["projectWork"],
        identity_verified=True,
        supervision="onsite",
    )
    assert {tone for tone, _ in answers.values()} == {"ok"}


def test_what_speaks_against_it_is_said():
    answers = findings(
        issuer_when_issued="suspended",
        authentic=False,
        evidence="onLog",
        eqf_level=6,
        level_basis="providerStated",
        workload_hours=140,
        assessments=["attendance", "selfAssessment"],
        identity_verified=False,
    )
    assert answers["quality"] == ("warn", "issuerSuspended")
    assert answers["verification"] == ("bad", "denied")
    assert answers["level"] == ("warn", "levelStated")
    assert answers["workload"] == ("warn", "hoursOnly")
    assert answers["testing"] == ("warn", "notTested")
    assert answers["identification"] == ("warn", "identityNotVerified")


def test_each_answer_has_words():
    for facts in ({}, {"authentic": True}, {"identity_verified": True}, {"quality_assurance": []}):
        for question, (_, finding) in findings(**facts).items():
            assert question in VOCABULARY["question"]
            assert finding in VOCABULARY["checklist"]
