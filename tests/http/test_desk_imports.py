"""The clerk's import, without a script: upload, what is wrong, fix in place, hand over, release by a second person."""

import io
import json
import re
import uuid
from importlib import resources

import openpyxl
import pytest

from tests.support.command import until
from tests.support.served import csv_of, form, once, row

SCRIPT = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def clerk(node):
    return node.sign_in("clerk")


@pytest.fixture(scope="module")
def approver(node):
    return node.sign_in("approver", name="Anouk de Vries")


def upload(clerk, content, name="spring.csv", **fields):
    page = clerk.get("/desk/imports")
    data = form(page, key=re.search(r'name="key" value="([^"]+)"', page.text)[1], **fields)
    return clerk.post("/desk/imports", data=data, files={"file": (name, content)})


def checked(clerk, answer):
    """The path of an upload's page, once it was checked."""
    assert answer.status_code == 303, summary(answer)
    path = answer.headers["location"]
    until(lambda: "See how far it is now" not in clerk.get(path).text, 30)
    return path


def summary(answer):
    return re.sub(r"\s+|<[^>]+>", " ", answer.text.partition('class="summary-error')[2])[:800] or answer.text[:800]


def act(browser, path, target, **fields):
    """Send a form of a page with the version and the key that it has."""
    return browser.post(target, data={**hidden(browser.get(path), target), **fields})


def hidden(page, target):
    """The hidden fields of a page's form."""
    block = page.text.partition(f'action="{target}"')[2].partition("</form>")[0]
    return dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', block))


def rows(offer, prefix, count=5):
    return [row(offer, f"{prefix}-{number}", f"{prefix}-s{number}") for number in range(count)]


def test_a_faulty_file_is_repaired_handed_over_and_released(offer, clerk, approver):
    content = rows(offer, "journey")
    content[1]["awarding_date"] = "2026-13-02"
    content[3]["date_of_birth"] = "2029-10-15"
    path = checked(clerk, upload(clerk, csv_of(content)))
    page = clerk.get(path).text
    assert "2 of 5 rows cannot be issued yet" in page
    assert "2026-13-02" in page
    opened = clerk.get(f"{path}?row=3").text
    assert "Check row 3" in opened
    cells = {**content[1], "awarding_date": "2026-03-02"}
    wrong = act(clerk, f"{path}?row=3", f"{path}/rows/3", **{**cells, "date_of_birth": "2027-01-01"})
    assert wrong.status_code == 422
    assert "Row 3 is still not right" in wrong.text
    assert "2027-01-01" in wrong.text
    right = act(clerk, f"{path}?row=3", f"{path}/rows/3", do="check", **cells)
    assert right.status_code == 303, summary(right)
    assert act(clerk, f"{path}?row=5", f"{path}/rows/5", do="leave").status_code == 303
    page = clerk.get(path).text
    assert "All 4 rows are ready" in page
    answer = act(clerk, path, f"{path}/hand-over")
    assert answer.status_code == 303, summary(answer)
    waiting = re.search(r"/desk/releases/[0-9a-f-]{36}", clerk.get(path).text)[0]
    own = act(clerk, waiting, waiting, do="release")
    assert own.status_code == 403
    assert "Anouk de Vries" in clerk.get(waiting).text
    page = approver.get(waiting).text
    assert "Release 4 credentials?" in page
    assert "Compare these 4 with your own records" in page
    unseen = act(approver, waiting, waiting, do="release")
    assert unseen.status_code == 422
    assert act(approver, waiting, waiting, do="release", seen="true").status_code == 303
    until(lambda: "All 4 credentials are issued" in approver.get(waiting).text, 30)
    assert len(re.findall(r"/verify/twente/[0-9a-f-]{36}", approver.get(waiting).text)) == 4


def hand_over(clerk, path, **fields):
    """Hand over an import, and return the path of its newest batch."""
    answer = act(clerk, path, f"{path}/hand-over", **fields)
    assert answer.status_code == 303, summary(answer)
    return re.search(r"/desk/(releases|changes)/[0-9a-f-]{36}", clerk.get(path).text)[0]


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


def test_a_hand_over_of_an_import_that_changed_meanwhile_hands_over_nothing(clerk, offer):
    content = rows(offer, "changed", 3)
    content[0]["awarding_date"] = "x"
    path = checked(clerk, upload(clerk, csv_of(content)))
    old = hidden(clerk.get(path), f"{path}/hand-over")
    assert act(clerk, f"{path}?row=2", f"{path}/rows/2", do="leave").status_code == 303
    answer = clerk.post(f"{path}/hand-over", data=old)
    assert answer.status_code == 409
    assert "changed since you opened the page" in answer.text
    assert "/desk/releases/" not in answer.text


