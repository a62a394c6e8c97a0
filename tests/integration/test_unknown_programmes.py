"""A programme that the office does not know is named when a case is opened and proposed, with the nearest profiles."""

import msgspec
import pytest

from registry.office.assessments import compared_with
from registry.office.assessments.compared_with import find_source, find_sources
from registry.office.assessments.offered import Requirement
from registry.office.assessments.profiles import ProfileRow, find_profile
from registry.office.assessments.requirements import find_requirement
from registry.office.cases.assessment_draft import draft_of
from registry.office.cases.case_view import show_case
from registry.wire.recognition import Towards
from tests.bench.data import achievement as content
from tests.support.lund import Lund, full
from tests.support.streams import new_id


@pytest.fixture
def lund(dsn):
    made = Lund(dsn)
    made.registry.store_rows(ProfileRow("Master of Urban Analytics", Requirement(ects=3), "desk"))
    yield made
    made.close()


@pytest.mark.parametrize("title", ["Master of Urban Analytic", "Urban Analytics", "Urban analytics master of"])
def test_a_slip_in_a_programmes_name_is_said_at_the_opening_and_the_proposal(lund, title):
    moved = lund.open(lund.issue(), towards=[Towards(title={"en": title})])
    said = f"no profile is called '{title}'; did you mean 'Master of Urban Analytics'? Nothing is compared"
    assert [one for one in moved.warnings if said in one]
    lund.office.complete(moved.case, "desk")
    assert [one for one in lund.office.propose(moved.case, [full()], "k.berg").warnings if said in one]


def test_a_programme_elsewhere_is_kept_and_said_to_be_compared_with_nothing(lund):
    moved = lund.open(lund.issue(), towards=[Towards(title={"en": "Jazz"})])
    assert [one for one in moved.warnings if one.startswith("no profile is called 'Jazz'. Nothing is compared")]
    assert lund.registry.case(moved.case).data.towards == [Towards(title={"en": "Jazz"})]


@pytest.mark.parametrize(
    ("towards", "note"),
    [([Towards(title={"en": "Jazz"})], "this programme has no profile"), (None, "the case names no programme")],
)
def test_what_was_compared_with_nothing_does_not_count_as_assessed(lund, towards, note):
    case = lund.open(lund.issue(), towards=towards).case
    lund.office.complete(case, "desk")
    draft = draft_of(lund.office, case, None)
    assert [find_source(lund.registry, each.requirement) for each in draft.assessed] == [None]
    lund.office.assess(case, draft, "k.berg")
    told = lund.office.propose(case, [full()], "k.berg", override="Known here.").warnings
    waiting = show_case(lund.office, case).waiting
    assert waiting.assessed is False
    assert [each for each in waiting.notes if each.startswith("nothing to compare with")] == [
        each for each in told if note in each
    ]
    assert any(note in each for each in told)


def test_the_profile_of_a_comparison_is_named_and_whether_it_changed(lund):
    case = lund.open(lund.issue(), towards=[Towards(title={"en": "master of urban analytics"})]).case
    lund.office.complete(case, "desk")
    draft = draft_of(lund.office, case, None)
    [source] = [find_source(lund.registry, each.requirement) for each in draft.assessed]
    assert (source.kind, source.code, source.by) == ("profile", "Master of Urban Analytics", "desk")
    assert source.is_current
    lund.office.assess(case, draft, "k.berg")
    lund.office.propose(case, [full()], "k.berg", override="Known here.")
    assert show_case(lund.office, case).waiting.assessed is True
    lund.registry.store_rows(ProfileRow("Master of Urban Analytics", Requirement(ects=30), "desk"))
    [source] = [find_source(lund.registry, each.requirement) for each in draft.assessed]
    assert not source.is_current


def test_a_comparison_with_an_achievement_names_its_version(lund):
    achievement = new_id()
    lund.registry.achievements.publish(content("lund", achievement))
    requirement = find_requirement(lund.registry, achievement)
    source = find_source(lund.registry, requirement)
    assert (source.kind, source.code, source.version, source.is_current) == ("achievement", achievement, 1, True)
    about = ProfileRow("The same, and more", msgspec.structs.replace(requirement, practice=True), "desk")
    lund.registry.store_rows(about)
    assert find_source(lund.registry, about.requirement).code == "The same, and more"
    assert find_source(lund.registry, Requirement(ects=5)).kind == "stated"


def test_an_achievement_is_not_taken_for_the_profile_that_has_its_title(lund):
    achievement = new_id()
    titled = msgspec.structs.replace(content("lund", achievement), title={"en": "Master of Urban Analytics"})
    lund.registry.achievements.publish(titled)
    requirement = find_requirement(lund.registry, achievement)
    towards = Towards("lund", achievement, title={"en": "Master of Urban Analytics"})
    named = msgspec.structs.replace(requirement, towards=towards)
    lund.registry.store_rows(ProfileRow("The same", requirement, "desk"))
    for each in (requirement, named, msgspec.structs.replace(named, ects=77)):
        source = find_source(lund.registry, each)
        assert (source.kind, source.code, source.is_current) == ("achievement", achievement, each.ects != 77)


def test_each_requirement_is_looked_up_once(lund, monkeypatch):
    names = []
    monkeypatch.setattr(
        compared_with, "find_profile", lambda cursor, name: names.append(name) or find_profile(cursor, name)
    )
    title = {"en": "Master of Urban Analytics"}
    one = Requirement(towards=Towards(title=title), ects=3)
    sources = find_sources(lund.registry, [*[one] * 50, Requirement(), msgspec.structs.replace(one, ects=5)])
    assert [each and (each.code, each.is_current) for each in sources] == [
        *[("Master of Urban Analytics", True)] * 50, None, ("Master of Urban Analytics", False),
    ]  # fmt: skip
    assert names == ["Master of Urban Analytics"] * 2


def test_a_profile_that_there_is_needs_no_note(lund):
    moved = lund.open(lund.issue(), towards=[Towards(title={"en": "master of urban analytics"})])
    assert not [one for one in moved.warnings if "profile" in one]
