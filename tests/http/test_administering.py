"""Administrators' pages, passkeys over HTTP, and that no page takes a form without its token."""

import re
import uuid
from html import unescape

import httpx
import pytest

from registry.server.pages.routes import page_routes
from tests.support.authenticator import Authenticator
from tests.support.command import registry
from tests.support.served import form

ADMIN = ("/admin/accounts", "/admin/keys", "/admin/journal")


@pytest.fixture(scope="module")
def admin(node):
    return node.sign_in("administrator", name=f"Admin {uuid.uuid4()}")


def posts():
    """The path of every route of the pages that is not only read."""
    paths = [route.path for route in page_routes().routes if not set(route.methods) <= {"GET", "HEAD", "OPTIONS"}]
    examples = {"uuid": str(uuid.uuid4()), "int": "2", "str": "x"}
    return sorted(re.sub(r"\{\w+:(\w+)\}", lambda value: examples[value[1]], path) for path in paths)


def test_no_page_takes_a_form_without_its_token(node, admin):
    paths = posts()
    assert len(paths) > 10
    for path in paths:
        assert admin.post(path, data={"name": "x"}).status_code == 403, path
        # a form that is read as it arrives is first refused for its sender
        assert node.browser().post(path, data={"csrf": "0" * 64}).status_code in (401, 403), path


@pytest.mark.parametrize("path", ADMIN)
def test_only_administrators_see_their_pages(node, admin, path):
    assert admin.get(path).status_code == 200
    clerk = node.sign_in("clerk")
    assert clerk.get(path).status_code == 403
    assert f'href="{path}"' in admin.get(ADMIN[0]).text
    assert f'href="{path}"' not in clerk.get("/").text
    assert node.browser().get(path).headers["location"].startswith("/signin?next=")


def test_an_administrator_adds_an_account_changes_its_roles_and_ends_it(node, admin):
    name = f"<script>alert(1)</script> {uuid.uuid4()}"
    page = admin.post("/admin/accounts", data=form(admin.get("/admin/accounts"), name=name, role=["clerk"]))
    assert page.status_code == 201
    assert "<script>alert" not in page.text
    link = re.search(r"http://localhost:8000(/signin/link/[\w-]+)", page.text)[1]
    account = re.search(r"/admin/accounts/([0-9a-f-]{36})", page.text)[1]
    person = node.browser()
    person.post(link, data=form(person.get(link)))
    assert "Clerk" in person.get("/account").text
    path = f"/admin/accounts/{account}"
    assert admin.post(f"{path}/roles", data=form(admin.get(path), role=["auditor", "assessor"])).status_code == 303
    assert "Assessor, Auditor" in person.get("/account").text
    assert admin.post(f"{path}/roles", data=form(admin.get(path), role=["rector"])).status_code == 422
    assert admin.post(f"{path}/end", data=form(admin.get(path))).status_code == 303
    assert person.get("/account").status_code == 303
    assert admin.post(f"{path}/link", data=form(admin.get("/admin/accounts"))).status_code == 422
    assert admin.get("/admin/accounts/6f1ed002-ab56-4b9a-8e6c-0a3b1f2c4d5e").status_code == 404


def test_a_name_in_use_is_refused_with_what_was_typed(admin):
    name, page = f"Bo {uuid.uuid4()}", admin.get("/admin/accounts")
    assert admin.post("/admin/accounts", data=form(page, name=name, role="officer")).status_code == 201
    answer = admin.post("/admin/accounts", data=form(page, name=name.upper(), role="officer"))
    assert answer.status_code == 422
    assert f'value="{name.upper()}"' in answer.text
    assert "<title>Error:" in answer.text