def listed(clerk, path):
    """The row of an import in the list."""
    return clerk.get("/desk/imports").text.partition(f'href="{path}"')[2].partition("</tr>")[0]


def sent_back(clerk):
    """The number of imports sent back, as the desk's first page counts them."""
    return int(re.search(r"imports that a colleague sent back</a></dt><dd>(\d+)", clerk.get("/desk").text)[1])


def test_a_row_that_is_refused_after_its_release_is_in_sight_and_can_be_corrected(clerk, approver, offer):
    content = rows(offer, "persons", 3)
    content[2] |= {"student": content[1]["student"], "family_name": "Smit", "date_of_birth": "1979-11-30"}
    path = checked(clerk, upload(clerk, csv_of([*content[:2], {**content[2], "awarding_date": "x"}])))
    # A row that is corrected is compared with what is issued, not with the other rows of its file.
    assert act(clerk, f"{path}?row=4", f"{path}/rows/4", **content[2]).status_code == 303
    assert "All 3 rows are ready" in clerk.get(path).text
    waiting = hand_over(clerk, path)
    assert act(approver, waiting, waiting, do="release", seen="true").status_code == 303
    until(lambda: "2 of 3 rows are issued, 1 was refused" in clerk.get(path).text, 30)
    page = clerk.get(path).text
    assert "Rows refused" in page
    assert "2 took effect, 1 refused" in page
    assert f'<a href="{waiting}">See why 1 row was refused' in page
    in_list = listed(clerk, path)
    assert ("1 row was refused" in in_list, "Done" in in_list) == (True, False)
    file = clerk.get(f"{path}/refused.csv")
    [header, row_of_file] = file.text.splitlines()
    assert header.endswith(",problem")
    assert ("Smit" in row_of_file, file.headers["cache-control"]) == (True, "no-store")
    corrected = file.text.replace(content[1]["student"], "persons-other")
    again = checked(clerk, upload(clerk, corrected, "refused.csv", previous=path.rpartition("/")[2]))
    assert "1 row is ready" in clerk.get(again).text
    assert approver.get(f"{path}/refused.csv").status_code == 403


def test_a_batch_that_is_sent_back_can_be_handed_over_again_and_the_rest_later(clerk, approver, offer):
    content = rows(offer, "back", 4)
    content[3]["awarding_date"] = "x"
    path = checked(clerk, upload(clerk, csv_of(content)))
    waiting = hand_over(clerk, path)
    before = sent_back(clerk)
    silent = act(approver, waiting, waiting, do="return", note=" ")
    assert silent.status_code == 422
    back = act(approver, waiting, waiting, do="return", note="Is 30 June right?")
    assert back.status_code == 303
    assert "Is 30 June right?" in clerk.get(path).text
    assert re.search(r"Sent back\W.*3 rows, with a reason", listed(clerk, path), re.DOTALL)
    assert sent_back(clerk) == before + 1
    late = approver.post(waiting, data=form(approver.get("/account"), key="late", do="release", seen="true"))
    assert late.status_code == 409
    again = hand_over(clerk, path)
    assert again != waiting
    assert "Sent back" not in listed(clerk, path)
    assert sent_back(clerk) == before
    assert act(approver, again, again, do="release", seen="true").status_code == 303
    until(lambda: "All 3 credentials are issued" in approver.get(again).text, 30)
    cells = {**content[3], "awarding_date": "2026-06-30"}
    assert act(clerk, f"{path}?row=5", f"{path}/rows/5", **cells).status_code == 303
    rest = hand_over(clerk, path)
    assert "Release 1 credential?" in approver.get(rest).text


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


def test_two_approvers_at_once_release_once_and_the_other_is_told(node, clerk, approver, offer):
    path = checked(clerk, upload(clerk, csv_of(rows(offer, "both", 2))))
    waiting = hand_over(clerk, path)
    other = node.sign_in("approver")
    forms = [hidden(browser.get(waiting), waiting) for browser in (approver, other)]
    first = approver.post(waiting, data={**forms[0], "do": "release", "seen": "true"})
    second = other.post(waiting, data={**forms[1], "do": "release", "seen": "true"})
    again = approver.post(waiting, data={**forms[0], "do": "release", "seen": "true"})
    assert (first.status_code, second.status_code, again.status_code) == (303, 409, 303)
    assert "waits for no release" in second.text


