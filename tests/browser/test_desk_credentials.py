"""The registrar's desk in a browser: its main journeys with credentials, with and without scripts."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import READERS
from tests.support.command import until


@pytest.mark.parametrize("reader", READERS)
def test_a_clerk_finds_a_credential_by_its_learner_s_name_and_suspends_and_reinstates_it(desk, open_desk, reader):
    page = open_desk("clerk", **READERS[reader])
    page.goto("/desk/credentials")
    page.get_by_label("Name, student number").fill("kowalczyk")
    page.get_by_role("button", name="Find").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("1 credential found")
    assert "owalczyk" not in page.url
    page.get_by_role("link", name="Kowalczyk, Marta").click()
    for act, word in (("Suspend…", "Suspended."), ("Reinstate…", "Reinstated.")):
        page.get_by_role("button", name=act).click()
        if act == "Suspend…":
            page.get_by_label("Under review").check()
        page.get_by_role("button", name=re.compile("(Suspend|Reinstate) 1 credential")).click()
        expect(page.get_by_role("status")).to_contain_text(word)
    assert desk.credentials.plain in page.url


def test_several_are_revoked_by_a_clerk_and_a_second_person(desk, open_desk, judge):
    clerk = open_desk("clerk")
    clerk.goto("/desk/credentials?status=active")
    for credential in (desk.credentials.decided, desk.credentials.part, desk.credentials.other):
        clerk.locator(f'input[value="{credential}"]').check()
    clerk.get_by_role("button", name="Revoke…").click()
    expect(clerk.get_by_role("heading", level=1)).to_have_text("Revoke 3 credentials")
    expect(clerk.get_by_text("Part of “Sustainable cities”")).to_be_visible()
    expect(clerk.get_by_text("Recognised in full")).to_be_visible()
    clerk.get_by_role("button", name="Ask a colleague to revoke 3").click()
    expect(clerk.get_by_role("alert")).to_contain_text("Choose a reason.")
    clerk.get_by_label("Issued in error").check()
    clerk.get_by_role("button", name="Ask a colleague to revoke 3").click()
    expect(clerk.get_by_role("heading", level=1)).to_have_text("3 changes wait for a colleague")
    judge(clerk)
    colleague = open_desk("approver", scripts=False)
    colleague.goto("/desk")
    colleague.get_by_role("link", name="changes of status to release").click()
    colleague.get_by_role("button", name="Release 3 changes").click()
    until(lambda: "3 credentials changed" in (colleague.reload() and colleague.inner_text("h1")))
