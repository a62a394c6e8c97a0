"""Every other page: the log, statistics, data, the office, accounts, administration, and what goes wrong.

In light at 1280 pixels, in dark at 390, and with text at 200 %: accessible, valid, no wider than its window, and
nothing that its policy forbids. Names are written from right to left, and harmful wherever a page does not escape them.
"""

import re

import httpx
import pytest

from tests.browser.conftest import TITLE
from tests.support.browser import NARROW, WIDE, html_faults, overflow
from tests.support.served import form, once

NAME = "عمر <b>الفاروق"
NOBODY = "6f1ed002-ab56-4b9a-8e6c-0a3b1f2c4d5e"
ROLES = ("officer", "assessor", "decision-approver", "auditor", "administrator", "clerk", "approver")
ANYBODY = {
    "log": "/log",
    "log of a member": "/log/twente",
    "entry": "/log/twente/0@2",
    "commit": "/log/twente/{commit}",
    "consistency": "/log/twente/consistency?from=1&to=2",
    "no such log": "/log/nobody",
    "statistics": "/statistics",
    "data": "/data",
    "sign in": "/signin?next=%2Foffice",
    "no such link": "/signin/link/nonsense",
    "answer of no attempt": "/signin/provider/answer?state=x",
    "wrong filter": "/?eqfLevel=high",
}
STAFF = {
    "inbox": "/office",
    "case": "/office/cases/{case}",
    "case being decided": "/office/cases/{complete}",
    "no such case": f"/office/cases/{NOBODY}",
    "account": "/account",
    "accounts": "/admin/accounts",
    "one account": "/admin/accounts/{account}",
    "no such account": f"/admin/accounts/{NOBODY}",
    "API keys": "/admin/keys",
    "journal": "/admin/journal?check=yes",
    "log as a member": "/log/twente",
    "entry as a member": "/log/twente/4@6",
}
LOOKS = {
    "wide, light": {"viewport": WIDE, "color_scheme": "light"},
    "narrow, dark": {"viewport": NARROW, "color_scheme": "dark"},
}


@pytest.fixture(scope="module")
def work(site):
    """What the pages of people at work are about, by the names in their addresses."""
    system = site.client()
    cases = []
    for number in range(2):
        body = {
            "applicant": {"familyName": NAME, "givenName": "<script>alert(1)</script>", "dateOfBirth": "2001-02-03"},
            "subjects": [{"external": {"issuerName": TITLE, "country": "NO", "title": NAME}}],
            "purpose": "creditTransfer",
        }
        answer = system.post("/v1/cases", json=body, headers=once(f"every page {number}"))
        assert answer.status_code == 201, answer.text
        cases.append(answer.json()["case"])
    done = system.post(f"/v1/cases/{cases[1]}/complete", json={}, headers=once("every page complete"))
    assert done.status_code == 200, done.text
    admin = site.sign_in("administrator", name=f"{NAME} 1")
    account = re.search(r'href="/admin/accounts/([0-9a-f-]+)"', admin.get("/admin/accounts").text)[1]
    log = site.browser().get("/log/twente").text
    commit = re.search(r'href="/log/twente/([^"?#]+)"', log)[1]
    return {"case": cases[0], "complete": cases[1], "account": account, "commit": commit}


def sign_in(page, site, number):
    page.goto(site.link(*ROLES, name=f"{NAME} {number}"))
    page.get_by_role("main").get_by_role("button").click()
    page.wait_for_url("**/account")


def check(page, axe, addresses):
    """Fail with every violation, and with pages that are too wide."""
    faults = []
    for name, address in addresses.items():
        page.goto(address)
        if page.locator("h1").count() != 1 or overflow(page) > 0:
            faults.append(f"{name}: {page.locator('h1').count()} headings, {overflow(page)} pixels too wide")
        page.evaluate("document.querySelectorAll('details').forEach(box => box.open = true)")
        try:
            axe(page)
        except AssertionError as error:
            faults.append(f"{name}: {error}")
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("look", LOOKS)
def test_each_page_for_everybody_is_accessible_and_fits(work, open_reader, axe, look):
    page = open_reader(**LOOKS[look])
    check(page, axe, {name: address.format(**work) for name, address in ANYBODY.items()})


@pytest.mark.parametrize("look", LOOKS)
def test_each_page_for_people_at_work_is_accessible_and_fits(site, work, open_reader, axe, look):
    page = open_reader(**LOOKS[look])
    sign_in(page, site, look)
    check(page, axe, {name: address.format(**work) for name, address in STAFF.items()})


def test_text_of_twice_the_size_makes_no_page_wider(site, work, open_reader):
    """As the browser's zoom of 200 % does, on a screen 1280 pixels wide; and at 320 pixels (WCAG 1.4.10)."""
    faults = []
    for viewport, size in (
        ({"width": 640, "height": 450}, "100%"),
        ({"width": 320, "height": 600}, "100%"),
        (WIDE, "200%"),
    ):
        page = open_reader(viewport=viewport)
        sign_in(page, site, f"{viewport['width']} {size}")
        for name, address in (ANYBODY | STAFF).items():
            page.goto(address.format(**work))
            page.evaluate("size => document.documentElement.style.setProperty('font-size', size)", size)
            if (pixels := overflow(page)) > 0:
                faults.append(f"{name} at {viewport['width']} pixels, {size}: {pixels} too wide")
    assert not faults, "\n".join(faults)


def test_each_page_is_valid_html(site, work, vnu, tmp_path):
    staff = site.sign_in(*ROLES, name=f"{NAME} 2")
    with httpx.Client(base_url=site.url, headers={"Accept": "text/html"}, timeout=30) as client:
        pages = {name: client.get(address.format(**work)).text for name, address in ANYBODY.items()}
        pages["signing in by a link"] = client.get(site.link("clerk", name=f"{NAME} 3")).text
    pages |= {name: staff.get(address.format(**work)).text for name, address in STAFF.items()}
    keys = form(staff.get("/admin/keys"), name=NAME, scope=["learners:erase"])
    pages["a key that reaches far"] = staff.post("/admin/keys", data=keys).text
    pages["a form without its token"] = staff.post("/signout", data={"name": NAME}).text
    again = {"Sec-Fetch-Site": "same-origin"}
    pages["a form of another session"] = staff.post("/signout", data={"name": NAME}, headers=again).text
    assert all("<script>alert(1)" not in html for html in pages.values())
    faults = html_faults(vnu, tmp_path, {re.sub(r"\W", "-", name): html for name, html in pages.items()})
    assert not faults, "\n".join(faults)


def test_the_theme_that_a_reader_chooses_is_kept(open_reader):
    page = open_reader(scripts=False)
    page.goto("/members")
    before = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.get_by_role("link", name="Dark").click()
    page.goto("/statistics")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != before


@pytest.mark.parametrize("colour", ["#ffee00", "#000000"])
def test_no_colour_of_a_university_makes_its_pages_hard_to_read(open_reader, axe, colour):
    for scheme in ("light", "dark"):
        page = open_reader(color_scheme=scheme)
        for address in ("/", "/statistics"):
            page.goto(address)
            page.evaluate("colour => document.documentElement.style.setProperty('--node', colour)", colour)
            axe(page)
