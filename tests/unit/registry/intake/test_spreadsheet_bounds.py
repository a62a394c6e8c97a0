"""What a spreadsheet can make the reader unpack, compute and keep: one budget for all of its sheets and texts."""

import io
import re
import sys
import zipfile

import pytest

from registry.intake.rows import xlsx_archive
from registry.intake.rows.report import IntakeError
from registry.intake.rows.spreadsheet import MAX_HEADER_ROW
from registry.intake.rows.xlsx import Workbook
from registry.intake.rows.xlsx_archive import MAX_ELEMENTS
from registry.intake.rows.xlsx_texts import MAX_CELL
from tests.support.catalogues import Everything
from tests.support.results import open_results
from tests.support.spreadsheets import Raw, shared, sheet_xml, with_flags, with_parts, xlsx

HEADER = ["record", "achievement", "student", "family_name", "given_name", "date_of_birth", "awarding_date", "ects"]
GOOD = ["r1", "0bbac7a9-a411-4809-ad9e-534f483b7a03", "s1", "Núñez", "Zoë", "2001-02-03", "2026-06-30", "5"]
EMOJI = "\N{GRINNING FACE}"


@pytest.fixture
def opened(tmp_path):
    def opening(content):
        file = tmp_path / "rows.xlsx"
        file.write_bytes(content if isinstance(content, bytes) else xlsx(content))
        return open_results(file, Everything((5,)))

    return opening


@pytest.fixture
def workbook(tmp_path):
    def opening(content):
        file = tmp_path / "rows.xlsx"
        file.write_bytes(content)
        return Workbook(file)

    return opening


def with_rows(xml, rows):
    return xml.replace("</sheetData>", f"{rows}</sheetData>")


def test_several_sheets_that_are_one_part_are_refused(opened):
    content = xlsx({"a": [HEADER, GOOD], "b": "x"})
    relations = zipfile.ZipFile(io.BytesIO(content)).read("xl/_rels/workbook.xml.rels").decode()
    one_part = {
        "xl/_rels/workbook.xml.rels": re.sub(r"sheet\d\.xml", "sheet1.xml", relations),
        "xl/worksheets/sheet2.xml": None,
    }
    with pytest.raises(IntakeError, match="lists one sheet twice"):
        opened(with_parts(content, one_part))


def test_the_search_for_the_header_has_one_budget_for_all_sheets(opened, monkeypatch):
    empty = with_rows(sheet_xml([]), "<row><c/><c/></row>" * 100)
    assert len(list(opened({**{f"s{at}": empty for at in range(10)}, "June": [HEADER, GOOD]}))) == 1
    monkeypatch.setattr(xlsx_archive, "MAX_HEADER_ELEMENTS", 3000)
    with pytest.raises(IntakeError, match="more than 3,000 rows, cells and values"):
        opened({**{f"s{at}": empty for at in range(10)}, "June": [HEADER, GOOD]})


def test_the_header_is_sought_in_the_first_thousand_rows(opened):
    late, early = (
        with_rows(sheet_xml([]), "<row><c/></row>" * count) for count in (MAX_HEADER_ROW, MAX_HEADER_ROW - 1)
    )
    header = re.search(r"<row.*</row>", sheet_xml([HEADER]))[0].replace(' r="1"', "")
    with pytest.raises(IntakeError, match="no sheet has a value in its first 1,000 rows"):
        opened({"s": with_rows(late, header)})
    assert list(opened({"s": with_rows(early, header)})) == []


def test_the_rows_of_a_sheet_have_a_budget_of_elements(opened, monkeypatch):
    monkeypatch.setattr("registry.intake.rows.xlsx.MAX_ELEMENTS", 5000)
    with pytest.raises(IntakeError, match="more than 5,000 rows, cells and values"):
        list(opened({"s": with_rows(sheet_xml([HEADER, GOOD]), f"<row>{'<c/>' * 100}</row>" * 50)}))


