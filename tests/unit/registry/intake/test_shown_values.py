"""What a spreadsheet shows is what is issued: number formats, merged cells, and sheets that are not read."""

import io
from datetime import date
from decimal import Decimal

import openpyxl
import pytest

from registry.application.requests import IssueRequest
from registry.intake.corrections import write_corrections
from registry.intake.rows import xlsx_archive
from registry.intake.rows.plain_rows import PlainRows
from registry.intake.rows.report import IntakeError
from registry.intake.rows.xlsx_formats import MAX_CODE, changes_value, shown_number, shown_text
from registry.intake.rows.xlsx_values import without_values
from registry.office.cohorts.cohort_file import rows as cohort_rows
from tests.support.catalogues import Everything
from tests.support.results import open_results
from tests.support.spreadsheets import sheet_xml, xlsx

ID = "0bbac7a9-a411-4809-ad9e-534f483b7a03"
AWARD = {
    "record": "r1",
    "achievement": ID,
    "student": "s1",
    "family_name": "Núñez",
    "given_name": "Zoë",
    "date_of_birth": "2001-02-03",
    "awarding_date": "2026-06-30",
    "ects": "5",
    "grade": "9",
    "national_id": "",
    "note": "",
}
COLUMNS = list(AWARD)


class Shown:
    """A value with the number format of its cell."""

    def __init__(self, value, code):
        self.value, self.code = value, code


def book(*sheets, merged=()):
    """A file that openpyxl wrote, of sheets of rows, with these ranges of its first sheet merged."""
    made, into = openpyxl.Workbook(), io.BytesIO()
    made.remove(made.active)
    for rows in sheets:
        sheet = made.create_sheet()
        for at, row in enumerate(rows, 1):
            for column, value in enumerate(row, 1):
                cell = sheet.cell(at, column, value.value if isinstance(value, Shown) else value)
                if isinstance(value, Shown):
                    cell.number_format = value.code
    for reference in merged:
        made.worksheets[0].merge_cells(reference)
    made.save(into)
    return into.getvalue()


def award(**values):
    return list({**AWARD, **values}.values())


@pytest.fixture
def file_of(tmp_path):
    def written(content):
        path = tmp_path / "rows.xlsx"
        path.write_bytes(content)
        return path

    return written


@pytest.fixture
def opened(file_of):
    return lambda content: open_results(file_of(content), Everything((2.5, 5)))


@pytest.fixture
def read(opened):
    """The only row of a sheet: a request, or what is wrong by column."""

    def row_of(**values):
        [row] = opened(book([COLUMNS, award(**values)]))
        return row if isinstance(row, IssueRequest) else {problem.field: problem.detail for problem in row}

    return row_of


@pytest.mark.parametrize(
    ("column", "value", "code", "shown", "stored"),
    [
        ("student", 1234567, '"s"0000000', "s1234567", "1234567"),
        ("student", 1234567, r"\s0000000", "s1234567", "1234567"),
        ("student", 1234567, "[$s-409]0000000", "s1234567", "1234567"),
        ("student", 123, "000-000", "000-123", "123"),
        ("student", 1234567, "#,##0", "1,234,567", "1234567"),
        ("student", 1234567, '0000000"x"', "1234567x", "1234567"),
        ("record", 31, '"UT-"0000', "UT-0031", "31"),
        ("record", 1234, "0.00", "1234.00", "1234"),
        ("record", 1234567, "0,", "1235", "1234567"),
        ("national_id", 123456782, '000"."000"."000', "123.456.782", "123456782"),
        ("achievement", 7, '"A"0', "A7", "7"),
        ("grade", 0.85, "0%", "85%", "0.85"),
        ("grade", 2 / 3, "# ?/?", "2/3", "0.666666666666667"),
        ("grade", 1.5, "# ?/?", "1 1/2", "1.5"),
        ("grade", 7.6, "0", "8", "7.6"),
        ("grade", 8, '0"+"', "8+", "8"),
        ("grade", -5, "0_);(0)", "(5)", "-5"),
        ("grade", 8, ";;;", "nothing", "8"),
        ("grade", 9, '[>=5.5]"passed";"failed"', "passed", "9"),
        ("note", 2026, '"class of "0', "class of 2026", "2026"),
        ("student", "1234567", '"s"@', "s1234567", "1234567"),
        ("ects", 0.05, "0%", "5%", "0.05"),
        ("ects", 2.5, "# ?/?", "2 1/2", "2.5"),
        ("ects", 5000, "0,", "5", "5000"),
    ],
)
def test_a_value_that_is_shown_otherwise_than_it_is_stored_is_refused(read, column, value, code, shown, stored):
    fault = f"is shown as {shown} and stored as {stored}; format the column as text and write it again"
    assert read(**{column: Shown(value, code)}) == {column: fault}


@pytest.mark.parametrize("code", ["[DBNum1]0", "0.00E+00", "[Red][$-2000000]0", "0" * (MAX_CODE + 1)])
def test_a_value_whose_format_is_not_understood_is_refused_with_the_format(read, code):
    fault = read(student=Shown(5, code))["student"]
    assert fault.startswith(f"is shown in the number format {code[:80]!r} and stored as 5; format the column as text")


