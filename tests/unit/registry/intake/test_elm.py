"""European Learning Model documents: what is read, what is reported, what is listed."""

import copy
import json
from importlib import resources

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.application.achievement_content import FaultyContent
from registry.intake.formats.documents import read_file
from registry.intake.formats.elm import ElmDocument
from registry.intake.rows.report import IntakeError
from registry.intake.rows.row_checker import RowChecker
from tests.support.catalogues import Everything
from tests.support.examples import examples
from tests.support.samples import sample

CHECKER = RowChecker(Everything((5,)))
SAMPLES = resources.files("registry.intake").joinpath("samples")
OWN = json.loads(SAMPLES.joinpath("microcredential.jsonld").read_text())
REST = json.loads(SAMPLES.joinpath("microcredential-rest.json").read_text())


def document(change=lambda _: None):
    made = copy.deepcopy(OWN)
    change(made["credentialSubject"]["hasClaim"])
    return ElmDocument("own", made)


@pytest.fixture
def commission():
    return read_file(sample("elm/sample-microcredential.jsonld"))


GIVEN_BESIDE = {
    "achievement": {
        "assessments": ["artefact"],
        "qualityAssurance": [{"type": "internal", "agency": "University of Zed"}],
        "stackability": "stackable",
    },
    "credential": {"student": "z-1", "date_of_birth": "1999-10-02", "awarding_date": "2023-01-01"},
}


def test_the_commissions_sample_becomes_an_achievement_with_all_of_annex_i(commission):
    assert commission.awards[0].missing(GIVEN_BESIDE, "zed") == []
    content = commission.awards[0].content("0bbac7a9-a411-4809-ad9e-534f483b7a03", "zed", GIVEN_BESIDE, lambda _: None)
    assert content.title == {"en": "Digital micro-credential creation"}
    assert (content.ects, content.workload_hours, content.eqf_level) == (2, 60, 6)
    assert content.fields_of_education == ["003", "0688"]
    assert content.learning_setting == "nonFormal"
    assert content.participation == ["blended"]
    assert (content.supervision, content.identity_verified) == ("none", False)
    assert [len(outcome.esco_skills) for outcome in content.learning_outcomes] == [3, 1]
    assert content.prerequisites is not None
    assert content.fault("zed") is None


def test_the_commissions_sample_becomes_a_credential(commission):
    checker = RowChecker(Everything((2,)))
    request = commission.awards[0].request(checker, "0bbac7a9-a411-4809-ad9e-534f483b7a03", None, GIVEN_BESIDE).result
    assert (request.family_name, request.given_name, request.grade) == ("Andromeda", "Ana", "Pass")
    assert request.record == "urn:credential:3ef0ac26-9a1f-41c6-871b-2b82e670907b"


def test_sixty_months_of_workload_are_reported_and_not_guessed(commission):
    [problem] = [p for p in commission.problems if p.value == "P60M"]
    assert problem.where == "$.credentialSubject.hasClaim.influencedBy.specifiedBy.volumeOfLearning"
    assert "sixty months" in problem.detail
    assert "PT60H" in problem.detail


def test_what_the_commissions_sample_leaves_open_is_asked_for(commission):
    assert commission.awards[0].missing({}, "zed") == [
        "achievement.assessments",
        "achievement.qualityAssurance",
        "achievement.stackability",
        "credential.student",
        "credential.date_of_birth",
        "credential.awarding_date",
    ]


def test_what_was_not_used_is_listed_by_path(commission):
    unmapped = commission.list_unmapped().paths
    assert "$.credentialSubject.hasClaim.specifiedBy.maximumDuration" in unmapped
    assert not any("learningOutcome[0].title" in path for path in unmapped)


def test_the_projects_own_document_wants_only_what_the_model_has_no_word_for():
    made = document()
    assert made.problems == []
    assert made.awards[0].missing({}, "twente") == ["achievement.stackability"]
    content = made.awards[0].content("0bbac7a9-a411-4809-ad9e-534f483b7a03", "twente", REST, lambda _: None)
    assert content.assessments == ["projectWork", "oralExamination"]
    assert content.fault("twente") is None
    assert made.awards[0].request(CHECKER, content.achievement, None, REST).result.student == "s2600001"


def test_a_workload_in_months_is_left_unset():
    made = document(lambda claim: claim["specifiedBy"].update(volumeOfLearning="P60M"))
    assert "workloadHours" not in made.awards[0].achievement
    assert made.problems[0].asks == "achievement.workloadHours"


def test_other_credits_than_ects_are_not_converted():
    def other(claim):
        claim["specifiedBy"]["creditPoint"]["framework"]["id"] = "http://data.europa.eu/snb/education-credit/other"

    made = document(other)
    assert "ects" not in made.awards[0].achievement
    assert "not ECTS" in made.problems[0].detail


def test_an_unknown_code_is_reported_with_its_label():
    def unknown(claim):
        claim["specifiedBy"]["mode"][0]["id"] = "http://data.europa.eu/snb/learning-assessment/nowhere"

    made = document(unknown)
    assert "nowhere Blended" in made.problems[0].value


@pytest.mark.parametrize("text", ["", "nonsense", "[]", "{}", '{"credentialSubject": 5}', '{"credentialSubject": {}}'])
def test_what_is_no_such_document_is_refused_in_our_words(tmp_path, text):
    file = tmp_path / "x.jsonld"
    file.write_text(text)
    with pytest.raises(IntakeError):
        read_file(file)


@settings(max_examples=examples(150, thorough=400), deadline=None)
@given(st.data())
def test_a_document_with_anything_anywhere_raises_nothing_but_our_own_error(data):
    made = copy.deepcopy(OWN)
    places = []

    def walk(value):
        if isinstance(value, dict | list):
            for key in value if isinstance(value, dict) else range(len(value)):
                places.append((value, key))
                walk(value[key])

    walk(made)
    for _ in range(data.draw(st.integers(1, 3))):
        owner, key = data.draw(st.sampled_from(places))
        owner[key] = data.draw(
            st.one_of(st.none(), st.booleans(), st.integers(), st.text(), st.just([]), st.just({}), st.just([{}, {}]))
        )
    try:
        document = ElmDocument("fuzzed", made)
        document.list_unmapped()
        document.external()
        for award in document.awards:
            award.content("0bbac7a9-a411-4809-ad9e-534f483b7a03", "twente", REST, lambda _: None)
            award.request(CHECKER, "0bbac7a9-a411-4809-ad9e-534f483b7a03", None, REST)
    except (IntakeError, FaultyContent):
        pass
    assert msgspec.json.encode(made)