def test_a_row_costs_as_much_as_it_is_wide(opened, monkeypatch):
    monkeypatch.setattr("registry.intake.rows.xlsx.MAX_ELEMENTS", 50_000)
    sparse = "".join(f'<row r="{at}"><c r="SF{at}"/></row>' for at in range(10, 210))
    with pytest.raises(IntakeError, match="more than 50,000 rows, cells and values"):
        list(opened({"s": with_rows(sheet_xml([HEADER, GOOD]), sparse)}))


def test_a_file_of_a_hundred_thousand_rows_of_twenty_columns_is_within_the_budget(workbook, monkeypatch):
    monkeypatch.setattr("registry.intake.rows.xlsx.MAX_ELEMENTS", MAX_ELEMENTS // 100)
    book = workbook(xlsx({"s": [["text"] * 20] * 1000}))
    assert len(list(book.rows(book.sheets[0]))) == 1000


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ("<row/>" + "<x/>" * 10, "something else between its rows"),
        (f"<row/>{EMOJI}{'x' * 2_000_000}" * 4, "more than 4 MiB between its rows"),
    ],
)
def test_what_stands_between_rows_is_not_kept(opened, rows, says):
    with pytest.raises(IntakeError, match=says):
        list(opened({"s": with_rows(sheet_xml([HEADER, GOOD]), rows)}))


def test_line_ends_between_rows_are_no_matter_and_neither_are_widths_of_columns(opened):
    xml = sheet_xml([HEADER, *[GOOD] * 3]).replace("</row>", "</row>\r\n    ")
    widths = (
        '<sheetViews><sheetView workbookViewId="0"/></sheetViews><cols>' + '<col min="1" max="1"/>' * 500 + "</cols>"
    )
    assert len(list(opened({"s": xml.replace("<sheetData>", f"{widths}<sheetData>\n")}))) == 3


def test_what_stands_before_the_rows_is_bounded(opened):
    merged = "<mergeCells>" + '<mergeCell ref="A1:B2"/>' * 300 + "</mergeCells><sheetData>"
    with pytest.raises(IntakeError, match="more than 200 elements before its rows"):
        opened({"s": sheet_xml([HEADER, GOOD]).replace("<sheetData>", merged)})


def test_a_text_that_no_cell_can_have_is_refused_as_it_is_read(opened, workbook):
    longest = "x" * (MAX_CELL - 1) + EMOJI
    [row] = workbook(xlsx({"s": [[shared(0)]]}, (longest,))).first_rows()
    assert row[1].values == [longest]
    for text in (longest + "x", "x" * 4_000_000 + EMOJI):
        with pytest.raises(IntakeError, match=r"sharedStrings\.xml: text 2 of it has more than 32,767 characters"):
            opened(xlsx({"s": [HEADER, GOOD]}, ("a", text)))


def test_the_memory_of_all_texts_is_bounded(workbook, monkeypatch):
    monkeypatch.setattr("registry.intake.rows.xlsx_texts.MAX_TEXTS_BYTES", 1024 * 1024)
    text = "x" * 9999 + EMOJI  # four bytes a character
    book = workbook(xlsx({"s": [HEADER]}, (text,) * 26))
    assert sum(map(sys.getsizeof, book._texts)) <= 1024 * 1024  # noqa: SLF001 - memory is what is tested
    with pytest.raises(IntakeError, match="takes more than 1 MiB of memory"):
        workbook(xlsx({"s": [HEADER]}, (text,) * 27))
    with pytest.raises(IntakeError, match="takes more than 1 MiB of memory"):
        workbook(xlsx({"s": [HEADER]}, ("",) * 30_000))


def test_a_text_is_all_of_its_pieces_without_the_hints_at_how_it_is_read_aloud(opened):
    texts = (
        '<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><r><rPr><b/></rPr><t>Jan</t></r>'
        '<r><t xml:space="preserve">sen &amp; Co</t></r><rPh sb="0" eb="1"><t>YANSEN</t></rPh></si><si><t/></si>'
        "<si><t>_x005F_x0041_</t></si></sst>"
    )
    rows = [[*HEADER, "grade", "note"], [*GOOD[:3], shared(0), *GOOD[4:], shared(1), shared(2)]]
    [row] = opened(with_parts(xlsx({"s": rows}), {"xl/sharedStrings.xml": texts}))
    assert (row.family_name, row.grade, row.note) == ("Jansen & Co", None, "_x0041_")