@pytest.mark.parametrize(
    ("column", "value", "code", "meant"),
    [
        ("student", 7000123, "General", "7000123"),
        ("student", 123, "0000000", "0000123"),
        ("student", 123, "[Red]0000000", "0000123"),
        ("student", 7000123, "@", "7000123"),
        ("student", 123, "#,##0", "123"),
        ("student", 7000123, "0;-0;;@", "7000123"),
        ("student", "s7", '_-* #,##0_-;-* #,##0_-;_-* "-"_-;_-@_-', "s7"),
        ("record", 31, "0", "31"),
        ("grade", 8.5, "General", "8.5"),
        ("grade", 8.5, "0.00", "8.50"),
        ("grade", 8, "0.0", "8.0"),
        ("grade", 8, "0.##", "8"),
        ("grade", 0.5, "#.##", "0.5"),
        ("grade", -5, "0.0_ ;-0.0 ", "-5.0"),
        ("grade", 8.5, "_(* #,##0.00_);_(* (#,##0.00)", "8.50"),
        ("note", 12.5, "General", "12.5"),
    ],
)
def test_a_number_is_issued_as_it_is_shown(read, column, value, code, meant):
    assert getattr(read(**{column: Shown(value, code)}), column) == meant


@pytest.mark.parametrize(("value", "code"), [(5, '0" EC"'), (5, "0.00"), (2.5, "General"), (2.5, "0"), (5, "0.0E+00")])
def test_credits_are_the_number_whatever_unit_stands_beside_it(opened, value, code):
    content = book([[*COLUMNS, "version"], [*award(ects=Shown(value, code)), 2 if value == 5 else 1]])
    [row] = opened(content)
    assert isinstance(row, IssueRequest)


@pytest.mark.parametrize("column", ["record", "student", "national_id", "achievement"])
def test_a_number_with_a_fraction_is_no_identifier(read, column):
    for code in ("General", "0.0"):
        assert "number with a fraction" in read(**{column: Shown(12.5, code)})[column]


def test_a_day_is_a_day_in_the_columns_of_days_only(read):
    for column in ("record", "student", "grade", "note", "ects"):
        assert "is a date of the spreadsheet" in read(**{column: Shown(date(2026, 2, 1), "d-mmm")})[column]
    row = read(awarding_date=Shown(date(2026, 6, 30), "dd/mm/yyyy"))
    assert row.awarding_date == "2026-06-30"
    assert "not a date" in read(awarding_date=Shown(20260630, "0000-00-00"))["awarding_date"]


def test_a_column_that_is_not_read_may_show_what_it_likes(opened):
    [row] = opened(book([[*COLUMNS, "remarks"], [*award(), Shown(0.85, "0%")]]))
    assert row.record == "r1"


@pytest.mark.parametrize(
    ("reference", "faulty"),
    [
        ("I2:I3", {3: {"grade"}}),
        ("H2:I3", {2: {"grade"}, 3: {"ects", "grade"}}),
        ("D2:E2", {2: {"given_name"}}),
        ("C2:C4", {3: {"student"}, 4: {"student"}}),
        ("I1:I2", {2: {"grade"}}),
        ("L2:M4", {}),
        ("A5:K9", {}),
    ],
)
def test_a_merged_range_gives_its_value_to_its_first_cell_only(opened, reference, faulty):
    rows = [award(record=f"r{at}", student=f"s{at}") for at in (2, 3, 4)]
    found = {}
    for line, row in enumerate(opened(book([COLUMNS, *rows], merged=[reference])), 2):
        if not isinstance(row, IssueRequest):
            assert all(f"merged cells {reference}" in one.detail for one in row if "merged" in one.detail)
            found[line] = {one.field for one in row if "merged" in one.detail}
    assert found == faulty


def test_what_stands_unseen_below_a_merged_cell_is_not_issued(opened):
    xml = sheet_xml([COLUMNS, award(), award(record="r2", student="s2", grade="3")])
    xml = xml.replace("</worksheet>", '<mergeCells><mergeCell ref="$I$2:I3"/></mergeCells></worksheet>')
    with pytest.raises(IntakeError, match="merges cells that are none"):
        list(opened(xlsx({"s": xml})))
    good, [problem] = opened(xlsx({"s": xml.replace("$", "")}))
    assert (good.grade, problem.field, problem.where, problem.value) == ("9", "grade", "line 3", "3…")


def test_merged_ranges_are_bounded(opened, monkeypatch):
    def merged(ranges):
        return sheet_xml([COLUMNS, award()]).replace("</worksheet>", f"<mergeCells>{ranges}</mergeCells></worksheet>")

    with pytest.raises(IntakeError, match="more than 500 merged ranges of the sheet cover its row 2"):
        list(opened(xlsx({"s": merged('<mergeCell ref="A2:A3"/>' * 501)})))
    monkeypatch.setattr(xlsx_archive, "MAX_MERGED", 20)
    with pytest.raises(IntakeError, match="more than 20 merged ranges"):
        list(opened(xlsx({"s": merged('<mergeCell ref="Z1:Z2"/>' * 21)})))


