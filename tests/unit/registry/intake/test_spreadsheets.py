"""Spreadsheets as tables: cells as a person would have typed them, and no file that eats memory."""

import io
import resource
import zipfile
from datetime import date

import pytest

from registry.intake import IntakeError, TableRows, open_intake
from registry.intake.xlsx_archive import MAX_COLUMNS
from registry.requests import IssueRequest
from tests.support.catalogues import Everything
from tests.support.spreadsheets import GERMAN_DAY, PADDED, Raw, day, error, number, shared, sheet_xml, xlsx

HEADER = ["record", "achievement", "student", "family_name", "given_name", "date_of_birth", "awarding_date", "ects"]
ID = "0bbac7a9-a411-4809-ad9e-534f483b7a03"
GOOD = ["r1", ID, "s1", "Núñez", "Zoë", "2001-02-03", "2026-06-30", "5"]


def changed(**values):
    return [values.get(name, value) for name, value in zip(HEADER, GOOD, strict=True)]


@pytest.fixture
def opened(tmp_path):
    def opening(content, **options):
        file = tmp_path / "rows.xlsx"
        file.write_bytes(content if isinstance(content, bytes) else xlsx(content))
        return open_intake(file, Everything((5,)), **options)

    return opening


@pytest.fixture
def one(opened):
    """The only row of a sheet: a request, or what is wrong by column."""

    def row_of(row, **options):
        [found] = opened({"Sheet1": [HEADER, row]}, **options)
        if isinstance(found, IssueRequest):
            return found
        return {problem.field: problem.detail for problem in found}

    return row_of


def test_a_spreadsheet_is_read_as_a_table_whatever_its_file_is_called(tmp_path):
    for name in ("rows.xlsx", "rows.csv", "rows"):
        (tmp_path / name).write_bytes(xlsx({"Sheet1": [HEADER, GOOD]}))
        [row] = open_intake(tmp_path / name, Everything((5,)))
        assert (row.family_name, row.given_name) == ("Núñez", "Zoë")


def test_lines_are_the_rows_of_the_sheet(opened):
    source = opened({"Sheet1": [[], ["", ""], HEADER, GOOD, [], [" "], changed(awarding_date="x")]})
    assert isinstance(source, TableRows)
    _, [problem] = source
    assert (problem.where, source.line) == ("line 7", 7)


def test_numbers_and_days_are_what_a_person_would_have_typed(one):
    row = one(
        changed(
            student=number(7000123),
            date_of_birth=day(date(2001, 2, 3)),
            awarding_date=day(date(2026, 6, 30), GERMAN_DAY),
            ects=number("5"),
            record=number("1.5000000000000001E2"),
        )
    )
    assert (row.student, row.date_of_birth, row.awarding_date) == ("7000123", "2001-02-03", "2026-06-30")
    assert row.record == "150"
    assert one(changed(student=number(123, PADDED))).student == "0000123"


def test_a_grade_is_the_number_that_the_sheet_shows(opened):
    [row] = opened({"s": [[*HEADER, "grade"], [*GOOD, number("8.1999999999999993")]]})
    assert row.grade == "8.2"


def test_days_are_counted_from_where_the_workbook_counts(tmp_path):
    file = tmp_path / "mac.xlsx"
    since = (date(2026, 6, 30) - date(1904, 1, 1)).days
    file.write_bytes(xlsx({"s": [HEADER, changed(awarding_date=number(since, 1))]}, since_1904=True))
    [row] = open_intake(file, Everything((5,)))
    assert row.awarding_date == "2026-06-30"


def test_texts_of_the_table_of_texts_are_read(tmp_path):
    file = tmp_path / "texts.xlsx"
    file.write_bytes(xlsx({"s": [HEADER, changed(family_name=shared(1))]}, ("a", "Jansen & Söhne")))
    [row] = open_intake(file, Everything((5,)))
    assert row.family_name == "Jansen & Söhne"


