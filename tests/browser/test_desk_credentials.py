"""The registrar's desk in a browser: every page accessible, and its main journeys with and without scripts."""

import contextlib
import itertools
import re
from types import SimpleNamespace

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import READERS
from tests.browser.desk_work import fill_desk
from tests.browser.tables import DESK
from tests.support.browser import open_page, require_chromium
from tests.support.command import registry, until
from tests.support.served import Served, achievement, once, row

NAMES = (("Kowalczyk", "Marta"), ("Müller", "Farah"), ("Lindqvist", "Bram"), ("Weiß", "Jonas"), ("De Wit", "Noor"))


@pytest.fixture(scope="module")
def desk(tmp_path_factory, postgres):
    """A node with credentials in several states, a held row, a larger credential, and a decision of lund."""
    require_chromium()
    settings = "[http]\nrelease_above = 2\n"
    with contextlib.closing(Served(tmp_path_factory.mktemp("desk"), postgres, settings)) as node:
        node.lund = node.consortium.join("lund")
        node.start()
        _fill(node)
        yield node


def _fill(node):
    system, keys = node.client(), itertools.count()

    def post(path, content, status=(200, 201)):
        answer = system.post(path, json=content, headers=once(f"key {next(keys)}"))
        assert answer.status_code in status, answer.text
        if answer.is_success:  # a larger credential needs its parts in the views
            waiting = {"Registry-Wait-For": answer.headers["registry-position"]}
            assert system.get("/v1/members", headers=waiting).status_code == 200
        return answer

    plain = post("/v1/achievements", achievement()).json()["achievement"]
    composition = {
        "required": [{"member": "twente", "achievement": plain}], "choices": [], "minEcts": 5, "sharing": "allowed",
    }  # fmt: skip
    title = {"en": "Sustainable cities"}
    larger = achievement() | {
        "kind": "programme",
        "title": title,
        "ects": 30,
        "workloadHours": 840,
        "composition": composition,
    }
    larger = post("/v1/achievements", larger).json()["achievement"]
    node.plain, node.larger = plain, larger
    issued = []
    for number, (family, given) in enumerate(NAMES):
        content = row(plain, f"record {number}", f"s{number}", family_name=family, given_name=given)
        answer = post("/v1/credentials", content).json()
        issued.append(answer["credential"])
        node.learner = answer["learner"] if number == 1 else getattr(node, "learner", "")
    [first, second, third, fourth, fifth] = issued
    post(f"/v1/credentials/{fourth}/suspend", {"reason": "underReview", "note": "The transcript is in doubt."})
    part = {"member": "twente", "credential": third, "ects": 5}
    name = {"family_name": "Lindqvist", "given_name": "Bram", "ects": 30}
    post("/v1/credentials", row(larger, "whole", "s2", parts=[part], override=["pending"], **name))
    spoiled = post("/v1/credentials", row(plain, "spoiled", "s4", family_name="De Wit", given_name="Noor")).json()
    part = {"member": "twente", "credential": spoiled["credential"], "ects": 5}
    name = {"family_name": "De Wit", "given_name": "Noor", "ects": 30}
    post("/v1/credentials", row(larger, "impaired", "s4", parts=[part], override=["pending"], **name))
    post(f"/v1/credentials/{spoiled['credential']}/revoke", {"reason": "issuedInError"})
    held = row(plain, "held", "s0", family_name="Novak", given_name="Petr", date_of_birth="1979-11-30")
    post("/v1/credentials", held, (409,))
    registry("views", "update", home=node.lund)
    registry("recognition", "decide", f"twente/{second}", "--ects", 5, home=node.lund)
    until(lambda: system.get("/v1/feed").json()["items"])
    node.credentials = SimpleNamespace(plain=first, decided=second, part=third, suspended=fourth, other=fifth)


@pytest.fixture
def open_desk(chromium, desk):
    """Open pages of a person with these roles; fail if one violated the policy."""
    watches = []

    def open_one(*roles, name=None, **options):
        page, watch = open_page(chromium, desk.url, **options)
        watches.append((page, watch))
        page.goto(desk.link(*roles, name=name))
        page.get_by_role("main").get_by_role("button").click()
        page.wait_for_url("**/account")
        return page

    yield open_one
    faults = [fault for page, watch in watches for fault in watch.faults]
    for page, _ in watches:
        page.context.close()
    assert not faults, "\n".join(faults)


def test_each_page_is_accessible_valid_and_fits_its_window(desk, open_desk, walk):
    places = vars(desk.credentials) | {"learner": desk.learner, "achievement": desk.plain, "larger": desk.larger}
    page = open_desk("clerk", "approver")
    walk(page, DESK, places | fill_desk(desk, desk.plain))


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
    judge(colleague)