def test_rows_of_other_sheets_are_counted_and_named(opened):
    source = opened(book([COLUMNS, award()], [award(record="r2"), award(record="r3")], [["Read me"]], []))
    assert [row.record for row in source] == ["r1"]
    assert source.notes == [
        "read sheet 'Sheet', the only one of 4 that has these columns",
        "sheet 'Sheet1' has 2 rows that were not read",
        "sheet 'Sheet2' has 1 row that was not read",
    ]


def test_other_sheets_that_cannot_be_counted_are_named_and_many_are_counted(opened):
    broken = sheet_xml([["x" * 1000]] * 30).replace('r="30"', 'r="1"')
    source = opened(xlsx({"June": [COLUMNS, award()], "Broken": broken, "Blank": [["", ""]]}))
    assert len(list(source)) == 1
    assert source.notes[1:] == ["sheet 'Broken' was not read; the number of its rows is unknown"]
    many = opened(xlsx({"June": [COLUMNS, award()], **{f"s{at}": [["x"]] for at in range(40)}}))
    assert "more sheets have rows that were not read" in many.notes[-1]


def test_a_row_that_comes_back_for_correction_is_not_taken_in_as_it_is(file_of, tmp_path):
    rows = [
        award(grade=Shown(0.85, "0%")),
        award(record="r3", student="s3", grade=""),
        award(record="r4", student=12.5),
        award(record=Shown(date(2026, 2, 1), "d-mmm")),
        award(record="r6", grade=Shown(5, "[DBNum1]0")),
    ]
    path = file_of(book([COLUMNS, *rows], merged=["I2:I3"]))
    faulty = {
        line: "; ".join(one.detail for one in row)
        for line, row in enumerate(open_results(path, Everything((5,))), 2)
        if not isinstance(row, IssueRequest)
    }
    assert sorted(faulty) == [2, 3, 4, 5, 6]
    back = tmp_path / "back.csv"
    back.write_text("".join(write_corrections(path, faulty)), newline="")
    first, *others = open_results(back, Everything((5,)))
    assert first.grade == "85%"  # what the sheet shows, now as text
    assert all("error value" in problem.detail for [problem] in others)
    assert [problem.field for [problem] in others] == ["grade", "student", "record", "grade"]


def test_every_way_in_refuses_what_is_shown_otherwise(file_of):
    codes = PlainRows(
        file_of(book([["code", "achievement"], [Shown(31, '"UT-"0000'), ID], [Shown(6.1, "0.000"), ID]])),
        "table",
        ("code", "achievement", "version"),
        ("code",),
    )
    [(_, prefixed), (_, fraction)] = codes
    assert "code: is shown as UT-0031 and stored as 31" in prefixed
    assert "code: is a number with a fraction" in fraction
    cohort = file_of(book([["credential", "record"], [f"twente/{ID}", Shown(31, '"UT-"0000')]]))
    [row] = cohort_rows(cohort, "twente")
    assert row.problem.startswith("record is shown as UT-0031 and stored as 31")


def test_a_message_is_left_without_the_persons_number_once_it_is_erased(read):
    said = without_values(read(student=Shown(1234567, '"s"0000000'))["student"])
    assert said == "is not shown as it is stored; format the column as text and write it again"
    assert "1234567" not in without_values(read(student=Shown(1234567, "[DBNum1]0"))["student"])


@pytest.mark.parametrize(
    ("value", "code", "shown"),
    [
        ("1.5", "# ??/16", "1 8/16"),
        ("0.5", "?/?", "1/2"),
        ("2", "# ?/?", "2"),
        ("12.5", "0.0%", "1250.0%"),
        ("1234567.5", "#,##0.00", "1,234,567.50"),
        ("1234567", "0.0,,", "1.2"),
        ("1234567", "(000) 0000", "(123) 4567"),
        ("-0.2", "0", "0"),
        ("12", "[$-10409]0000;-0000", "0012"),
        ("-5", "000", "-005"),
        ("-5", "0;@", "-5"),
        ("0", '0;-0;"none"', "none"),
        ("-5", "[<10]0;00", None),
        ("5", '[>=10]0;"few"', "few"),
        ("5", "0 0/0x", None),
        ("5", "0.0.0", None),
        ("2.5", '"a;b"0', "a;b3"),
    ],
)
def test_what_a_format_shows_is_told_or_not_known(value, code, shown):
    assert shown_number(Decimal(value), code) == shown


def test_a_hostile_format_is_bounded():
    for sign in ("%", "0", ".", ";", '"', ",", "0,", "0%", "?/"):
        code = (sign * MAX_CODE)[:MAX_CODE]
        shown = shown_number(Decimal(999999999999999), code)
        assert shown is None or len(shown) < 4 * MAX_CODE
    assert shown_text("x", "0" * (MAX_CODE + 1)) == "x"
    assert changes_value("0%")
    assert not changes_value('0" %/"')
