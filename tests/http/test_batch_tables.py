"""Batches of tables as programs write them, over HTTP."""

import csv
import io

import pytest

from registry.batches.batch import XLSX
from tests.http.test_batches import finished, rows, send
from tests.support.command import until
from tests.support.served import csv_of, once, problem
from tests.support.spreadsheets import number, sheet_xml, xlsx

CSV = {"Content-Type": "text/csv"}
SHEET = {"Content-Type": XLSX}


@pytest.fixture(scope="module")
def system(node):
    return node.client("credentials:write", "batches:read")


def listed(system, batch):
    return system.get(f"/v1/batches/{batch['batch']}/problems").json()["items"]


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("cr", lambda text: text.replace("\n", "\r").encode()),
        ("sep", lambda text: b"sep=;\r\n" + text.replace(",", ";").encode()),
        ("blank", lambda text: b"\n\n,,\n" + text.encode()),
        ("utf16", lambda text: text.encode("utf-16-be")),
        ("cp1252", lambda text: text.replace("Jansen", "Müller").encode("cp1252")),
        ("marks", lambda text: "\ufeff\ufeff".encode() + text.encode()),
    ],
)
def test_every_dialect_is_the_same_rows(system, offer, name, change):
    done = finished(system, send(system, change(csv_of(rows(offer, 3, name))), name))
    assert (done["issued"], done["refused"], done["error"]) == (3, 0, None)
    assert ["Windows-1252" in note for note in done["notes"]] == ([True] if name == "cp1252" else [])


def test_a_spreadsheet_is_a_batch_and_its_faulty_rows_come_back_as_csv(system, offer):
    good, bad, *_ = rows(offer, 2, "sheet")
    content = xlsx({"June": [list(good), list(good.values()), [], [*[*bad.values()][:-1], number("46203.5", 1)]]})
    done = finished(system, send(system, content, "sheet", SHEET))
    assert (done["media"], done["lines"], done["issued"], done["refused"]) == (XLSX, 3, 1, 1)
    [one] = listed(system, done)
    assert (one["line"], one["field"], "time of day" in one["detail"]) == (4, "awarding_date", True)
    text = system.get(f"/v1/batches/{done['batch']}/corrections").text
    [row] = csv.DictReader(io.StringIO(text), delimiter=";")
    assert (row["record"], row["problem"].startswith("awarding_date: is a day with a time")) == ("sheet-1", True)
    broken = finished(system, send(system, b"PK\x03\x04nothing", "no sheet", SHEET), "failed")
    assert "not a spreadsheet that can be read" in broken["error"]


def test_a_row_is_refused_once_and_all_that_is_wrong_with_it_is_listed(system, offer):
    content = rows(offer, 2, "many")
    content[0] |= {"awarding_date": "30.06.2026", "family_name": "#NAME?", "student": "8.9652E+15"}
    done = finished(system, send(system, csv_of(content), "many"))
    assert (done["issued"], done["refused"]) == (1, 1)
    assert [(one["line"], one["field"]) for one in listed(system, done)] == [
        (2, "family_name"), (2, "student"), (2, "awarding_date"),
    ]  # fmt: skip
    text = system.get(f"/v1/batches/{done['batch']}/corrections").text
    [row] = csv.DictReader(io.StringIO(text))
    assert [name in row["problem"] for name in ("family_name: ", "student: ", "awarding_date: ")] == [True] * 3


def test_days_in_another_order_and_text_that_is_meant_are_taken_where_that_is_said(system, offer):
    content = rows(offer, 2, "order")
    content[0] |= {"awarding_date": "30.06.2026", "family_name": "NÃºÃ±ez"}
    refused = finished(system, send(system, csv_of(content), "order"))
    assert (refused["issued"], refused["refused"]) == (1, 1)
    done = finished(system, send(system, csv_of(content), "order said", dates="dmy", keepText=True))
    assert (done["issued"], done["unchanged"], done["dates"], done["keepText"]) == (1, 1, "dmy", True)
    problem(send(system, csv_of(content), "order wrong", dates="yyyy"), 400, "invalid")
    problem(send(system, b"<a/>", "document", {"Content-Type": "application/xml"}, dates="dmy"), 422, "unprocessable")


