"""Tables by the command, as a clerk's programs write them: all that is wrong at once, and the faulty rows as a file."""

import csv
import io
import stat
from datetime import date
from importlib import resources

import pytest

from tests.support.command import Consortium, printed_json
from tests.support.spreadsheets import day, number, xlsx

COLUMNS = ("record", "achievement", "student", "family_name", "given_name", "date_of_birth", "awarding_date", "ects")


@pytest.fixture(scope="module")
def consortium(tmp_path_factory, postgres):
    return Consortium(tmp_path_factory.mktemp("tables"), postgres)


@pytest.fixture(scope="module")
def offer(consortium):
    return consortium.offer()


@pytest.fixture
def awards(tmp_path, offer):
    """Write a table of awards; each is what differs from a good one."""

    def write(*rows, delimiter=",", encoding="utf-8", name="awards.csv"):
        into = io.StringIO()
        writer = csv.DictWriter(into, COLUMNS, delimiter=delimiter)
        writer.writeheader()
        for row in rows:
            record = row["record"]
            good = {"achievement": offer, "student": f"s-{record}", "family_name": "Müller", "given_name": "Ada"}
            writer.writerow(good | {"date_of_birth": "2001-02-03", "awarding_date": "2026-06-30", "ects": "5"} | row)
        file = tmp_path / name
        file.write_bytes(into.getvalue().encode(encoding))
        return file

    return write


def test_a_spreadsheets_export_is_issued_once_it_is_said_how_days_are_written(consortium, awards):
    rows = [{"record": f"g{at}", "awarding_date": f"{at + 10}.06.2026", "ects": "5,0"} for at in range(9)]
    file = awards(*rows, delimiter=";", encoding="cp1252")
    said = consortium.run("import", "file", file, "--no-publish", check=1).stdout
    assert "9 rows: awarding_date: is written DD.MM.YYYY" in said
    assert "repeat with --dates dmy" in said
    assert "(lines 2, 3, 4 and 6 more)" in said
    assert "0 issued, 0 as before, 9 not taken in" in said
    said = consortium.run("import", "file", file, "--dates", "dmy", "--no-publish").stdout
    assert "note: read as Windows-1252" in said
    assert "note: ects: decimal commas were read as decimal points in 9 rows" in said
    assert "9 issued" in said
    consortium.run("import", "file", file, "--dates", "yyyy", check=2)


def test_all_problems_of_a_row_are_told_and_the_row_is_refused_once(consortium, awards):
    file = awards({"record": "p1", "student": "8,9652E+15", "ects": "7", "family_name": "#NAME?"}, {"record": "p2"})
    told = printed_json(consortium.run("import", "file", file, "--json", "--no-publish", check=1))
    assert (told["issued"], told["refused"]) == (1, 1)
    assert [(one["where"], one["field"]) for one in told["problems"]] == [
        ("line 2", "family_name"),
        ("line 2", "student"),
        ("line 2", "ects"),
    ]


def test_the_faulty_rows_go_to_a_file_are_put_right_and_come_in_again(consortium, awards, tmp_path):
    out = tmp_path / "corrections.csv"
    file = awards({"record": "c1"}, {"record": "c2", "ects": "9", "awarding_date": "x"}, {"record": "c3"})
    given = ("import", "file", file, "--corrections", out, "--no-publish")
    said = consortium.run(*given, check=1).stdout
    assert f"are in {out}" in "".join(said.splitlines())
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    [row] = csv.DictReader(io.StringIO(out.read_text("utf-8-sig")))
    assert row["record"] == "c2"
    assert "awarding_date: is not a date" in row["problem"]
    assert "ects: the achievement is worth 5 ECTS" in row["problem"]
    refused = consortium.run(*given, check=2).stderr
    assert "--force" in refused
    consortium.run(*given, "--force", check=1)
    out.write_text(out.read_text("utf-8-sig").replace(",9,", ",5,").replace(",x,", ",2026-06-30,"))
    assert "1 issued" in consortium.run("import", "file", out, "--no-publish").stdout
    consortium.run("import", "file", file, "--corrections", file, "--force", check=2)
    good = tmp_path / "none.csv"
    said = consortium.run("import", "file", awards({"record": "c1"}), "--corrections", good, "--no-publish").stdout
    assert "every row was taken in" in said
    assert not good.exists()


def test_a_row_that_could_not_be_read_is_not_lost_from_the_corrections(consortium, awards, tmp_path):
    out = tmp_path / "corrections.csv"
    file = awards({"record": "q1"})
    file.write_text(file.read_text() + 'q2,"open,x\nq3,short\n')
    consortium.run("import", "file", file, "--corrections", out, "--no-publish", check=1)
    rows = list(csv.DictReader(io.StringIO(out.read_text("utf-8-sig"))))
    assert [row["record"] for row in rows] == ['q2,"open,x', "q3"]
    said = consortium.run("import", "file", out, "--no-publish", check=1).stdout
    assert "the row was not complete" in said
    assert "0 issued" in said


