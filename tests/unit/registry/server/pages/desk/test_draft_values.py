"""What a form adds to a draft."""

from registry.server.pages.desk.draft_values import (
    TypedColumns,
    WaitingLine,
    list_lacking,
    may_store,
    name_outcome,
    read_completions,
    read_waiting,
)


def test_only_what_differs_completes_a_draft():
    stored = {"title": {"en": "A"}, "ects": 5, "nqfLevel": "6"}
    typed = {"title": {"en": "A"}, "ects": 6, "awardingBodies": ["twente"], "kind": "module"}
    assert read_completions(typed, stored, set()) == {"ects": 6, "kind": "module", "nqfLevel": None}
    assert read_completions({"title": {"en": "A"}}, {"title": {"en": "A"}}, {"title"}) == {"title": {"en": "A"}}


def test_columns_go_to_the_credential_of_their_key():
    waiting = [WaitingLine("0a", "r1", ["student"]), WaitingLine("0b", None, ["student"])]
    typed = {"waiting[0a].student": " s1 ", "waiting[0a].grade": "", "title.en": "A"}
    assert read_waiting(typed, waiting) == TypedColumns({"r1": {"student": "s1"}}, [])
    assert read_waiting(typed, list(reversed(waiting))) == TypedColumns({"r1": {"student": "s1"}}, [])


def test_columns_that_no_credential_lacks_are_told():
    waiting = [WaitingLine("0a", "r1", ["grade"]), WaitingLine("0b", None, ["student"])]
    typed = {"waiting[0a].student": "s1", "waiting[0b].student": "s2", "waiting[09].grade": "8"}
    assert read_waiting(typed, waiting) == TypedColumns({}, [("student", "s1"), ("student", "s2"), ("grade", "8")])


def test_a_form_is_stored_if_its_draft_is_as_it_was_or_says_the_same():
    stored = {"title": {"en": "A"}}
    assert may_store({"title": {"en": "B"}}, stored, ("v1", "v1"))
    assert may_store({"title": {"en": "A"}}, stored, ("v1", "v2"))
    assert not may_store({"title": {"en": "B"}}, stored, ("v1", "v2"))


def test_the_outcome_says_what_was_published_and_issued():
    assert name_outcome(0, 0, is_new=True) == "achievement-published"
    assert name_outcome(1, 0, is_new=True) == name_outcome(0, 2, is_new=True) == "draft-published"
    assert name_outcome(1, 2, is_new=False) == name_outcome(0, 2, is_new=False) == "draft-issued"
    assert name_outcome(0, 0, is_new=False) == "credential-unchanged"


def test_elements_that_lack_are_named_once():
    assert list_lacking(["achievement.ects", "achievement.ects", "achievement.title"]) == ["ects", "title"]
