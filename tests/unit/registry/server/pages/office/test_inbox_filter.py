"""The filter of the inbox: its tabs, its states, and the address that a form carries."""

import pytest

from registry.http import HttpProblem
from registry.office.cases.open_cases import OPEN_STATES
from registry.server.pages.office.inbox_filter import InboxFilter, read_address, read_filter


def test_without_conditions_it_is_about_open_cases():
    chosen = read_filter({})
    assert chosen.states == OPEN_STATES
    assert chosen.tab == "open"
    assert chosen.address == ""


@pytest.mark.parametrize(
    ("typed", "tab", "states"),
    [
        ({"state": "decided"}, "decided", ("decided",)),
        ({"state": "all"}, "all", None),
        ({"mine": "true"}, "mine", OPEN_STATES),
        ({"changed": "true"}, "changed", None),
        ({"fileNumber": "2026/1"}, "file_number", None),
        ({"mine": "true", "country": "NO"}, "", OPEN_STATES),
    ],
)
def test_a_tab_is_chosen_by_its_one_condition(typed, tab, states):
    chosen = read_filter(typed)
    assert chosen.tab == (tab if tab != "file_number" else "fileNumber")
    assert chosen.states == states


def test_a_form_comes_back_to_the_filter_that_it_carries_and_to_no_other_place():
    chosen = read_filter({"mine": "true", "state": "waiting", "cursor": "abc"})
    assert read_address(chosen.address) == InboxFilter(mine=True, state="waiting")
    for text in ("https://elsewhere.example/", "state=nonsense", "&" * 500, "country=ZZ"):
        assert read_address(text) == InboxFilter()


@pytest.mark.parametrize("typed", [{"state": "nonsense"}, {"country": "norway"}, {"mine": "perhaps"}])
def test_a_value_that_is_not_possible_is_refused(typed):
    with pytest.raises(HttpProblem):
        read_filter(typed)
