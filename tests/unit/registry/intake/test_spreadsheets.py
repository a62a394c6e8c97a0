"""Spreadsheets as tables: cells as a person would have typed them, and no file that eats memory."""

import io
import resource
import zipfile
from datetime import date

import openpyxl
import pytest

from registry.application.requests import IssueRequest
from registry.intake.rows.report import IntakeError
from registry.intake.rows.spreadsheet import MAX_COLUMNS
from tests.support.catalogues import Everything
from tests.support.results import open_results
from tests.support.spreadsheets import GERMAN_DAY, PADDED, Raw, day, error, number, shared, sheet_xml, with_parts, xlsx

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
        return open_results(file, Everything((5,)), **options)

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
        [row] = open_results(tmp_path / name, Everything((5,)))
        assert (row.family_name, row.given_name) == ("Núñez", "Zoë")


def test_lines_are_the_rows_of_the_sheet(opened):
    source = opened({"Sheet1": [[], ["", ""], HEADER, GOOD, [], [" "], changed(awarding_date="x")]})
    _, row = source.rows()
    [problem] = row.result
    assert (problem.where, row.line) == ("line 7", 7)


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
    [row] = open_results(file, Everything((5,)))
    assert row.awarding_date == "2026-06-30"


def test_texts_of_the_table_of_texts_are_read(tmp_path):
    file = tmp_path / "texts.xlsx"
    file.write_bytes(xlsx({"s": [HEADER, changed(family_name=shared(1))]}, ("a", "Jansen & Söhne")))
    [row] = open_results(file, Everything((5,)))
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
        (shared(-1), "refers to a text"),
        (number("1E999"), "more than 15 digits"),
    ],
)
def test_a_cell_that_holds_no_value_is_refused_with_its_column(one, cell, says):
    found = one(changed(student=cell, ects="four"))
    assert says in found["student"]
    assert "number like 5" in found["ects"]


@pytest.mark.parametrize(
    "cell",
    [
        "<c><f>8+1</f><v></v></c>",
        "<c><v/><f>SUM(A1:A2)</f></c>",
        '<c t="n"><f t="shared" si="0"/></c>',
        '<c t="b"><f>TRUE()</f></c>',
    ],
)
def test_a_formula_without_a_value_is_no_empty_cell(opened, cell):
    [[problem], row] = opened(
        {"s": [[*HEADER, "grade", "note"], [*GOOD, Raw(cell), "x"], [*changed(record="r2"), number(9), "y"]]}
    )
    assert (problem.field, problem.where) == ("grade", "line 2")
    assert "formula without a value" in problem.detail
    assert row.grade == "9"


def test_what_openpyxl_writes_as_a_formula_is_a_formula_without_a_value(opened):
    book, content = openpyxl.Workbook(), io.BytesIO()
    for row in ([*HEADER, "grade"], [*GOOD, "=7+2"]):
        book.active.append(row)
    book.save(content)
    [[problem]] = opened(content.getvalue())
    assert (problem.field, "formula without a value" in problem.detail) == ("grade", True)


def test_a_formula_with_a_value_is_its_value_though_it_be_an_empty_text(opened):
    cells = [Raw("<c><f>4+3</f><v>7</v></c>"), Raw('<c t="str"><f>""</f><v></v></c>')]
    [row] = opened({"s": [[*HEADER, "grade", "note"], [*GOOD, *cells]]})
    assert (row.grade, row.note) == ("7", None)


def test_hidden_rows_are_read_and_said(opened):
    rows = [HEADER, *(changed(record=f"r{at}") for at in range(2, 9))]
    sheet = sheet_xml(rows)
    for at, mark in ((3, "1"), (4, "true"), (7, "1"), (5, "0")):
        sheet = sheet.replace(f'<row r="{at}">', f'<row r="{at}" hidden="{mark}">')
    source = opened({"s": sheet})
    assert len(list(source)) == 7
    assert source.notes == ["3 rows that were read are hidden in the sheet, perhaps by a filter: lines 3 to 4, 7"]


@pytest.mark.parametrize(
    "cell", [day(date(2026, 5, 7)), day(date(2026, 7, 1), GERMAN_DAY), Raw('<c t="b"><v>1</v></c>')]
)
def test_a_grade_that_is_a_day_or_a_truth_value_is_refused(opened, cell):
    [[problem]] = opened({"s": [[*HEADER, "grade"], [*GOOD, cell]]})
    assert (problem.field, "spreadsheet" in problem.detail) == ("grade", True)


def test_a_title_above_the_header_is_named_as_such(opened):
    with pytest.raises(IntakeError, match=r"lacks record.*further down\? Delete the lines above it"):
        opened({"s": [["Awards of June"], HEADER, GOOD]})


@pytest.mark.parametrize(
    ("serial", "says"), [("46203.5", "time of day"), ("59", "before March 1900"), ("-1", "not a day")]
)
def test_a_day_that_is_none_is_refused(one, serial, says):
    assert says in one(changed(date_of_birth=number(serial, 1)))["date_of_birth"]


