"""The figures of the statistics page, added up from the published tables for one year and perhaps one university.

Pure: nothing here sees a count that is not shown.
"""

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from projections.precedents.query import OUTCOMES
from projections.statistics.datasets import REFUSED, DataSet, Sum, add_up

MOST_ROWS: Final = 50
MOST_COLUMNS: Final = 20
MOST_FLOWS: Final = 50
_NOTHING: Final = Sum(0, is_whole=True)


class MemberMonths(NamedTuple):
    """The awards of one university in each month of the year; None for a count that is not shown."""

    member: str
    months: list[int | None]

    @property
    def numbers(self) -> list[int]:
        """The months as a chart draws them."""
        return [number or 0 for number in self.months]

    @property
    def total(self) -> Sum:
        """The sum of the months that are shown."""
        shown = [number for number in self.months if number is not None]
        return Sum(sum(shown), len(shown) == len(self.months))


class FieldLevels(NamedTuple):
    """The awards in one field, by level; None for a count that is not shown."""

    field: str
    levels: list[int | None]


class Figures(NamedTuple):
    """All figures of one page."""

    years: list[str]
    year: str
    months: list[str]
    awarded: Sum
    revoked: Sum
    by_month: list[Sum]
    by_member: list[MemberMonths]
    levels: list[str]
    by_field: list[FieldLevels]
    outcomes: list[tuple[str, Sum]]
    grounds: list[tuple[str, str, Sum]]
    flows: dict[tuple[str, str], Sum]
    larger: list[tuple[str, Sum]]

    @property
    def grants(self) -> Sum:
        """All grants in force that are shown."""
        return _total(number for _, number in self.outcomes)

    @property
    def refused(self) -> Sum:
        """The grants that refuse."""
        return next((number for outcome, number in self.outcomes if outcome == REFUSED), _NOTHING)

    def flow(self, issuer: str, office: str) -> Sum:
        """Return what an office recognised of an issuer's."""
        return self.flows.get((issuer, office), _NOTHING)

    @property
    def most_awarding(self) -> list[MemberMonths]:
        """The universities that awarded most, as many as a table shows; in the order of their short names."""
        most = sorted(self.by_member, key=lambda row: -row.total.shown)[:MOST_ROWS]
        return sorted(most, key=lambda row: row.member)

    @property
    def is_matrix(self) -> bool:
        """True if the universities are few enough for a table with a column for each."""
        return max(len(self.issuers), len(self.offices)) <= MOST_COLUMNS

    @property
    def largest_flows(self) -> dict[tuple[str, str], Sum]:
        """The largest flows of which something is shown, as many as a list or a chart shows."""
        shown = [(pair, number) for pair, number in self.flows.items() if number.shown]
        return dict(sorted(shown, key=lambda flow: (-flow[1].shown, flow[0]))[:MOST_FLOWS])

    @property
    def issuers(self) -> list[str]:
        """The universities whose credentials others recognised."""
        return sorted({issuer for issuer, _ in self.flows})

    @property
    def offices(self) -> list[str]:
        """The universities that recognised credentials of others."""
        return sorted({office for _, office in self.flows})


def _total(sums: Iterable[Sum]) -> Sum:
    numbers = list(sums)
    return Sum(sum(each.shown for each in numbers), all(each.is_whole for each in numbers))


def years_of(datasets: Mapping[str, DataSet]) -> list[str]:
    """Return the years in which something was awarded or recognised, the newest first."""
    return sorted(
        {row.key[0][:4] for name in ("awards-by-month", "recognition-by-month") for row in datasets[name].rows},
        reverse=True,
    )


def narrow_to(datasets: Mapping[str, DataSet], year: str) -> dict[str, DataSet]:
    """Return the rows of a year alone, of the tables that have years."""
    return {
        name: table._replace(rows=[row for row in table.rows if row.key[0][:4] == year])
        if table.description.dimensions[0] in ("month", "year")
        else table
        for name, table in datasets.items()
    }


def figures_of(datasets: Mapping[str, DataSet], year: str, member: str = "") -> Figures:
    """Return the figures of a year, of one university or of all. Fields and levels are those of all.

    Before anything was awarded or recognised there is no year, and no month.
    """
    years = years_of(datasets)
    year = year if year in years else next(iter(years), "")
    months = [f"{year}-{month:02}" for month in range(1, 13)] if year else []
    awards, recognition = datasets["awards-by-month"], datasets["recognition-by-month"]

    def awarded_in_year(row: Mapping[str, str]) -> bool:
        return row["month"][:4] == year and member in ("", row["member"])

    def decided_in_year(row: Mapping[str, str]) -> bool:
        return row["month"][:4] == year and member in ("", row["office"])

    cells = {row.key: row.counts[0] for row in awards.rows}
    members = sorted({row.key[1] for row in awards.rows if row.key[0][:4] == year and member in ("", row.key[1])})
    by_month = add_up(awards, "issued", lambda row: (row["month"],), awarded_in_year)
    outcomes = add_up(recognition, "grants", lambda row: (row["outcome"],), decided_in_year)
    return Figures(
        years,
        year,
        months,
        _total(by_month.values()),
        _total(
            add_up(
                datasets["revocations"],
                "revoked",
                lambda _: (),
                lambda row: row["year"] == year and member in ("", row["member"]),
            ).values()
        ),
        [by_month.get((month,), _NOTHING) for month in months],
        [MemberMonths(each, [cells.get((month, each), 0) for month in months]) for each in members],
        *_by_field(datasets["awards-by-field-and-level"], year),
        [(outcome, outcomes.get((outcome,), _NOTHING)) for outcome in OUTCOMES],
        _grounds(datasets["grounds"], year),
        {
            (issuer, office): number
            for (issuer, office), number in add_up(
                datasets["flows"],
                "recognised",
                lambda row: (row["issuer"], row["office"]),
                lambda row: (
                    row["year"] == year
                    and row["issuer"] != row["office"]
                    and member in ("", row["issuer"], row["office"])
                ),
            ).items()
        },
        [
            (each, number)
            for (each,), number in add_up(
                datasets["larger-credentials"],
                "issued",
                lambda row: (row["member"],),
                lambda row: row["year"] == year and member in ("", row["member"]),
            ).items()
        ],
    )


def _by_field(table: DataSet, year: str) -> tuple[list[str], list[FieldLevels]]:
    cells = {(field, level): row.counts[0] for row in table.rows for y, field, level in [row.key] if y == year}
    levels = sorted({level for _, level in cells}, key=lambda level: (level == "", level))
    fields = sorted({field for field, _ in cells})
    return levels, [FieldLevels(field, [cells.get((field, level), 0) for level in levels]) for field in fields]


def _grounds(table: DataSet, year: str) -> list[tuple[str, str, Sum]]:
    sums = add_up(table, "grants", lambda row: (row["aspect"], row["difference"]), lambda row: row["year"] == year)
    return sorted(
        ((aspect, difference, number) for (aspect, difference), number in sums.items()),
        key=lambda ground: (-ground[2].shown, ground[:2]),
    )
