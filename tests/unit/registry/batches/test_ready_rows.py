"""The content that is made of an import's rows that are right."""

import json
from datetime import date

import pytest

from registry.application.requests import IssueRequest
from registry.batches.imports.content import ChangedMeanwhile, ReadyRows
from registry.intake.rows.parts import parse, write
from registry.intake.rows.read_row import ReadRow
from registry.intake.rows.report import Problem

PARTS = (
    "twente/0bbac7a9-a411-4809-ad9e-534f483b7a03:2.5"
    " lund/1bbac7a9-a411-4809-ad9e-534f483b7a03:5:decision:twente/2bbac7a9-a411-4809-ad9e-534f483b7a03"
)


def row(line, record=None, **more):
    values = {"achievement": "a", "version": None, "student": f"s{line}", "family_name": "Jansen", "given_name": "Ada"}
    values |= {"date_of_birth": "2001-02-03", "awarding_date": f"2026-06-{line:02}", **more}
    return IssueRequest(record or f"r{line}", **values)


def read(line, result=None, day=None):
    return ReadRow(result or row(line), line, line, day)


def test_each_row_keeps_its_line_and_rows_that_are_wrong_or_known_stay():
    wrong = (Problem("line 4", "ects", "", "is wrong"),)
    scheduled = read(8, row(8, version=3), date(2030, 1, 1))
    rows = ReadyRows(
        [read(2), read(3), read(4, wrong), read(5), read(7, row(7, "r2")), scheduled],
        {}, {4}, lambda records: {"r5"} & set(records), is_first=True,
    )  # fmt: skip
    lines = b"".join(rows).split(b"\n")
    numbers = {number: json.loads(line)["record"] for number, line in enumerate(lines, 1) if line}
    assert numbers == {2: "r2", 3: "r3", 8: "r8"}
    assert json.loads(lines[7])["valid_from"] == "2030-01-01"
    assert (rows.count, rows.learners) == (3, 3)
    assert [(each.version, each.rows, each.first_day, each.last_day) for each in rows.awards] == [
        (None, 2, "2026-06-02", "2026-06-03"),
        (3, 1, "2026-06-08", "2026-06-08"),
    ]


def test_later_only_the_rows_that_were_corrected_since_are_handed_over():
    corrected = {4: (row(4, "mended"), None)}
    rows = ReadyRows([read(2), read(4), read(5)], corrected, {4}, lambda _: set(), is_first=False)
    [line] = b"".join(rows).strip().splitlines()
    assert json.loads(line)["record"] == "mended"


def test_a_row_that_is_wrong_since_its_check_stops_the_hand_over():
    wrong = (Problem("line 2", "achievement", "", "is retired"),)
    with pytest.raises(ChangedMeanwhile, match="is retired"):
        b"".join(ReadyRows([read(2, wrong)], {}, set(), lambda _: set(), is_first=True))


def test_parts_are_written_as_they_are_read():
    assert write(parse(PARTS)) == PARTS
