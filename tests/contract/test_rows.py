"""What every reader of credential rows owes to an import: CSV, spreadsheets, NDJSON, and rows that replace."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING

import pytest

from registry.application.requests import IssueRequest
from registry.intake.rows.columns import COLUMNS
from registry.intake.rows.ndjson_rows import NdjsonRows
from registry.intake.rows.replacing_rows import ReplacingRows
from registry.intake.rows.report import no_rows
from registry.intake.rows.table_rows import TableRows
from tests.support.catalogues import Everything
from tests.support.spreadsheets import xlsx

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from registry.intake.row_import import Rows

    Open = Callable[[Sequence[dict[str, str]]], Rows]

NAMES = [column.name for column in COLUMNS]
EXAMPLE = {column.name: column.example for column in COLUMNS}
"""The template's own row, which is not taken in."""


def row(number: int, **changes: str) -> dict[str, str]:
    """A row of another student and record, which replaces a credential."""
    return {
        "record": f"r{number}",
        "achievement": "0bbac7a9-a411-4809-ad9e-534f483b7a03",
        "student": f"s{number}",
        "family_name": "Jansen",
        "given_name": "Ada",
        "date_of_birth": "2001-02-03",
        "awarding_date": "2026-06-30",
        "replaces": "11111111-a411-4809-ad9e-534f483b7a03",
        **changes,
    }


@pytest.fixture(params=["csv", "xlsx", "ndjson", "csv replacing", "ndjson replacing"])
def open_rows(request: pytest.FixtureRequest, tmp_path: Path) -> Open:
    """Writes rows into a file, and returns their reader."""
    form, _, replacing = request.param.partition(" ")
    path = tmp_path / f"rows.{form}"

    def encode(rows: Sequence[dict[str, str]]) -> bytes:
        if form == "ndjson":
            return b"".join(json.dumps(values).encode() + b"\n" for values in rows) or b"\n"
        table = [NAMES, *([values.get(name, "") for name in NAMES] for values in rows)]
        if form == "xlsx":
            return xlsx({"Rows": [list[object](line) for line in table]})
        text = io.StringIO()
        csv.writer(text).writerows(table)
        return text.getvalue().encode()

    def open_file(rows: Sequence[dict[str, str]]) -> Rows:
        path.write_bytes(encode(rows))
        reader = (NdjsonRows if form == "ndjson" else TableRows)(path, Everything())
        return ReplacingRows(reader) if replacing else reader

    return open_file


def test_every_row_comes_in_its_order_with_its_place(open_rows: Open) -> None:
    rows = list(open_rows([row(number) for number in range(50)]))
    requests = [found.result for found in rows]
    assert [request.record for request in requests if isinstance(request, IssueRequest)] == [f"r{n}" for n in range(50)]
    lines = [found.line for found in rows]
    assert lines == list(range(lines[0], lines[0] + 50))
    assert [found.where for found in rows] == [f"line {line}" for line in lines]


def test_a_faulty_row_has_all_its_problems_at_its_place_and_others_are_read(open_rows: Open) -> None:
    good, faulty, after = open_rows([row(1), row(2, awarding_date="soon", student=""), row(3)])
    assert isinstance(good.result, IssueRequest)
    assert isinstance(after.result, IssueRequest)
    assert isinstance(faulty.result, tuple)
    assert {problem.field for problem in faulty.result} == {"awarding_date", "student"}
    assert {problem.where for problem in faulty.result} == {faulty.where}


def test_rows_are_counted_with_the_faulty_ones_and_without_the_example(open_rows: Open) -> None:
    rows = open_rows([EXAMPLE, row(1), row(2, student="")])
    notes = rows.notes
    assert len(list(rows)) == rows.count == 2
    assert [note for note in notes if "template's own example" in note], "an import has the notes before it reads"


def test_a_second_reading_says_the_same(open_rows: Open) -> None:
    rows = open_rows([EXAMPLE, row(1), row(2, awarding_date="soon")])
    first, count, notes = list(rows), rows.count, list(rows.notes)
    assert (list(rows), rows.count, rows.notes) == (first, count, notes)


@pytest.mark.parametrize("example", [[], [EXAMPLE]], ids=["empty", "example"])
def test_a_file_without_a_row_is_described(open_rows: Open, example: list[dict[str, str]]) -> None:
    rows = open_rows(example)
    assert list(rows) == []
    assert rows.count == 0
    assert "there is no row in it: " in no_rows("rows", rows.description)
    assert rows.description
