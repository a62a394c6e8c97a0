"""The figures of an office's year, from decisions and cases."""

from datetime import date

from projections.recognition.office_year import GrantOutcome, OfficeYear, YearDecision
from registry.office.cases.year_file import Appeals, CaseDays
from registry.server.pages.office.year_figures import figures_of, table_of


def decision(name, day, *outcomes, state="inForce", supersedes=None, superseded_by=None, countries=("NO",)):
    grants = tuple(GrantOutcome(outcome, grounds) for outcome, grounds in outcomes)
    return YearDecision(name, day, state, superseded_by, supersedes, "creditTransfer", grants, countries)


FULL = ("full", ())
REFUSED = ("refused", ("level:lowerLevel", "level:lowerLevel"))
READ = OfficeYear(
    [
        decision("a", date(2026, 3, 1), FULL, REFUSED),
        decision("b", date(2026, 4, 1), REFUSED, countries=("NO", "SE")),
        decision("c", date(2026, 5, 1), FULL, state="superseded", superseded_by="d"),
        decision("d", date(2026, 6, 1), REFUSED, supersedes="c", countries=("SE",)),
        decision("e", date(2026, 7, 1), FULL, state="withdrawn"),
    ],
    [2026],
    {"c": "d"},
    is_complete=True,
)
DAYS = {
    "a": CaseDays(date(2026, 1, 1), date(2026, 2, 1)),
    "b": CaseDays(date(2026, 1, 1), None),
    "d": CaseDays(date(2026, 1, 1), date(2026, 4, 1)),
}
NO_APPEALS = Appeals(0, 0, is_complete=True)


def test_outcomes_grounds_and_countries_count_what_is_in_force():
    figures = figures_of(READ, DAYS, NO_APPEALS, 2026)
    assert (figures.decisions, figures.superseded, figures.withdrawn) == (5, 1, 1)
    assert dict(figures.outcomes) == {"full": 1, "partial": 0, "conditional": 0, "alternative": 0, "refused": 3}
    assert figures.grounds == [("level", "lowerLevel", 3)]
    assert [(row.country, row.decisions, row.refused) for row in figures.countries] == [("NO", 2, 1), ("SE", 2, 2)]


def test_the_time_runs_from_the_complete_file_to_the_first_decision():
    times = figures_of(READ, DAYS, NO_APPEALS, 2026).times
    assert times.cases == 3  # the amended decision is no first one, and the withdrawn one has no case
    assert (times.median, times.longest) == (30, 90)
    assert times.spans == [2, 0, 1, 0, 0]


def test_a_year_without_decisions_has_no_median():
    figures = figures_of(OfficeYear([], [], {}, is_complete=True), {}, NO_APPEALS, 2025)
    assert (figures.times.median, figures.times.longest) == (None, None)
    assert ("days", "median", "", 0) not in table_of(figures)


def test_a_circle_of_decisions_ends():
    read = READ._replace(decisions=[decision("x", date(2026, 1, 1), FULL)], superseded_by={"x": "y", "y": "x"})
    assert figures_of(read, {}, NO_APPEALS, 2026).times.cases == 0


def test_the_table_has_each_figure_once():
    rows = table_of(figures_of(READ, DAYS, Appeals(2, 1, is_complete=True), 2026))
    keys = [row[:3] for row in rows]
    assert len(keys) == len(set(keys))
    assert ("appeals", "amended", "", 1) in rows
    assert ("countries", "SE", "refused", 2) in rows
