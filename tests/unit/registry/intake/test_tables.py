"""Tables as programs write them: every dialect is the same rows, and all that is wrong with a row is said at once."""

import csv
import io
import json
from pathlib import Path

import pytest

from registry.application.requests import IssueRequest
from registry.intake.corrections import write_corrections
from registry.intake.rows.encodings import WINDOWS_1252_NOTE
from registry.intake.rows.ndjson_rows import NdjsonRows
from registry.intake.rows.plain_rows import PlainRows
from registry.intake.rows.report import IntakeError, Problem, bounded_notes
from registry.intake.rows.table_rows import TableRows
from registry.intake.rows.tables import Table
from registry.values.formulas import DELIMITERS
from tests.support.catalogues import Everything
from tests.support.results import Results, open_results

COLUMNS = ("record", "achievement", "student", "family_name", "given_name", "date_of_birth", "awarding_date", "ects")
ID = "0bbac7a9-a411-4809-ad9e-534f483b7a03"
GOOD = ("r1", ID, "s1", "Núñez", "Zoë", "2001-02-03", "2026-06-30", "5")
OTHER = ("r2", ID, "s2", "Jansen", "Bo", "2001-02-03", "2026-06-30", "5")
CASES = Path(__file__).parents[5] / "shared" / "cases" / "import"


def table(*rows, delimiter=",", end="\n", header=COLUMNS):
    into = io.StringIO()
    csv.writer(into, delimiter=delimiter, lineterminator=end).writerows([header, *rows])
    return into.getvalue()


def changed(row=GOOD, **values):
    return tuple(values.get(name, value) for name, value in zip(COLUMNS, row, strict=True))


@pytest.fixture
def opened(tmp_path):
    def opening(content, **options):
        file = tmp_path / "rows.csv"
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        return open_results(file, Everything((5,)), **options)

    return opening


@pytest.fixture
def problems(opened):
    """What is wrong with the only row of a table, by column."""

    def problems_of(row, header=COLUMNS, **options):
        [found] = opened(table(row, header=header, delimiter=options.pop("delimiter", ",")), **options)
        assert isinstance(found, tuple), found
        return {problem.field: problem.detail for problem in found}

    return problems_of


TEXT = table(GOOD, OTHER)
DIALECTS = {
    "carriage returns": table(GOOD, OTHER, end="\r").encode(),
    "carriage returns and tabs": table(GOOD, OTHER, end="\r", delimiter="\t").encode(),
    "bars": table(GOOD, OTHER, delimiter="|").encode(),
    "sep line": ("sep=;\r\n" + table(GOOD, OTHER, delimiter=";", end="\r\n")).encode(),
    "sep line of a comma": ("sep=,\r\n" + table(GOOD, OTHER, end="\r\n")).encode(),
    "sep line in quotation marks": ('"sep=;"\n' + table(GOOD, OTHER, delimiter=";")).encode(),
    "sep line of a tab": ("sep=\t\n" + table(GOOD, OTHER, delimiter="\t")).encode(),
    "sep line after a mark": "\ufeffsep=;\n".encode() + table(GOOD, OTHER, delimiter=";").encode(),
    "blank lines before the header": ("\n\r\n ,,\n" + TEXT).encode(),
    "rows of delimiters": table(("",) * 8, GOOD, (" ",) * 8, OTHER, ("",) * 8).encode() + b"\n\n",
    "two byte order marks": "\ufeff\ufeff".encode() + TEXT.encode(),
    "trailing tabs": table((*GOOD, "", ""), (*OTHER, "", ""), header=(*COLUMNS, ""), delimiter="\t").encode(),
    "trailing semicolons of rows only": table((*GOOD, ""), (*OTHER, ""), delimiter=";").encode(),
    "trailing commas": table((*GOOD, ""), (*OTHER, ""), header=(*COLUMNS, "")).encode(),
    "no end of line at the end": TEXT.rstrip("\n").encode(),
    "UTF-16 LE with a mark": TEXT.encode("utf-16"),
    "UTF-16 BE with a mark": b"\xfe\xff" + TEXT.encode("utf-16-be"),
    "UTF-16 LE without a mark": TEXT.encode("utf-16-le"),
    "UTF-16 BE without a mark": TEXT.encode("utf-16-be"),
    "UTF-16, tabs and CRLF, as Excel's Unicode text": table(GOOD, OTHER, delimiter="\t", end="\r\n").encode("utf-16"),
    "Windows-1252": TEXT.encode("cp1252"),
    "quoted fields": ",".join(COLUMNS).encode()
    + b"\n"
    + b"\n".join(",".join(f'"{value}"' for value in row).encode() for row in (GOOD, OTHER)),
    "header in capitals": TEXT.replace("family_name", "Family Name").replace("record", "RECORD").encode(),
    "header with no-break spaces": TEXT.replace("family_name", "family\u00a0name")
    .replace("ects", "\u00a0ECTS ")
    .encode(),
    "header with hyphens": TEXT.replace("date_of_birth", "Date-of-birth").encode(),
    "header with an invisible character": TEXT.replace("student", "stu\u200bdent").encode(),
    "header of two lines": TEXT.replace("date_of_birth", '"date of\nbirth"').encode(),
}


