"""The form for achievements becomes the JSON that the API reads, and back, and loses nothing."""

import msgspec
import pytest

from registry.application.achievement_content import find_content_faults
from registry.http import HttpProblem
from registry.server.pages.desk.achievement_faults import details_by_field, field_faults, field_id
from registry.server.pages.desk.achievement_form import MAX_ROWS, blank_form, form_of, read_form
from registry.values.example_achievement import EXAMPLE_ACHIEVEMENT

PART = {"member": "lund", "achievement": "0bbac7a9-a411-4809-ad9e-534f483b7a03"}
WHOLE = EXAMPLE_ACHIEVEMENT | {
    "title": {"nl": "Data", "en": "Data literacy"},
    "ects": 2.5,
    "awardingBodies": ["twente", "lund"],
    "learningOutcomes": [{"title": {"en": "One"}, "escoSkills": ["http://a", "http://b"]}, {"title": {"nl": "Twee"}}],
    "gradingScheme": {"title": {"en": "One to ten"}, "min": 1, "max": 10, "pass": 5.5, "values": ["good", "very good"]},
    "entitlesTo": [{"type": "occupation", "status": "actual", "text": {"en": "Analyst"}}],
    "partners": [{"name": "Port", "role": "provider"}],
    "composition": {
        "required": [PART | {"minVersion": 2}],
        "choices": [{"from": [PART], "minCount": 1}],
        "minEcts": 5,
        "sharing": {"maxEcts": 3},
        "capstone": PART,
    },
}


def sent(form, **changes):
    """What a browser sends of a form."""
    carried = {"carried": "{}"}
    if form.carried:
        carried["carried"] = msgspec.json.encode(form.carried).decode()
    return {"languages": " ".join(form.languages), **carried, **form.fields, **changes}


def test_a_content_survives_the_form():
    form = form_of(WHOLE | {"achievement": PART["achievement"], "version": 3}, "en")
    assert form.languages == ["nl", "en"]
    assert read_form(sent(form), "twente").content == WHOLE


def test_an_empty_form_asks_for_every_element_that_annex_i_requires():
    form = read_form(sent(blank_form("en")), "twente")
    whole = form.content | {"achievement": PART["achievement"], "version": 1}
    faults = field_faults(find_content_faults(whole, "twente", lambda _: None), "en")
    assert {fault.detail for fault in faults} == {""}
    fields = {fault.name for fault in faults}
    assert {
        "title.en",
        "learningOutcomes[0].title.en",
        "creditBearing",
        "fieldsOfEducation[0]",
        "language[0]",
    } <= fields
    assert {"participation", "assessments", "supervision", "identityVerified", "qualityAssurance[0].type"} <= fields


def test_each_fault_leads_to_its_field():
    wrong = {"ects": "many", "learningOutcomes[1].title.nl": "Test", "composition.required[0]": "twente"}
    form = read_form(sent(form_of(WHOLE, "en"), **wrong, **{"language[0]": "xx"}), "twente")
    whole = form.content | {"achievement": PART["achievement"], "version": 1}
    faults = details_by_field(field_faults(find_content_faults(whole, "twente", lambda _: None), "nl"))
    assert {"ects", "learningOutcomes[1].title.nl", "composition.required[0]", "language[0]"} <= faults.keys()
    outcome = faults["learningOutcomes[1].title.nl"]
    assert (outcome.element, outcome.row, outcome.may_keep) == ("learningOutcomes", 2, True)
    assert "keep" not in outcome.detail
    assert form.fields["ects"] == "many"


def test_rows_without_a_text_are_left_out_and_the_others_keep_their_order():
    typed = {"languages": "en", "learningOutcomes[0].title.en": " ", "learningOutcomes[7].title.en": "Last"}
    typed |= {"learningOutcomes[2].title.en": "First"}
    form = read_form(typed, "twente")
    assert form.values["learningOutcomes"] == [{"title": {"en": "First"}}, {"title": {"en": "Last"}}]
    assert form.rows["learningOutcomes"] == 3


def test_steps_add_and_remove_rows_and_languages():
    form = form_of(WHOLE, "en")
    assert read_form(sent(form, do="add:partners"), "twente").rows["partners"] == 2
    removed = read_form(sent(form, do="remove:learningOutcomes:0"), "twente")
    assert removed.values["learningOutcomes"] == [{"title": {"nl": "Twee"}}]
    more = read_form(sent(form, do="add-language", newLanguage="de"), "twente")
    assert more.languages == ["nl", "en", "de"]
    less = read_form(sent(form, do="remove-language:nl"), "twente")
    assert (less.languages, less.values["title"]) == (["en"], {"en": "Data literacy"})
    assert less.values["learningOutcomes"] == [WHOLE["learningOutcomes"][0]]


@pytest.mark.parametrize(
    ("typed", "number"), [("2,5", 2.5), ("5", 5), ("5.0", 5), ("five", "five"), ("1e400", "1e400")]
)
def test_numbers_are_read_as_people_write_them(typed, number):
    form = read_form({"languages": "en", "ects": typed}, "twente")
    assert form.values["ects"] == number


@pytest.mark.parametrize(
    "typed",
    [
        {"languages": ""},
        {"languages": " ".join(f"en-x{n}" for n in range(40))},
        {"languages": "en", "carried": "[" * 5000},
        {"languages": "en", "carried": "no JSON"},
        {"languages": "en", f"learningOutcomes[{MAX_ROWS}].title.en": "One too many"},
    ],
)
def test_what_no_page_sends_is_refused(typed):
    with pytest.raises(HttpProblem):
        read_form(typed, "twente")


def test_an_id_can_stand_in_an_address():
    assert field_id("learningOutcomes[0].title.en") == "learningOutcomes-0.title.en"
