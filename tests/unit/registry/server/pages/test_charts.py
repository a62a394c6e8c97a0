"""The geometry of charts: bars stay in the picture, scales fit, and ribbons add up."""

import pytest

from registry.server.pages.charts import (
    bar_chart,
    bar_width,
    flow_chart,
    scale_step,
    shade_of,
    spark_bars,
)


@pytest.mark.parametrize("most", [0, 1, 4, 9, 10, 11, 99, 1_428, 50_000, 123_456_789])
def test_a_scale_has_few_lines_and_reaches_the_highest_bar(most):
    chart = bar_chart([("Jan", most), ("Feb", most // 2)])
    assert 2 <= len(chart.ticks) <= 6
    assert chart.ticks[-1].number >= most
    assert all(0 <= bar.y <= bar.y + bar.height <= chart.height for bar in chart.bars)
    assert str(scale_step(most)).rstrip("0") in {"1", "2", "5"}


def test_a_bar_is_as_high_as_its_number():
    high, low, none = bar_chart([("a", 40), ("b", 20), ("c", 0)]).bars
    assert high.height == pytest.approx(2 * low.height, abs=0.1)
    assert none.height == 0


def test_a_chart_of_nothing_has_no_bars():
    assert bar_chart([]).bars == []
    assert spark_bars([]) == []
    assert flow_chart({}).ribbons == []


def test_the_highest_small_bar_has_the_full_height():
    assert [bar.height for bar in spark_bars([0, 7, 14])] == [0, 14, 28]


def test_shades_and_widths_follow_the_most():
    assert [shade_of(number, 100) for number in (0, 1, 20, 21, 100)] == [0, 1, 1, 2, 5]
    assert (bar_width(1, 4), bar_width(3, 0)) == (25.0, 0.0)


def test_ribbons_fill_their_sides():
    chart = flow_chart({("Twente", "Lund"): 30, ("Twente", "Aveiro"): 10, ("Lund", "Twente"): 60})
    assert [(side.label, side.number) for side in chart.sources] == [("Lund", 60), ("Twente", 40)]
    assert sum(ribbon.width for ribbon in chart.ribbons) == pytest.approx(
        sum(side.height for side in chart.targets), 0.1
    )
    assert all(side.y + side.height < chart.height for side in (*chart.sources, *chart.targets))


def test_a_long_name_and_its_number_fit_beside_the_flows():
    names = ("University of Aveiro", "Rheinisch-Westfälische Technische Hochschule Aachen")
    chart = flow_chart({names: 1_234_567, names[::-1]: 1})
    for side, room in [(each, chart.left) for each in chart.sources] + [
        (each, chart.width - chart.right) for each in chart.targets
    ]:
        assert len(f"{side.short_label} {side.number:,}") * 8 < room  # wide letters at 13 units
        assert side.short_label == side.label or side.short_label.endswith("…")
    assert {side.label for side in chart.sources} == set(names)
    assert chart.sources[0].short_label == "University of Aveiro"
