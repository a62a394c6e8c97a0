"""What readers do on the pages for everybody, with and without scripts."""

import pytest

from tests.browser.conftest import TITLE

VERDICTS = {
    "valid": "Valid",
    "warning": "Valid, with a warning",
    "suspended": "Suspended",
    "revoked": "Revoked",
    "replaced": "Replaced",
    "expired": "Expired",
}


@pytest.mark.parametrize(("state", "verdict"), VERDICTS.items(), ids=VERDICTS)
def test_a_credential_has_its_verdict_in_one_word(site, open_reader, state, verdict):
    page = open_reader(scripts=False)
    page.goto(f"/verify/twente/{getattr(site.credentials, state)}")
    assert page.locator("h1").inner_text() == verdict


def test_markup_in_a_title_is_shown_as_text(site, open_reader):
    page = open_reader()
    page.goto(f"/achievements/twente/{site.achievements.hostile}")
    assert page.locator("h1").inner_text() == TITLE


def test_a_reader_finds_an_offer_and_opens_it(page):
    page.goto("/")
    page.get_by_role("searchbox").fill("grids")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("link", name="Renewable grids").click()
    assert page.locator("h1").inner_text() == "Renewable grids"
    page.get_by_role("link", name="What offices decided").click()
    assert page.locator("h1").inner_text() == "What offices decided"
    assert page.get_by_role("link", name="Renewable grids").is_visible()


def test_a_filter_shortens_the_list_and_is_in_the_address(page):
    page.goto("/")
    if (summary := page.get_by_text("Filters (0 set)")).is_visible():
        summary.click()
    page.get_by_label("University").select_option("twente")
    page.get_by_role("button", name="Show results").click()
    page.get_by_role("link", name="University: Twente").wait_for()
    page.wait_for_url("**member=twente**")


def test_a_number_that_was_typed_leads_to_its_verdict(site, page):
    page.goto("/verify")
    page.get_by_label("Link or number").fill("nonsense")
    page.get_by_role("button", name="Verify").first.click()
    assert page.title().startswith("Error:")
    assert page.get_by_label("Link or number").input_value() == "nonsense"
    page.get_by_label("Link or number").fill(f"twente/{site.credentials.revoked}")
    page.get_by_role("button", name="Verify").first.click()
    assert page.locator("h1").inner_text() == "Revoked"


def test_the_keyboard_alone_finds_and_verifies(site, open_reader):
    page = open_reader()
    page.goto("/verify")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to main content"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type(f"twente/{site.credentials.valid}")
    page.keyboard.press("Enter")
    page.wait_for_url("**/verify/twente/**")
    assert page.locator("h1").inner_text() == "Valid"


def test_each_offer_says_what_the_chosen_university_states_of_it(page, site):
    page.goto("/?at=lund")
    said = {title: page.locator("li", has=page.get_by_role("link", name=title)).last for title in STATED}
    said = {title: " ".join(item.inner_text().split()) for title, item in said.items()}
    assert {title: words in said[title] for title, words in STATED.items()} == dict.fromkeys(STATED, True)
    page.goto(f"/achievements/twente/{site.achievements.joint}?at=lund")
    assert page.get_by_text("by its own statement").is_visible()


STATED = {
    "Data literacy": "Lund: Recognised in full by agreement",
    "Renewable grids": "Lund: Recognised in part by its own statement",
    "Sustainable cities": "Lund has published no statement about this",
}
