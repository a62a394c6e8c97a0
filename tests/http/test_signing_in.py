"""Signing in to the pages by a one-time link, and what a session is good for."""

import uuid

import pytest

from tests.support.command import registry
from tests.support.served import form


def test_a_person_signs_in_sees_their_account_and_signs_out(node):
    client = node.sign_in("clerk", "auditor", name="Wim <b>Jansen</b>")
    page = client.get("/account")
    assert page.status_code == 200
    assert "Wim &lt;b&gt;Jansen&lt;/b&gt;" in page.text
    assert "Clerk, Auditor" in page.text
    assert page.headers["cache-control"] == "no-store"
    assert "Wim &lt;b&gt;" in client.get("/").text
    later = node.browser()
    later.cookies = client.cookies
    answer = client.post("/signout", data=form(page))
    assert (answer.status_code, answer.headers["location"]) == (303, "/signin")
    assert later.get("/account").status_code == 303


def test_somebody_who_has_not_signed_in_is_led_to_do_so_and_back(node):
    answer = node.browser().get("/account?tab=1")
    assert (answer.status_code, answer.headers["location"]) == (303, "/signin?next=%2Faccount%3Ftab%3D1")


@pytest.mark.parametrize("elsewhere", ["https://example.org/", "//example.org", "/\\example.org", "/v1/members", "x"])
def test_signing_in_leads_nowhere_else(node, elsewhere):
    answer = node.sign_in().get("/signin", params={"next": elsewhere})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")


def test_opening_a_link_uses_nothing_and_a_used_link_says_so(node):
    path, client = node.link(), node.browser()
    first, second = client.get(path), client.get(path)
    assert (first.status_code, second.status_code) == (200, 200)
    client.post(path, data=form(second))
    again = node.browser().get(path)
    assert again.status_code == 404
    assert "cannot be used any more" in again.text


def test_the_cookie_of_a_session_is_not_for_scripts_or_other_sites(node):
    path, client = node.link(), node.browser()
    answer = client.post(path, data=form(client.get(path)))
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "path=/" in cookie


def test_a_session_that_somebody_else_chose_is_never_used(node):
    path, client = node.link(), node.browser()
    client.cookies.set("session", "chosen-by-somebody-else-chosen-by-somebody-els")
    answer = client.post(path, data=form(client.get(path)))
    assert "chosen-by-somebody-else" not in answer.headers["set-cookie"]


@pytest.mark.parametrize("data", [{}, {"csrf": ""}, {"csrf": "0" * 64}, {"csrf": "é"}])
def test_a_form_without_its_token_is_refused(node, data):
    client = node.sign_in()
    answer = client.post("/signout", data=data)
    assert answer.status_code == 403
    assert "This form cannot be sent any more" in answer.text
    assert client.get("/account").status_code == 200


def test_a_form_of_another_browser_or_site_is_refused(node):
    client, other = node.sign_in(), node.sign_in()
    token = form(client.get("/account"))
    assert other.post("/signout", data=token).status_code == 403
    for site in ("cross-site", "same-site"):
        answer = client.post("/signout", data=token, headers={"Sec-Fetch-Site": site})
        assert answer.status_code == 403
    answer = client.post("/signout", data=token, headers={"Sec-Fetch-Site": "same-origin"})
    assert answer.status_code == 303


def test_the_api_takes_no_cookie(node):
    client = node.sign_in("clerk", "auditor", "officer", "administrator")
    assert client.get("/v1/cases", headers={"Accept": "application/json"}).status_code == 401


def test_an_account_is_added_and_ended_on_the_command_line(node):
    name, client = f"Bo {uuid.uuid4()}", node.browser()
    path = registry("account", "add", name, "--role", "clerk", home=node.home).stdout.strip()
    path = path.removeprefix("http://localhost:8000")
    client.post(path, data=form(client.get(path)))
    assert client.get("/account").status_code == 200
    registry("account", "end", name, home=node.home)
    assert client.get("/account").status_code == 303
