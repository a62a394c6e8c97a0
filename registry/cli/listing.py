"""Lists: as a table for people, as JSON for programs, as CSV for spreadsheets."""

import csv
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from registry.cli.output import print_json, table, text_of
from registry.values.formulas import begins_formula


class Column(NamedTuple):
    """A column of a list: its heading, and its value for an item."""

    name: str
    value: Callable[[Any], Any]
    wide: bool = False
    """True if only `--wide` and CSV show it."""
    cut: bool = False
    """True if a text is cut to the column's width, unless `--wide` is set."""


def print_list(
    items: Sequence[Any],
    columns: Sequence[Column],
    *,
    as_json: bool,
    as_csv: bool,
    wide: bool,
    more: Mapping[str, Any] | None = None,
) -> bool:
    """Print a list in the requested form; return True if that was a table for people.

    As JSON it is an object with `items`, and with `more` next to them.
    """
    if as_json:
        print_json({"items": items, **(more or {})})
    elif as_csv:
        print_csv([column.name for column in columns], [[column.value(item) for column in columns] for item in items])
    else:
        shown = [column for column in columns if wide or not column.wide]
        table(
            [column.name for column in shown],
            [[column.value(item) for column in shown] for item in items],
            wide=wide,
            cut=[column.name for column in shown if column.cut],
        )
    return not (as_json or as_csv)


def print_csv(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Print CSV as RFC 4180 has it. A text that a spreadsheet would take for a formula begins with an apostrophe."""
    writer = csv.writer(sys.stdout)
    writer.writerow([column.replace(" ", "_") for column in columns])
    writer.writerows([_cell(value) for value in row] for row in rows)


def _cell(value: Any) -> str:  # noqa: ANN401 - any column's value
    text = text_of(value)
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return text
    return f"'{text}" if begins_formula(text) and not text.startswith("'") else text
