"""The registrar's desk in a browser: a clerk publishes and revises, with and without scripts. Pages are accessible."""

import pytest

from tests.browser.conftest import READERS
from tests.support.browser import html_faults, overflow
from tests.support.command import until

WIDTHS = {name: READERS[name] for name in ("wide", "narrow")}
LIST = "/desk/achievements"


def sign_in(page, site, *roles):
    """Sign a new person in."""
    page.goto(site.link(*roles))
    page.get_by_role("main").get_by_role("button").click()
    page.wait_for_url("**/account")


def fill(page, title):
    """Fill all that Annex I requires into the form."""
    page.get_by_label("Title", exact=True).fill(title)
    page.get_by_label("Outcome 1", exact=True).fill("Reads a grid code")
    page.locator("#fieldsOfEducation-0").fill("0713")
    page.locator("#creditBearing").check()
    page.get_by_label("ECTS credits", exact=True).fill("2,5")
    page.get_by_label("Workload in hours").fill("70")
    page.get_by_label("Level (EQF)").fill("6")
    page.get_by_label("What the level rests on").select_option("referenced")
    page.get_by_label("Online", exact=True).check()
    page.get_by_label("Language 1").select_option("en")
    page.get_by_label("Project work").check()
    page.get_by_label("supervised online", exact=True).check()
    page.get_by_role("group", name="Is the identity of the learner verified?").get_by_label("Yes").check()
    page.get_by_label("Type", exact=True).first.select_option("institutionalQA")
    page.get_by_label("Agency or internal process").fill("NVAO")
    page.get_by_label("Can count towards a larger credential").check()


def test_a_clerk_publishes_and_revises(site, page):
    sign_in(page, site, "clerk")
    page.goto(LIST)
    page.get_by_role("link", name="Publish an achievement").click()
    page.get_by_role("button", name="Check and preview").last.click()
    assert page.title().startswith("Error:")
    fill(page, "Grid codes")
    page.get_by_role("button", name="Add an outcome").click()
    page.locator('[name="learningOutcomes[3].title.en"]:focus').wait_for()
    page.get_by_label("Outcome 4", exact=True).fill("Applies a grid code")
    page.get_by_role("button", name="Check and preview").last.click()
    page.get_by_text("Preview: nothing is published yet").wait_for()
    assert page.locator("h1").inner_text() == "Grid codes"
    page.get_by_role("button", name="Publish version 1").click()
    page.get_by_text("Published: everybody sees it").wait_for()
    page.get_by_role("link", name="Revise").click()
    page.get_by_label("Title", exact=True).fill("Grid codes for engineers")
    page.get_by_role("button", name="Check and preview").last.click()
    assert page.locator("del").inner_text().endswith("Grid codes")
    page.get_by_role("button", name="Publish version 2").click()
    page.get_by_text("The new version is published").wait_for()


@pytest.fixture(scope="module")
def addresses(site):
    """The pages of the desk and of auditors, by name."""
    offers = site.achievements
    until(lambda: site.anybody().get(f"/v1/achievements/twente/{offers.hostile}").status_code == 200)
    return {
        "achievements": LIST,
        "nothing found": f"{LIST}?text=nothing-has-this-word",
        "new": f"{LIST}/new",
        "own achievement": f"{LIST}/{offers.plain}",
        "own with markup": f"{LIST}/{offers.hostile}",
        "own composed": f"{LIST}/{offers.larger}",
        "revise": f"{LIST}/{offers.larger}/revise",
        "retire": f"{LIST}/{offers.plain}/retire",
        "drafts": f"{LIST}/drafts",
        "stacks": "/desk/stacks",
        "ready": f"/desk/stacks/{offers.larger}",
        "reports": "/log/reports",
        "precedents": "/precedents",
        "composed for everybody": f"/achievements/twente/{offers.larger}",
        "by credits": "/?sort=credits&at=nobody",
    }


@pytest.mark.parametrize("width", WIDTHS)
def test_each_page_of_the_desk_is_accessible_and_fits(site, addresses, open_reader, axe, width):
    page = open_reader(**WIDTHS[width])
    sign_in(page, site, "clerk")
    for name, address in addresses.items():
        assert page.goto(address).status == 200, name
        check(page, axe, name)
    page.goto(f"{LIST}/new")
    page.get_by_label("ECTS credits", exact=True).fill("many")
    page.get_by_role("button", name="Check and preview").last.click()
    page.wait_for_url(f"**{LIST}/new")
    page.locator(".summary-error").wait_for()
    check(page, axe, "faults")
    page.goto(f"{LIST}/{site.achievements.plain}/revise")
    page.get_by_label("Title", exact=True).fill("Another title")
    page.get_by_role("button", name="Check and preview").last.click()
    page.get_by_text("Preview: nothing is published yet").wait_for()
    check(page, axe, "preview")
    page.goto(f"/desk/stacks/{site.achievements.larger}")
    page.get_by_role("button", name="Award").first.click()
    page.get_by_role("button", name="Award it for 1 part").wait_for()
    check(page, axe, "award")


def check(page, axe, name):
    assert page.locator("h1").count() == 1, name
    assert overflow(page) <= 0, name
    page.evaluate("document.querySelectorAll('details').forEach(box => box.open = true)")
    axe(page)


def test_each_page_of_the_desk_is_valid_html(site, addresses, vnu, tmp_path):
    clerk = site.sign_in("clerk")
    pages = {name.replace(" ", "-"): clerk.get(address).text for name, address in addresses.items()}
    faults = html_faults(vnu, tmp_path, pages)
    assert not faults, "\n".join(faults)