def test_the_sheet_with_the_header_is_found_and_several_are_asked_about(opened):
    source = opened({"Notes": [["How to"]], "Awards": [HEADER, GOOD]})
    assert [row.record for row in source] == ["r1"]
    assert source.notes == [
        "read sheet 'Awards', the only one of 2 that has these columns",
        "sheet 'Notes' has 1 row that was not read",
    ]
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
        (b"PK\x03\x04", "not a spreadsheet that can be read"),
        (b"PK\x03\x04" + b"x" * 1000, "not a spreadsheet that can be read"),
        (xlsx({"s": "<worksheet><sheetData><row>"}), "not a spreadsheet that can be read"),
        (xlsx({"s": '<!DOCTYPE x [<!ENTITY a "b">]><worksheet>&a;</worksheet>'}), "declares entities"),
        (xlsx({"s": sheet_xml([HEADER, ["many", Raw("<c><v>many</v></c>")]])}), r"'s', a cell after row 1 "),
        (xlsx({"s": sheet_xml([HEADER, [Raw("<c><v>NaN</v></c>")]])}), r"'s', a cell after row 1 "),
        (xlsx({"s": "<worksheet><sheetData/></worksheet>"}), "Strict form"),
        (xlsx({"s": sheet_xml([HEADER, GOOD]).replace('r="2"', 'r="1"')}), "out of order"),
        (xlsx({"s": sheet_xml([[Raw('<c r="B1"/><c r="A1"/>')]])}), "out of order"),
        (xlsx({"s": sheet_xml([[Raw('<c r="B7"/>')]])}), "out of place"),
        (xlsx({"s": sheet_xml([HEADER]).replace('r="1"', 'r="99999999"')}), "out of order"),
        (with_parts(xlsx({"a": [HEADER], "b": [HEADER]}), {"xl/worksheets/sheet2.xml": None}), "does not have"),
        (with_parts(xlsx({"a": [HEADER]}), {"XL/styles.xml": "<a/>"}), "two parts of the same name"),
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
        "not a spreadsheet that can be read": sheet_xml([HEADER, [text]]),
    }
    packed = {says: xlsx({"s": xml}) for says, xml in bombs.items()}
    del bombs, wide, text
    held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for says, content in packed.items():
        with pytest.raises(IntakeError, match=says):
            list(opened(content))
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - held < 64 * 1024


def test_a_sheet_that_unpacks_to_more_than_its_directory_says_is_refused_too(opened, monkeypatch):
    monkeypatch.setattr("registry.intake.rows.xlsx_archive.MAX_UNPACKED_BYTES", 2000)
    with pytest.raises(IntakeError, match="unpacks to more than"):
        list(opened({"s": [HEADER, *[changed(record=f"r{number}") for number in range(50)]]}))


def test_a_problem_of_a_cell_shows_no_persons_data(opened):
    [[problem]] = opened({"s": [HEADER, changed(student=number("12345678901234567"))]})
    assert problem.value == "1…"


BOMB = '<!DOCTYPE x [<!ENTITY a "1"><!ENTITY b "&a;&a;&a;"><!ENTITY c SYSTEM "file:///etc/hostname">]>'


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize(
    "part",
    ["[Content_Types].xml", "xl/workbook.xml", "xl/styles.xml", "xl/sharedStrings.xml", "xl/worksheets/sheet1.xml"],
)
@pytest.mark.parametrize("entity", ["&b;", "&c;"])
def test_entities_are_refused_in_every_part(opened, part, entity, encoding):
    content = xlsx({"s": [HEADER, GOOD]})
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        text = BOMB + archive.read(part).decode().replace("><", f">{entity}<", 1)
    with pytest.raises(IntakeError, match="declares entities"):
        list(opened(with_parts(content, {part: text.encode(encoding)})))


@pytest.mark.parametrize("code", ["hh:mm", "mmmm", "[h]:mm", "mm:ss"])
def test_a_day_that_is_shown_as_a_time_is_refused(opened, code):
    styles = (
        '<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><numFmts><numFmt numFmtId="170"'
        f' formatCode="{code}"/></numFmts><cellXfs><xf numFmtId="0"/><xf numFmtId="170"/></cellXfs></styleSheet>'
    )
    content = with_parts(xlsx({"s": [HEADER, changed(awarding_date=number(46203, 1))]}), {"xl/styles.xml": styles})
    [[problem]] = opened(content)
    assert "time of day" in problem.detail


def test_a_day_in_a_format_of_east_asia_is_a_day(opened):
    styles = (
        '<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        '<cellXfs><xf numFmtId="0"/><xf numFmtId="31"/></cellXfs></styleSheet>'
    )
    content = with_parts(xlsx({"s": [HEADER, changed(awarding_date=number(46203, 1))]}), {"xl/styles.xml": styles})
    [row] = opened(content)
    assert row.awarding_date == "2026-06-30"


def test_what_follows_the_rows_and_a_false_size_change_nothing(opened):
    xml = sheet_xml([HEADER, GOOD]).replace("<sheetData>", '<dimension ref="A1:B1"/><sheetData>')
    links = "<hyperlinks>" + '<hyperlink ref="A1"/>' * 150_000 + "</hyperlinks></worksheet>"
    [row] = opened(xlsx({"s": xml.replace("</worksheet>", links)}))
    assert row.record == "r1"
    with pytest.raises(IntakeError, match="mismatched tag"):
        list(opened(xlsx({"s": xml.replace("</worksheet>", links[12:])})))


def test_a_far_row_is_read_with_its_number(opened):
    source = opened({"s": sheet_xml([HEADER, changed(awarding_date="x")]).replace('r="2"', 'r="1048576"')})
    [[problem]] = source
    assert problem.where == "line 1048576"


def test_an_encrypted_archive_is_named(opened):
    content = bytearray(xlsx({"s": [HEADER, GOOD]}))
    content[content.index(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(IntakeError, match="is encrypted"):
        opened(bytes(content))


def test_a_file_that_openpyxl_wrote_is_read(opened):
    book = openpyxl.Workbook()
    book.active.append(HEADER)
    book.active.append(changed(awarding_date=date(2026, 6, 30), ects=5, student="007"))
    into = io.BytesIO()
    book.save(into)
    [row] = opened(into.getvalue())
    assert (row.awarding_date, row.student) == ("2026-06-30", "007")
