"""Changes of one credential that a node's settings let wait for a second person."""

import contextlib
import re

import pytest

from tests.support.command import until
from tests.support.served import Served, achievement, form, once, row


@pytest.fixture(scope="module")
def desk(tmp_path_factory, postgres):
    """A node on which revoking and replacing take two persons, whatever their number."""
    settings = '[http]\nwait_seconds = 5\nsecond_person = ["revoke", "replace"]\n'
    with contextlib.closing(Served(tmp_path_factory.mktemp("second"), postgres, settings)) as node:
        node.start()
        answer = node.client().post("/v1/achievements", json=achievement(), headers=once("offer"))
        node.achievement = answer.json()["achievement"]
        yield node


@pytest.fixture(scope="module")
def clerk(desk):
    return desk.sign_in("clerk", "approver")


@pytest.fixture(scope="module")
def colleague(desk):
    return desk.sign_in("approver")


@pytest.fixture
def credential(desk, request):
    """A credential that the views have."""
    system, record = desk.client(), request.node.name[:40]
    answer = system.post("/v1/credentials", json=row(desk.achievement, record, f"s-{record}"), headers=once(record))
    assert answer.status_code == 201, answer.text
    waiting = {"Registry-Wait-For": answer.headers["registry-position"]}
    credential = answer.json()["credential"]
    assert system.get(f"/v1/credentials/twente/{credential}", headers=waiting).status_code == 200
    return credential


def hidden(page, **more):
    return {**dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page.text)), **more}


def test_one_credential_is_revoked_by_two_persons_and_suspended_by_one(clerk, colleague, credential):
    page = clerk.get("/desk/credentials/change", params={"do": "suspend", "credential": credential})
    assert "A colleague confirms" not in page.text
    suspended = clerk.post(f"/desk/credentials/{credential}/change", data=hidden(page, reason="underReview"))
    assert suspended.headers["location"] == f"/desk/credentials/{credential}"
    page = clerk.get("/desk/credentials/change", params={"do": "revoke", "credential": credential})
    assert "Ask a colleague to revoke 1" in page.text
    assert "A colleague confirms" in page.text
    sent = hidden(page, reason="issuedInError")
    addresses = {clerk.post(f"/desk/credentials/{credential}/change", data=sent).headers["location"] for _ in range(2)}
    [address] = addresses
    assert "1 change waits for a colleague" in clerk.get(address).text
    assert clerk.post(f"{address}/release", data=form(clerk.get(address), key="own")).status_code == 403
    assert ">Suspended<" in clerk.get(f"/desk/credentials/{credential}").text
    again = clerk.get("/desk/credentials/change", params={"do": "revoke", "credential": credential})
    for page in (again, clerk.get(f"/desk/credentials/{credential}")):
        assert "1 change waits for a colleague" in page.text
        assert f'href="{address}"' in page.text
    refused = clerk.post(f"/desk/credentials/{credential}/change", data=hidden(again, reason="issuedInError"))
    assert refused.status_code == 409
    assert "asked for already" in refused.text
    assert f'href="{address}"' in colleague.get("/desk/changes").text
    assert 'href="/desk/changes"' in colleague.get("/desk/releases").text
    assert 'href="/desk/changes"' in clerk.get(address).text
    assert colleague.post(f"{address}/release", data=form(colleague.get(address), key="release")).status_code == 303
    until(lambda: "1 credential changed" in clerk.get(address).text)
    assert f'href="/desk/credentials/{credential}"' in clerk.get(address).text
    assert "change waits for a colleague" not in clerk.get(f"/desk/credentials/{credential}").text
    assert f'href="{address}"' in colleague.get("/desk/changes").text


def test_one_credential_is_replaced_by_two_persons(desk, clerk, colleague, credential):
    address = f"/desk/credentials/{credential}/replace"
    page = clerk.get(address)
    assert "Ask a colleague to replace 1 credential" in page.text
    typed = dict(re.findall(r'<input class="input[^"]*" id="\w+" name="(\w+)"[^>]*? value="([^"]*)"', page.text))
    sent = {**hidden(page), **typed, "record": "corrected", "grade": "8.5"}
    wrong = clerk.post(address, data={**sent, "awarding_date": "yesterday"})
    assert (wrong.status_code, 'value="yesterday"' in wrong.text) == (422, True)
    [waiting] = {clerk.post(address, data=sent).headers["location"] for _ in range(2)}
    own = clerk.get(waiting)
    assert "Your decision" not in own.text
    assert clerk.post(waiting, data=form(own, key="own", do="release")).status_code == 403
    review = colleague.get(waiting)
    assert "Release 1 credential?" in review.text
    assert "8.5" in review.text
    assert f"<code>{desk.achievement}</code>" not in review.text
    assert f'href="/desk/credentials/{credential}"' in review.text
    assert ">Active<" in clerk.get(f"/desk/credentials/{credential}").text
    released = colleague.post(waiting, data=form(review, key="release it", do="release"))
    assert released.status_code == 303, released.text
    until(lambda: "1 credential is issued" in clerk.get(waiting).text, says=lambda: clerk.get(waiting).text)
    assert "The credential that replaced it" in clerk.get(f"/desk/credentials/{credential}").text


def test_who_asked_can_cancel_before_it_is_released(clerk, colleague, credential):
    address = f"/desk/credentials/{credential}/replace"
    page = clerk.get(address)
    typed = dict(re.findall(r'<input class="input[^"]*" id="\w+" name="(\w+)"[^>]*? value="([^"]*)"', page.text))
    waiting = clerk.post(address, data={**hidden(page), **typed, "record": "withdrawn"}).headers["location"]
    assert colleague.post(f"{waiting}/cancel", data=form(colleague.get(waiting), key="not mine")).status_code == 403
    assert clerk.post(f"{waiting}/cancel", data=form(clerk.get(waiting), key="cancel")).status_code == 303
    assert colleague.post(waiting, data=form(colleague.get(waiting), key="late", do="release")).status_code == 409
