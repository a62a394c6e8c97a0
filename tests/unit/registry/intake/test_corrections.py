"""Files of rows to be corrected, as `import file --corrections` writes them."""

import csv
import stat

import pytest

from registry.intake.corrections import save_corrections
from registry.intake.rows.columns import csv_template
from registry.intake.rows.report import Problem

PROBLEM = Problem("line 3", "awarding_date", "", "is not a day of the calendar")


@pytest.fixture
def table(tmp_path):
    file = tmp_path / "awards.csv"
    header, example = csv_template().splitlines()
    rows = [example.replace("EXAMPLE", record) for record in ("r1", "r2")]
    file.write_text("\n".join([header, *rows]) + "\n")
    return file


def test_refused_rows_are_written_with_their_problems_for_their_owner_only(table, tmp_path):
    path = tmp_path / "bad.csv"
    note = save_corrections(path, table, {3: [PROBLEM, PROBLEM]})
    assert str(path) in note
    [row] = csv.DictReader(path.read_text("utf-8-sig").splitlines())
    assert row["record"] == "r2"
    assert row["problem"] == "; ".join(["awarding_date: is not a day of the calendar"] * 2)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert not path.with_name("bad.csv.part").exists()


def test_no_file_is_written_where_every_row_was_taken_in(table, tmp_path):
    path = tmp_path / "bad.csv"
    assert "was not written" in save_corrections(path, table, {})
    assert not path.exists()


def test_a_file_that_cannot_be_written_is_noted_and_stops_nothing(table, tmp_path):
    assert "cannot write" in save_corrections(tmp_path / "missing" / "bad.csv", table, {3: [PROBLEM]})