@pytest.mark.parametrize("dialect", DIALECTS)
def test_the_same_rows_are_read_of_every_dialect(opened, dialect):
    source = opened(DIALECTS[dialect])
    found = list(source)
    assert all(isinstance(row, IssueRequest) for row in found), found
    assert [(row.record, row.family_name, row.given_name, row.awarding_date) for row in found] == [
        ("r1", "Núñez", "Zoë", "2026-06-30"),
        ("r2", "Jansen", "Bo", "2026-06-30"),
    ]
    assert source.notes == ([WINDOWS_1252_NOTE] if dialect == "Windows-1252" else [])


def test_lines_are_counted_whatever_ends_them(opened):
    for end in ("\n", "\r", "\r\n"):
        bad = changed(awarding_date="x")
        [_, [problem]] = opened("\n".replace("\n", end) + table(OTHER, bad, end=end))
        assert problem.where == "line 4"


@pytest.mark.parametrize(
    "text",
    [
        "Müller",
        "50 € für Ærøskøbing",
        "„Zitat“ \u2013 Œuvre",
        "Señor ¿qué?",
        "Šašková Žižka",
        "the student\u2019s",
        "D\u2019Arc",
    ],
)
def test_western_text_in_windows_1252_is_read_and_that_is_said(opened, text):
    source = opened(table(changed(family_name=text)).encode("cp1252"), keep_text=True)
    [row] = source
    assert row.family_name == text
    assert source.notes == [WINDOWS_1252_NOTE]


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Kowalczyk Łukasz Żółć", "cp1250"),
        ("Müller", "mac-roman"),
        ("Zoë", "mac-roman"),
        ("García", "mac-roman"),
        ("André", "mac-roman"),
        ("López", "mac-roman"),
        ("Иванов", "cp1251"),
        ("Παπαδόπουλος", "cp1253"),
        ("Šimek Žák", "iso8859-15"),
        ("山田太郎", "shift-jis"),
    ],
)
def test_text_that_is_no_windows_1252_is_refused_row_by_row_and_not_guessed(opened, text, encoding):
    source = opened(table(OTHER, changed(OTHER, family_name=text)).encode(encoding))
    good, bad = source
    assert good.record == "r2"
    assert "UTF-8" in bad[0].detail
    assert source.notes == []


