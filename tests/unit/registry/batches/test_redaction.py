"""Batches' contents without the rows of one learner."""

import io

import openpyxl
import pytest

from registry.batches.batch import XLSX
from registry.batches.learner_references import number_pattern
from registry.batches.redaction import SoughtLearner, redact_rows
from registry.intake.rows.ndjson_rows import NdjsonRows
from registry.intake.rows.table_rows import TableRows
from tests.support.catalogues import Everything
from tests.support.results import Results
from tests.support.spreadsheets import xlsx

HEAD = "record;student;family_name;given_name;date_of_birth;awarding_date;achievement;note"


class Held:
    """Bytes that are read like a batch's."""

    def __init__(self, content):
        self._content = content

    def open(self, mode):
        assert mode == "rb"
        return io.BytesIO(self._content)


def left(content, media, number):
    """The bytes that stay, and the lines that went."""
    found = list(redact_rows(Held(content), media, SoughtLearner(number), number_pattern(number)))
    return b"".join(one for one in found if isinstance(one, bytes)), [one for one in found if isinstance(one, int)]


def rows(*lines, end="\n"):
    return end.join([HEAD, *lines, ""]).encode()


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_the_rows_of_one_student_go_and_all_lines_stay_where_they_are(end):
    content = rows("a;5;x;y;;;;", "b;15;x;y;;;;5", "c; 5 ;x;y;;;;", "d;6;x;y;;;;", end=end)
    assert left(content, "text/csv", "5") == (rows("", "b;15;x;y;;;;5", "", "d;6;x;y;;;;", end=end), [2, 4])


def test_a_row_of_several_lines_goes_whole_and_a_byte_order_mark_with_it():
    content = b"\xef\xbb\xbf" + rows('a;1;x;y;;;;"one', 'two"', "b;2;x;y;;;;")
    assert left(content, "text/csv", "1") == (rows("", "", "b;2;x;y;;;;"), [3])


def test_a_row_that_cannot_be_read_goes_if_it_has_the_number_anywhere():
    content = rows("a;1;x", "b;2;x", "c;3;x;y;;;;")
    assert left(content, "text/csv", "1") == (rows("", "b;2;x", "c;3;x;y;;;;"), [2])


def test_without_a_column_of_students_every_row_with_the_number_goes():
    assert left(b"matricule,name\n1,x\n2,y", "text/csv", "1") == (b"matricule,name\n\n2,y", [2])


def test_a_first_line_that_names_no_columns_but_somebody_goes_too():
    assert left(b"r1,s1,Jansen\nr2,s2,Silva\n", "text/csv", "s1") == (b"\nr2,s2,Silva\n", [1])


def test_what_an_open_quotation_mark_swallowed_goes_with_the_row():
    content = rows('a;2;x;y;;;;"open', 'b;1;x;y;;;;"', "c;3;x;y;;;;")
    assert left(content, "text/csv", "1") == (rows("", "", "c;3;x;y;;;;"), [3])


def test_two_columns_of_students_are_none():
    content = b"record,student,student\na,1,2\nb,2,3\n"
    assert left(content, "text/csv", "1") == (b"record,student,student\n\nb,2,3\n", [2])


@pytest.mark.parametrize("line", [b'{"student": NaN}', b'{"student": 1e999}', b'{"student": "s1", "student": "s2"}'])
def test_what_is_no_number_of_anybody_stops_nothing(line):
    kept, gone = left(line + b"\n", "application/x-ndjson", "s1")
    assert (kept, gone) == ((b"\n", [1]) if b"s1" in line else (line + b"\n", []))
    [[found, *_]] = Results(NdjsonRows(Held(line), Everything()))
    assert found.detail


def test_what_is_no_utf_8_stays_as_it_is():
    content = rows("a;1;x;y;;;;", "c;3;Zoë;y;;;;") + b"b;2;Andr\xe9;y;;;;\n"
    assert left(content, "text/csv", "1") == (rows("", "c;3;Zoë;y;;;;") + b"b;2;Andr\xe9;y;;;;\n", [2])


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "cp1252"])
def test_what_is_in_another_encoding_becomes_utf_8(encoding):
    content = rows("a;1;x;y;;;;", "b;2;André;y;;;;").decode().encode(encoding)
    assert left(content, "text/csv", "1") == (rows("", "b;2;André;y;;;;"), [2])