def test_a_chart_is_no_sheet_of_cells(opened):
    content = xlsx({"Chart": "<chartsheet/>", "June": [HEADER, GOOD]})
    relations = zipfile.ZipFile(io.BytesIO(content)).read("xl/_rels/workbook.xml.rels").decode()
    changed = relations.replace('/worksheet" Target="worksheets/sheet1', '/chartsheet" Target="worksheets/sheet1')
    source = opened(with_parts(content, {"xl/_rels/workbook.xml.rels": changed}))
    assert [row.record for row in source] == ["r1"]
    assert source.notes == []


def test_what_is_packed_otherwise_or_damaged_says_so(opened):
    into = io.BytesIO()
    with (
        zipfile.ZipFile(into, "w", zipfile.ZIP_LZMA) as packed,
        zipfile.ZipFile(io.BytesIO(xlsx({"s": [HEADER]}))) as old,
    ):
        for name in old.namelist():
            packed.writestr(name, old.read(name))
    with pytest.raises(IntakeError, match="packed in a way that no spreadsheet program uses"):
        opened(into.getvalue())
    content = bytearray(xlsx({"s": [HEADER, *[GOOD] * 300]}))
    at = content.rindex(b"PK\x03\x04") + 200
    content[at : at + 8] = b"\xff" * 8
    with pytest.raises(IntakeError, match=r"can be read: xl/worksheets/sheet1\.xml"):
        list(opened(bytes(content)))


def test_the_rows_of_all_sheets_are_counted_without_their_values(workbook, monkeypatch):
    formula = Raw("<c><f>A1</f></c>")
    content = xlsx({"a": [HEADER, [], [formula] * 3, GOOD], "b": with_rows(sheet_xml([["x"]]), "<row/>" * 5)})
    book = workbook(content)
    assert book.count_rows() == (4, True)
    assert (book._archive.formulas, book._archive.hidden) == ({}, set())  # noqa: SLF001 - memory is what is tested
    broken = with_parts(content, {"xl/worksheets/sheet1.xml": sheet_xml([HEADER, GOOD]).replace("</sheetData>", "")})
    assert workbook(broken).count_rows() == (1, False)
    monkeypatch.setattr("registry.intake.rows.xlsx.MAX_ELEMENTS", 10)
    assert workbook(content).count_rows() == (0, False)


@pytest.mark.parametrize("encoding", ["foo", "utf-7", "shift_jis", "base64", "idna"])
def test_a_sheet_in_an_encoding_that_nobody_reads_is_refused_and_not_counted(opened, workbook, encoding):
    content = xlsx({"June": f'<?xml version="1.0" encoding="{encoding}"?>' + sheet_xml([HEADER, GOOD])})
    with pytest.raises(IntakeError, match="can be read"):
        list(opened(content))
    assert workbook(content).count_rows() == (0, False)


@pytest.mark.parametrize("bits", [0x20, 0x40])
def test_a_sheet_packed_in_a_way_that_is_not_known_is_refused_and_not_counted(opened, workbook, bits):
    content = with_flags(xlsx({"June": [HEADER, GOOD]}), "xl/worksheets/sheet1.xml", bits)
    with pytest.raises(IntakeError, match="can be read"):
        list(opened(content))
    assert workbook(content).count_rows() == (0, False)


@pytest.mark.parametrize("bits", [0x20, 0x40])
@pytest.mark.parametrize("part", ["xl/workbook.xml", "xl/styles.xml", "xl/sharedStrings.xml", "[Content_Types].xml"])
def test_a_spreadsheet_whose_description_is_packed_in_a_way_that_is_not_known_is_refused(workbook, part, bits):
    with pytest.raises(IntakeError, match="can be read"):
        workbook(with_flags(xlsx({"June": [HEADER, GOOD]}, ("text",)), part, bits))
