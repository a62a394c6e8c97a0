"""Handing an import over, without a script: release by a second person, sending back, what is refused after it."""

import json
import re
from concurrent.futures import ThreadPoolExecutor
from importlib import resources

import httpx
import pytest

from tests.support.command import until
from tests.support.import_pages import act, checked, hand_over, hidden, rows, summary, upload
from tests.support.served import csv_of, form, once, row


@pytest.fixture(scope="module")
def clerk(node):
    return node.sign_in("clerk")


@pytest.fixture(scope="module")
def approver(node):
    return node.sign_in("approver", name="Anouk de Vries")


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
    for page in (approver.get(waiting).text, clerk.get(path).text):
        assert 'aria-current="step"' not in page  # the last step is done, too
        assert page.count('<li class="done">') == 4
    assert "Close the import" not in clerk.get(path).text


def test_several_hand_overs_at_once_wait_for_their_turn_and_each_acts_once(clerk, offer, node):
    content = csv_of(rows(offer, "at-a-time", 2))
    paths = [checked(clerk, upload(clerk, content.replace("at-a-time", f"turn{number}"))) for number in range(4)]
    forms = [(f"{path}/hand-over", hidden(clerk.get(path), f"{path}/hand-over")) for path in paths]

    def send(form_of_import):
        target, data = form_of_import
        with httpx.Client(base_url=node.url, cookies=clerk.cookies, timeout=60) as tab:
            return tab.post(target, data=data)

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(send, forms * 2))  # each by a double click
    assert [each.status_code for each in answers] == [303] * 8, [summary(each) for each in answers]
    assert all(len(set(re.findall(r"/desk/releases/[0-9a-f-]{36}", clerk.get(path).text))) == 1 for path in paths)


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


def test_a_row_that_is_refused_after_its_release_is_in_sight_and_can_be_corrected(node, clerk, approver, offer):
    content = rows(offer, "persons", 3)
    path = checked(clerk, upload(clerk, csv_of([*content[:2], {**content[2], "awarding_date": "x"}])))
    content[2] |= {"family_name": "Smit", "date_of_birth": "1979-11-30"}
    assert act(clerk, f"{path}?row=4", f"{path}/rows/4", **content[2]).status_code == 303
    assert "All 3 rows are ready" in clerk.get(path).text
    waiting = hand_over(clerk, path)
    # Meanwhile the number of the corrected row becomes somebody else's.
    body = row(offer, "persons-else", content[2]["student"])
    assert node.client("credentials:write").post("/v1/credentials", json=body, headers=once("else")).is_success
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
    corrected = file.text.replace(content[2]["student"], "persons-other")
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
