"""The recognition office in a browser: a case by two persons, the keyboard, and every page of the section."""

import re

import pytest

from tests.browser.conftest import READERS
from tests.http.test_cases import done, opened
from tests.support.browser import html_faults, overflow
from tests.support.command import until

PAGES = {
    "inbox": "/office",
    "new case": "/office/cases/new",
    "empty filter": "/office?state=closed",
    "case": "/office/cases/{site.case}",
    "case of a member's credential": "/office/cases/{site.case_on_log}",
    "withdraw": "/office/cases/{site.case}/withdraw",
    "agreements": "/office/agreements",
    "agreement": "/office/agreements/{site.agreement}",
    "together": "/office/together/{site.agreement}",
    "end": "/office/agreements/{site.agreement}/end",
    "simulation": "/office/agreements/simulate?withMember=lund&level=6&revisions=true",
    "publish": "/office/agreements/declare?withMember=lund&level=6&purpose=creditTransfer",
    "statements": "/office/assessments",
    "new statement": "/office/assessments/new?member=lund",
    "cohorts": "/office/cohorts",
    "countries": "/office/countries",
    "country": "/office/countries/NO",
    "year": "/office/year",
    "account": "/account",
}
ALL_ROLES = ("officer", "decision-approver", "assessor")
PERSON = {"familyName": "<script>alert(1)</script>", "givenName": "Ada", "dateOfBirth": "2001-02-03"}


@pytest.fixture(scope="module")
def office(site):
    """The site's node with two cases and an agreement."""
    system = site.client()
    site.case = opened(system, applicant=PERSON)
    site.case_on_log = opened(system, {"credential": {"member": "twente", "credential": site.credentials.valid}})
    done(system, site.case_on_log, "complete")
    body = {
        "with": "lund", "achievements": {"eqfLevels": [6]}, "purpose": "creditTransfer", "outcome": "full",
        "ectsRatio": 1, "includeRevisions": True, "validFrom": "2026-01-01",
    }  # fmt: skip
    answer = system.post("/v1/agreements", json=body, headers={"Idempotency-Key": "browser"})
    assert answer.status_code == 201, answer.text
    site.agreement = answer.json()["agreement"]
    until(lambda: system.get(f"/v1/agreements/twente/{site.agreement}").status_code == 200)
    return site


def sign_in(page, site, *roles):
    """Sign a new person in."""
    page.goto(site.link(*roles))
    page.locator("main form button").first.click()
    page.wait_for_url("**/account")


@pytest.mark.parametrize("width", ["wide", "narrow"])
def test_each_page_is_accessible_and_fits_its_window(office, open_reader, axe, width):
    page = open_reader(**READERS[width])
    sign_in(page, office, *ALL_ROLES)
    for name, address in PAGES.items():
        answer = page.goto(address.format(site=office))
        assert answer.status == 200, name
        assert page.locator("h1").count() == 1, name
        assert overflow(page) <= 0, name
        page.evaluate("document.querySelectorAll('details').forEach(box => box.open = true)")
        axe(page)


def test_each_page_is_valid_html(office, vnu, tmp_path):
    person = office.sign_in(*ALL_ROLES)
    pages = {name.replace(" ", "-"): person.get(path.format(site=office)).text for name, path in PAGES.items()}
    faults = html_faults(vnu, tmp_path, pages)
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_a_case_is_decided_by_two_persons(office, open_reader, scripts):
    title = f"Course {scripts}"
    external = {"external": {"issuerName": title, "country": "NO", "title": title}}
    case = opened(office.client(), external, applicant=PERSON | {"givenName": title})
    address = f"/office/cases/{case}"
    officer, approver = open_reader(scripts=scripts), open_reader(scripts=scripts)
    sign_in(officer, office, "officer")
    sign_in(approver, office, "decision-approver")
    officer.goto(address)
    officer.get_by_role("button", name="The file is complete").click()
    officer.get_by_label("If not substantial: why (the letter prints it)").first.fill("NOKUT accredits it.")
    officer.locator("label[for=outcome-0-full]").click()
    officer.get_by_role("button", name="Propose for approval").click()
    assert "Proposed for approval" in officer.locator(".notice").first.inner_text()
    assert officer.get_by_role("button", name="Approve").count() == 0
    approver.goto(address)
    approver.get_by_role("button", name="Approve", exact=True).click()
    approver.get_by_role("button", name="Publish the decision").click()
    assert "Decision published" in approver.locator(".notice").first.inner_text()
    assert approver.get_by_role("link", name="Letter (PDF)").is_visible()


def test_the_list_is_worked_by_the_keyboard_alone(office, open_reader):
    page = open_reader()
    sign_in(page, office, "officer")
    page.goto("/office?unassigned=true")
    first, second = (page.locator("[data-keys-row] th a").nth(number).get_attribute("href") for number in (0, 1))

    def focused():
        return page.evaluate("document.activeElement.getAttribute('href')")

    page.keyboard.press("j")
    assert focused() == first
    page.keyboard.press("j")
    assert focused() == second
    page.keyboard.press("k")
    assert focused() == first
    page.keyboard.press("?")
    assert page.locator("[data-keys-help]").get_attribute("open") is not None
    page.keyboard.press("/")
    page.keyboard.type("jot")  # letters in a field are letters
    assert page.locator("#name").input_value() == "jot"
    page.locator("h1").click()
    page.keyboard.press("j")
    page.keyboard.press("o")
    page.wait_for_url(f"**{first}")
    page.keyboard.press("g")
    page.keyboard.press("i")
    page.wait_for_url(re.compile(r"/office$"))
