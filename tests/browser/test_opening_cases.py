"""Opening a case in a browser: faults at their fields, what was found, and one case; Back after a search by name."""

import pytest

from tests.browser.conftest import READERS
from tests.browser.test_office_pages import sign_in
from tests.support.browser import html_faults, overflow

ADDRESS = "/office/cases/new"


@pytest.mark.parametrize("reader", READERS)
def test_a_case_is_opened_from_a_link_and_a_paper(site, open_reader, judge, vnu, tmp_path, reader):
    options = READERS[reader]
    look = judge if options.get("scripts", True) else bool  # axe-core is a script, too
    page = open_reader(**options)
    sign_in(page, site, "officer")
    page.goto("/office")
    page.get_by_role("link", name="Open a case").click()
    look(page)
    page.get_by_label("Credentials of members").fill("not a number")
    page.get_by_role("button", name="Look it up").last.click()
    assert page.title().startswith("Error:")
    assert page.evaluate("document.activeElement.className") == "summary-error"
    look(page)
    assert overflow(page) <= 0
    pages = {"faults": page.content()}
    page.get_by_label("Credentials of members").fill(f"{site.url}/verify/twente/{site.credentials.valid}")
    page.get_by_label("Title", exact=True).fill("Statistics")
    page.get_by_label("Issued by").fill("Oslo Met")
    page.get_by_label("Country").select_option("NO")
    page.get_by_label("Programme or course that it should count towards").fill("Master of Energy")
    page.get_by_label("Family name").fill("Jansen")
    page.get_by_label("Given name").fill(f"Ada {reader}")
    page.get_by_label("Date of birth").fill("2001-02-03")
    page.get_by_role("button", name="Look it up").last.click()
    assert "2 credentials, before the case is opened" in page.locator("h1").inner_text()
    assert page.evaluate("document.activeElement.id") == "checked"
    look(page)
    assert overflow(page) <= 0
    pages["checked"] = page.content()
    page.get_by_role("button", name="Open the case").click()
    assert "The case is open" in page.locator(".notice").first.inner_text()
    assert "Jansen" not in page.url
    page.goto("/office")
    page.locator("#name").fill("jansen")
    page.get_by_role("button", name="Find applicant").click()
    found = page.url
    page.get_by_role("link", name=f"Jansen, Ada {reader}").or_(page.get_by_role("link", name="Ada")).first.click()
    page.go_back()
    assert page.url == found
    assert "jansen" not in found
    assert "of this name" in page.locator("h1").inner_text()
    faults = html_faults(vnu, tmp_path, pages)
    assert not faults, "\n".join(faults)
