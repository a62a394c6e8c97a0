"""All that is wrong with an achievement's content is said at once, before it is signed."""

import copy

import pytest

from registry.application.achievement_content import COMMENT, PLACEHOLDER, FaultyContent, content_faults, read_content
from registry.cli.issuing.achievement_templates import PLAIN, TEMPLATES

OWN = "0bbac7a9-a411-4809-ad9e-534f483b7a03"
OTHER = "1bbac7a9-a411-4809-ad9e-534f483b7a03"
GIVEN = {"achievement": "2bbac7a9-a411-4809-ad9e-534f483b7a03", "version": 1, "awardingBodies": ["twente"]}


def newest(achievement):
    return 2 if achievement == OWN else None


def faults(**changed):
    values = {name: value for name, value in (PLAIN | GIVEN | changed).items() if value is not None}
    return dict(content_faults(values, "twente", newest))


def test_nothing_is_wrong_with_the_plain_template():
    assert faults() == {}


def test_every_field_is_judged_although_others_are_wrong():
    found = faults(
        kind="course",
        title={"en": 5, "nl": "Data"},
        learningOutcomes=[],
        ects="5",
        fieldsOfEducation=["6", "533", "0612", "441", 7],
        language=["english", "nl"],
        qualityAssurance=[{"type": "oracle"}],
        stackabilty="standalone",
        supervision=None,
    )
    assert {
        "$.kind", "$.title.en", "$.learningOutcomes", "$.ects", "$.fieldsOfEducation[0]", "$.fieldsOfEducation[1]",
        "$.fieldsOfEducation[3]", "$.fieldsOfEducation[4]", "$.language[0]", "$.qualityAssurance[0].type",
        "$.qualityAssurance[0]", "$",
    } == set(found)  # fmt: skip
    assert "0533" in found["$.fieldsOfEducation[1]"]
    every = content_faults(PLAIN | GIVEN | {"supervision": None, "stackabilty": "x"}, "twente", newest)
    assert ("$", "stackabilty is no field here; is it stackability?") in every


@pytest.mark.parametrize(
    ("changed", "path"),
    [
        ({"ects": None}, "$.ects"),
        ({"eqfLevel": None}, "$.eqfLevel"),
        ({"eqfLevel": 9}, "$.eqfLevel"),
        ({"levelBasis": None}, "$.levelBasis"),
        ({"awardingBodies": ["lund"]}, "$.awardingBodies"),
        ({"description": {"en": " "}}, "$.description.en"),
        ({"title": {"xx": "Data"}}, "$.title.xx"),
        ({"fieldsOfEducation": ["99"]}, "$.fieldsOfEducation[0]"),
        ({"learningOutcomes": [{"title": {"en": "Reads"}, "escoSkils": []}]}, "$.learningOutcomes[0]"),
        ({"partners": [{"name": "X", "role": "sponsor"}]}, "$.partners[0].role"),
    ],
)
def test_one_fault_is_said_with_its_place(changed, path):
    assert list(faults(**changed)) == [path]


def test_what_follows_from_a_faulty_field_is_not_held_against_the_others():
    assert list(faults(creditBearing="no")) == ["$.creditBearing"]
    assert list(faults(creditBearing=None)) == ["$"]


def test_non_credit_learning_hears_of_all_its_fields_at_once():
    assert set(faults(creditBearing=False, workloadHours=None)) == {"$.ects", "$.workloadHours"}


def test_a_composition_is_held_against_what_this_university_has_published():
    own, unknown = {"member": "twente", "achievement": OWN}, {"member": "twente", "achievement": OTHER}
    itself = {"member": "twente", "achievement": GIVEN["achievement"]}
    composition = {
        "required": [own, unknown, itself, {"member": "lund", "achievement": OTHER}, own | {"minVersion": 3}],
        "choices": [{"from": [own], "minCount": 2}, {"from": [own]}, {"from": [own], "minEcts": 2}],
        "minEcts": 5,
        "sharing": "forbidden",
        "open": {"fieldsOfEducation": ["613"], "eqfLevels": [5], "maxEcts": 5},
    }
    found = faults(composition=composition)
    assert set(found) == {
        "$.composition.required[1].achievement",
        "$.composition.required[2].achievement",
        "$.composition.required[4].minVersion",
        "$.composition.choices[0].minCount",
        "$.composition.choices[1]",
        "$.composition.open.fieldsOfEducation[0]",
    }


@pytest.mark.parametrize("kind", [kind for kind in TEMPLATES if kind != "plain"])
def test_a_template_is_refused_for_its_placeholders_alone_and_taken_when_they_are_replaced(kind):
    values = {name: value for name, value in copy.deepcopy(TEMPLATES[kind]).items() if name != COMMENT} | GIVEN
    found = content_faults(values, "twente", newest)
    assert found
    assert all("placeholder" in detail for _, detail in found)
    read_content(_replaced(values, []), "twente", newest)


def test_placeholders_that_look_alike_are_found_wherever_they_are():
    with pytest.raises(FaultyContent) as refused:
        read_content(PLAIN | GIVEN | {"partners": [{"name": f"{PLACEHOLDER}x", "role": "provider"}]}, "twente", newest)
    assert refused.value.faults == [("$.partners[0].name", "is the template's placeholder; write there x")]


def _replaced(value, at):
    if isinstance(value, str) and value.startswith(PLACEHOLDER):
        return {"member": "twente", "achievement": OWN}.get(at[-1], "Text")
    if isinstance(value, dict):
        return {name: _replaced(inner, [*at, name]) for name, inner in value.items()}
    return [_replaced(inner, at) for inner in value] if isinstance(value, list) else value
