"""The recognition office in a browser: a case by two persons, the keyboard, and every page of the section."""

import re

import pytest

from tests.browser.tables import OFFICE
from tests.http.test_cases import done, opened
from tests.http.test_office_case_pages import undecided
from tests.support.command import until
from tests.support.page_forms import fields_of

ALL_ROLES = ("officer", "decision-approver", "assessor")
NAME = "عمر الفاروق"
PERSON = {"familyName": "<script>alert(1)</script>", "givenName": "Ada", "dateOfBirth": "2001-02-03"}


@pytest.fixture(scope="module")
def office(site):
    """The site's node with cases in each state, an agreement and a statement; `places` are their numbers."""
    system = site.client()
    case, complete = (
        opened(system, applicant=PERSON),
        opened(
            system,
            {"external": {"issuerName": NAME, "country": "NO", "title": NAME}},
            applicant=PERSON | {"familyName": NAME},
        ),
    )
    case_on_log = opened(system, {"credential": {"member": "twente", "credential": site.credentials.valid}})
    done(system, complete, "complete")
    done(system, case_on_log, "complete")
    proposed = undecided(system)
    officer = site.sign_in("officer")
    action = f"/office/cases/{proposed}/propose"
    grant = {"outcome-0": "full", "reason-quality-0": "NOKUT accredits it.", "do": "propose"}
    answer = officer.post(action, data=fields_of(officer.get(f"/office/cases/{proposed}"), action) | grant)
    assert answer.status_code == 303, answer.text
    body = {
        "with": "lund", "achievements": {"eqfLevels": [6]}, "purpose": "creditTransfer", "outcome": "full",
        "ectsRatio": 1, "includeRevisions": True, "validFrom": "2026-01-01",
    }  # fmt: skip
    answer = system.post("/v1/agreements", json=body, headers={"Idempotency-Key": "browser"})
    assert answer.status_code == 201, answer.text
    agreement = answer.json()["agreement"]
    until(lambda: system.get(f"/v1/agreements/twente/{agreement}").status_code == 200)
    site.places = {
        "case": case, "complete": complete, "case_on_log": case_on_log, "proposed": proposed, "agreement": agreement,
        "assessment": state_assessment(site), "joint": site.achievements.joint,
    }  # fmt: skip
    return site


def state_assessment(site):
    """State what an offer is worth, by the pages; return the statement's number."""
    assessor = site.sign_in("assessor")
    query = f"member=twente&achievement={site.achievements.joint}@1&purpose=creditTransfer&outcome=full"
    page = assessor.get(f"/office/assessments/confirm?{query}&mode=recognised&effect=binding&ects=5&towards={NAME}")
    answer = assessor.post("/office/assessments", data=fields_of(page, "/office/assessments"))
    assert answer.status_code == 303, answer.text
    link = re.compile(r"cohorts\?assessment=([0-9a-f-]+)")
    until(lambda: link.search(assessor.get("/office/assessments").text))
    return link.search(assessor.get("/office/assessments").text)[1]


def sign_in(page, site, *roles):
    """Sign a new person in."""
    page.goto(site.link(*roles))
    page.locator("main form button").first.click()
    page.wait_for_url("**/account")


def test_each_page_is_accessible_valid_and_fits_its_window(office, open_reader, walk):
    page = open_reader()
    sign_in(page, office, *ALL_ROLES)
    walk(page, OFFICE, office.places)


def test_what_goes_wrong_with_a_case_is_said_accessibly(office, open_reader, judge):
    address = f"/office/cases/{office.places['complete']}"
    page, stale = open_reader(), open_reader()
    for each in (page, stale):
        sign_in(each, office, *ALL_ROLES)
        each.goto(address)
    page.get_by_role("button", name="Propose for approval").click()
    assert page.title().startswith("Error:")
    assert page.evaluate("document.activeElement.className") == "summary-error"
    judge(page)
    page.goto(address)
    page.get_by_role("button", name="Take this case").click()
    page.locator(".notice").first.wait_for()
    stale.get_by_label("Note for the applicant").fill(NAME)
    stale.get_by_role("button", name="Save draft").click()
    assert stale.title().startswith("Error:")
    assert stale.get_by_label("Note for the applicant").input_value() == NAME
    judge(stale)


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