def test_a_character_at_the_border_of_what_is_read_at_once_is_read(opened):
    for shift in range(3):
        rows = [changed(OTHER, record=f"r{number}") for number in range(20_000)]
        text = table(changed(family_name="M" + "x" * shift + "é" * 200), *rows, changed(family_name="ü" * 300))
        assert all(isinstance(row, IssueRequest) for row in opened(text))


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        (b"record;achievement\n1;2\n", "lacks student"),
        (b"sep=:\nrecord:student\n", "':' as its delimiter"),
        (TEXT.replace("ects", "ectss").encode(), "is it 'ects'"),
        ((TEXT.replace("ects", "Record")).encode(), "names record twice"),
        (b"\n" * 2000 + TEXT.encode(), "lines are blank"),
        (b" ,;\n\n", "is empty"),
        (TEXT.encode("utf-32"), "UTF-32"),
    ],
)
def test_a_file_without_a_header_that_can_be_read_says_why(opened, rows, says):
    with pytest.raises(IntakeError, match=says):
        opened(rows)


def test_a_column_without_a_name_is_noted_and_a_value_beyond_the_last_name_is_refused(opened):
    numbered = opened(table(("0", *GOOD), header=("", *COLUMNS)))
    assert [row.record for row in numbered] == ["r1"]
    assert numbered.notes == ["column 1 has no name and was not read"]
    [[problem]] = opened(table((*GOOD, "x"), header=(*COLUMNS, "")))
    assert "beyond the last column" in problem.detail


def test_a_decimal_comma_without_quotation_marks_shifts_nothing(opened):
    """`5,0` in a file of commas is two fields; the empty last column would hide that one was gained."""
    columns = (*COLUMNS, "grade", "note")
    text = ",".join(columns) + "\n" + ",".join((*GOOD[:-1], "5,0", "8.5", "")) + "\n"
    [[problem]] = opened(text)
    assert "has 11 fields where the header has 10" in problem.detail
    assert "a comma within a field" in problem.detail


def test_a_quotation_mark_left_open_in_a_note_swallows_no_other_row(opened):
    columns = (*COLUMNS, "note")
    lines = [",".join(columns), ",".join((*GOOD, '"open')), ",".join((*OTHER, "")), ",".join((*OTHER, 'closed"'))]
    [[problem]] = opened("\n".join(lines))
    assert (problem.where, "quotation mark" in problem.detail) == ("lines 2 to 4", True)


def test_a_row_of_many_lines_is_one_problem_and_what_follows_is_read(opened):
    text = table((*GOOD, "one\n" * 60), (*OTHER, "x"), header=(*COLUMNS, "note"))
    source = list(opened(text))
    assert "more than 50 lines" in source[0][0].detail
    assert isinstance(source[-1], IssueRequest)


def test_a_note_may_have_several_lines_and_nothing_else_may(opened, problems):
    [row] = opened(table((*GOOD, "well\r\ndone"), header=(*COLUMNS, "note")))
    assert row.note == "well\ndone"
    assert problems(changed(given_name="Zoë\nMaria")) == {"given_name": "has a line break; write it on one line"}


@pytest.mark.parametrize("stated", [".5", "6.", "5.0", "05"])
def test_decimals_are_read_in_all_their_forms(tmp_path, stated):
    file = tmp_path / "rows.csv"
    file.write_text(table(changed(ects=stated)))
    [row] = Results(TableRows(file, Everything((float(stated),))))
    assert isinstance(row, IssueRequest)


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_a_decimal_comma_is_read_where_it_can_be_nothing_else_and_that_is_said(opened, delimiter):
    source = opened(table(changed(ects="5,0"), changed(OTHER, ects="5,00"), delimiter=delimiter))
    assert all(isinstance(row, IssueRequest) for row in source)
    assert source.notes == ["ects: decimal commas were read as decimal points in 2 rows, 5,0 as 5.0"]


def test_a_decimal_comma_in_a_file_of_commas_is_asked_for(problems):
    assert "a point, not a comma" in problems(changed(ects="5,0"))["ects"]
    assert "number like 5" in problems(changed(ects="5,0,0"), delimiter=";")["ects"]


