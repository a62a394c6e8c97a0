"""What is wrong with a row, in the language of the clerk who corrects it."""

import re

from tests.support.command import until
from tests.support.served import csv_of, form, row

DUTCH = "is geen datum; schrijf jjjj-mm-dd, bijvoorbeeld 2026-06-30"


def test_a_dutch_clerk_reads_in_dutch_what_is_wrong_with_a_cell(node, offer):
    clerk = node.sign_in("clerk")
    clerk.headers["Accept-Language"] = "nl"
    content = [row(offer, f"dutch-{number}", f"dutch-s{number}") for number in range(3)]
    content[1]["awarding_date"] = "<b>soon"
    page = clerk.get("/desk/imports")
    fields = form(page, key=re.search(r'name="key" value="([^"]+)"', page.text)[1])
    path = clerk.post("/desk/imports", data=fields, files={"file": ("dutch.csv", csv_of(content))}).headers["location"]
    until(lambda: 'id="progress"' not in clerk.get(path).text, 30)
    shown = clerk.get(path).text
    fault, cure = DUTCH.split("; ")
    assert fault in shown
    assert cure in shown
    assert "is not a date" not in shown
    assert 'lang="en"' not in shown.partition('<main id="main"')[2]
    opened = clerk.get(f"{path}?row=3").text
    assert DUTCH in opened
    assert "&lt;b&gt;soon" in opened
    wrong = clerk.post(
        f"{path}/rows/3",
        data=dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', opened))
        | {**content[1], "date_of_birth": "2999-01-01"},
    )
    assert wrong.status_code == 422
    summary = wrong.text.partition('class="summary-error"')[2].partition("</div>")[0]
    assert "is geen datum" in summary
    assert "ligt in de toekomst" in summary
