"""Counts below 10 are not shown, and cannot be worked out from what is shown."""

import random
from itertools import combinations

import pytest

from projections.statistics.small_counts import SMALLEST, leave_out_small


def test_small_counts_are_left_out_and_zeros_are_not():
    assert leave_out_small({("a",): 0, ("b",): 9, ("c",): 10, ("d",): 500}) == {
        ("a",): 0, ("b",): None, ("c",): None, ("d",): 500,
    }  # fmt: skip


def test_a_table_without_small_counts_stays_whole():
    counts = {("a", "x"): 10, ("a", "y"): 0, ("b", "x"): 77, ("b", "y"): 12}
    assert leave_out_small(counts) == counts


def test_the_smallest_neighbour_hides_a_single_small_count_in_its_row_and_column():
    counts = {
        ("a", "x"): 3, ("a", "y"): 20, ("a", "z"): 30,
        ("b", "x"): 40, ("b", "y"): 50, ("b", "z"): 60,
    }  # fmt: skip
    shown = leave_out_small(counts)
    assert {key for key, count in shown.items() if count is None} == {("a", "x"), ("a", "y"), ("b", "x"), ("b", "y")}


def test_small_counts_that_are_small_together_are_hidden_by_a_third():
    assert leave_out_small({("a",): 2, ("b",): 3, ("c",): 90, ("d",): 40})[("d",)] is None


def test_a_count_alone_in_its_line_is_left_out_though_nothing_can_hide_it():
    assert leave_out_small({("a", "x"): 4, ("a", "y"): 0}) == {("a", "x"): None, ("a", "y"): 0}


def test_nothing_is_left_out_of_nothing():
    assert leave_out_small({}) == {}


@pytest.mark.parametrize("seed", range(30))
def test_no_sum_over_any_dimensions_gives_a_hidden_count_away(seed):
    draw = random.Random(seed)
    sizes = [draw.randint(1, 5) for _ in range(draw.randint(1, 3))]
    counts = {(): 0}
    for size in sizes:
        counts = {(*key, str(value)): 0 for key in counts for value in range(size)}
    counts = {key: draw.choice([0, 0, draw.randint(1, 12), draw.randint(1, 400)]) for key in counts}
    shown = leave_out_small(counts)
    for number in range(len(sizes)):
        for kept in combinations(range(len(sizes)), number):
            lines = {}
            for key in counts:
                lines.setdefault(tuple(key[place] for place in kept), []).append(key)
            for cells in lines.values():
                hidden = [counts[key] for key in cells if shown[key] is None]
                others = [key for key in cells if counts[key] and shown[key] is not None]
                assert not hidden or not others or (len(hidden) > 1 and sum(hidden) >= SMALLEST)
    assert all(shown[key] in (None, count) for key, count in counts.items())
    assert not any(0 < (count or 0) < SMALLEST for count in shown.values())