def test_who_corrected_a_row_cannot_release_it_either(node, clerk, offer):
    both = node.sign_in("clerk", "approver")
    content = rows(offer, "corrector", 2)
    content[0]["awarding_date"] = "x"
    path = checked(clerk, upload(clerk, csv_of(content)))
    cells = {**content[0], "awarding_date": "2026-06-30"}
    assert act(both, f"{path}?row=2", f"{path}/rows/2", **cells).status_code == 303
    waiting = hand_over(clerk, path)
    assert "Your decision" not in both.get(waiting).text
    forged = form(both.get(waiting), key="corrector", do="release", seen="true")
    assert both.post(waiting, data=forged).status_code == 403


def test_what_cannot_be_read_is_not_released(node, clerk, approver, offer):
    issued = node.client("credentials:write").post(
        "/v1/credentials", json=row(offer, "gone", "gone"), headers=once("gone")
    )
    changes = f"credential,change,reason\n{issued.json()['credential']},suspend,underReview\n"
    awards = csv_of(rows(offer, "lost", 2))
    for content, name, kind, button in (
        (awards, "lost.csv", "credentials", "Release 2<"),
        (changes, "gone.csv", "statusChanges", "Release 1 change<"),
    ):
        waiting = hand_over(clerk, checked(clerk, upload(clerk, content, name, kind=kind)))
        page = approver.get(waiting)
        assert button in page.text
        assert "The content of this batch cannot be read" not in page.text
        [file] = [each for each in node.home.rglob(f"{waiting.rpartition('/')[2]}*") if each.is_file()]
        file.unlink()
        shown = approver.get(waiting).text
        assert "The content of this batch cannot be read" in shown
        assert button not in shown
        target = f"{waiting}/release" if kind == "statusChanges" else waiting
        answer = approver.post(target, data={**hidden(page, target), "do": "release", "seen": "true"})
        assert (answer.status_code, "This step changed nothing" in answer.text) == (409, True)
        assert "cannot be read, so nobody can" in answer.text


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


def test_rows_in_ndjson_are_handed_over_for_a_day(clerk, approver, offer):
    objects = rows(offer, "ndjson", 3)
    objects[1]["awarding_date"] = "soon"
    content = "".join(json.dumps(each) + "\n" for each in objects)
    path = checked(clerk, upload(clerk, content, "rows.ndjson"))
    assert "1 of 3 rows cannot be issued yet" in clerk.get(path).text
    assert (
        act(clerk, f"{path}?row=2", f"{path}/rows/2", **{**objects[1], "awarding_date": "2026-06-30"}).status_code
        == 303
    )
    waiting = hand_over(clerk, path, day="2030-01-01")
    assert "Release 3 credentials?" in approver.get(waiting).text
    assert act(approver, waiting, waiting, do="release", seen="true").status_code == 303
    assert "This batch waits for its day" in approver.get(waiting).text


def test_status_changes_documents_and_terms_are_uploaded_too(node, clerk, approver, offer):
    issued = node.client("credentials:write").post(
        "/v1/credentials", json=row(offer, "st-1", "st-1"), headers=once("st-1")
    )
    credential = issued.json()["credential"]
    changes = f"credential,change,reason\n{credential},suspend,underReview\nx,suspend,underReview\n"
    path = checked(clerk, upload(clerk, changes, "changes.csv", kind="statusChanges"))
    assert "1 of 2 rows cannot be issued yet" in clerk.get(path).text
    waiting = hand_over(clerk, path)
    number = waiting.rpartition("/")[2]
    assert f'href="/desk/changes/{number}"' in approver.get("/desk/releases").text
    assert "Jansen, Ada" in approver.get(waiting).text
    assert "1 change waits for a colleague" in approver.get(waiting).text
    assert "1 row cannot be read, and will change nothing" in approver.get(waiting).text
    assert "is not an id of a credential" in approver.get(waiting).text
    moved = approver.get(f"/desk/releases/{number}")
    assert (moved.status_code, moved.headers["location"]) == (303, waiting)
    token = form(approver.get(waiting))
    for decision in ("release", "return"):
        elsewhere = {**token, "key": f"st-{decision}", "do": decision, "seen": "true", "note": "Not so."}
        refused = approver.post(f"/desk/releases/{number}", data=elsewhere)
        assert (refused.status_code, "Decide on its page" in refused.text) == (409, True)
    assert "1 change waits for a colleague" in approver.get(waiting).text
    assert act(approver, waiting, f"{waiting}/return", note=" ").status_code == 422
    assert act(approver, waiting, f"{waiting}/return", note="Not so.").status_code == 303
    assert "This batch was sent back" in approver.get(waiting).text
    assert "Not so." in clerk.get(path).text
    waiting = hand_over(clerk, path)
    assert act(approver, waiting, f"{waiting}/release").status_code == 303
    until(lambda: "1 credential changed, and some rows were refused" in approver.get(waiting).text, 30)
    badge = resources.files("registry.intake").joinpath("samples", "openbadge.json").read_text()
    badge = badge.replace('"SOIL-1"', '"IMPORTED-1"')  # a course that nobody here knows
    path = checked(clerk, upload(clerk, badge, "badge.json"))
    assert "cannot be issued yet" in clerk.get(path).text
    term = f"record,achievement,awarding_date\nst-1,{offer},2026-06-30\nst-none,{offer},2026-06-30\n"
    terms = {"kind": "reconciliation", "from": "2026-06-30", "until": "2026-06-30"}
    path = checked(clerk, upload(clerk, term, "term.csv", **terms))
    assert "do not agree with the log" in clerk.get(path).text or "does not agree with the log" in clerk.get(path).text
    assert "Hand over for release" not in clerk.get(path).text