def test_all_that_is_wrong_with_a_row_is_said_at_once(problems):
    found = problems(
        changed(record="", student="8,9652E+15", family_name="#NAME?", date_of_birth="3.2.2001", ects="five")
    )
    assert list(found) == ["family_name", "record", "student", "date_of_birth", "ects"]
    assert "every row needs it" in found["record"]
    assert "scientific notation" in found["student"]
    assert "spreadsheet's error value" in found["family_name"]
    assert "--dates dmy" in found["date_of_birth"]


@pytest.mark.parametrize(
    "column", ["record", "student", "family_name", "given_name", "grade", "note", "ects", "course"]
)
@pytest.mark.parametrize("value", ["#NAME?", "#N/A", "#REF!", "#DIV/0!", "#VALUE!", "#######"])
def test_an_error_value_of_a_spreadsheet_is_refused_in_every_column(problems, column, value):
    columns = (*COLUMNS, *({column} - set(COLUMNS)))
    row = tuple(value if name == column else dict(zip(COLUMNS, GOOD, strict=True)).get(name) for name in columns)
    assert "error value" in problems(row, header=columns)[column]


@pytest.mark.parametrize(
    ("stated", "order", "day"),
    [
        ("30.06.2026", "dmy", "2026-06-30"),
        ("30/6/2026", "dmy", "2026-06-30"),
        ("6/30/2026", "mdy", "2026-06-30"),
        ("1-2-2026", "dmy", "2026-02-01"),
        ("2026/06/30", "ymd", "2026-06-30"),
        ("2026.6.30", "ymd", "2026-06-30"),
        ("2026-06-30", "dmy", "2026-06-30"),
    ],
)
def test_days_are_read_in_the_order_that_is_said(opened, stated, order, day):
    [row] = opened(table(changed(awarding_date=stated)), dates=order)
    assert row.awarding_date == day


@pytest.mark.parametrize(
    ("stated", "order", "says"),
    [
        ("30.06.2026", None, "is written DD.MM.YYYY; write it as YYYY-MM-DD, or repeat with --dates dmy"),
        ("30/06/2026", None, "--dates dmy or --dates mdy"),
        ("2026/06/30", None, "--dates ymd"),
        ("30.06.26", None, "two digits"),
        ("30.06.26", "dmy", "two digits"),
        ("31.06.2026", "dmy", "not a day of the calendar"),
        ("6/30/2026", "dmy", "not a day of the calendar"),
        ("46203", None, "is not a date"),
        ("31.31.2026", None, "is not a date"),
        ("٣٠.٠٦.٢٠٢٦", "dmy", "not a day of the calendar"),
    ],
)
def test_a_day_in_another_form_is_refused_with_what_to_do(problems, stated, order, says):
    assert says in problems(changed(awarding_date=stated), dates=order)["awarding_date"]


def test_days_that_can_be_read_in_one_order_only_are_counted(opened):
    source = opened(table(changed(awarding_date="06/07/2026"), changed(awarding_date="30/06/2026")))
    assert all(isinstance(row, tuple) for row in source)
    assert source.notes == ["awarding_date: 1 of its days can be read as dmy only: --dates dmy"]


@pytest.mark.parametrize("born", ["0001-02-03", "1899-12-31", "2101-02-03"])
def test_a_birth_in_another_century_is_asked_about(problems, born):
    assert "is its year right?" in problems(changed(date_of_birth=born))["date_of_birth"]


@pytest.mark.parametrize(
    "student", ["s7002", "s7002\u200b", "\ufeffs7002", " s7002\u00a0", "s70\u00ad02", "\u200es7002\u200f"]
)
def test_an_identifier_has_one_spelling(opened, student):
    [row] = opened(table(changed(student=student)))
    assert row.normalise().student == "s7002"


def test_composed_and_decomposed_letters_are_one_name_and_one_identifier(opened):
    rows = opened(table(changed(), changed(family_name="Nu\u0301n\u0303ez", record="e\u0301", given_name="A  B")))
    first, second = (row.normalise() for row in rows)
    assert (first.family_name, second.family_name, second.record) == ("Núñez", "Núñez", "\u00e9")
    assert second.given_name == "A B"


