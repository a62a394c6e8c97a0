"""The clerk's import, without a script: upload, what is wrong, fix in place, hand over, release by a second person."""

import re

import pytest

from tests.support.command import until
from tests.support.served import csv_of, form, row

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
    page = browser.get(path)
    block = page.text.partition(f'action="{target}"')[2].partition("</form>")[0]
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', block))
    return browser.post(target, data={**hidden, **fields})


def rows(offer, prefix, count=5):
    return [row(offer, f"{prefix}-{number}", f"{prefix}-s{number}") for number in range(count)]


def test_a_faulty_file_is_repaired_handed_over_and_released(node, offer, clerk, approver):
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
    assert act(approver, waiting, waiting, do="release").status_code == 303
    until(lambda: "All 4 credentials are issued" in approver.get(waiting).text, 30)
    assert len(re.findall(r"/verify/twente/[0-9a-f-]{36}", approver.get(waiting).text)) == 4
