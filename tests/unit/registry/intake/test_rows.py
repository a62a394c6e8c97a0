"""Rows in, with everything that a clerk's file can have wrong."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.application.requests import IssueRequest
from registry.intake.files import open_intake
from registry.intake.rows.columns import csv_template, ndjson_template
from registry.intake.rows.ndjson_rows import NdjsonRows
from registry.intake.rows.report import IntakeError, Problem
from registry.intake.rows.table_rows import TableRows
from tests.support.examples import examples
from tests.support.results import Results, open_results

OFFERED = "0bbac7a9-a411-4809-ad9e-534f483b7a03"
RETIRED = "0bbac7a9-a411-4809-ad9e-534f483b7a04"
HEADER = "record,achievement,student,family_name,given_name,date_of_birth,awarding_date,ects,grade,version"
GOOD = f"r1,{OFFERED},s1,Jansen,Ada,2001-02-03,2026-06-30,5,8.5,"


class Offers:
    member = "twente"

    def ects(self, achievement):
        return {OFFERED: (5, 2.5), RETIRED: (5,)}.get(achievement)

    def is_retired(self, achievement):
        return achievement == RETIRED

    def course(self, code):
        return {"DL-1": (OFFERED, None), "DL-1 old": (OFFERED, 1), "GONE": (RETIRED, None)}.get(code)


@pytest.fixture
def read(tmp_path):
    def reading(content, name="rows.csv"):
        file = tmp_path / name
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        # The first problem of a row stands for it; what is said of several is in test_tables.py.
        return [row[0] if isinstance(row, tuple) else row for row in open_results(file, Offers())]

    return reading


def one(read, row, header=HEADER):
    found = read(f"{header}\n{row}\n")
    assert len(found) == 1
    return found[0]


def test_a_good_row_is_a_request(read):
    found = one(read, GOOD.replace("5,8.5,", "2.5,8.5,"))
    assert isinstance(found, IssueRequest)
    assert (found.record, found.grade, found.version) == ("r1", "8.5", None)


@pytest.mark.parametrize(
    ("change", "field", "says"),
    [
        (("2026-06-30", "30/06/2026"), "awarding_date", "YYYY-MM-DD"),
        (("2026-06-30", "2026-02-30"), "awarding_date", "YYYY-MM-DD"),
        (("2001-02-03", "2101-02-03"), "date_of_birth", "future"),
        (("2001-02-03", "2026-06-30"), "awarding_date", "not after the date of birth"),
        ((",5,", ',"5,0",'), "ects", "point, not a comma"),
        ((",5,", ",four,"), "ects", "number like 5"),
        ((",5,", ",7,"), "ects", "is worth"),
        ((OFFERED, "data-literacy"), "achievement", "UUID"),
        ((OFFERED, "11111111-a411-4809-ad9e-534f483b7a03"), "achievement", "not offered"),
        ((OFFERED, RETIRED), "achievement", "retired"),
        ((",8.5,", ",8.5,9"), "version", "newest version is 2"),
        ((",8.5,", ",8.5,x"), "version", "1, 2, 3"),
        (("Jansen", "=HYPERLINK(1)"), "family_name", "formula"),
        (("Jansen", "@cmd"), "family_name", "formula"),
        (("Jansen", "'=cmd()"), "family_name", "formula"),
        (("Jansen", "-1+2"), "family_name", "formula"),
        (("8.5", "=8.5"), "grade", "formula"),
        (("Jansen", "Jan\x00sen"), "family_name", "control character"),
        (("Jansen", "x" * 3000), "family_name", "characters long"),
        (("r1,", ","), "record", "every row needs it"),
        (("s1,", ","), "student", "every row needs it"),
        (("s1,", " \xa0,"), "student", "every row needs it"),
        (("Jansen,Ada", ","), "family_name", "one of them"),
    ],
)
def test_a_bad_row_says_line_column_and_what_would_be_right(read, change, field, says):
    row = GOOD.replace(",5,", ",2.5,") if change[0] != ",5," else GOOD
    found = one(read, row.replace(*change))
    assert isinstance(found, Problem)
    assert (found.where, found.field) == ("line 2", field)
    assert says in found.detail


@pytest.mark.parametrize(
    ("change", "field", "says"),
    [
        (("Jansen", "N/A"), "family_name", "placeholder"),
        (("Ada", "unknown"), "given_name", "placeholder"),
        (("s1", "NIL"), "student", "placeholder"),
        (("s1", "000"), "student", "placeholder"),
        (("s1", "81234.0"), "student", "rewrote it"),
        (("s1", "'81234"), "student", "apostrophe"),
        (("2001-02-03", "1900-01-01"), "date_of_birth", "placeholder"),
        (("2001-02-03", "2016-07-01"), "awarding_date", "is its year right"),
        (("8.5", "Failed"), "grade", "was it passed"),
        (("8.5", "not  passed"), "grade", "was it passed"),
        (("8.5", "NB"), "grade", "was it passed"),
        (("8.5", "Null"), "grade", "was it passed"),
        (("8.5", "7.6.2025"), "grade", "spreadsheet rewrote"),
        (("8.5", "2025-06-07 00:00:00"), "grade", "spreadsheet rewrote"),
        (("8.5", "07. Jun"), "grade", "spreadsheet rewrote"),
        (("8.5", "6-Okt"), "grade", "spreadsheet rewrote"),
        (("8.5", "Sep 07"), "grade", "spreadsheet rewrote"),
        (("8.5", "WAHR"), "grade", "yes or no"),
    ],
)
def test_what_nobody_meant_is_refused(read, change, field, says):
    found = one(read, GOOD.replace(",5,", ",2.5,").replace(*change))
    assert isinstance(found, Problem)
    assert (found.field, says in found.detail) == (field, True)


@pytest.mark.parametrize(
    "grade",
    ["8", "A", "1-2", "9/10", "8 marks", "cum laude", "passed", "7,5", "110 e lode", "19.5/20", "10/10/9", "NBB"],
)
def test_a_grade_is_a_grade(read, grade):
    found = one(read, GOOD.replace(",5,8.5,", f',2.5,"{grade}",'))
    assert found.grade == grade


def test_a_person_whose_name_looks_like_a_placeholder_is_taken_where_the_text_is_meant(tmp_path):
    file = tmp_path / "rows.csv"
    file.write_text(f"{HEADER}\n{GOOD.replace(',5,', ',2.5,').replace('Jansen', 'Null')}\n")
    [row] = open_results(file, Offers(), keep_text=True)
    assert row.family_name == "Null"


def test_days_to_come_and_days_that_have_passed_are_counted(tmp_path):
    file = tmp_path / "rows.csv"
    soon = (datetime.now(UTC).date() + timedelta(days=9)).isoformat()
    rows = [GOOD.replace(",5,", ",2.5,").replace("r1", f"r{at}") for at in range(5)]
    rows[0] = rows[0].replace("2026-06-30", soon)
    lines = [f"{row}{'2024-01-01' if at in (2, 3) else ''}" for at, row in enumerate(rows)]
    lines = [line.replace("2026-06-30", "2023-06-30") for line in lines]
    lines[4] = lines[4].replace("2023-06-30", soon).replace("2.5", "99")  # refused: not counted
    file.write_text("\n".join([HEADER + ",valid_until", *(line.replace(",8.5,", ",8.5,,", 1) for line in lines)]))
    source = open_results(file, Offers())
    assert [isinstance(row, IssueRequest) for row in source] == [True, True, True, True, False]
    assert any(note.startswith("awarding_date: 1 row (line 2) has a day to come") for note in source.notes)
    assert any(note.startswith("valid_until: 2 rows (lines 4, 5) have a day that has passed") for note in source.notes)


def test_blanks_around_a_text_are_no_part_of_it(read):
    found = one(read, GOOD.replace(",5,", ",2.5,").replace("Jansen", " Jansen\xa0").replace("r1,", " r1 ,"))
    assert (found.record, found.family_name) == ("r1", "Jansen")


def test_what_ends_before_it_is_awarded_is_refused(read):
    good = GOOD.replace(",5,", ",2.5,")
    ended = one(read, good + ",2020-01-01", HEADER + ",valid_until")
    assert (ended.field, "before the awarding date" in ended.detail) == ("valid_until", True)
    assert isinstance(one(read, good + ",2036-01-01", HEADER + ",valid_until"), IssueRequest)


def test_an_award_is_dated_a_year_ahead_at_the_most(read):
    """A day of graduation may be months away; a slip in the year is not."""
    good, today = GOOD.replace(",5,", ",2.5,"), datetime.now(UTC).date()
    assert isinstance(one(read, good.replace("2026-06-30", f"{today + timedelta(days=300)}")), IssueRequest)
    for day in (f"{today + timedelta(days=400)}", "2206-06-30"):
        found = one(read, good.replace("2026-06-30", day))
        assert (found.field, found.value) == ("awarding_date", day)
        assert "more than a year ahead" in found.detail


def test_a_persons_data_is_not_shown_whole(read):
    found = one(read, GOOD.replace("Jansen", "=Zwartjanssens"))
    assert "Zwart" not in found.value + found.detail


@pytest.mark.parametrize("grade", ["-1", "+5", "A-", "B+", "7,5", "12"])
def test_a_grade_may_begin_with_a_sign(read, grade):
    found = one(read, GOOD.replace(",5,", ",2.5,").replace("8.5", f'"{grade}"'))
    assert isinstance(found, IssueRequest)


def test_good_rows_go_on_after_bad_ones(read):
    rows = [GOOD.replace("r1", f"r{n}").replace(",5,", ",2.5," if n % 2 else ",5 ,") for n in range(20)]
    found = read("\n".join([HEADER, *rows]))
    assert sum(isinstance(f, IssueRequest) for f in found) == 10


@pytest.mark.parametrize("row", ["r1,s1", "r1", GOOD + ",", GOOD.rpartition(",")[0]])
def test_a_row_with_more_or_fewer_fields_than_the_header_is_refused_and_the_others_go_on(read, row):
    good = GOOD.replace(",5,", ",2.5,")
    short, rest = read(f"{HEADER}\n{row}\n{good}\n\n")
    assert short.where == "line 2"
    number = row.count(",") + 1
    assert f"has {number} field{'s' * (number > 1)} where the header has 10" in short.detail
    assert isinstance(rest, IssueRequest)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_delimiters_marks_and_line_ends_are_found_out(read, delimiter, mark, ending):
    text = ending.join([HEADER, GOOD.replace(",5,", ",2.5,")]).replace(",", delimiter) + ending
    [found] = read(mark + text.encode())
    assert isinstance(found, IssueRequest)


def test_a_row_in_another_encoding_is_named_and_the_others_are_read(read):
    good = GOOD.replace(",5,", ",2.5,")
    latin = good.replace("r1", "r2").replace("Jansen", "Müller").encode("latin-1")
    good = good.replace("Ada", "Zoë")
    found = read(HEADER.encode() + b"\n" + latin + b"\n" + good.encode() + b"\n")
    assert isinstance(found[0], Problem)
    assert "UTF-8" in found[0].detail
    assert isinstance(found[1], IssueRequest)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b"\n\n", "is empty"),
        (HEADER.encode("utf-32"), "UTF-32"),
        (b"record;achievement\n1;2\n", "lacks"),
        (HEADER.replace("family_name", "familyname").encode(), "is it 'familyname'?"),
        ((HEADER + ",record").encode(), "twice"),
        ((HEADER + ",valid_till").encode(), "is it 'valid_until'?"),
    ],
)
def test_a_file_of_which_nothing_can_be_read_says_why(read, content, says):
    with pytest.raises(IntakeError, match=says.replace("?", r"\?")):
        read(content)


def test_unknown_columns_are_noted(tmp_path):
    file = tmp_path / "rows.csv"
    file.write_text(HEADER + ",shoe_size\n")
    assert TableRows(file, Offers()).notes == ["column 'shoe_size' is not known and was not read"]


def test_a_quotation_mark_left_open_does_not_swallow_the_file_silently(read):
    good = GOOD.replace(",5,", ",2.5,")
    [bad, *others] = read("\n".join([HEADER, good.replace("Jansen", '"Jansen'), *[good] * 3]) + "\n")
    assert (bad.where, "quotation mark" in bad.detail) == ("line 2", True)
    assert [type(row) for row in others] == [IssueRequest] * 3


def test_a_line_of_ten_megabytes_is_one_problem(read):
    good = GOOD.replace(",5,", ",2.5,")
    found = read("\n".join([HEADER, good.replace("Jansen", "x" * 10_000_000), good]) + "\n")
    assert [type(f) for f in found] == [Problem, IssueRequest]


@pytest.mark.parametrize(("kind", "template", "line"), [(TableRows, csv_template, 2), (NdjsonRows, ndjson_template, 1)])
def test_the_template_can_be_taken_in_and_its_example_is_told_as_such(tmp_path, kind, template, line):
    file = tmp_path / "rows"
    file.write_text(template())
    rows = kind(file, Offers())
    assert list(rows) == list(rows) == []
    [note] = rows.notes
    assert f"line {line} is the template's own example" in note
    assert "your own rows in its place" in note


def ndjson(**change):
    row = dict(zip(HEADER.split(","), GOOD.split(","), strict=True)) | {"ects": 2.5} | change
    return json.dumps(row)


def test_ndjson_goes_the_same_way(read):
    found = read(f"{ndjson()}\n{ndjson(ects=7)}\n{ndjson(version=1, ects=5)}\n", "rows.ndjson")
    assert [type(f) for f in found] == [IssueRequest, Problem, IssueRequest]
    assert found[1].where == "line 2"


@pytest.mark.parametrize(
    "line",
    [
        "[1]",
        "nonsense",
        '{"record":"a","record":"b"}',
        '{"ects":' + "9" * 5000 + "}",
        '{"ects":NaN}',
        "[" * 100_000,
        '{"record":{"deep":1}}',
        '{"shoe":1}',
        '{"record":"\\ud800"}',
        '{"record":true}',
    ],
)
def test_a_hostile_line_of_ndjson_is_a_problem_and_the_next_is_read(read, line):
    found = read(f"{line}\n{ndjson()}\n", "rows.ndjson")
    assert [type(f) for f in found] == [Problem, IssueRequest]


def test_an_ndjson_line_of_ten_megabytes_is_one_problem(read):
    found = read(f'{{"record":"{"x" * 10_000_000}"}}\n{ndjson()}\n', "rows.ndjson")
    assert [type(f) for f in found] == [Problem, IssueRequest]


@settings(max_examples=examples(150, thorough=300), deadline=None)
@given(data=st.binary(max_size=400), kind=st.sampled_from(["rows.csv", "rows.ndjson", "doc.jsonld", "x.bin"]))
def test_no_bytes_whatever_raise_anything_but_our_own_error(tmp_path_factory, data, kind):
    file = tmp_path_factory.mktemp("fuzz") / kind
    for content in (data, f"{HEADER}\n{GOOD}\n".encode() + data, ndjson().encode() + b"\n" + data):
        file.write_bytes(content)
        try:
            source = open_intake(file, Offers())
        except IntakeError:
            continue
        if isinstance(source, TableRows | NdjsonRows):
            for found in Results(source):
                assert isinstance(found, IssueRequest | tuple)


COURSES = HEADER.replace("achievement", "course")


def test_a_course_code_of_the_universitys_own_stands_for_achievement_and_version(read):
    newest = one(read, GOOD.replace(OFFERED, "DL-1").replace(",5,", ",2.5,"), COURSES)
    assert (newest.achievement, newest.version) == (OFFERED, None)
    pinned = one(read, GOOD.replace(OFFERED, "DL-1 old"), COURSES)
    assert (pinned.achievement, pinned.version) == (OFFERED, 1)


@pytest.mark.parametrize(
    ("code", "said"), [("DL-2", "not a course code here"), ("GONE", "is retired"), ("=1+1", "formula")]
)
def test_a_course_code_that_leads_nowhere_is_a_problem_of_its_row(read, code, said):
    found = one(read, GOOD.replace(OFFERED, code), COURSES)
    assert said in found.detail


def test_a_row_that_names_an_achievement_and_another_ones_course_is_refused(read):
    found = one(read, f"{GOOD},GONE", f"{HEADER},course")
    assert found.field == "course"
    assert RETIRED in found.detail
    agreeing = one(read, f"{GOOD.replace(',5,', ',2.5,')},DL-1", f"{HEADER},course")
    assert isinstance(agreeing, IssueRequest)