def test_a_table_with_other_names_is_mapped_and_the_mapping_is_remembered(clerk, offer):
    names = ["Award", "Module", "Number", "Surname", "Given name", "Born", "Awarded", "Points"]
    lines = [f"map-{number};{offer};map-s{number};Jansen;Ada;03-02-2001;30-06-2026;5,0" for number in range(3)]
    content = "\r\n".join([";".join(names), *lines, ""])
    path = checked(clerk, upload(clerk, content, "other.csv", dates="dmy"))
    page = clerk.get(path).text
    assert "Say what its columns are" in page
    columns = [
        "record",
        "achievement",
        "student",
        "family_name",
        "given_name",
        "date_of_birth",
        "awarding_date",
        "ects",
    ]
    chosen = {f"column-{place}": name for place, name in enumerate(columns)}
    unfit = act(clerk, path, f"{path}/columns", **{**chosen, "column-0": "student"})
    assert unfit.status_code == 422
    assert "No column stands for: Record" in unfit.text
    assert "Two columns stand for: Student number" in unfit.text
    answer = act(clerk, path, f"{path}/columns", **chosen)
    assert "All 3 rows are ready" in clerk.get(checked(clerk, answer)).text
    again = clerk.get(checked(clerk, upload(clerk, content.replace("map-", "map-b"), "again.csv", dates="dmy"))).text
    assert again.count(" selected>") == len(columns)


COLUMNS = ("record", "achievement", "student", "family_name", "given_name", "date_of_birth", "awarding_date", "ects")


def foreign_table(offer, prefix, first="Award"):
    names = [first, "Module", "Number", "Surname", "Given name", "Born", "Awarded", "Points"]
    lines = [
        f"{prefix}-{number};{offer};{prefix}-s{number};Jansen;Ada;03-02-2001;30-06-2026;5,0" for number in range(3)
    ]
    return "\r\n".join([";".join(names), *lines, ""])


def test_who_uploaded_a_table_cannot_release_it_though_somebody_else_named_its_columns(node, clerk, offer):
    both = node.sign_in("clerk", "approver")
    path = checked(both, upload(both, foreign_table(offer, "own"), "own.csv", dates="dmy"))
    chosen = {f"column-{place}": name for place, name in enumerate(COLUMNS)}
    waiting = hand_over(clerk, checked(clerk, act(clerk, path, f"{path}/columns", **chosen)))
    assert "Your decision" not in both.get(waiting).text
    forged = form(both.get(waiting), key="own columns", do="release", seen="true")
    assert both.post(waiting, data=forged).status_code == 403


def test_a_header_with_a_byte_that_is_no_character_is_shown(clerk, offer):
    content = foreign_table(offer, "mac", "\x83l\x8fve").encode("latin-1")
    page = clerk.get(checked(clerk, upload(clerk, content, "mac.csv", dates="dmy")))
    assert page.status_code == 200
    assert "Say what its columns are" in page.text


def test_a_spreadsheet_is_repaired_row_by_row_too(clerk, approver, offer):
    content = rows(offer, "sheet", 4)
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