def test_a_decimal_comma_and_another_order_of_days_in_texts_are_read_as_in_a_csv(opened):
    source = opened({"s": [HEADER, changed(ects="5,0", awarding_date="30.06.2026")]}, dates="dmy")
    [row] = source
    assert row.awarding_date == "2026-06-30"
    assert "decimal commas" in source.notes[0]


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        (number("12345678901234567"), "more than 15 digits"),
        (number("8.9652E+15"), "more than 15 digits"),
        (error("#N/A"), "error value"),
        (error("#REF!"), "error value"),
        (Raw('<c t="str"><f>A1</f><v>#NAME?</v></c>'), "error value"),
        (shared(7), "refers to a text"),
        (Raw("<c><v>many</v></c>"), "no number"),
        (Raw("<c><v>NaN</v></c>"), "no number"),
    ],
)
def test_a_cell_that_holds_no_value_is_refused_with_its_column(one, cell, says):
    found = one(changed(student=cell, ects="four"))
    assert says in found["student"]
    assert "number like 5" in found["ects"]


@pytest.mark.parametrize(
    ("serial", "says"), [("46203.5", "time of day"), ("59", "before March 1900"), ("-1", "no day")]
)
def test_a_day_that_is_none_is_refused(one, serial, says):
    assert says in one(changed(date_of_birth=number(serial, 1)))["date_of_birth"]


def test_the_sheet_with_the_header_is_found_and_several_are_asked_about(opened):
    source = opened({"Notes": [["How to"]], "Awards": [HEADER, GOOD]})
    assert [row.record for row in source] == ["r1"]
    assert source.notes == ["read sheet 'Awards', the only one of 2 that has these columns"]
    with pytest.raises(IntakeError, match="2 sheets with these columns, 'June', 'July'"):
        opened({"June": [HEADER, GOOD], "July": [HEADER, GOOD]})
    with pytest.raises(IntakeError, match="the header lacks"):
        opened({"Notes": [["How to"]]})
    with pytest.raises(IntakeError, match="is empty"):
        opened({"Notes": []})


def test_a_value_beyond_the_columns_is_not_dropped(opened):
    [[problem]] = opened({"s": [HEADER, [*GOOD, "8.5"]]})
    assert "beyond the last column" in problem.detail


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"PK\x03\x04", "no spreadsheet that can be read"),
        (b"PK\x03\x04" + b"x" * 1000, "no spreadsheet that can be read"),
        (xlsx({"s": "<worksheet><sheetData><row>"}), "no spreadsheet that can be read"),
        (xlsx({"s": '<!DOCTYPE x [<!ENTITY a "b">]><worksheet>&a;</worksheet>'}), "is empty"),
    ],
)
def test_what_is_no_spreadsheet_says_so(opened, content, says):
    with pytest.raises(IntakeError, match=says):
        list(opened(content))


def test_another_archive_is_no_spreadsheet(opened):
    into = io.BytesIO()
    with zipfile.ZipFile(into, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
    with pytest.raises(IntakeError, match=r"no \.xlsx"):
        opened(into.getvalue())


def test_an_archive_of_very_many_files_is_refused(opened):
    into = io.BytesIO()
    with zipfile.ZipFile(into, "w") as archive:
        for at in range(3000):
            archive.writestr(f"{at}", "")
    with pytest.raises(IntakeError, match="more than 2000 files"):
        opened(into.getvalue())


def test_neither_a_far_cell_nor_a_wide_row_nor_a_bomb_eats_memory(opened):
    far = '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    wide = f"<row>{'<c><v>1</v></c>' * 3_000_000}</row>"
    text = "x" * 60_000_000
    bombs = {
        f"beyond column {MAX_COLUMNS}": sheet_xml([HEADER, GOOD]).replace("</sheetData>", far + "</sheetData>"),
        "beyond column": sheet_xml([HEADER]).replace("</sheetData>", wide + "</sheetData>"),
        "no spreadsheet that can be read": sheet_xml([HEADER, [text]]),
    }
    packed = {says: xlsx({"s": xml}) for says, xml in bombs.items()}
    del bombs, wide, text
    held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for says, content in packed.items():
        with pytest.raises(IntakeError, match=says):
            list(opened(content))
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - held < 64 * 1024


def test_a_sheet_that_unpacks_to_more_than_its_directory_says_is_refused_too(opened, monkeypatch):
    monkeypatch.setattr("registry.intake.xlsx_archive.MAX_UNPACKED_BYTES", 2000)
    with pytest.raises(IntakeError, match="unpacks to more than"):
        list(opened({"s": [HEADER, *[changed(record=f"r{number}") for number in range(50)]]}))


def test_a_problem_of_a_cell_shows_no_persons_data(opened):
    [[problem]] = opened({"s": [HEADER, changed(student=number("12345678901234567"))]})
    assert problem.value == "1…"
