"""Bounds of forms that anybody can send."""

from urllib.parse import urlencode

from tests.support.served import form

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def test_a_form_with_too_many_fields_is_refused_before_it_is_taken_apart(node):
    browser = node.browser()
    fields = form(browser.get("/signin"))
    many = browser.post("/signin/passkey", content=urlencode(fields) + "&a=" * 6_000, headers=FORM)
    assert many.status_code == 413
    assert "at most 5,000 fields" in many.text


def test_a_form_that_no_page_made_is_refused_unread(node):
    answer = node.browser().post("/verify/file", content="a=&" * 100_000, headers=FORM)
    assert answer.status_code == 403


def test_a_null_character_in_a_field_is_refused_in_words(node):
    person = node.sign_in("administrator")
    page = person.get("/admin/keys")
    for path in ("/admin/keys/revoke", "/admin/keys/rotate", "/account/sessions/end", "/account/passkeys/remove"):
        answer = person.post(path, data=form(page, key="a\0b", session="a\0b", passkey="a\0b"))
        assert answer.status_code == 422, path
        assert "U+0000" in answer.text


def test_a_valid_session_is_let_in_whatever_others_at_its_address_send(node):
    person = node.sign_in("clerk")
    stranger = node.browser()
    stranger.cookies.set("session", "bogus")
    answers = [stranger.get("/members").status_code for _ in range(150)]
    assert answers[-1] == 429
    assert person.get("/account").status_code == 200


def test_answers_to_no_attempt_of_a_browser_lock_nobody_out(node):
    for _ in range(15):
        node.browser().get("/signin/provider/answer", params={"state": "x"}, headers={"Sec-Fetch-Site": "cross-site"})
    browser = node.browser()
    page = browser.get("/signin")
    assert browser.post("/signin/passkey/options", data=form(page)).status_code == 200