def test_an_identifier_of_invisible_characters_is_empty(problems):
    assert problems(changed(student="\u200b\u2060\ufeff")) == {"student": "is empty; every row needs it"}


@pytest.mark.parametrize(("family", "given"), [("", "Suharto"), ("Sukarno", ""), ("\u200b", "Suharto")])
def test_one_of_the_two_names_may_be_empty(opened, family, given):
    [found] = opened(table(changed(family_name=family, given_name=given)))
    row = found.normalise()
    assert (row.family_name, row.given_name) == (family.strip("\u200b"), given)


@pytest.mark.parametrize(("family", "given", "field"), [("", "", "family_name"), ("-", "Suharto", "family_name")])
def test_a_person_without_a_name_or_with_a_placeholder_is_refused(problems, family, given, field):
    assert set(problems(changed(family_name=family, given_name=given))) == {field}


def test_a_lost_character_is_refused_and_mojibake_too_unless_it_is_meant(opened, problems):
    assert "U+FFFD" in problems(changed(family_name="M\ufffdller"))["family_name"]
    assert "did you mean 'Núñez'" in problems(changed(family_name="NÃºÃ±ez"))["family_name"]
    assert "U+FFFD" in problems(changed(family_name="M\ufffdller"), keep_text=True)["family_name"]
    [row] = opened(table(changed(family_name="NÃºÃ±ez")), keep_text=True)
    assert row.family_name == "NÃºÃ±ez"


def test_memory_does_not_grow_with_a_line_that_never_ends(opened):
    source = opened(table(OTHER) + "x" * 5_000_000 + "\n" + table(GOOD, header=GOOD).splitlines()[0] + "\n")
    assert [type(row) for row in source] == [IssueRequest, tuple, IssueRequest]


def test_a_table_is_read_again_as_often_as_wanted(opened):
    source = opened(TEXT)
    assert list(source) == list(source)
    assert source.count == 2


def test_columns_that_are_asked_for_may_stand_for_each_other(tmp_path):
    file = tmp_path / "t.csv"
    file.write_text("Course;awarding date\nA;2026-06-30\n")
    found = Table(file, ("achievement", "course", "awarding_date"), ("achievement|course", "awarding_date"))
    assert found.names == ["course", "awarding_date"]
    file.write_text("awarding_date\n2026-06-30\n")
    with pytest.raises(IntakeError, match="lacks achievement or course"):
        Table(file, ("achievement", "course", "awarding_date"), ("achievement|course", "awarding_date"))


RIGHT = {
    "b1-cr.csv": 3,
    "b1-cr-tab.csv": 3,
    "b2-blank-first.csv": 3,
    "b2-sep.csv": 3,
    "b3-bom-twice.csv": 3,
    "b3-nbsp-head-inner.csv": 3,
    "b11-later.csv": 1,
    "b12-retake.csv": 2,
}


@pytest.mark.skipif(not CASES.exists(), reason="the cases are not beside this checkout")
@pytest.mark.parametrize("name", RIGHT)
def test_files_that_others_reported_are_read(name):
    found = list(open_results(CASES / name, Everything((5,))))
    assert [type(row) for row in found] == [IssueRequest] * RIGHT[name]


CODES, TERM = ("code", "achievement", "version"), ("record", "achievement", "course", "awarding_date", "ects", "status")


@pytest.mark.skipif(not CASES.exists(), reason="the cases are not beside this checkout")
@pytest.mark.parametrize(
    ("name", "columns"),
    [
        ("c1-map-tab.csv", CODES),
        ("c1-map-utf16.csv", CODES),
        ("r3-head-space.csv", TERM),
        ("r4-utf16.csv", TERM),
        ("r5-ects-comma.csv", TERM),
    ],
)
def test_codes_and_terms_that_others_reported_are_read(name, columns):
    rows = PlainRows(CASES / name, "table", columns, columns[:2])
    found = list(rows)
    assert found
    assert all(isinstance(row, dict) and row["achievement"].count("-") == 4 for _, row in found)
    assert rows.notes == []


