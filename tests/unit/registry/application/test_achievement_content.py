"""All that is wrong with an achievement's content is said at once, before it is signed."""

import copy

import msgspec
import pytest

from registry.application.achievement_content import (
    COMMENT,
    PLACEHOLDER,
    FaultyContent,
    find_content_faults,
    read_content,
)
from registry.application.achievement_texts import ALL_FIELDS, find_content_notes, is_same_text, list_notes
from registry.cli.issuing.achievement_templates import TEMPLATES
from registry.values.example_achievement import EXAMPLE_ACHIEVEMENT

OWN = "0bbac7a9-a411-4809-ad9e-534f483b7a03"
OTHER = "1bbac7a9-a411-4809-ad9e-534f483b7a03"
GIVEN = {"achievement": "2bbac7a9-a411-4809-ad9e-534f483b7a03", "version": 1, "awardingBodies": ["twente"]}


def newest(achievement):
    return 2 if achievement == OWN else None


def faults(**changed):
    values = {name: value for name, value in (EXAMPLE_ACHIEVEMENT | GIVEN | changed).items() if value is not None}
    return dict(find_content_faults(values, "twente", newest))


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
    every = find_content_faults(
        EXAMPLE_ACHIEVEMENT | GIVEN | {"supervision": None, "stackabilty": "x"}, "twente", newest
    )
    assert ("$", "stackabilty is not a field here; is it stackability?") in every


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
    found = find_content_faults(values, "twente", newest)
    assert found
    assert all("placeholder" in detail for _, detail in found)
    read_content(_replaced(values, []), "twente", newest)


def test_placeholders_that_look_alike_are_found_wherever_they_are():
    with pytest.raises(FaultyContent) as refused:
        read_content(
            EXAMPLE_ACHIEVEMENT | GIVEN | {"partners": [{"name": f"{PLACEHOLDER}x", "role": "provider"}]},
            "twente",
            newest,
        )
    assert refused.value.faults == [("$.partners[0].name", "is the template's placeholder; write there x")]


def _replaced(value, at):
    if isinstance(value, str) and value.startswith(PLACEHOLDER):
        return {"member": "twente", "achievement": OWN}.get(at[-1], "Text")
    if isinstance(value, dict):
        return {name: _replaced(inner, [*at, name]) for name, inner in value.items()}
    return [_replaced(inner, at) for inner in value] if isinstance(value, list) else value


# Texts


def placed(path, text):
    """The plain content with a text in one place."""
    values = copy.deepcopy(EXAMPLE_ACHIEVEMENT | GIVEN)
    match path:
        case "$.learningOutcomes[0].title.en":
            values["learningOutcomes"][0]["title"]["en"] = text
        case "$.qualityAssurance[0].agency":
            values["qualityAssurance"][0]["agency"] = text
        case _:
            values[path.split(".")[1]] = {"en": text}
    return values


PLACES = ("$.title.en", "$.description.en", "$.learningOutcomes[0].title.en", "$.qualityAssurance[0].agency")


@pytest.mark.parametrize("path", PLACES)
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Data \ufffd literacy", "U+FFFD"),
        ("Data\x07", "control character"),
        ("#REF!", "error value"),
    ],
)
def test_a_text_that_was_lost_is_refused_even_where_it_is_meant(path, text, said):
    for kept in ((), ALL_FIELDS):
        found = dict(find_content_faults(placed(path, text), "twente", newest, kept))
        assert set(found) == {path}
        assert said in found[path]


