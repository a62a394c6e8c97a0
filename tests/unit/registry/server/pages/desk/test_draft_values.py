"""What a form adds to a draft."""

from registry.api.drafts import WaitingRecord
from registry.server.pages.desk.draft_values import list_lacking, read_completions, read_waiting


def test_only_what_differs_completes_a_draft():
    stored = {"title": {"en": "A"}, "ects": 5, "nqfLevel": "6"}
    typed = {"title": {"en": "A"}, "ects": 6, "awardingBodies": ["twente"], "kind": "module"}
    assert read_completions(typed, stored, set()) == {"ects": 6, "kind": "module", "nqfLevel": None}
    assert read_completions({"title": {"en": "A"}}, {"title": {"en": "A"}}, {"title"}) == {"title": {"en": "A"}}


def test_columns_go_to_the_credential_of_their_row():
    waiting = [WaitingRecord("r1", ["student"]), WaitingRecord(None, ["student"])]
    typed = {
        "waiting[0].student": " s1 ",
        "waiting[1].student": "s2",
        "waiting[9].student": "s9",
        "waiting[0].grade": "",
    }
    assert read_waiting(typed, waiting) == {"r1": {"student": "s1"}}


def test_elements_that_lack_are_named_once():
    assert list_lacking(["achievement.ects", "achievement.ects", "achievement.title"]) == ["ects", "title"]