@pytest.mark.skipif(not CASES.exists(), reason="the cases are not beside this checkout")
def test_files_of_spoilt_persons_that_others_reported_are_refused_or_mended():
    spoilt = list(open_results(CASES / "b11-two-people.csv", Everything((5,))))
    assert all("scientific notation" in problem.detail for [problem] in spoilt)
    lost, mojibake = open_results(CASES / "b11-replacementchar.csv", Everything((5,)))
    assert isinstance(lost[0], Problem)
    assert "U+FFFD" in lost[0].detail
    assert {problem.field for problem in mojibake} == {"family_name", "given_name"}
    assert {row.normalise().student for row in open_results(CASES / "b6-zwsp.csv", Everything((5,)))} == {"s7002"}
    first, second, third, *_ = open_results(CASES / "b4-mononym.csv", Everything((5,)))
    assert (first.family_name, second.given_name) == ("", "")
    assert isinstance(third, tuple)


@pytest.mark.parametrize("kind", ["table", "ndjson"])
def test_a_file_with_too_many_bad_rows_is_read_no_further(monkeypatch, opened, kind):
    monkeypatch.setattr("registry.intake.rows.report.MAX_BAD_ROWS", 3)
    bad = table(*(changed(record="") for _ in range(5))) if kind == "table" else b'{"record": 1}\n' * 5
    with pytest.raises(IntakeError, match=r"line [45]: more than 3 rows of this file are wrong"):
        list(opened(bad))


def test_many_columns_that_are_not_known_are_counted_after_the_first_twenty(opened):
    header = (*COLUMNS, *(f"x{at}" for at in range(900)), *[""] * 30, "last")
    source = opened(table((*GOOD, *["1"] * 931), header=header))
    assert [row.record for row in source] == ["r1"]
    assert source.notes[0] == "column 'x0' is not known and was not read"
    assert source.notes[19] == "column 'x19' is not known and was not read"
    assert source.notes[39] == "column 928 has no name and was not read"
    assert source.notes[40:] == ["891 more columns are not known, or have no name, and were not read"]


@pytest.mark.parametrize("extra", [",ects" * 50_000, "," * 100_000, "".join(f",x{at}" for at in range(36_000))])
def test_a_header_of_very_many_columns_is_refused_with_their_number(opened, extra):
    text = TEXT.replace("ects", "ects" + extra, 1)
    with pytest.raises(IntakeError, match=f"the header has {8 + extra.count(','):,} columns, 1,000 at most"):
        opened(text)


def test_a_column_that_is_named_often_is_named_once_in_the_refusal(opened):
    with pytest.raises(IntakeError, match=r"the header names ects, record twice$"):
        opened(TEXT.replace("ects", "ects,ects,record,ects", 1))


def test_a_row_of_json_with_very_many_other_fields_is_twenty_one_problems(tmp_path):
    file = tmp_path / "rows.ndjson"
    row = dict(zip(COLUMNS, GOOD, strict=True)) | {"ects": 5} | {f"x{at}": 1 for at in range(15_000)}
    file.write_text(json.dumps(row) + "\n")
    [problems] = Results(NdjsonRows(file, Everything((5,))))
    assert [problem.field for problem in problems] == [*(f"x{at}" for at in range(20)), ""]
    assert problems[-1].detail == "has 14,980 more fields that are not columns"


def test_plain_rows_of_json_name_twenty_other_fields_and_count_the_rows_that_have_more(tmp_path):
    file = tmp_path / "rows.ndjson"
    rows = [{"code": "a"} | {f"x{at}": 1 for at in range(count)} for count in (3, 20, 21, 40)]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    plain = PlainRows(file, "ndjson", ["code"], ["code"])
    assert len(list(plain)) == 4
    assert plain.notes[:2] == ["'x0' is not known and was not read", "'x1' is not known and was not read"]
    assert plain.notes[20:] == ["2 rows have more fields that are not known and were not read"]


