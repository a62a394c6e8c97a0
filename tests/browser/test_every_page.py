"""Every page: the log, statistics, data, the office, accounts, administration, and what goes wrong.

At 1280 and 390 pixels, in light and in dark, zoomed, and with text of twice the size: accessible, valid, no wider than
its window, and nothing that its policy forbids. Names are written from right to left, and do harm wherever a page does
not escape them.
"""

import re
from typing import Any

import httpx
import pytest

from registry.server.pages.routes import page_routes
from tests.browser import tables
from tests.browser.tables import ADMINISTRATION, NOBODY, PUBLIC
from tests.support.browser import html_faults
from tests.support.served import form

NAME = "عمر <b>الفاروق"
ROLES = ("administrator", "auditor")
NOT_HTML = re.compile(r"\.(csv|pdf|jsonld|css)$|/letter$|/receipt$|/files/|^/data/\{|^/static/")
"""Paths that answer with files."""


def test_no_page_is_left_out():
    addresses = [
        re.sub(r"\{\w+\}", NOBODY, address).partition("?")[0]
        for table in (tables.PUBLIC, tables.ADMINISTRATION, tables.DESK, tables.OFFICE)
        for address in table.values()
    ]
    missing = [path for path in _page_paths() if not any(_matches(path, address) for address in addresses)]
    assert not missing


def _page_paths():
    """The paths that a browser can open; not those that lead from a form's address back to its page."""
    routes: list[Any] = page_routes().routes
    return sorted(
        {
            route.path
            for route in routes
            for handler in route.route_handlers
            if "GET" in handler.http_methods and handler.fn.__name__ != "go_back" and not NOT_HTML.search(route.path)
        }
    )


def _matches(path, address):
    shape = re.sub(r"\{\w+:uuid\}", "[0-9a-f-]{36}", path)
    return re.fullmatch(re.sub(r"\{\w+:str\}", "[^/]+", shape), address) is not None


@pytest.fixture(scope="module")
def places(site):
    """What the pages are about, by the names in their addresses."""
    admin = site.sign_in("administrator", name=f"{NAME} 1")
    account = re.search(r'href="/admin/accounts/([0-9a-f-]+)"', admin.get("/admin/accounts").text)[1]
    log = site.browser().get("/log/twente").text
    commit = re.search(r'href="/log/twente/([^"?#]+)"', log)[1]
    credentials = vars(site.credentials) | {"hostile_credential": site.credentials.hostile}
    return credentials | vars(site.achievements) | {"account": account, "commit": commit}


def test_each_page_for_everybody_is_accessible_valid_and_fits(places, open_reader, walk):
    walk(open_reader(), PUBLIC, places)


def test_each_page_of_administrators_is_accessible_valid_and_fits(site, places, open_reader, walk):
    page = open_reader()
    page.goto(site.link(*ROLES, name=f"{NAME} walks"))
    page.get_by_role("main").get_by_role("button").click()
    page.wait_for_url("**/account")
    walk(page, ADMINISTRATION, places)


def test_what_forms_of_administrators_answer_is_accessible(site, open_reader, judge):
    page = open_reader()
    page.goto(site.link(*ROLES, name=f"{NAME} asks"))
    page.get_by_role("main").get_by_role("button").click()
    page.wait_for_url("**/account")
    page.goto("/admin/keys")
    page.get_by_label("System").fill(NAME)
    page.get_by_label("Erase a learner, which nobody can take back").check()
    page.get_by_role("button", name="Add a key").click()
    page.get_by_role("button", name="Add this key for").wait_for()
    judge(page)
    page.get_by_role("button", name="Add this key for").click()
    page.get_by_role("heading", level=1).wait_for()
    judge(page)
    page.goto("/admin/accounts")
    page.get_by_label("Name", exact=True).fill(f"{NAME} new")
    page.get_by_label("Clerk", exact=True).check()
    page.get_by_role("button", name="Add the account and make a link").click()
    page.get_by_role("heading", name="A link for").wait_for()
    judge(page)


def test_what_forms_of_people_answer_is_valid_html(site, vnu, tmp_path):
    staff = site.sign_in(*ROLES, name=f"{NAME} 2")
    pages = {}
    with httpx.Client(base_url=site.url, headers={"Accept": "text/html"}, timeout=30) as client:
        pages["signing in by a link"] = client.get(site.link("clerk", name=f"{NAME} 3")).text
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
def test_no_colour_of_a_university_makes_its_pages_hard_to_read(open_reader, judge, colour):
    page = open_reader()
    for address in ("/", "/statistics"):
        page.goto(address)
        page.evaluate("colour => document.documentElement.style.setProperty('--node', colour)", colour)
        judge(page)
