"""Signing in to the pages by a one-time link, and what a session is good for."""

import contextlib
import json
import re
import uuid
from html import unescape
from urllib.parse import urlencode

import psycopg
import pytest

from tests.support.command import registry
from tests.support.served import Served, form

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


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


def end_sessions(node, name):
    with psycopg.connect(node.dsn, autocommit=True) as connection:
        connection.execute(
            "DELETE FROM accounts.sessions USING accounts.accounts"
            " WHERE sessions.account = accounts.account AND name = %s",
            (name,),
        )


def resend(page):
    """The fields of the form that sends again what was typed."""
    main = page.text.partition('<main id="main"')[2]
    return [(name, unescape(value)) for name, value in re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', main)]


def test_a_form_whose_session_has_ended_is_shown_again_and_sent_again_after_signing_in(node):
    name, typed = f"Admin {uuid.uuid4()}", f"<script>alert(1)</script> {uuid.uuid4()}"
    client = node.sign_in("administrator", name=name)
    fields = form(client.get("/admin/accounts"), name=typed, role=["clerk", "auditor"])
    end_sessions(node, name)
    page = client.post("/admin/accounts", data=fields)
    assert page.status_code == 403
    assert "You were signed out before this was sent" in page.text
    assert "Nothing was stored" in page.text
    assert "<script>alert" not in page.text
    assert page.headers["cache-control"] == "no-store"
    again = client.post("/admin/accounts", content=urlencode(resend(page)), headers=FORM)
    assert again.status_code == 403  # not signed in yet: nothing is lost
    assert "Nothing was stored" in again.text
    other = f"Bo {uuid.uuid4()}"
    path = node.link("administrator", name=other)
    client.post(path, data=form(client.get(path)))
    asked = client.post("/admin/accounts", content=urlencode(resend(again)), headers=FORM)
    assert asked.status_code == 403  # another person may sit at this browser now: nothing is done in their name unasked
    assert f"Send it as <bdi>{other}</bdi>" in asked.text
    assert typed not in unescape(client.get("/admin/accounts").text)
    stored = client.post("/admin/accounts", content=urlencode(resend(asked)), headers=FORM)
    assert stored.status_code == 201, stored.text
    assert typed in unescape(client.get("/admin/accounts").text)


def test_ending_a_connection_that_an_account_does_not_have_says_that_nothing_changed(node):
    client, admin = node.sign_in("clerk"), node.sign_in("administrator")
    fields = form(client.get("/account"), identity=str(uuid.uuid4()))
    answer = client.post("/account/identities/remove", data=fields)
    assert (answer.status_code, answer.headers["location"]) == (303, "/account")
    assert "Nothing changed: the account has no such connection" in client.get("/account").text
    path = re.search(r'href="(/admin/accounts/[0-9a-f-]{36})"', admin.get("/admin/accounts").text)[1]
    answer = admin.post(f"{path}/identities/remove", data=form(admin.get(path), identity=str(uuid.uuid4())))
    assert (answer.status_code, answer.headers["location"]) == (303, path)
    assert "Nothing changed: the account has no such connection" in admin.get(path).text


def test_a_form_of_the_session_before_shows_what_was_typed_and_sends_nothing(node):
    client = node.sign_in("administrator")
    fields = form(client.get("/admin/accounts"), name=f"Bo {uuid.uuid4()}", role=["clerk"])
    path = node.link("administrator")
    client.post(path, data=form(client.get(path)))
    page = client.post("/admin/accounts", data=fields, headers={"Sec-Fetch-Site": "same-origin"})
    assert page.status_code == 403
    assert fields["name"] in page.text
    assert "Send it again" not in page.text
    again = client.post("/admin/accounts", data=fields | {"again": "yes"})
    assert again.status_code == 403


def test_one_passkey_is_not_tried_without_end_whatever_the_address(tmp_path, postgres):
    settings = "[http]\ntrusted_proxies = ['127.0.0.1/32']\n[accounts]\nattempts_per_minute = 3\n"
    with contextlib.closing(Served(tmp_path, postgres, settings)) as own:
        own.start()
        client = own.browser()
        page = client.get("/signin")

        def attempt(address, passkey):
            data = form(page, credential=json.dumps({"id": passkey, "type": "public-key"}))
            return client.post("/signin/passkey", data=data, headers={"X-Forwarded-For": address}).status_code

        assert [attempt(f"192.0.2.{number}", "one") for number in range(5)] == [422, 422, 422, 429, 429]
        assert attempt("192.0.2.9", "another") == 422


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
