"""Opening a case on a page: what is presented is looked up and shown, then the case is opened, once."""

import re
import uuid

import pytest

from tests.http.test_cases import issue
from tests.http.test_office_pages import summary
from tests.support.served import form, once

ADDRESS = "/office/cases/new"
PERSON = {"familyName": "Núñez", "givenName": "Ada", "dateOfBirth": "2001-02-03", "purpose": "creditTransfer"}
ELSEWHERE = {"title-1": "Statistics", "issuer-1": "Oslo Met", "country-1": "NO"}


@pytest.fixture(scope="module")
def officer(node):
    return node.sign_in("officer")


@pytest.fixture(scope="module")
def credential(node, offer):
    return issue(node, offer, "presented at an office")


def send(client, do="check", **fields):
    """Send the form of a new page."""
    return client.post(ADDRESS, data=form(client.get(ADDRESS), key=str(uuid.uuid4()), do=do, **fields))


def checked(page):
    return re.search(r'name="checked" value="([0-9a-f]{64})"', page.text)[1]


def test_what_is_presented_is_shown_before_the_case_is_opened(officer, credential):
    link = f"https://twente.example/verify/twente/{credential}\n"
    typed = PERSON | ELSEWHERE | {"credentials": link, "programme-1": "Master of Energy"}
    shown = send(officer, **typed)
    assert shown.status_code == 200, summary(shown)
    assert "2 credentials, before the case is opened" in shown.text
    assert "Oslo Met" in shown.text
    opened = send(officer, "open", checked=checked(shown), **typed)
    assert opened.status_code == 303, summary(opened)
    assert "Núñez" not in opened.headers["location"]
    case = officer.get(opened.headers["location"]).text
    assert "The case is open" in case
    assert credential in case
    assert "Statistics" in case
    assert "Towards: <bdi>Master of Energy</bdi>" in case


def test_a_number_alone_is_found_at_its_issuer(officer, credential):
    shown = send(officer, **PERSON, credentials=credential.upper())
    assert "1 credential, before the case is opened" in shown.text
    assert f"/verify/twente/{credential}" in shown.text


def test_a_double_click_opens_one_case(node, officer):
    typed = PERSON | ELSEWHERE | {"fileNumber": f"double {uuid.uuid4()}"}
    shown = send(officer, **typed)
    sent = form(shown, key="a double click", do="open", checked=checked(shown), **typed)
    first, again = (officer.post(ADDRESS, data=sent) for _ in range(2))
    assert (first.status_code, again.status_code) == (303, 303), summary(again)
    assert first.headers["location"] == again.headers["location"]
    taken = send(officer, **typed)
    assert taken.status_code == 409
    assert 'href="#fileNumber"' in taken.text
    assert "POST /office/cases/new" in node.sign_in("administrator").get("/admin/journal").text


def test_nothing_is_opened_that_was_not_shown(officer):
    typed = PERSON | ELSEWHERE
    shown = send(officer, **typed)
    other = send(officer, "open", checked=checked(shown), **typed | {"title-1": "Physics"})
    assert other.status_code == 200
    assert "It is not what was shown before" in other.text
    assert send(officer, "open", **typed).status_code == 200


def test_a_credential_that_was_revoked_meanwhile_is_shown_again(node, officer, offer):
    credential = issue(node, offer, "revoked between two steps")
    typed = PERSON | {"credentials": credential, "fileNumber": f"revoked {uuid.uuid4()}"}
    shown = send(officer, **typed)
    issue(node, offer, "another entry on the log meanwhile")
    revoked = node.client("credentials:write").post(
        f"/v1/credentials/{credential}/revoke", json={"reason": "issuedInError"}, headers=once("revoked meanwhile")
    )
    waiting = {"Registry-Wait-For": revoked.headers["registry-position"]}
    assert node.anybody().get(f"/v1/credentials/twente/{credential}", headers=waiting).json()["status"] == "revoked"
    again = send(officer, "open", checked=checked(shown), **typed)
    assert again.status_code == 200, summary(again)
    assert "It is not what was shown before" in again.text
    assert "Revoked" in again.text
    assert send(officer, "open", checked=checked(again), **typed).status_code == 303


def test_a_case_is_opened_though_the_log_grew_meanwhile(node, officer, offer, credential):
    typed = PERSON | {"credentials": credential, "fileNumber": f"grew {uuid.uuid4()}"}
    shown = send(officer, **typed)
    issue(node, offer, "while a case is opened")
    assert send(officer, "open", checked=checked(shown), **typed).status_code == 303


def test_faults_stand_at_their_fields_and_keep_what_was_typed(officer):
    lines = f"gibberish\n{uuid.uuid4()}\nnowhere/{uuid.uuid4()}"
    answer = send(officer, **PERSON, credentials=lines)
    assert answer.status_code == 422
    assert 'href="#credentials"' in answer.text
    assert "This line is not the number, the link or the text of the QR code" in summary(answer)
    assert "line 2" in summary(answer)
    assert "No member of the consortium has this name" in summary(answer)
    assert "gibberish" in answer.text
    wrong = PERSON | {"title-1": "Statistics", "issuer-1": "Oslo Met", "programme-1": f"twente/{uuid.uuid4()}"}
    answer = send(officer, **wrong | {"dateOfBirth": "soon", "country-1": "XX"})
    assert answer.status_code == 422
    for field in ("dateOfBirth", "country-1", "programme-1"):
        assert f'href="#{field}"' in answer.text, (field, summary(answer))
        assert f'id="{field}-error"' in answer.text
    without = send(officer, **PERSON)
    assert without.status_code == 422
    assert 'href="#credentials"' in without.text
    nobody = send(officer, **ELSEWHERE, purpose="creditTransfer", student=f"s-{uuid.uuid4()}")
    assert "The name and the date of birth are needed" in summary(nobody)


def test_another_row_is_added_without_a_script(officer):
    page = send(officer, "add-external", **PERSON, **ELSEWHERE)
    assert page.status_code == 200
    assert 'id="title-2"' in page.text
    assert 'value="Oslo Met"' in page.text
    again = officer.post(
        ADDRESS, data=form(page, key="k", do="add-programme", **{"external-rows": "2", "programme-rows": "1"})
    )
    assert 'id="programme-2"' in again.text


def test_what_is_typed_is_text_and_never_markup(officer):
    script = "<script>alert(1)</script>"
    typed = dict.fromkeys(("familyName", "title-1", "issuer-1", "programme-1", "credentials", "note"), script)
    answer = send(officer, **PERSON | ELSEWHERE | typed)
    assert "<script>alert" not in answer.text
    shown = send(officer, **PERSON | ELSEWHERE | typed | {"credentials": ""})
    assert "before the case is opened" in shown.text
    assert "<script>alert" not in shown.text


def test_opening_needs_the_scope(node):
    assert node.sign_in("clerk").get(ADDRESS).status_code == 403
    assert node.sign_in("officer").get("/office").text.count(f'href="{ADDRESS}"') == 1
