"""What the person who releases compares."""

from datetime import date

import pytest

from registry.batches.imports.content import Awards
from registry.server.pages.desk.release_check import check_awards, compare, draw_rows, year_before


@pytest.mark.parametrize(
    ("now", "earlier", "expected"),
    [
        (118, 124, "alike"), (64, 16, "more"), (16, 64, "fewer"), (5, 0, "new"), (5, None, "unknown"), (9, 3, "alike"),
        (30, 20, "alike"), (31, 20, "more"),
    ],
)  # fmt: skip
def test_a_count_is_compared_with_a_year_ago(now, earlier, expected):
    assert compare(now, earlier) == expected


def test_the_same_day_a_year_before_exists_in_leap_years_too():
    assert year_before("2026-06-30") == date(2025, 6, 30)
    assert year_before("2028-02-29") == date(2027, 2, 28)


def test_a_draw_of_a_batch_can_be_repeated_and_another_draw_differs():
    assert draw_rows("b", 0, 300) == draw_rows("b", 0, 300) != draw_rows("b", 1, 300)
    assert draw_rows("b", 0, 3) == [0, 1, 2]
    assert draw_rows("b", 0, 0) == []


def test_awards_have_their_credits_and_whether_all_are_of_one_day():
    awards = [Awards("a", None, 4, "2026-06-30", "2026-06-30"), Awards("b", 1, 2, "2026-01-01", "2026-06-30")]
    [one, other] = check_awards(awards, {("a", None): 5}, {"a": 4})
    assert (one.ects, one.earlier, one.comparison, one.is_one_day) == (5, 4, "alike", True)
    assert (other.ects, other.earlier, other.comparison, other.is_one_day) == (None, 0, "new", False)
    assert check_awards(awards, {}, None)[0].comparison == "unknown"