def test_a_repeated_row_names_the_earlier_one(system, offer):
    content = rows(offer, 2, "twice")
    content += [content[0] | {"given_name": "Eva"}, content[1]]
    done = finished(system, send(system, csv_of(content), "twice"))
    assert (done["issued"], done["unchanged"], done["refused"]) == (2, 1, 1)
    [one] = listed(system, done)
    assert "line 2, which differs in given_name" in one["detail"]
    assert done["notes"] == ["1 row says the same as an earlier one, and counts once (line 5 as line 3)"]


def test_status_changes_and_terms_are_read_by_the_same_reader(system, offer):
    [award] = rows(offer, 1, "status")
    credential = system.post("/v1/credentials", json=award, headers=once("status")).json()["credential"]
    changes = f"sep=;\r\nCredential;Change;Reason\r\n{credential};suspend;underReview\r\nx;end;never\r\n;;\r\n"
    done = finished(system, send(system, changes, "changes", kind="statusChanges"))
    assert (done["issued"], done["refused"]) == (1, 1)
    assert [one["field"] for one in listed(system, done)] == ["credential", "change", "reason"]
    sheet = xlsx({"s": [["credential", "change", "reason"], [credential, "reinstate"]]})
    assert finished(system, send(system, sheet, "sheet of changes", SHEET, kind="statusChanges"))["issued"] == 1
    term = {"kind": "reconciliation", "awardedFrom": "2026-06-01", "awardedUntil": "2026-06-30"}
    text = f"Record;Achievement;Awarding date;ECTS\rstatus-0;{offer};30.06.2026;5,0\r"
    done = finished(system, send(system, text, "term", dates="dmy", **term))
    assert [one for one in listed(system, done) if one["line"]] == []
    assert any("decimal commas" in note for note in done["notes"])


def test_the_rows_of_a_spreadsheet_are_counted_after_the_answer_and_a_long_one_waits_for_a_second_person(node, offer):
    system = node.client("credentials:write", "batches:read", "batches:release")
    content = rows(offer, 3001, "long sheet")
    made = send(system, xlsx({"June": [[*content[0]], *([*one.values()] for one in content)]}), "long sheet", SHEET)
    assert (made.json()["state"], made.json()["lines"]) == ("waiting", 0)
    path = made.headers["location"]
    until(lambda: system.get(path).json()["state"] == "awaitingRelease", 60)
    assert (system.get(path).json()["lines"], system.get(path).json()["issued"]) == (3002, 0)
    problem(system.post(f"{path}/release", headers=once("own")), 403, "second-person")
    other = node.client("batches:release")
    assert other.post(f"{path}/release", headers=once("release sheet")).status_code == 200
    assert finished(system, made)["issued"] == 3001


def test_a_spreadsheet_that_cannot_be_counted_to_its_end_waits_for_a_second_person(node, offer):
    system = node.client("credentials:write", "batches:read")
    [award] = rows(offer, 1, "uncertain")
    far = sheet_xml([["x" * 100]] * 2000).replace("</sheetData>", '<row><c r="XFD2001"/></row></sheetData>')
    content = xlsx({"June": [[*award], [*award.values()]], "Other": far})
    made = send(system, content, "uncertain", SHEET)
    path = made.headers["location"]
    until(lambda: system.get(path).json()["state"] == "awaitingRelease", 60)
    assert node.client("batches:release").post(f"{path}/release", headers=once("uncertain")).status_code == 200
    assert finished(system, made)["issued"] == 1


def test_very_many_notes_are_a_few_and_a_number(system, offer):
    [award] = rows(offer, 1, "wide")
    header = ",".join([*award, *(f"x{at}" for at in range(900))])
    done = finished(system, send(system, f"{header}\n{','.join([*award.values(), *['1'] * 900])}\n", "wide"))
    assert (done["issued"], len(done["notes"])) == (1, 21)
    assert done["notes"][20] == "880 more columns are not known, or have no name, and were not read"
