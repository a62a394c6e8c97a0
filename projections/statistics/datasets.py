"""The statistics of the consortium as tables: kept counts, without those that are too small to be shown.

These tables are all that is published. Whatever a page adds up, it adds up from their cells as they are here, so that
no choice of months or members gives away what they leave out.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any, Final, NamedTuple

import msgspec
from psycopg import Connection

from projections.precedents.query import OUTCOMES
from projections.queries import load_query
from projections.statistics.small_counts import Key, leave_out_small

REFUSED: Final = "refused"


class Description(NamedTuple):
    """The shape of a table: its name, its dimensions and its measures."""

    name: str
    dimensions: tuple[str, ...]
    measures: tuple[str, ...]


DESCRIPTIONS: Final = (
    Description("awards-by-month", ("month", "member"), ("issued",)),
    Description("awards-by-field-and-level", ("year", "field", "eqfLevel"), ("issued", "revoked")),
    Description("revocations", ("year", "member"), ("revoked",)),
    Description("larger-credentials", ("year", "member"), ("issued",)),
    Description("recognition-by-month", ("month", "office", "outcome"), ("grants",)),
    Description("recognition-by-field-and-level", ("field", "eqfLevel", "outcome"), ("grants",)),
    Description("flows", ("year", "issuer", "office"), ("recognised", "refused")),
    Description("grounds", ("year", "aspect", "difference"), ("grants",)),
)


class Row(msgspec.Struct, frozen=True):
    """One row: the values of its dimensions, and its measures; None for a count that is not shown."""

    key: Key
    counts: tuple[int | None, ...]


class DataSet(NamedTuple):
    """A table with its rows, in the order of their keys."""

    description: Description
    rows: list[Row]


CountRows = dict[str, list[tuple[Any, ...]]]
"""The rows of counts that each table is built from, by its name: all of them, those too small to be shown as well."""


def read_datasets(connection: Connection) -> dict[str, DataSet]:
    """Return all tables by name."""
    return build_all(read_counts(connection))


def read_counts(connection: Connection) -> CountRows:
    """Return the counts that the tables are built from."""
    awards = connection.execute(load_query("statistics_awards")).fetchall()
    fields = connection.execute(load_query("statistics_awards_by_field")).fetchall()
    recognition = connection.execute(load_query("statistics_recognition")).fetchall()
    return {
        "awards-by-month": [(month, member, issued) for month, member, issued, _ in awards],
        "revocations": [(month[:4], member, revoked) for month, member, _, revoked in awards],
        "awards-by-field-and-level": [(year, field, level, *counts) for year, field, level, _, _, *counts in fields],
        "larger-credentials": [
            (year, member, issued) for year, _, _, member, is_composed, issued, _ in fields if is_composed
        ],
        "recognition-by-month": [row for row in recognition if row[2] in OUTCOMES],
        "recognition-by-field-and-level": [
            row for row in connection.execute(load_query("statistics_recognition_by_field")) if row[2] in OUTCOMES
        ],
        "flows": [
            (year, issuer, office, *((0, number) if what == REFUSED else (number, 0)))
            for year, issuer, office, what, number in connection.execute(load_query("statistics_flows"))
            if what in OUTCOMES
        ],
        "grounds": [
            (month[:4], *what.split(":"), number) for month, _, what, number in recognition if what not in OUTCOMES
        ],
    }


def build_all(counts: CountRows) -> dict[str, DataSet]:
    """Return all tables by name. With hundreds of members this takes a second."""
    return {each.name: build(each, counts[each.name]) for each in DESCRIPTIONS}


def build(description: Description, rows: Iterable[tuple[Any, ...]]) -> DataSet:
    """Return a table of rows of dimensions and numbers: the same dimensions are added up, small counts left out."""
    width, measures = len(description.dimensions), len(description.measures)
    sums: dict[Key, list[int]] = defaultdict(lambda: [0] * measures)
    for row in rows:
        for place, number in enumerate(row[width:]):
            sums[row[:width]][place] += number
    shown = [
        leave_out_small({_with_year(description, key): counts[place] for key, counts in sums.items()})
        for place in range(measures)
    ]
    return DataSet(
        description,
        [
            Row(key, tuple(measure[_with_year(description, key)] for measure in shown))
            for key in sorted(sums)
            if any(sums[key])
        ],
    )


def _with_year(description: Description, key: Key) -> Key:
    """Return a key with its month as a year and a month: sums over a year are known from the tables by year."""
    return (*key[0].split("-"), *key[1:]) if description.dimensions[0] == "month" else key


class Sum(NamedTuple):
    """A sum of the counts that are shown, and whether some were not."""

    shown: int
    is_whole: bool


def add_up(
    dataset: DataSet, measure: str, by: Callable[[dict[str, str]], Key], where: Callable[[dict[str, str]], bool]
) -> dict[Key, Sum]:
    """Add up a measure over the rows for which `where` is true, by the key that `by` returns."""
    place = dataset.description.measures.index(measure)
    sums: dict[Key, Sum] = {}
    for row in dataset.rows:
        values = dict(zip(dataset.description.dimensions, row.key, strict=True))
        if where(values):
            before, count = sums.get(by(values), Sum(0, is_whole=True)), row.counts[place]
            sums[by(values)] = Sum(before.shown + (count or 0), before.is_whole and count is not None)
    return sums