def test_a_row_that_stands_twice_names_the_earlier_one_and_what_differs(consortium, awards):
    file = awards({"record": "d1"}, {"record": "d2"}, {"record": "d1", "given_name": "Eva"}, {"record": "d2"})
    said = " ".join(consortium.run("import", "file", file, "--no-publish", check=1).stdout.split())
    assert "line 4: record 'd1': record-differs: an earlier row has this id" in said
    assert "line 2, which differs in given_name" in said
    assert "1 row says the same as an earlier one, and counts once (line 5 as line 3)" in said
    later = awards({"record": "d1", "given_name": "Eva"})
    said = " ".join(consortium.run("import", "file", later, "--no-publish", check=1).stdout.split())
    assert "only a digest is kept" in said


def test_a_spreadsheet_is_imported_and_its_faulty_rows_go_to_a_csv(consortium, offer, tmp_path):
    file, out = tmp_path / "awards.xlsx", tmp_path / "corrections.csv"
    good = ["x1", offer, number(7000123), "Núñez", "Zoë", day(date(2001, 2, 3)), day(date(2026, 6, 30)), number(5)]
    bad = ["x2", offer, number("12345678901234567"), "Núñez", "Zoë", "3.2.2001", "2026-06-30", "5,0"]
    file.write_bytes(xlsx({"Awards": [list(COLUMNS), good, [], bad]}))
    said = consortium.run("import", "file", file, "--corrections", out, "--no-publish", check=1).stdout
    assert "1 issued, 0 as before, 1 not taken in" in said
    assert "line 4: student" in said
    [row] = csv.DictReader(io.StringIO(out.read_text("utf-8-sig")), delimiter=";")
    assert (row["record"], row["date_of_birth"]) == ("x2", "3.2.2001")


def test_a_file_without_rows_is_told_so_by_every_command(consortium, tmp_path):
    file = tmp_path / "none.csv"
    for header, command, code in [
        (",".join(COLUMNS), ("import", "file", file, "--no-publish"), 1),
        ("code,achievement,version", ("course-code", "import", file), 1),
        ("record,achievement,awarding_date", ("reconcile", file, "--from", "2026-01-01", "--until", "2026-12-31"), 2),
    ]:
        for content in (header + "\n", header + "\n\n,,\n", ""):
            file.write_text(content)
            done = consortium.run(*command, check=code)
            assert "there is no row in it" in done.stdout + done.stderr or "is empty" in done.stdout + done.stderr


def test_codes_and_terms_are_read_by_the_same_reader(consortium, offer, awards, tmp_path):
    codes = tmp_path / "codes.csv"
    for number_, content in enumerate(
        [
            f"code\tachievement\tversion\t\nT1\t{offer}\t\t\n".encode(),
            f"sep=;\r\nCode;Achievement;Version\r\nT1;{offer};\r\n".encode(),
            f"code,achievement,version\nT1,{offer},\n".encode("utf-16"),
            f"\r\rcode,achievement,version\rT1,{offer},\r".encode(),
            xlsx({"codes": [["code", "achievement", "version"], ["T1", offer, ""]]}),
        ]
    ):
        codes.write_bytes(content)
        assert "1 set, 0 not" in consortium.run("course-code", "import", codes).stdout, number_
    codes.write_text(f"code,achievement,version\nT2,{offer},\nT2,{offer},1\n#N/A,soil,9\n")
    told = printed_json(consortium.run("course-code", "import", codes, "--json", check=1))
    assert (told["set"], told["refused"]) == (0, 3)
    assert [(one["where"], one["field"]) for one in told["problems"]] == [
        ("line 2", "code"), ("line 3", "code"), ("line 4", "code"), ("line 4", "achievement"),
    ]  # fmt: skip
    assert "first on lines 2, 3; none of them is set" in told["problems"][1]["detail"]

    consortium.run("import", "file", awards({"record": "t1", "awarding_date": "2025-06-30"}))
    consortium.run("views", "update")
    term = tmp_path / "term.csv"
    given = ("reconcile", term, "--from", "2025-01-01", "--until", "2025-12-31")
    for content, options in [
        (f"Record;Achievement;Awarding date;ECTS;Status\r\nt1;{offer};30.06.2025;5,0;\r\n;;;;\r\n", ("--dates", "dmy")),
        (f"record\tachievement\tawarding-date\rt1\u200b\t{offer}\t2025-06-30\r", ()),
    ]:
        term.write_text(content, newline="")
        assert "1 agree" in consortium.run(*given, *options).stdout
    term.write_bytes(xlsx({"term": [["record", "achievement", "awarding_date"], ["t1", offer, number(45838, 1)]]}))
    assert "1 agree" in consortium.run(*given).stdout
    term.write_text(f"record,achievement,awarding_date,staus\nt1,{offer},2025-06-30,revoked\n")
    assert "is it 'status'" in consortium.run(*given, check=2).stderr
    term.write_text(f"record,achievement,awarding_date,ects\nt1,soil,30.06.2025,five\nt1,{offer},2025-06-30,5\n")
    told = printed_json(consortium.run(*given, "--json", check=1))
    assert [one["field"] for one in told["differences"]] == ["achievement", "awarding_date", "ects"]


def test_options_of_rows_are_refused_for_a_document(consortium):
    file = resources.files("registry.intake").joinpath("samples", "transcript.xml")
    assert "this file is a document" in consortium.run("import", "file", file, "--dates", "dmy", check=2).stderr
