"""The figures of an office's year: outcomes, grounds, countries, the time to a decision, appeals. Pure."""

from collections import Counter
from collections.abc import Mapping
from statistics import median
from typing import Final, NamedTuple

from projections.recognition.office_year import OfficeYear, YearDecision
from registry.office.cases.year_file import Appeals, CaseDays

OUTCOMES: Final = ("full", "partial", "conditional", "alternative", "refused")
_IN_FORCE: Final = "inForce"
SPANS: Final = ((0, 30), (31, 60), (61, 90), (91, 120), (121, None))
"""Days from a complete file to the first decision, as the chart groups them."""


class CountryRow(NamedTuple):
    """The decisions in force about qualifications of one country."""

    country: str
    decisions: int
    refused: int
    """Those that recognise nothing."""


class DecisionTimes(NamedTuple):
    """The days from a complete file to the first decision, those in which the clock stood included."""

    cases: int
    median: float | None
    longest: int | None
    spans: list[int]
    """The number of cases in each of `SPANS`."""


class YearFigures(NamedTuple):
    """All figures of a year."""

    year: int
    years: list[int]
    decisions: int
    """All that were made, also those that are no longer in force."""
    superseded: int
    withdrawn: int
    outcomes: list[tuple[str, int]]
    """Grants in force, by outcome."""
    grounds: list[tuple[str, str, int]]
    """Grants in force that name the ground: aspect, difference, number."""
    countries: list[CountryRow]
    times: DecisionTimes
    appeals: Appeals
    is_complete: bool


def figures_of(read: OfficeYear, days: Mapping[str, CaseDays], appeals: Appeals, year: int) -> YearFigures:
    """Return the figures of a year."""
    in_force = [each for each in read.decisions if each.state == _IN_FORCE]
    outcomes = Counter(grant.outcome for each in in_force for grant in each.grants)
    grounds = Counter(ground for each in in_force for grant in each.grants for ground in set(grant.grounds))
    return YearFigures(
        year,
        read.years,
        len(read.decisions),
        sum(each.state == "superseded" for each in read.decisions),
        sum(each.state == "withdrawn" for each in read.decisions),
        [(outcome, outcomes[outcome]) for outcome in OUTCOMES],
        [(*_split(ground), number) for ground, number in sorted(grounds.items(), key=lambda item: (-item[1], item[0]))],
        _countries(in_force),
        _times(read, days),
        appeals,
        read.is_complete and appeals.is_complete,
    )


def first_decisions(read: OfficeYear) -> list[str]:
    """Return the decisions in force of those cases that were decided for the first time in the year."""
    first = (each.decision for each in read.decisions if each.supersedes is None)
    return [_newest(decision, read.superseded_by) for decision in first]


def _split(ground: str) -> tuple[str, str]:
    aspect, _, difference = ground.partition(":")
    return aspect, difference


def _countries(decisions: list[YearDecision]) -> list[CountryRow]:
    numbers: Counter[str] = Counter()
    refused: Counter[str] = Counter()
    for decision in decisions:
        for country in decision.countries:
            numbers[country] += 1
            refused[country] += all(grant.outcome == "refused" for grant in decision.grants)
    rows = [CountryRow(country, number, refused[country]) for country, number in numbers.items()]
    return sorted(rows, key=lambda row: (-row.decisions, row.country))


def _times(read: OfficeYear, days: Mapping[str, CaseDays]) -> DecisionTimes:
    lengths = []
    for decision in read.decisions:
        if decision.supersedes is not None:
            continue
        case = days.get(_newest(decision.decision, read.superseded_by))
        if case is not None:
            lengths.append(max(0, (decision.day - (case.completed or case.opened)).days))
    spans = [sum(first <= length and (last is None or length <= last) for length in lengths) for first, last in SPANS]
    return DecisionTimes(len(lengths), median(lengths) if lengths else None, max(lengths) if lengths else None, spans)


def _newest(decision: str, superseded_by: Mapping[str, str]) -> str:
    """Return the decision that took the place of another, over several steps if need be."""
    visited = {decision}
    while (following := superseded_by.get(decision)) is not None and following not in visited:
        visited.add(following)
        decision = following
    return decision


def table_of(figures: YearFigures) -> list[tuple[str, str, str, float]]:
    """Return the figures as rows of one table: the table's name, two codes, and the number."""
    rows: list[tuple[str, str, str, float]] = [
        ("decisions", "made", "", figures.decisions),
        ("decisions", "superseded", "", figures.superseded),
        ("decisions", "withdrawn", "", figures.withdrawn),
    ]
    rows += [("outcomes", outcome, "", number) for outcome, number in figures.outcomes]
    rows += [("grounds", aspect, difference, number) for aspect, difference, number in figures.grounds]
    rows += [("countries", row.country, "decisions", row.decisions) for row in figures.countries]
    rows += [("countries", row.country, "refused", row.refused) for row in figures.countries]
    rows.append(("days", "cases", "", figures.times.cases))
    if figures.times.median is not None and figures.times.longest is not None:
        rows += [("days", "median", "", figures.times.median), ("days", "longest", "", figures.times.longest)]
    rows += [
        ("days", f"{first}-{last}" if last is not None else f"{first}-", "", number)
        for (first, last), number in zip(SPANS, figures.times.spans, strict=True)
    ]
    rows += [("appeals", "lodged", "", figures.appeals.lodged), ("appeals", "amended", "", figures.appeals.amended)]
    return rows
