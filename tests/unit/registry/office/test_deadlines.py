"""When a decision is due."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.domain.deadlines import LONGEST, check_term, due, last_day_of, stopped_days, term_for, urgency


@pytest.mark.parametrize(
    ("day", "term", "ends"),
    [
        (date(2026, 1, 15), "P4M", date(2026, 5, 15)),
        (date(2026, 10, 31), "P4M", date(2027, 2, 28)),
        (date(2027, 10, 31), "P4M", date(2028, 2, 29)),
        (date(2026, 12, 1), "P1M", date(2027, 1, 1)),
        (date(2026, 1, 1), "P8W", date(2026, 2, 26)),
        (date(2026, 1, 1), "P90D", date(2026, 4, 1)),
    ],
)
def test_a_term_ends_on_the_same_day_of_the_month_or_on_its_last(day, term, ends):
    assert last_day_of(day, term) == ends


@pytest.mark.parametrize("term", ["P5M", "P18W", "P121D", "P0M", "4M", "P4Y", "P-1M", "PT4M", "", "P4M ", "P٤M"])
def test_a_term_over_four_months_or_one_that_is_none_is_refused(term):
    with pytest.raises(ValueError, match=r"four months|not a term"):
        check_term(term)


def test_the_days_on_which_documents_were_waited_for_are_given_back():
    stops = [("2026-02-01", "2026-02-11"), ("2026-03-01", "2026-03-02")]
    assert stopped_days(stops) == 11
    assert due("2026-01-15", LONGEST, stops) == date(2026, 5, 26)
    assert due("2026-01-15", LONGEST, [*stops, ("2026-04-01", None)]) is None


def test_the_shortest_of_the_issuers_countries_terms_counts():
    by_country = {"NO": "P1M", "SE": "P60D"}
    assert term_for(["SE", "NO", None], "P4M", by_country) == "P1M"
    assert term_for(["SE"], "P4M", by_country) == "P60D"
    assert term_for(["DE"], "P4M", by_country) == "P4M"
    assert term_for([], "P4M", by_country) == "P4M"


@given(
    st.dates(date(2000, 1, 1), date(2100, 1, 1)),
    st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), max_size=5),
    st.sampled_from(["P4M", "P8W", "P90D"]),
)
def test_stopping_never_brings_the_due_date_nearer_and_gives_back_every_day(day, gaps, term):
    stops, at = [], day
    for wait, still in gaps:
        begin = at + timedelta(days=wait)
        at = begin + timedelta(days=still)
        stops.append((begin.isoformat(), at.isoformat()))
    assert due(day.isoformat(), term, stops) == last_day_of(day, term) + timedelta(days=sum(still for _, still in gaps))


@pytest.mark.parametrize(
    ("state", "completed", "due_on", "found"),
    [
        ("collecting", None, None, "notStarted"),
        ("waiting", date(2026, 1, 1), None, "stopped"),
        ("assessing", date(2026, 1, 1), date(2026, 5, 1), "inTime"),
        ("proposed", date(2026, 1, 1), date(2026, 4, 14), "dueSoon"),
        ("approved", date(2026, 1, 1), date(2026, 4, 1), "dueSoon"),
        ("assessing", date(2026, 1, 1), date(2026, 3, 31), "overdue"),
        ("decided", date(2026, 1, 1), None, "done"),
    ],
)
def test_how_late_a_case_is_depends_on_the_day_that_is_asked_about(state, completed, due_on, found):
    assert urgency(state, completed, due_on, date(2026, 4, 1), 14) == found
