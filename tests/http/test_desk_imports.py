"""The clerk's import, without a script: upload, what is wrong, fix in place."""

import io
import uuid
from concurrent.futures import ThreadPoolExecutor

import httpx
import openpyxl
import pytest

from tests.support.command import until
from tests.support.import_pages import act, checked, hand_over, hidden, rows, summary, upload
from tests.support.served import csv_of, form

SCRIPT = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def clerk(node):
    return node.sign_in("clerk")


@pytest.fixture(scope="module")
def approver(node):
    return node.sign_in("approver")


def test_a_file_that_cannot_be_read_says_why_and_what_to_do(clerk):
    for name, content, says in (
        ("awards.pdf", b"%PDF-1.7", "This kind of file cannot be read"),
        ("empty.csv", b"", "The file is empty"),
    ):
        answer = upload(clerk, content, name)
        assert answer.status_code == 422, name
        assert says in summary(answer)
        assert "<title>Error:" in answer.text
    page = clerk.get("/desk/imports")
    without = clerk.post("/desk/imports", data=form(page, key="k-no-file"), files={"other": ("", b"")})
    assert "Choose a file first" in summary(without)
    path = checked(clerk, upload(clerk, "a,b,c\n1,2,3\n", "not-awards.csv"))
    assert "The file cannot be read" in clerk.get(path).text
    assert "the header lacks record" in clerk.get(path).text


def test_a_large_file_gets_a_clear_answer_and_nothing_stays(clerk):
    answer = upload(clerk, b"x" * 50_000_000, "large.csv")
    assert answer.status_code == 413
    assert "The file is too large" in summary(answer)
    assert "large.csv" not in clerk.get("/desk/imports").text


def test_an_upload_that_is_cut_off_stores_nothing(clerk, offer):
    page = clerk.get("/desk/imports")
    head = "".join(
        f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in form(page, key="cut off").items()
    )
    file = '--b\r\nContent-Disposition: form-data; name="file"; filename="cut.csv"\r\n\r\n'
    body = head + file + csv_of(rows(offer, "cut"))
    answer = clerk.post("/desk/imports", content=body, headers={"Content-Type": "multipart/form-data; boundary=b"})
    assert answer.status_code == 400
    assert "cut off before its end" in answer.text
    listed = clerk.get("/desk/imports").text
    assert "cut.csv" not in listed or "Cannot be read" in listed


def test_a_file_that_is_sent_several_times_at_once_is_one_import(node, clerk, offer):
    page, content = clerk.get("/desk/imports"), csv_of(rows(offer, "at-once")).encode()

    def send(key):
        with httpx.Client(base_url=node.url, cookies=clerk.cookies, timeout=60) as tab:
            return tab.post("/desk/imports", data=form(page, key=key), files={"file": ("at-once.csv", content)})

    with ThreadPoolExecutor(3) as pool:
        for key in (f"at-once-{number}" for number in range(6)):
            answers = list(pool.map(send, [key] * 3))
            assert [each.status_code for each in answers] == [303] * 3, [summary(each) for each in answers]
            assert len({each.headers["location"] for each in answers}) == 1
            assert clerk.get(answers[0].headers["location"]).status_code == 200


def test_a_wrong_token_is_refused_before_anything_is_stored(clerk, offer):
    content = csv_of(rows(offer, "forged"))
    for data in ({"csrf": "0" * 64, "key": "f1"}, {"key": "f2"}):
        answer = clerk.post("/desk/imports", data=data, files={"file": ("forged.csv", content)})
        assert answer.status_code == 403
    late = [("file", ("forged.csv", content.encode())), ("csrf", (None, "0" * 64))]
    assert clerk.post("/desk/imports", files=late).status_code == 403
    foreign = clerk.post(
        "/desk/imports",
        data=form(clerk.get("/desk/imports"), key="f3"),
        files={"file": ("f.csv", content)},
        headers={"Sec-Fetch-Site": "cross-site"},
    )
    assert foreign.status_code == 403
    assert "forged.csv" not in clerk.get("/desk/imports").text


def test_an_upload_that_is_sent_twice_is_one_import(clerk, offer):
    page, content = clerk.get("/desk/imports"), csv_of(rows(offer, "twice"))
    data = form(page, key=str(uuid.uuid4()))
    first, again = (clerk.post("/desk/imports", data=data, files={"file": ("t.csv", content)}) for _ in range(2))
    assert first.headers["location"] == again.headers["location"]


