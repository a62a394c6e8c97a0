"""The main journeys by the keyboard alone: nothing is clicked, and one always sees where the focus is."""

from uuid import uuid4

import pytest
from playwright.sync_api import expect

from tests.http.test_cases import opened
from tests.support.command import until
from tests.support.keyboard import Keyboard
from tests.support.served import csv_of, row

PERSON = {"familyName": "Keys", "givenName": "Ada", "dateOfBirth": "2001-02-03"}


@pytest.fixture
def sit_down(site, open_reader):
    """Sign a person with these roles in; return their page and keyboard."""

    def act(*roles):
        page = open_reader()
        keys = Keyboard(page)
        name = f"Kim, {roles[0]} {uuid4()}"
        page.goto(site.link(*roles, name=name))
        keys.skip()
        keys.go_to(f"Sign in as {name}")
        keys.press("Enter")
        page.wait_for_url("**/account")
        return page, keys

    return act


def test_a_file_is_repaired_handed_over_and_released(site, sit_down, tmp_path):
    content = [row(site.achievements.plain, f"keys {number}", f"keys-{number}") for number in range(3)]
    content[1]["awarding_date"] = "2026-13-02"
    file = tmp_path / "keys.csv"
    file.write_text(csv_of(content))
    page, keys = sit_down("clerk")
    # From the beginning: asked for right before Enter, the browser may hear of it after the key.
    page.on("filechooser", lambda chooser: chooser.set_files(file))
    keys.open("Registrar’s desk", "wait")  # noqa: RUF001 - the apostrophe of English
    keys.open("Imports", "Imports")
    keys.skip()
    keys.go_to("File")
    keys.press("Enter")
    until(lambda: page.evaluate("document.activeElement.files.length"))
    keys.open("Upload and check", "1 of 3 rows cannot be issued yet")
    keys.skip()
    keys.go_to("Correct row 3")
    keys.press("Enter")
    page.wait_for_url("**row=3**")
    keys.go_to("Awarding date")
    keys.replace("never")
    keys.open("Check row 3", "Row 3 is still not right")
    keys.go_to("Awarding date")
    keys.replace("2026-03-02")
    keys.go_to("Check row 3")
    keys.press("Enter")
    page.get_by_text("The row is right and ready to hand over").wait_for()
    keys.skip()
    keys.open("Hand over 3 for release", "3 rows wait for release")
    _, keys = sit_down("approver")
    keys.open("Registrar’s desk", "wait")  # noqa: RUF001 - the apostrophe of English
    keys.open("Releases", "wait")
    keys.skip()
    keys.open("keys.csv", "Release 3 credentials?")
    keys.skip()
    keys.go_to("I compared the rows that were drawn, and looked at what stands out")
    keys.press("Space")
    keys.open("Release 3", "All 3 credentials are issued")


def test_a_case_is_decided_and_approved_by_two_persons(site, sit_down):
    case = opened(site.client(), applicant=PERSON)
    address = f"/office/cases/{case}"
    page, keys = sit_down("officer")
    keys.open("Recognition office", "open case")
    open_row(page, keys, address)
    keys.skip()
    keys.go_to("The file is complete")
    keys.press("Enter")
    page.get_by_role("heading", name="Compare").first.wait_for()
    keys.skip()
    keys.go_to("If not substantial: why (the letter prints it)")
    page.keyboard.type("NOKUT accredits it.")
    choose(page, keys, "outcome-0", "full")
    keys.go_to("Propose for approval")
    keys.press("Enter")
    page.get_by_text("Proposed for approval").first.wait_for()
    colleague, keys = sit_down("decision-approver")
    keys.open("Recognition office", "open case")
    open_row(colleague, keys, address)
    keys.skip()
    for name, text in (("Approve", "Publish the decision"), ("Publish the decision", "Decision published")):
        keys.go_to(name)
        keys.press("Enter")
        colleague.get_by_text(text).first.wait_for()


def open_row(page, keys, address):
    """Go down the list by j, one up by k and down again, and open the row by o."""
    link = "document.activeElement.getAttribute('href')"
    keys.press("j", "j", "k")
    while page.evaluate(link) != address:
        before = page.evaluate(link)
        keys.press("j")
        keys.focus()
        assert page.evaluate(link) != before, "the case is not in the list"
    keys.press("o")
    page.wait_for_url(f"**{address}")


def choose(page, keys, name, value):
    """Go to a group of choices by Tab, and to one of them by arrows."""
    chosen = "() => [document.activeElement.name, document.activeElement.value, document.activeElement.checked]"
    for _ in range(100):
        keys.press("Tab")
        keys.focus()
        if page.evaluate(chosen)[0] == name:
            break
    keys.press("Space")
    for _ in range(9):
        if page.evaluate(chosen) == [name, value, True]:
            return
        keys.press("ArrowRight")
    raise AssertionError(f"arrows do not lead to {value}")


def test_a_credential_is_verified_and_its_receipt_taken_away(site, open_reader):
    page = open_reader()
    keys = Keyboard(page)
    page.goto("/")
    keys.skip()
    page.reload()
    keys.open("Verify", "Verify a credential")
    keys.skip()
    keys.go_to("Link or number")
    page.keyboard.type("nonsense")
    keys.press("Enter")
    page.get_by_role("heading", name="There is a problem").wait_for()
    keys.go_to("Link or number")
    keys.replace(f"twente/{site.credentials.valid}")
    keys.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Valid")
    keys.skip()
    keys.go_to("Download the receipt")
    with page.expect_download() as download:
        keys.press("Enter")
    assert download.value.suggested_filename.endswith(".tlog-proof")