@pytest.mark.parametrize("number", ["s\u200b1", "\ufeffs1", " s1 "])
def test_an_invisible_character_hides_nobodys_row(number):
    assert left(rows(f"a;{number};x;y;;;;", "b;2;x;y;;;;"), "text/csv", "s1")[1] == [2]


def test_of_a_spreadsheet_a_csv_stays_with_the_rows_where_they_were():
    content = xlsx({"2026": [[], HEAD.split(";"), ["a", "1"], [], ["b", "2", "x", "y", "", "", "", "one\ntwo"]]})
    kept, gone = left(content, XLSX, "1")
    assert (kept.decode(), gone) == (f"\n{HEAD}\n\n\nb;2;x;y;;;;one two\n", [3])
    before, after = (list_of_lines(TableRows(Held(one), Everything())) for one in (content, kept))
    assert (before, after) == ([3, 5], [5])


@pytest.mark.parametrize("number", ["s1234567", "1234567"])
def test_a_row_goes_whose_student_is_shown_otherwise_than_stored_whichever_of_the_two_it_is(number):
    batch_store, packed = openpyxl.Workbook(), io.BytesIO()
    for row in (HEAD.split(";"), ["a", 1234567, "Ada"], ["b", 2, "Bo"]):
        batch_store.active.append(row)
    batch_store.active["B2"].number_format = '"s"0000000'
    batch_store.save(packed)
    kept, gone = left(packed.getvalue(), XLSX, number)
    assert (kept.decode(), gone) == (f"{HEAD}\n\nb;2;Bo;;;;;\n", [2])


def list_of_lines(rows):
    return [row.line for row in rows]


def test_lines_that_end_in_a_carriage_return_stay_where_they_are():
    content = rows("a;1;x;y;;;;", "b;2;x;y;;;;", end="\r")
    assert left(content, "text/csv", "1") == (rows("", "b;2;x;y;;;;", end="\r"), [2])


def test_objects_a_line_go_likewise_numbers_that_are_no_texts_among_them():
    lines = [
        b'{"student": "s1"}',
        b'{"student": 1, "note": "s1"}',
        b"{broken s1",
        b'{"student": null, "x": "s1"}',
        b"1",
    ]
    content = b"\n".join(lines)
    assert left(content, "application/x-ndjson", "s1") == (b"\n" + lines[1] + b"\n\n\n1", [1, 3, 4])
    assert left(content, "application/x-ndjson", "1") == (b"\n".join([lines[0], b"", *lines[2:4], b""]), [2, 5])


def test_a_line_that_is_too_long_says_nothing_more_and_is_too_long_still():
    content = b'{"student": "s1", "note": "' + b"x" * 600_000 + b'"}\n{"student": "s2"}\n'
    kept, gone = left(content, "application/x-ndjson", "s1")
    assert gone == []
    assert kept.strip() == b'{"student": "s2"}'
    [[first], _] = Results(NdjsonRows(Held(kept), Everything()))
    assert "longer" in first.detail


def test_readers_count_the_lines_that_are_left_as_they_did():
    content = rows('a;1;x;y;;;;"one', 'two"', "b;2;x;y;;;;")
    before = TableRows(Held(content), Everything())
    after = TableRows(Held(left(content, "text/csv", "1")[0]), Everything())
    assert [row.line for row in before] == [3, 4]
    assert [row.line for row in after] == [4]


@pytest.mark.parametrize(
    ("dates", "born", "goes"),
    [
        ("dmy", "30.11.1979", True),
        ("dmy", "05.05.2001", False),
        (None, "1979-11-30", True),
        (None, "2001-05-05", False),
        (None, "30.11.1979", True),  # nobody can tell, and nothing is issued for it as it stands
        ("dmy", "31.31.1979", True),
        ("dmy", "", True),
    ],
)
def test_of_a_number_that_was_passed_on_the_rows_of_the_former_person_go_however_days_are_written(dates, born, goes):
    person = {"familyName": "Novak", "givenName": "Petr", "dateOfBirth": "1979-11-30"}
    content = rows(f"a;5;Novak;Petr;{born};;;", "b;6;x;y;;;;")
    found = list(redact_rows(Held(content), "text/csv", SoughtLearner("5", person, dates), number_pattern("5")))
    assert ([one for one in found if isinstance(one, int)] == [2]) is goes