def test_notes_of_a_file_are_bounded_and_the_others_counted():
    assert bounded_notes(["a", "b"]) == ["a", "b"]
    many = bounded_notes([f"note {at}" for at in range(2000)])
    assert (many[499], many[500:]) == ("note 499", ["there are 1,500 more notes, which are not kept"])
    long = bounded_notes(["x" * 100_000] * 40)
    assert (len(long), len(long[0]), long[-1]) == (25, 2001, "there are 16 more notes, which are not kept")


def test_a_corrections_file_is_read_back_to_the_same_values_and_no_program_runs_anything_of_it(tmp_path):
    note = "good; -) and\t=1, '+x |@y\u200b;\u200b=cmd|'/c calc'!A0"
    columns = (*COLUMNS, "note")
    file = tmp_path / "rows.csv"
    file.write_text(table((*changed(awarding_date="soon"), note), (*OTHER, "\uff1dx"), header=columns), "utf-8")
    lines = list(write_corrections(file, {2: "awarding_date: is not a day; \uff1dx", 3: "note: begins"}))
    assert all(f"{sign}=cmd" not in lines[1] and f"{sign}@y" not in lines[1] for sign in (*DELIMITERS, "\u200b"))
    assert lines[1].startswith(f"r1,{ID},s1,Núñez,Zoë,2001-02-03,soon,5,\"good; '-) and")
    again = tmp_path / "again.csv"
    again.write_text("".join(lines).replace("soon", "2026-06-30"), "utf-8")
    corrected, refused = open_results(again, Everything((5,)))
    assert (corrected.note, corrected.family_name) == (note, "Núñez")
    assert [(one.field, "formula" in one.detail) for one in refused] == [("note", True)]


def test_a_row_that_comes_back_from_corrections_three_times_keeps_its_text(tmp_path):
    note = "Good work, -2; '=1, ''@x"
    file = tmp_path / "rows.csv"
    file.write_text(table((*changed(awarding_date="soon"), note), header=(*COLUMNS, "note")), "utf-8")
    rounds = []
    for _ in range(3):
        rounds.append("".join(write_corrections(file, {2: "awarding_date: is not a day"})))
        file.write_text(rounds[-1], "utf-8")
    assert "Good work, '-2" in rounds[0]
    assert rounds[1:] == [rounds[0]] * 2
    file.write_text(rounds[-1].replace("soon", "2026-06-30"), "utf-8")
    [corrected] = open_results(file, Everything((5,)))
    assert corrected.note == note


@pytest.mark.parametrize("begin", ["\u200b=", "\uff1d", "\u00a0\u200b@", "\ufe62", "'=", "''-", "\u2060+"])
@pytest.mark.parametrize("name", ["note", "record", "student", "national_id", "grade", "family_name", "course"])
def test_no_field_begins_as_a_formula_whatever_stands_before_it(problems, name, begin):
    columns = tuple(dict.fromkeys((*COLUMNS, "note", "national_id", "grade", "course")))
    row = tuple(
        (dict(zip(COLUMNS, GOOD, strict=True)) | {name: f"{begin}HYPERLINK(1)"}).get(one, "") for one in columns
    )
    assert name in problems(row, columns)


def test_a_file_without_a_row_says_what_was_read_of_it(tmp_path):
    file = tmp_path / "rows.csv"
    file.write_text("\n\n" + ",".join(COLUMNS) + "\n")
    source = TableRows(file, Everything((5,)))
    assert list(source) == []
    assert source.description == (
        f"line 3 of the table names its columns ({', '.join(COLUMNS)}), and no row of your own follows"
    )
    plain = PlainRows(file, "table", ["record"], ["record"])
    with pytest.raises(IntakeError, match=r"there is no row in it: line 3 of the table names its columns \(record, "):
        list(plain)
