"""The figures of a year, added up from what the published tables show."""

from projections.statistics.datasets import DESCRIPTIONS, Sum, build
from registry.server.pages.charts import bar_chart
from registry.server.pages.yearly_figures import figures_of, years_of

ROWS = {
    "awards-by-month": [
        *((f"2026-{month:02}", "twente", 100 + month) for month in range(1, 13)),
        *((f"2026-{month:02}", "lund", 3 if month == 2 else 50) for month in range(1, 13)),
        ("2025-11", "lund", 400),
        ("2025-12", "lund", 400),
    ],
    "awards-by-field-and-level": [("2026", "06", "7", 700, 0), ("2026", "06", "", 60, 0), ("2026", "07", "6", 80, 0)],
    "revocations": [("2026", "twente", 14), ("2026", "lund", 0)],
    "larger-credentials": [("2026", "twente", 20)],
    "recognition-by-month": [("2026-03", "lund", "full", 30), ("2026-03", "lund", "refused", 12)],
    "recognition-by-field-and-level": [],
    "flows": [("2026", "twente", "lund", 30, 12), ("2026", "lund", "lund", 20, 0)],
    "grounds": [("2026", "level", "lowerLevel", 12), ("2026", "workload", "substantiallyLess", 30)],
}
TABLES = {each.name: build(each, ROWS[each.name]) for each in DESCRIPTIONS}


def test_the_newest_year_is_shown_unless_another_one_is_asked_for():
    assert years_of(TABLES) == ["2026", "2025"]
    assert figures_of(TABLES, "").year == "2026"
    assert figures_of(TABLES, "1066").year == "2026"
    assert figures_of(TABLES, "2025").awarded == Sum(800, is_whole=True)


def test_before_the_first_award_there_is_no_year():
    empty = {each.name: build(each, []) for each in DESCRIPTIONS}
    figures = figures_of(empty, "")
    assert (figures.years, figures.year, figures.months, figures.by_month) == ([], "", [], [])
    assert bar_chart([]).bars == []


def test_sums_are_of_what_is_shown():
    figures = figures_of(TABLES, "2026")
    months = {row.member: row.months for row in figures.by_member}
    assert months["lund"][1] is None
    shown = [number for numbers in months.values() for number in numbers if number is not None]
    assert figures.revoked == Sum(14, is_whole=True)
    assert figures.awarded == Sum(sum(shown), is_whole=False)
    assert [each.shown for each in figures.by_month] == [
        sum(numbers[place] or 0 for numbers in months.values()) for place in range(12)
    ]


def test_one_university_can_be_chosen():
    figures = figures_of(TABLES, "2026", "lund")
    assert [row.member for row in figures.by_member] == ["lund"]
    assert figures.flows == {("twente", "lund"): Sum(30, is_whole=True)}
    assert figures_of(TABLES, "2026", "twente").grants == Sum(0, is_whole=True)


def test_what_a_university_recognises_of_its_own_is_no_flow():
    figures = figures_of(TABLES, "2026")
    assert (figures.issuers, figures.offices) == (["twente"], ["lund"])
    assert figures.flow("lund", "twente") == Sum(0, is_whole=True)
    assert figures.refused == Sum(12, is_whole=True)


def test_levels_are_in_order_with_none_last_and_the_most_frequent_ground_first():
    figures = figures_of(TABLES, "2026")
    assert figures.levels == ["6", "7", ""]
    assert [(row.field, row.levels) for row in figures.by_field] == [("06", [0, 700, 60]), ("07", [80, 0, 0])]
    assert [aspect for aspect, _, _ in figures.grounds] == ["workload", "level"]


def test_there_may_be_nothing_yet():
    empty = {each.name: build(each, []) for each in DESCRIPTIONS}
    figures = figures_of(empty, "")
    assert (figures.years, figures.awarded, figures.by_member) == ([], Sum(0, is_whole=True), [])
