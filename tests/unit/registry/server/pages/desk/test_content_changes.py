"""What a new version changes, line by line."""

from registry.server.pages.desk.content_changes import list_changes
from registry.values.example_achievement import EXAMPLE_ACHIEVEMENT


def changed(**changes):
    after = {name: value for name, value in (EXAMPLE_ACHIEVEMENT | changes).items() if value is not None}
    return {
        change.element: [(each.state, each.line.text) for each in change.lines]
        for change in list_changes(EXAMPLE_ACHIEVEMENT, after)
    }


def test_nothing_changes():
    assert changed() == {}


def test_texts_codes_and_numbers_are_before_and_after():
    outcomes = [*EXAMPLE_ACHIEVEMENT["learningOutcomes"], {"title": {"en": "Writes"}}]
    found = changed(ects=6, supervision="online", learningOutcomes=outcomes, identityVerified=False)
    assert found == {
        "ects": [("removed", "5"), ("added", "6")],
        "supervision": [("removed", "onsite"), ("added", "online")],
        "learningOutcomes": [("same", "Reads, questions and explains data"), ("added", "Writes")],
        "identityVerified": [("removed", "true"), ("added", "false")],
    }


def test_what_goes_and_what_comes():
    found = changed(eqfLevel=None, description={"en": "About", "nl": "Over"})
    assert found["eqfLevel"] == [("removed", "6")]
    assert found["description"] == [("added", "About"), ("added", "Over")]


def test_codes_and_languages_are_marked_for_their_words():
    [change] = list_changes({"participation": ["online"]}, {"participation": ["online", "onsite"]})
    assert {each.line.group for each in change.lines} == {"participation"}
    [change] = list_changes({"title": {"en": "A"}}, {"title": {"nl": "B"}})
    assert [each.line.language for each in change.lines] == ["en", "nl"]
    [change] = list_changes({}, {"qualityAssurance": [{"type": "internal", "agency": "Senate"}]})
    assert [each.line.text for each in change.lines] == ["type internal, agency Senate"]