@pytest.mark.parametrize("path", PLACES)
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("MÃ¼ller und BiologÃ\xada", "wrong encoding"),
        ("tbd", "placeholder"),
        ("T.B.D.", "placeholder"),
        ("<TBD>", "placeholder"),
        ("n/a", "placeholder"),
        ("Replace this", "placeholder"),
        ("Replace this text with the real one", "placeholder"),
        ("replace: the title", "placeholder"),
        ("Lorem ipsum dolor", "placeholder"),
        ("TODO", "placeholder"),
        ("[object Object]", "placeholder"),
        ("\u2014", "placeholder"),
        ("???", "placeholder"),
        ("M&uuml;ller", "HTML"),
    ],
)
def test_a_text_that_can_hardly_be_meant_is_refused_unless_it_is_meant(path, text, said):
    found = dict(find_content_faults(placed(path, text), "twente", newest))
    assert set(found) == {path}
    assert said in found[path]
    assert "--keep-text" in found[path]
    assert find_content_faults(placed(path, text), "twente", newest, ALL_FIELDS) == []
    other = ALL_FIELDS - {path.split(".")[1].partition("[")[0]}
    assert set(dict(find_content_faults(placed(path, text), "twente", newest, other))) == {path}


@pytest.mark.parametrize("text", ["Title", "Untitled", "Test", "none", "example"])
def test_a_word_that_says_nothing_as_a_title_may_say_something_elsewhere(text):
    assert set(faults(title={"en": text})) == {"$.title.en"}
    assert faults(prerequisites={"en": text}) == {}


@pytest.mark.parametrize(
    "text", ["C++", "Ökonomie für Anfänger", "データ", "Ensuring quality", "Replacement of hips", "R&D"]
)
def test_ordinary_titles_are_taken(text):
    assert faults(title={"en": text}) == {}


def test_codes_are_no_placeholders():
    assert faults(supervision="none", gradingScheme={"title": {"en": "ECTS"}, "min": "n/a", "max": "-"}) == {}


@pytest.mark.parametrize(
    "text",
    ["Data\u200bliteracy", "Data\u00adliteracy", "\ufeffDataliteracy ", "Dataliteracy\u2060", "Data\u034fliteracy"],
)
def test_an_invisible_character_makes_no_other_achievement(text):
    plain = read_content(placed("$.title.en", "Dataliteracy"), "twente", newest)
    read = read_content(placed("$.title.en", text), "twente", newest)
    assert is_same_text(read, plain)
    other = read_content(placed("$.title.en", "Data literacy"), "twente", newest)
    assert not is_same_text(other, plain)


def test_a_text_is_read_in_its_one_spelling_and_that_is_said():
    values = placed("$.description.en", "Cafe\u0301\u200b  in\r\n  the city ") | {"title": {"en": " Data  literacy"}}
    read = read_content(values, "twente", newest)
    assert read.description == {"en": "Caf\u00e9  in\n  the city"}
    assert read.title == {"en": "Data literacy"}
    assert [note.split()[0] for note in list_notes(values, read)] == ["$.title.en", "$.description.en"]
    assert list_notes(msgspec.to_builtins(read), read) == []


def test_joiners_that_a_script_writes_with_are_kept():
    text = "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"
    assert read_content(placed("$.title.en", text), "twente", newest).title == {"en": text}


@pytest.mark.parametrize(
    ("changed", "noted"),
    [
        ({"workloadHours": 1400}, ["$.workloadHours"]),
        ({"workloadHours": 0.5}, ["$.workloadHours"]),
        ({"workloadHours": 100}, []),
        ({"workloadHours": 125}, []),
        ({"workloadHours": 150}, []),
        ({"workloadHours": None}, []),
        ({"hoursPerEcts": 280}, ["$.hoursPerEcts"]),
        ({"hoursPerEcts": 25}, []),
    ],
)
def test_a_workload_far_from_the_usual_is_noted(changed, noted):
    values = {name: value for name, value in (EXAMPLE_ACHIEVEMENT | GIVEN | changed).items() if value is not None}
    assert [path for path, _ in find_content_notes(read_content(values, "twente", newest))] == noted


@pytest.mark.parametrize("text", ["BiologÃ\xada", "\u200b", "\u2060 \u00ad"])
def test_a_fault_that_only_one_spelling_shows_is_refused(text):
    with pytest.raises(FaultyContent) as refused:
        read_content(placed("$.title.en", text), "twente", newest)
    assert [path for path, _ in refused.value.faults] == ["$.title.en"]
