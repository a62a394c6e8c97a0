"""A clerk repairs a faulty file and hands it over, and a colleague releases it: with and without scripts."""

import re
from typing import Any

import pytest

from tests.browser.conftest import READERS
from tests.support.browser import html_faults
from tests.support.command import until
from tests.support.served import csv_of, form, row

HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def sign_in(site, open_reader):
    """Open a browser of a person with these roles."""

    def act(*roles, **options):
        page = open_reader(**options)
        page.goto(site.link(*roles))
        page.locator("main button").first.click()
        page.wait_for_url("**/account")
        return page

    return act


@pytest.mark.parametrize("reader", READERS)
def test_a_faulty_file_is_repaired_and_released(site, sign_in, judge, tmp_path, reader):
    options: dict[str, Any] = READERS[reader]
    look = judge if options.get("scripts", True) else bool  # axe-core is a script, too
    prefix = reader.replace(" ", "-")
    content = [row(site.achievements.plain, f"{prefix}-{number}", f"{prefix}-{number}") for number in range(40)]
    content[4]["awarding_date"] = "2026-13-02"
    content[6]["date_of_birth"] = "2029-10-15"
    content[7]["family_name"] = HOSTILE
    content[9]["achievement"] = "0bbac7a9-a411-4809-ad9e-534f483b7a03"
    file = tmp_path / f"{HOSTILE[:8]}spring.csv"
    file.write_text(csv_of(content))
    clerk = sign_in("clerk", **options)
    clerk.goto("/desk/imports")
    look(clerk)
    clerk.get_by_label("File", exact=True).set_input_files(file)
    clerk.get_by_role("button", name="Upload and check").click()
    heading = clerk.get_by_role("heading", level=1)
    while "being checked" in heading.inner_text():
        clerk.wait_for_timeout(300)
        if not options.get("scripts", True):
            clerk.get_by_role("link", name="See how far it is now").click()
    assert heading.inner_text() == "4 of 40 rows cannot be issued yet"
    look(clerk)
    clerk.get_by_role("link", name="Correct row 6").click()
    look(clerk)
    clerk.get_by_label("Awarding date").fill("never")
    clerk.get_by_role("button", name="Check row 6").click()
    assert clerk.get_by_role("heading", name="Row 6 is still not right").is_visible()
    look(clerk)
    clerk.get_by_label("Awarding date").fill("2026-03-02")
    clerk.get_by_role("button", name="Check row 6").click()
    assert clerk.get_by_text("The row is right and ready to hand over").is_visible()
    clerk.get_by_role("link", name="Correct row 8").click()
    clerk.get_by_role("button", name="Leave this row out").click()
    assert heading.inner_text() == "2 of 40 rows cannot be issued yet"
    clerk.get_by_role("button", name="Hand over 37 for release").click()
    clerk.get_by_role("link", name="37 rows").click()
    assert clerk.get_by_role("button", name="Release 37").count() == 0
    release(sign_in("approver", **options), clerk.url, look, has_scripts=options.get("scripts", True))


def release(approver, address, look, *, has_scripts):
    """Release what a clerk handed over, as a colleague does."""
    approver.goto("/desk/releases")
    look(approver)
    approver.goto(address)
    look(approver)
    approver.get_by_label("I compared the rows").check()
    approver.get_by_role("button", name="Release 37").click()
    approver.wait_for_timeout(500)
    while "being issued" in approver.locator("h1").inner_text():
        approver.wait_for_timeout(300)
        if not has_scripts:
            approver.get_by_role("link", name="See how far it is now").click()
    assert approver.locator("h1").inner_text() == "All 37 credentials are issued"
    look(approver)


def test_each_page_is_valid_html(site, vnu, tmp_path):
    clerk, approver = site.sign_in("clerk"), site.sign_in("approver")
    content = [row(site.achievements.plain, f"vnu-{number}", f"vnu-{number}") for number in range(3)]
    content[0]["awarding_date"] = "x"
    data = form(clerk.get("/desk/imports"), key="vnu")
    answer = clerk.post("/desk/imports", data=data, files={"file": ("vnu.csv", csv_of(content))})
    path = answer.headers["location"]
    pages = {"list": clerk.get("/desk/imports").text, "progress": clerk.get(path).text}
    until(lambda: "See how far it is now" not in clerk.get(path).text, 60)
    pages |= {"checked": clerk.get(path).text, "open": clerk.get(f"{path}?row=2").text}
    fields = {"key": "vnu-row", "seen": "0", "do": "check"}
    pages["wrong"] = clerk.post(f"{path}/rows/2", data=form(clerk.get(path), **fields)).text
    version = re.search(r'name="version" value="(\d+)"', pages["checked"])[1]
    clerk.post(f"{path}/hand-over", data=form(clerk.get(path), key="vnu-hand-over", version=version))
    waiting = re.search(r"/desk/releases/[0-9a-f-]{36}", clerk.get(path).text)[0]
    pages |= {"release": approver.get(waiting).text, "releases": approver.get("/desk/releases").text}
    pages |= {"own": clerk.get(waiting).text, "handed": clerk.get(path).text}
    faults = html_faults(vnu, tmp_path, pages)
    assert not faults, "\n".join(faults)
