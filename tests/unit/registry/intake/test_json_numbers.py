"""Numbers of JSON that programs round are not identifiers, in whichever way they come in."""

import json
from types import SimpleNamespace

import pytest

from registry.application.requests import IssueRequest
from registry.intake.events import FaultyEvent, IntakeEvent, parse
from registry.intake.formats.json_content import load
from registry.intake.formats.json_document import JsonDocument
from registry.intake.reconciliation import _RowReader
from registry.intake.rows.json_numbers import WrittenNumber, column_fault, text_of
from registry.intake.rows.ndjson_rows import NdjsonRows
from registry.intake.rows.not_json import NotJson
from registry.intake.rows.plain_rows import PlainRows
from registry.intake.rows.report import IntakeError
from registry.intake.rows.row_checker import RowChecker
from tests.support.catalogues import Everything
from tests.support.results import Results

ROUNDED = ["8.9652E+15", "8965212345678901.5", "1e3", "1E-3", "12.0", "12345678901234567.0", "12.5"]
ROW = {
    "record": "r1",
    "achievement": "0bbac7a9-a411-4809-ad9e-534f483b7a03",
    "student": "s1",
    "family_name": "Jansen",
    "given_name": "Ada",
    "date_of_birth": "2001-02-03",
    "awarding_date": "2026-06-30",
}


def line(name, number):
    """A row with a number as it is written here, which no writer of JSON would give back so."""
    return json.dumps(ROW | {name: "NUMBER"}).replace('"NUMBER"', number)


@pytest.mark.parametrize("written", ROUNDED)
@pytest.mark.parametrize("name", ["record", "student", "national_id", "course", "family_name", "note"])
def test_a_row_with_a_number_that_programs_round_is_refused(tmp_path, name, written):
    file = tmp_path / "rows.ndjson"
    file.write_text(line(name, written) + "\n" + line(name, "17") + "\n")
    [first, second] = Results(NdjsonRows(file, Everything()))
    assert isinstance(first, tuple)
    problem = next(problem for problem in first if problem.field == name)
    assert "with a fraction or an exponent" in problem.detail
    assert written not in str(first)
    if name in ("record", "student", "national_id"):
        assert isinstance(second, IssueRequest)
        assert getattr(second, name) == "17"


@pytest.mark.parametrize("written", ROUNDED)
@pytest.mark.parametrize("name", ["record", "student", "national_id"])
def test_an_event_with_a_number_that_programs_round_is_refused(name, written):
    def event(number):
        head = {"specversion": "1.0", "source": "sis", "id": "1", "type": "credential.issue.v1", "data": "DATA"}
        return json.dumps(head).replace('"DATA"', line(name, number)).encode()

    refused = parse(event(written), RowChecker(Everything()))
    assert isinstance(refused, FaultyEvent)
    assert [(one.field, "with a fraction" in one.detail) for one in refused.problems] == [(name, True)]
    assert isinstance(parse(event("17"), RowChecker(Everything())), IntakeEvent)


@pytest.mark.parametrize(("written", "text"), [("8.5", "8.5"), ("8.0", "8"), ("8", "8")])
def test_a_grade_may_be_a_number_that_no_program_rounds(tmp_path, written, text):
    file = tmp_path / "rows.ndjson"
    file.write_text(line("grade", written))
    [request] = Results(NdjsonRows(file, Everything()))
    assert request.grade == text


@pytest.mark.parametrize("written", ["8e0", "8.12345678901234567", "1E+1"])
def test_a_grade_that_programs_round_is_refused(tmp_path, written):
    file = tmp_path / "rows.ndjson"
    file.write_text(line("grade", written))
    [problems] = Results(NdjsonRows(file, Everything()))
    assert [problem.field for problem in problems] == ["grade"]


@pytest.mark.parametrize("name", ["record", "course"])
def test_a_row_to_compare_with_a_number_that_programs_round_is_refused(tmp_path, name):
    file = tmp_path / "rows.ndjson"
    others = {"record": "r1", "awarding_date": "2026-06-30", "course": "c1"}
    file.write_text(json.dumps(others | {name: "NUMBER"}).replace('"NUMBER"', "8.9652E+15") + "\n")
    [(number, row)] = PlainRows(file, "ndjson", ["record", "awarding_date", "course"], ["record"])
    wrong = _RowReader(None, decimal_comma=False).read(number, row)
    assert [(one.field, "with a fraction" in one.detail) for one in wrong if one.field == name] == [(name, True)]


@pytest.mark.parametrize(
    "name",
    ["id", "ID", "identityHash", "notation", "ext:studentNumber", "student_number", "studentId", "STUDENT_ID", "record",
     "recordId", "nationalID", "national-id", "sourcedId", "sisSourcedId", "humanCode", "courseCode"],
)  # fmt: skip
def test_a_document_whose_identifier_is_a_number_that_programs_round_is_refused(name):
    document = f'{{"credentialSubject": {{"identifier": [{{"{name}": 8.9652E+15, "type": "x"}}]}}}}'.encode()
    with pytest.raises(IntakeError, match=r"identifier\[0\]\..* with a fraction or an exponent"):
        load(document.replace(b"identityHash", b"identifierHash"), "a document")


@pytest.mark.parametrize(
    "name",
    ["numberOfHours", "number_of_credits", "ideal", "identifiedShare", "idleHours", "codeCoverage", "ext:numberOfHours",
     "credits", "hours", "gradeNumberAverage", "encodedRatio"],
)  # fmt: skip
def test_a_decimal_under_a_name_that_only_begins_like_an_identifier_is_read(name):
    assert load(f'{{"result": {{"{name}": 2.50}}}}'.encode(), "a document") == {"result": {name: 2.5}}


def test_other_numbers_of_a_document_are_read_as_before():
    document = load(b'{"creditsAvailable": 2.50, "hours": 1e2, "identifier": 17}', "a document")
    assert document == {"creditsAvailable": 2.5, "hours": 100.0, "identifier": 17}
    assert str(document["creditsAvailable"]) == "2.5"


def test_a_number_that_is_too_large_is_no_number():
    with pytest.raises(NotJson, match="too large"):
        WrittenNumber("1e999")
    with pytest.raises(IntakeError, match="too large"):
        load(b'{"a": 1e999}', "a document")
    assert isinstance(parse(b'{"specversion": "1.0", "data": 1e999}', RowChecker(Everything())), FaultyEvent)


def test_a_whole_number_is_text_as_it_stands():
    assert text_of(12345678901234567890123) == "12345678901234567890123"
    assert column_fault("student", 12345678901234567890123) is None


def test_credits_that_are_null_are_shown_as_they_stand():
    shown = []
    reader = SimpleNamespace(_ask=lambda *problem: shown.append(problem))
    assert JsonDocument._read_number(reader, {"point": None}, "$.credit", "point", "credits") is None  # noqa: SLF001 - a reader that only notes
    assert shown == [("$.credit.point", "null", "is not a number of credits like 5 or 2.5")]