def test_a_key_is_shown_once_works_and_ends(node, admin):
    page = admin.get("/admin/keys")
    assert admin.post("/admin/keys", data=form(page, name="SIS")).status_code == 422
    shown = admin.post("/admin/keys", data=form(page, name="SIS <b>", scope=["batches:read"]))
    secret = re.search(r"reg_[0-9a-f]{16}_[\w-]{43}", shown.text)[0]
    assert secret not in admin.get("/admin/keys").text
    assert node.client(key=secret).get("/v1/batches").status_code == 200
    key = secret.split("_")[1]
    rotated = admin.post("/admin/keys/rotate", data=form(page, key=key))
    newer = re.search(r"reg_[0-9a-f]{16}_[\w-]{43}", rotated.text)[0]
    assert admin.post("/admin/keys/revoke", data=form(page, key=newer.split("_")[1])).status_code == 303
    assert admin.post("/admin/keys/revoke", data=form(page, key="0" * 16)).status_code == 422
    journal = admin.get("/admin/journal").text
    assert "api-key.add" in journal
    assert "api-key.revoke" in journal


def test_a_key_that_reaches_far_is_made_only_after_a_question(admin):
    page = admin.get("/admin/keys")
    name = f"<script>alert(1)</script> {uuid.uuid4()}"
    asked = admin.post("/admin/keys", data=form(page, name=name, scope=["batches:read", "learners:erase"]))
    assert asked.status_code == 200
    assert "This key reaches far" in asked.text
    assert "Erase a learner" in asked.text
    assert "See batches" not in asked.text
    assert "<script>alert" not in asked.text
    assert name not in unescape(admin.get("/admin/keys").text)
    data = form(asked, name=name, scope=["batches:read", "learners:erase"], confirm="yes")
    assert "reg_" in admin.post("/admin/keys", data=data).text
    assert name in unescape(admin.get("/admin/keys").text)
    assert "api-key.add batches:read learners:erase" in admin.get("/admin/journal").text


def test_the_journal_is_shown_with_names_and_its_check(node, admin):
    page = admin.get("/admin/journal", params={"check": "yes"})
    assert "The chain is whole" in page.text
    assert "Admin " in page.text
    assert admin.get("/admin/journal", params={"before": "x"}).status_code == 200
    assert "the journal is whole" in registry("account", "journal", "--verify", home=node.home).stdout


def test_a_person_adds_a_passkey_and_signs_in_with_it(node):
    client = node.sign_in("clerk", "auditor")
    key = Authenticator(f"http://localhost:{node.url.rpartition(':')[2]}")
    page = client.get("/account")
    assert "data-passkey" in page.text
    options = client.post("/account/passkeys/options", data=form(page)).text
    answer = client.post("/account/passkeys", data=form(page, name="Laptop", credential=key.create(options)))
    assert answer.status_code == 303
    assert "Remove Laptop" in client.get("/account").text
    browser = node.browser()
    page = browser.get("/signin", params={"next": "/verify"})
    options = browser.post("/signin/passkey/options", data=form(page)).text
    answer = browser.post("/signin/passkey", data=form(page, next="/verify", credential=key.get(options)))
    assert (answer.status_code, answer.headers["location"]) == (303, "/verify")
    assert "Clerk, Auditor" in browser.get("/account").text
    again = node.browser()
    page = again.get("/signin")
    refused = again.post("/signin/passkey", data=form(page, credential=key.get(options)))
    assert refused.status_code == 422
    assert "The passkey was not accepted" in refused.text
    assert "session" not in dict(again.cookies)


def test_a_browser_without_scripts_is_told_what_a_passkey_needs(node):
    page = node.browser().get("/signin")
    assert "A passkey needs JavaScript" in page.text
    client = node.browser()
    assert client.post("/signin/passkey", data=form(client.get("/signin"), credential="")).status_code == 422


def test_the_script_of_passkeys_is_served_under_the_page_s_policy(node):
    page = node.browser().get("/signin")
    path = re.search(r'src="(/static/passkeys\.js\?v=\w+)" nonce="([\w-]+)"', page.text)
    assert f"'nonce-{path[2]}'" in page.headers["content-security-policy"]
    assert "innerHTML" not in httpx.get(f"{node.url}{path[1]}").text
