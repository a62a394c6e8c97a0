"""One rule for ids in capitals or without hyphens, and for codes of courses, wherever they are written."""

import json

import pytest

from registry.application.requests import IssueRequest
from registry.batches.status_rows import StatusRow, StatusRows
from registry.intake.course_codes import CourseCode, CourseCodeRows, code_fault
from registry.intake.rows.days import day_fault
from registry.intake.rows.row_checker import RowChecker
from registry.values.uuids import canonical_uuid
from tests.support.catalogues import Everything

ID = "0bbac7a9-a411-4809-ad9e-534f483b7a03"
WRITTEN = [ID, ID.upper(), ID.replace("-", ""), ID.replace("-", "").upper()]
ROW = {
    "record": "r1",
    "achievement": ID,
    "student": "s1",
    "family_name": "Jansen",
    "given_name": "Ada",
    "date_of_birth": "2001-02-03",
    "awarding_date": "2026-06-30",
}


@pytest.mark.parametrize("written", WRITTEN)
@pytest.mark.parametrize("name", ["achievement", "replaces"])
def test_a_row_names_an_id_in_whichever_form(name, written):
    found = RowChecker(Everything()).check(1, ROW | {name: written}).result
    assert isinstance(found, IssueRequest)
    assert getattr(found, name) == ID


@pytest.mark.parametrize("written", WRITTEN)
def test_a_row_names_an_achievement_with_its_own_university_before_it(written):
    checker = RowChecker(Everything(courses={"DL-1": (ID, None)}))
    for change in ({"achievement": f"twente/{written}"}, {"achievement": f"twente/{written}", "course": "DL-1"}):
        assert checker.check(1, ROW | change).result.achievement == ID
    for text in (f"lund/{ID}", f"/{ID}", f"twente/twente/{ID}", "twente/"):
        [problem] = checker.check(1, ROW | {"achievement": text}).result
        assert (problem.field, problem.detail) == ("achievement", "is not an id of an achievement (a UUID)")


def test_a_record_that_looks_like_an_id_is_found_as_a_record_first():
    other = "e7c1ab39-a411-4809-ad9e-534f483b7a03"
    checker = RowChecker(Everything(), find_record={ID.upper(): other}.get)
    assert checker.check(1, ROW | {"replaces": ID.upper()}).result.replaces == other


@pytest.mark.parametrize("text", ["", "x", ID[:-1], ID + "0", f"{{{ID}}}", f"urn:uuid:{ID}", ID.replace("-", "", 1)])
def test_what_is_no_id_stays_as_it_is_and_is_refused(text):
    assert canonical_uuid(text) == text
    assert isinstance(RowChecker(Everything()).check(1, ROW | {"achievement": text}).result, tuple)


@pytest.mark.parametrize("written", WRITTEN)
def test_a_status_change_names_a_credential_in_whichever_form(tmp_path, written):
    file = tmp_path / "changes.ndjson"
    file.write_text(json.dumps({"credential": written, "change": "suspend", "reason": "underReview"}) + "\n")
    [row] = StatusRows(file, "application/x-ndjson")
    assert isinstance(row, StatusRow)
    assert row.change.credential == ID


@pytest.mark.parametrize("note", ["=1+1", '=HYPERLINK("x")', "#REF!", "M\u00c3\u00bcller", "+49"])
def test_a_note_that_a_spreadsheet_spoilt_is_refused_in_a_status_change(tmp_path, note):
    file = tmp_path / "changes.ndjson"
    change = {"credential": ID, "change": "suspend", "reason": "underReview", "note": note}
    file.write_text(json.dumps(change) + "\n" + json.dumps(change | {"note": "she wrote to us"}) + "\n")
    [wrong, right] = StatusRows(file, "application/x-ndjson")
    assert [problem.field for problem in wrong] == ["note"]
    assert isinstance(right, StatusRow)


@pytest.mark.parametrize("code", ["n/a", "null", "TBD", "30.06.2026", "2026-06-30", "1/2/2026", "12.0", "#N/A"])
def test_what_a_program_wrote_in_the_place_of_a_code_is_no_code(code):
    assert code_fault(code) is not None


@pytest.mark.parametrize("code", ["191820-1A", "DL-1", "0", "2026-17", "6.1", "CS 101"])
def test_codes_of_courses_are_left_alone(code):
    assert code_fault(code) is None


def test_codes_that_differ_in_capitals_only_are_noted_where_they_stand_for_different_things(tmp_path):
    other = "e7c1ab39-a411-4809-ad9e-534f483b7a03"
    file = tmp_path / "codes.csv"
    file.write_text(f"code,achievement\nDL-1,{ID.upper()}\ndl-1,{other}\nAB,{ID}\nab,{ID.upper()}\n")
    rows = CourseCodeRows(file)
    entries = [row for _, row in rows]
    assert [entry.achievement for entry in entries] == [ID, other, ID, ID]
    assert rows.notes == ["DL-1, dl-1 differ in capitals only, and stand for different achievements or versions"]


def test_the_value_that_is_wrong_is_what_a_problem_shows():
    entry = CourseCode("CD-2", ID, 7)
    assert [entry.text(field) for field in ("code", "achievement", "version")] == ["CD-2", ID, "7"]
    assert CourseCode("CD-2", ID).text("version") == ""


def test_a_day_without_leading_zeros_says_what_is_wrong_with_it():
    assert day_fault("2026-6-3", None).startswith("has a month or a day of one digit; write it as YYYY-MM-DD")
    assert day_fault("2026/6/3", None).startswith("is written YYYY/MM/DD")
