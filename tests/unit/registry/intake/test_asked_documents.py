"""What a reader asks about keeps an award from being issued, and what has failed is refused."""

import json
from importlib import resources

import pytest

from registry.intake.formats.award import check_completions
from registry.intake.formats.documents import read_document
from registry.intake.formats.other_issuer import other_issuer_notes
from registry.intake.rows.report import IntakeError
from registry.wire.governance import MemberRevised

SAMPLES = resources.files("registry.intake").joinpath("samples")
OWN = MemberRevised(
    member="lund",
    legal_name="Lunds Universitet",
    country="SE",
    identifiers=[],
    accreditations=[],
    homepage="https://www.lu.example/en",
)


def badge():
    return json.loads(SAMPLES.joinpath("openbadge.json").read_text())


def read(document):
    return read_document(json.dumps(document).encode(), "file")


def asked(document):
    return {one.asks for award in read(document).awards for one in award.problems}


def refused(document):
    return [one.detail for award in read(document).awards for one in award.refusals]


def graded(result, **scale):
    document = badge()
    subject = document["credentialSubject"]
    subject["achievement"]["resultDescription"][0] |= scale
    subject["result"] = [subject["result"][0] | result]
    return document


def test_two_issuers_are_asked_about_until_one_is_named():
    document = badge()
    document["issuer"] = [{"id": "urn:a", "name": "Ada College"}, {"id": "urn:b", "name": "Bell College"}]
    [award] = read(document).awards
    assert [one.asks for one in award.open_questions({}, new=False)] == ["credential.issuer"]
    assert award.open_questions({"credential": {"issuer": None}}, new=False) == []


def test_two_criteria_are_asked_about():
    document = badge()
    document["credentialSubject"]["achievement"]["criteria"] = [{"narrative": "An essay."}, {"narrative": "A talk."}]
    assert asked(document) == {"achievement.furtherInformation"}


def test_what_no_field_settles_refuses_the_award():
    document = badge()
    document["credentialSubject"]["achievement"]["humanCode"] = ["WATER-3", "WATER-4"]
    [detail] = refused(document)
    assert "correct it in the document" in detail


@pytest.mark.parametrize("value", ["5.4", 3, "-1"])
def test_a_result_below_what_its_scale_requires_is_refused(value):
    assert any("requiredValue" in one for one in refused(graded({"value": value})))


def test_a_grade_in_words_below_the_required_one_is_refused():
    words = {"allowedValue": ["poor", "fair", "good"], "requiredValue": "fair", "valueMin": None, "valueMax": None}
    assert refused(graded({"value": "poor"}, **words))
    assert not refused(graded({"value": "good"}, **words))
    assert asked(graded({"value": "great"}, **words)) == {"credential.grade"}


@pytest.mark.parametrize("value", ["10.5", "999", "B+", "7,5"])
def test_a_grade_off_its_scale_is_asked_for(value):
    assert asked(graded({"value": value})) == {"credential.grade"}


def test_a_grade_that_names_no_scale_is_held_against_the_only_one():
    assert asked(graded({"resultDescription": None, "value": "C"})) == {"credential.grade"}
    assert asked(graded({"resultDescription": None, "value": "9"})) == set()
    assert refused(graded({"resultDescription": None, "value": "2"}))


def test_a_whole_name_of_somebody_else_is_asked_about():
    document = badge()
    document["credentialSubject"]["name"] = "Wilma Berg"
    assert asked(document) == {"credential.family_name"}
    document["credentialSubject"]["name"] = "D. Silva"
    assert asked(document) == set()


def test_an_end_that_is_past_is_noted():
    assert not any("is past" in one for one in read(badge()).notes)
    past = read(badge() | {"validUntil": "2021-02-03", "awardedDate": "2020-01-01"}).notes
    assert any("2021-02-03, which is past" in one for one in past), past


def test_another_issuer_is_told_plainly_and_ones_own_is_not():
    document = badge()
    document["issuer"] = {"id": "urn:x", "name": "Sham Academy", "address": {"addressCountryCode": "AT"}}
    [note] = other_issuer_notes(read(document), "lund", OWN)
    assert note == (
        "the document says that Sham Academy (AT) issued it; this node issues it as Lunds Universitet: check that it is"
        " yours"
    )
    for own in ({"name": "LUNDS universitet"}, {"name": "LU", "url": "https://lu.example/about"}):
        assert other_issuer_notes(read(document | {"issuer": {"id": "urn:x", **own}}), "lund", OWN) == []
    [note] = other_issuer_notes(read(document | {"issuer": "https://sham.example/1"}), "lund", OWN)
    assert "https://sham.example/1" in note


def test_the_same_name_in_another_country_is_another_issuer():
    document = badge()
    document["issuer"] = {"id": "urn:x", "name": "Lunds Universitet", "address": {"addressCountryCode": "DE"}}
    assert len(other_issuer_notes(read(document), "lund", OWN)) == 1


def test_a_name_that_stands_twice_is_refused_with_its_place():
    text = json.dumps(badge()).replace('"humanCode":', '"humanCode": "X-1", "humanCode":')
    with pytest.raises(IntakeError, match=r"'humanCode' twice in \$\.credentialSubject\.achievement"):
        read_document(text.encode(), "file")


def test_a_completion_of_a_result_that_was_not_passed_says_so():
    text = SAMPLES.joinpath("transcript.xml").read_text()
    assert "passed" in text
    document = read_document(text.replace(">passed<", ">failed<", 1).encode(), "file")
    code = next(iter(document.left_out))
    [note] = check_completions({"awards": {code: {"credential": {}}}}, document.awards, document.left_out)
    assert "was not used" in note
    assert "failed, and not passed" in note