def test_what_a_file_says_is_never_markup(clerk, approver, offer):
    content = rows(offer, "hostile", 3)
    content[0] |= {"family_name": SCRIPT, "awarding_date": SCRIPT}
    content[1] |= {"record": f"r{SCRIPT}", "note": SCRIPT, "grade": SCRIPT}
    content = [{**each, "note": each.get("note", ""), "grade": each.get("grade", "")} for each in content]
    path = checked(clerk, upload(clerk, csv_of(content), f"{SCRIPT}.csv"))
    pages = [clerk.get(path), clerk.get(f"{path}?row=2"), clerk.get("/desk/imports")]
    pages += [act(clerk, f"{path}?row=2", f"{path}/rows/2", do="check", record=SCRIPT, note=SCRIPT)]
    waiting = hand_over(clerk, path)
    pages += [approver.get(waiting), approver.get("/desk/releases")]
    pages += [act(approver, waiting, waiting, do="return", note=SCRIPT), clerk.get(path)]
    for page in pages:
        assert SCRIPT not in page.text, page.url
        assert page.headers["cache-control"] == "no-store" or page.status_code == 303
    assert "&lt;script&gt;" in pages[-1].text


def test_two_clerks_who_correct_one_row_see_both_and_overwrite_nothing(node, clerk, offer):
    colleague = node.sign_in("clerk")
    content = rows(offer, "conflict", 2)
    content[0]["awarding_date"] = "x"
    path = checked(clerk, upload(clerk, csv_of(content)))
    stale = hidden(clerk.get(f"{path}?row=2"), f"{path}/rows/2")
    cells = {**content[0], "awarding_date": "2026-05-01"}
    assert act(colleague, f"{path}?row=2", f"{path}/rows/2", **cells).status_code == 303
    late = clerk.post(f"{path}/rows/2", data={**stale, **cells, "awarding_date": "2026-06-02", "do": "check"})
    assert late.status_code == 409
    assert "Somebody else decided about row 2 meanwhile" in late.text
    assert "2026-06-02" in late.text
    assert 'value="2026-05-01"' in late.text
    taken_back = act(clerk, f"{path}?row=2", f"{path}/rows/2", do="undo")
    assert taken_back.status_code == 303
    assert "1 of 2 rows cannot be issued yet" in clerk.get(path).text


def test_a_corrected_row_is_checked_against_all_rows_of_its_file(clerk, offer):
    content = [{**each, "awarding_date": "x"} for each in rows(offer, "alike", 5)]
    content[4]["awarding_date"] = right = "2026-06-30"
    path = checked(clerk, upload(clerk, csv_of(content)))
    content = [{**each, "awarding_date": right} for each in content]

    def correct(line, **cells):
        return act(clerk, f"{path}?row={line}", f"{path}/rows/{line}", **{**content[line - 2], **cells})

    record, student = content[4]["record"], content[4]["student"]
    twice = correct(2, record=record)
    assert twice.status_code == 422
    assert "an earlier row has this id and says something else: line 6, which differs in student" in twice.text
    other_person = correct(2, student=student, family_name="Smit", date_of_birth="1979-11-30")
    assert other_person.status_code == 422
    assert "Line 6 of this file has the same student number" in other_person.text
    same = correct(2, record=record, student=student)
    assert same.status_code == 303, summary(same)
    assert correct(3, student="alike-new").status_code == 303
    corrected = correct(4, student="alike-new", family_name="Smit", date_of_birth="1979-11-30")
    assert corrected.status_code == 422
    assert "Line 3 of this file has the same student number" in corrected.text
    repeated = correct(4, record=content[1]["record"], student="alike-new")
    assert repeated.status_code == 422
    assert "says the same as line 3, which was corrected; leave one of the two out" in repeated.text
    assert act(clerk, f"{path}?row=3", f"{path}/rows/3", do="undo").status_code == 303
    assert correct(4, student="alike-new", family_name="Smit", date_of_birth="1979-11-30").status_code == 303
    assert "2 rows are ready" in clerk.get(path).text or "2 of 5" in clerk.get(path).text


