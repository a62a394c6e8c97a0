"""Deadlines of decisions: how a term is written, when it ends, and how urgent a case is."""

from datetime import date

import pytest

from registry.domain.deadlines import check_term, due, last_day_of, stopped_days, term_for, urgency

TODAY = date(2026, 6, 15)


@pytest.mark.parametrize("term", ["P1D", "P120D", "P17W", "P4M"])
def test_a_term_of_at_most_four_months_is_accepted(term):
    assert check_term(term) == term


@pytest.mark.parametrize("term", ["P0D", "P121D", "P18W", "P5M"])
def test_a_term_of_no_day_or_of_more_than_four_months_is_refused(term):
    with pytest.raises(ValueError, match="at least one day and at most four months"):
        check_term(term)


@pytest.mark.parametrize("term", ["", "4M", "P4", "P1Y", "P-1D", "P٤M"])
def test_what_is_no_term_is_told_how_one_is_written(term):
    with pytest.raises(ValueError, match="is not a term; write months, weeks or days"):
        check_term(term)


@pytest.mark.parametrize(
    ("start", "term", "end"),
    [
        ("2026-01-31", "P1M", "2026-02-28"),
        ("2027-10-31", "P4M", "2028-02-29"),
        ("2026-09-15", "P4M", "2027-01-15"),
        ("2026-12-31", "P2W", "2027-01-14"),
        ("2026-02-01", "P60D", "2026-04-02"),
    ],
)
def test_months_end_on_the_same_day_of_the_month_or_on_its_last(start, term, end):
    assert last_day_of(date.fromisoformat(start), term) == date.fromisoformat(end)


def test_the_shortest_term_of_the_countries_counts():
    by_country = {"DE": "P8W", "FR": "P30D"}
    assert term_for(["DE", "FR"], "P4M", by_country) == "P30D"
    assert term_for(["DE", None, "SE"], "P6W", by_country) == "P6W"
    assert term_for([], "P4M", by_country) == "P4M"


def test_days_on_which_the_office_waited_are_added():
    stops = [("2026-03-10", "2026-03-20"), ("2026-04-01", "2026-04-02")]
    assert stopped_days(stops) == 11
    assert due("2026-03-01", "P1M", stops) == date(2026, 4, 12)


def test_nothing_is_due_while_the_office_waits():
    waiting = [("2026-03-10", "2026-03-20"), ("2026-04-01", None)]
    assert stopped_days(waiting) == 10
    assert due("2026-03-01", "P1M", waiting) is None


@pytest.mark.parametrize(
    ("state", "completed", "due_on", "expected"),
    [
        ("decided", TODAY, None, "done"),
        ("withdrawn", None, None, "done"),
        ("closed", TODAY, date(2026, 1, 1), "done"),
        ("collecting", None, None, "notStarted"),
        ("waiting", TODAY, None, "stopped"),
        ("assessing", TODAY, date(2026, 6, 14), "overdue"),
        ("assessing", TODAY, TODAY, "dueSoon"),
        ("proposed", TODAY, date(2026, 6, 22), "dueSoon"),
        ("approved", TODAY, date(2026, 6, 23), "inTime"),
    ],
)
def test_a_case_is_as_urgent_as_its_state_and_its_deadline_say(state, completed, due_on, expected):
    assert urgency(state, completed, due_on, TODAY, soon=7) == expected
