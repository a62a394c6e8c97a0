"""Passkeys in a real browser, with an authenticator of its own; and the pages of those who sign in."""

import contextlib

import pytest

from tests.support.browser import open_page, require_chromium
from tests.support.served import Served

AUTHENTICATOR = {
    "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
    "isUserVerified": True,
}  # fmt: skip


@pytest.fixture(scope="module")
def staff(tmp_path_factory, postgres):
    """A node at which people sign in. Passkeys need a name, not an address of numbers."""
    require_chromium()
    with contextlib.closing(Served(tmp_path_factory.mktemp("staff"), postgres)) as node:
        node.start()
        node.url = node.url.replace("127.0.0.1", "localhost")
        yield node


@pytest.fixture
def open_staff(chromium, staff):
    """Open pages whose browser has an authenticator, if it runs scripts; fail if one violated the policy."""
    watches = []

    def open_one(**options):
        page, watch = open_page(chromium, staff.url, **options)
        watches.append((page, watch))
        if options.get("scripts", True):
            session = page.context.new_cdp_session(page)
            session.send("WebAuthn.enable")
            session.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
        return page

    yield open_one
    faults = [fault for page, watch in watches for fault in watch.faults]
    for page, _ in watches:
        page.context.close()
    assert not faults, "\n".join(faults)


def follow_link(page, staff, *roles):
    page.goto(staff.link(*roles))
    page.get_by_role("main").get_by_role("button").click()
    page.wait_for_url("**/account")


def test_a_person_adds_a_passkey_and_signs_in_with_it_later(staff, open_staff):
    page = open_staff()
    follow_link(page, staff, "administrator")
    page.get_by_label("Name of the passkey").fill("Laptop at work")
    page.get_by_role("button", name="Add a passkey").click()
    page.get_by_role("button", name="Remove Laptop at work").wait_for()
    page.get_by_role("banner").get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/signin")
    page.goto("/admin/journal")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url("**/admin/journal")
    page.get_by_role("link", name="Check the chain").click()
    page.get_by_text("The chain is whole").wait_for()


def test_pages_of_people_who_sign_in_are_accessible(staff, open_staff, judge):
    page = open_staff()
    page.goto("/signin")
    judge(page)
    page.goto(staff.link("clerk", "administrator"))
    judge(page)


def test_without_scripts_a_link_signs_in_and_the_pages_work(staff, open_staff):
    page = open_staff(scripts=False)
    page.goto("/signin")
    page.get_by_text("A passkey needs JavaScript").wait_for()
    follow_link(page, staff, "clerk")
    page.get_by_role("banner").get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/signin")