def test_rows_that_were_corrected_stay_in_sight_and_lose_their_form_when_handed_over(clerk, approver, offer):
    content = rows(offer, "sight", 3)
    content[0]["awarding_date"] = "x"
    path = checked(clerk, upload(clerk, csv_of(content)))
    cells = {**content[0], "awarding_date": "2026-06-30"}
    assert act(clerk, f"{path}?row=2", f"{path}/rows/2", **cells).status_code == 303
    page = clerk.get(path).text
    assert "All 3 rows are ready" in page
    assert f"{path}?show=decided" in page
    assert f'action="{path}/rows/2"' in clerk.get(f"{path}?row=2").text
    waiting = hand_over(clerk, path)
    assert act(approver, waiting, waiting, do="release", seen="true").status_code == 303
    released = clerk.get(f"{path}?row=2")
    assert released.status_code == 200
    assert f'action="{path}/rows/2"' not in released.text
    assert f"{path}?show=decided" in clerk.get(path).text


def test_who_lacks_the_role_is_refused(node, clerk, approver, offer):
    auditor = node.sign_in("auditor")
    assert auditor.get("/desk/imports").status_code == 403
    assert node.browser().get("/desk/imports").status_code == 303
    path = checked(clerk, upload(clerk, csv_of(rows(offer, "roles", 2))))
    assert "multipart/form-data" not in approver.get("/desk/imports").text
    token = form(approver.get("/account"))
    refused = [
        approver.post(f"{path}/hand-over", data={**token, "key": "k", "version": "0"}),
        approver.post(f"{path}/rows/2", data={**token, "key": "k", "seen": "0"}),
        approver.post("/desk/imports", data={**token, "key": "k"}, files={"file": ("a.csv", b"x")}),
        approver.get(f"{path}/corrections.csv"),
    ]
    waiting = hand_over(clerk, path)
    refused += [clerk.post(waiting, data={**form(clerk.get(waiting)), "key": "k", "do": "release"})]
    assert {answer.status_code for answer in refused} == {403}


def test_the_rows_still_wrong_come_as_a_file(clerk, offer):
    content = rows(offer, "file", 3)
    for each in content:
        each["awarding_date"] = "x"
    path = checked(clerk, upload(clerk, csv_of(content), "of Jansen.csv"))
    assert act(clerk, f"{path}?row=2", f"{path}/rows/2", do="leave", seen="9" * 5000).status_code == 400
    act(clerk, f"{path}?row=2", f"{path}/rows/2", do="leave")
    answer = clerk.get(f"{path}/corrections.csv")
    assert len(answer.text.splitlines()) == 3
    assert "Jansen" not in answer.headers["content-disposition"]
    again = upload(clerk, answer.text.replace(",x,", ",2026-06-30,"), "corrected.csv", previous=path.rpartition("/")[2])
    assert "It corrects an earlier file" in clerk.get(checked(clerk, again)).text


def test_a_spreadsheet_is_repaired_row_by_row_too(clerk, approver, offer):
    content = rows(offer, "repaired-sheet", 4)
    content[2]["awarding_date"] = "30 June"
    book = openpyxl.Workbook()
    for line in [list(content[0]), *(list(each.values()) for each in content)]:
        book.active.append(line)
    file = io.BytesIO()
    book.save(file)
    path = checked(clerk, upload(clerk, file.getvalue(), "spring.xlsx"))
    assert "1 of 4 rows cannot be issued yet" in clerk.get(path).text
    assert "30 June" in clerk.get(path).text
    cells = {**content[2], "awarding_date": "2026-06-30"}
    assert act(clerk, f"{path}?row=4", f"{path}/rows/4", **cells).status_code == 303
    waiting = hand_over(clerk, path)
    assert "Release 4 credentials?" in approver.get(waiting).text
    assert act(approver, waiting, waiting, do="release", seen="true").status_code == 303
    until(lambda: "All 4 credentials are issued" in approver.get(waiting).text, 30)


def test_an_address_of_another_list_or_row_is_refused_in_words(clerk, offer):
    path = checked(clerk, upload(clerk, csv_of(rows(offer, "address", 2))))
    for address, status in (
        (f"{path}?row=99", 404), (f"{path}?row=x", 422), (f"{path}?page=1000000", 200), (f"{path}?fault=nothing", 200),
        ("/desk/imports?cursor=nonsense", 422), (f"/desk/imports/{uuid.uuid4()}", 404),
        (f"/desk/releases/{uuid.uuid4()}", 404),
    ):  # fmt: skip
        assert clerk.get(address).status_code == status, address
