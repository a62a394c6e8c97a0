"""The rows of a table with other names as rows with ours: what cannot be read says so, and is refused."""

import io
import json

import openpyxl
import pytest

from registry.batches.imports.column_mapping import map_rows, read_header
from registry.intake.rows.ndjson_rows import NdjsonRows
from tests.support.catalogues import Everything


class Content:
    """A file in memory."""

    def __init__(self, content):
        self._content = content

    def __str__(self):
        return "a file"

    def open(self, mode):
        del mode
        return io.BytesIO(self._content)


def lines(content, columns):
    return [json.loads(line) for line in b"".join(map_rows(Content(content), columns)).split(b"\n") if line]


def workbook(*sheets):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for number, rows in enumerate(sheets):
        sheet = book.create_sheet(f"sheet {number}")
        for row in rows:
            sheet.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


COLUMNS = {0: "record", 1: "achievement", 2: "student", 3: "family_name", 4: "given_name", 5: "date_of_birth"}
COLUMNS |= {6: "awarding_date"}
NAMES = ["Id", "Module", "Number", "Last", "First", "Born", "Day", "Remarks"]
ROW = ["r1", "a", "s1", "Jansen", "Ada", "2001-02-03", "2026-06-30", "not ours"]


def test_the_sheet_with_the_most_columns_is_read_and_what_is_left_out_is_not():
    content = workbook([["Title"]], [NAMES, ROW], [])
    assert read_header(Content(content)) == (NAMES, "sheet 1")
    [row] = lines(content, COLUMNS)
    assert row == dict(zip(COLUMNS.values(), ROW, strict=False))


@pytest.mark.parametrize("cells", [{"awarding_date": "#REF!"}, {"student": 1.2345678901234567e19}])
def test_a_cell_that_cannot_be_read_has_no_value_and_says_why(cells):
    [(name, value)] = cells.items()
    place = list(COLUMNS.values()).index(name)
    [row] = lines(workbook([NAMES, [*ROW[:place], value, *ROW[place + 1 :]]]), COLUMNS)
    assert row[name] == "#VALUE!"
    assert row["problem"].startswith(f"{name}: ")


@pytest.mark.parametrize("end", ["", ";", ";;", ";;;"])
def test_columns_without_a_name_at_the_end_of_a_csv_are_no_columns(end):
    content = ";".join(NAMES) + ";;\n" + ";".join(ROW) + end + "\n"
    [row] = lines(content.encode(), COLUMNS)
    assert row == dict(zip(COLUMNS.values(), ROW, strict=False))


def test_a_row_of_a_csv_with_too_many_fields_says_so():
    content = ";".join(NAMES) + "\n" + ";".join([*ROW, "too", "many"]) + "\n"
    [row] = lines(content.encode(), COLUMNS)
    assert row["problem"] == "has 10 fields where the header has 8"


def test_a_row_with_a_problem_is_refused_for_it(tmp_path):
    file = tmp_path / "rows.ndjson"
    file.write_text(json.dumps({**dict(zip(COLUMNS.values(), ROW, strict=False)), "problem": "has 10 fields"}))
    [row] = NdjsonRows(file, Everything(), is_mapped=True)
    assert "has 10 fields" in [problem.detail for problem in row.result]


@pytest.mark.parametrize("stated", ["has 10 fields", "", None])
def test_a_file_that_was_sent_in_has_no_column_for_problems(tmp_path, stated):
    file = tmp_path / "rows.ndjson"
    file.write_text(json.dumps({**dict(zip(COLUMNS.values(), ROW, strict=False)), "problem": stated}))
    [row] = NdjsonRows(file, Everything())
    [problem] = [each for each in row.result if each.field in ("", "problem")]
    assert problem.field == "problem"
    assert problem.detail.startswith("is not a column; they are record, ")
