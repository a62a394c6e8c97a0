"""Changes of status on the desk: one at once, several as a batch with a second person, and none in silence."""

import contextlib
import re
import uuid

import pytest

from tests.support.command import until
from tests.support.served import Served, achievement, form, once, row

MARKUP = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def desk(tmp_path_factory, postgres):
    """A node whose batches of two rows or more wait for a second person."""
    settings = "[http]\nwait_seconds = 5\nrelease_above = 2\n"
    with contextlib.closing(Served(tmp_path_factory.mktemp("desk"), postgres, settings)) as node:
        node.start()
        answer = node.client().post("/v1/achievements", json=achievement(), headers=once("offer"))
        node.achievement = answer.json()["achievement"]
        yield node


@pytest.fixture(scope="module")
def clerk(desk):
    return desk.sign_in("clerk")


@pytest.fixture
def issue(desk):
    """Issue a credential; return its id once the views have it."""
    system = desk.client()

    def act(record, **more):
        content = row(desk.achievement, record, f"s-{record}", **more)
        answer = system.post("/v1/credentials", json=content, headers=once(f"changes {record}"))
        assert answer.status_code == 201, answer.text
        credential = answer.json()["credential"]
        waiting = {"Registry-Wait-For": answer.headers["registry-position"]}
        assert system.get(f"/v1/credentials/twente/{credential}", headers=waiting).status_code == 200
        return credential

    return act


def asked(clerk, change, *credentials):
    return clerk.get("/desk/credentials/change", params={"do": change, "credential": credentials})


def fields(page, **more):
    """What the form of a confirm page sends."""
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page.text))
    return {**hidden, **more}


def test_one_credential_is_suspended_reinstated_and_revoked_at_once_and_a_double_click_acts_once(clerk, issue):
    credential = issue("one")
    for change, reason, word in (
        ("suspend", "underReview", "Suspended"),
        ("reinstate", "", "Reinstated"),
        ("revoke", "withheld", "Revoked"),
    ):
        page = asked(clerk, change, credential)
        assert page.status_code == 200, page.text
        assert "Jansen, Ada" in page.text
        assert "Nothing that the log names" in page.text
        sent = fields(page, reason=reason, note=f"Our reason: {MARKUP}" if change == "revoke" else "")
        for _ in range(2):
            answer = clerk.post(f"/desk/credentials/{credential}/change", data=sent)
            assert (answer.status_code, answer.headers.get("location")) == (303, f"/desk/credentials/{credential}"), (
                answer.text
            )
        shown = clerk.get(f"/desk/credentials/{credential}").text
        assert f"{word}. The log says so within a minute" in shown
        assert shown.count(f"<h3>{word} ") == 1
    assert "The reason is withheld" in shown
    assert MARKUP not in shown
    assert "Our reason: &lt;script&gt;" in shown
    over = asked(clerk, "suspend", credential)
    assert "It no longer counts, for good." in over.text
    assert "<textarea" not in over.text


def test_a_form_without_a_reason_and_one_of_an_earlier_state_change_nothing(clerk, issue):
    credential = issue("two")
    page = asked(clerk, "suspend", credential)
    wrong = clerk.post(f"/desk/credentials/{credential}/change", data=fields(page, note="Kept note"))
    assert wrong.status_code == 422
    assert "<title>Error:" in wrong.text
    assert "Choose a reason." in wrong.text
    assert "Kept note" in wrong.text
    formula = clerk.post(
        f"/desk/credentials/{credential}/change", data=fields(page, reason="administrative", note="=1+1")
    )
    assert (formula.status_code, "formula" in formula.text) == (422, True)
    unknown = clerk.post(f"/desk/credentials/{credential}/change", data=fields(page, reason="fraud"))
    assert unknown.status_code == 422
    stale = fields(page, reason="administrative")
    assert clerk.post(f"/desk/credentials/{credential}/change", data=stale).status_code == 303
    other = asked(clerk, "revoke", credential)
    again = {**stale, "key": "another key", "do": "revoke", "reason": "issuedInError"}
    refused = clerk.post(f"/desk/credentials/{credential}/change", data=again)
    assert refused.status_code == 409
    assert "You changed this in another tab" in refused.text
    assert fields(refused)["states"] == fields(other)["states"]


def test_who_changed_a_credential_meanwhile_is_said(desk, clerk, issue):
    credential = issue("who")
    sent = fields(asked(clerk, "revoke", credential), reason="issuedInError")
    colleague = desk.sign_in("clerk")
    theirs = fields(asked(colleague, "suspend", credential), reason="underReview")
    assert colleague.post(f"/desk/credentials/{credential}/change", data=theirs).status_code == 303
    refused = clerk.post(f"/desk/credentials/{credential}/change", data=sent)
    assert refused.status_code == 409
    assert "Somebody else changed one of these credentials meanwhile" in refused.text


def test_several_wait_for_a_second_person_and_the_page_says_what_became_of_each(desk, clerk, issue):
    first, second, third = issue("bulk-1"), issue("bulk-2"), issue("bulk-3")
    page = asked(clerk, "revoke", first, second, third)
    assert "Ask a colleague to revoke 3" in page.text
    sent = fields(page, reason="issuedInError")
    answers = [clerk.post("/desk/credentials/change", data=sent) for _ in range(2)]
    assert answers[0].status_code == 303, answers[0].text
    assert answers[0].headers["location"] == answers[1].headers["location"]
    address = answers[0].headers["location"]
    shown = clerk.get(address).text
    assert "3 changes wait for a colleague" in shown
    assert "You sent it, so another person" in shown
    assert clerk.post(f"{address}/release", data=form(clerk.get(address), key="own")).status_code == 403
    both = desk.sign_in("clerk", "approver", name="Ada Both")
    page = asked(both, "suspend", first, second, third)
    own = both.post("/desk/credentials/change", data=fields(page, reason="underReview")).headers["location"]
    refused = both.post(f"{own}/release", data=form(both.get(own), key="own"))
    assert refused.status_code == 403
    assert "another person releases it" in refused.text
    assert both.post(f"{own}/cancel", data=form(both.get(own), key="cancel")).status_code == 303
    assert "Cancelled before it began" in both.get(own).text
    colleague = desk.sign_in("approver")
    review = colleague.get(address)
    assert "Jansen, Ada" in review.text
    assert colleague.post(f"{address}/release", data=form(review, key="release")).status_code == 303
    until(lambda: "3 credentials changed" in clerk.get(address).text, says=lambda: clerk.get(address).text)
    done = clerk.get(address).text
    assert "<title>Error" not in done
    assert "3 rows took effect" in done
    for credential in (first, second, third):
        assert f'href="/desk/credentials/{credential}"' in done


def test_all_of_a_filter_are_chosen_when_they_are_shown_and_not_later(desk, clerk, issue):
    chosen = [issue(f"filter-{number}", awarding_date="2026-01-17") for number in range(3)]
    over = issue("filter-over", awarding_date="2026-01-17")
    revoked = desk.client("credentials:write").post(
        f"/v1/credentials/{over}/revoke", json={"reason": "administrative"}, headers=once("filter over")
    )
    assert revoked.status_code == 200
    days = {"from": "2026-01-17", "until": "2026-01-17"}
    until(
        lambda: clerk.get("/desk/credentials", params={**days, "status": "revoked"}).text.count('type="checkbox"') == 2
    )
    assert "Choose all 4 that the filter selects" in clerk.get("/desk/credentials", params=days).text
    assert 'id="all"' not in clerk.get("/desk/credentials").text
    page = clerk.get("/desk/credentials/change", params={"do": "revoke", "all": "true", **days})
    assert "Revoke 3 credentials" in page.text
    assert "The filter selects 4; the others cannot be changed so" in page.text
    later = issue("filter-later", awarding_date="2026-01-17")
    sent = fields(page, reason="issuedInError")
    assert later not in page.text
    address = clerk.post("/desk/credentials/change", data=sent).headers["location"]
    waiting = clerk.get(address).text
    assert "3 changes wait for a colleague" in waiting
    assert [credential in waiting for credential in (*chosen, over, later)] == [True] * 3 + [False] * 2
    none = clerk.get("/desk/credentials/change", params={"do": "reinstate", "all": "true", **days})
    assert (none.status_code, "None that the filter selects can be changed so" in none.text) == (200, True)
    wrong = clerk.get("/desk/credentials/change", params={"do": "burn", "all": "true", **days})
    assert wrong.status_code == 422


def test_who_sent_a_batch_with_a_key_is_not_offered_its_release(desk):
    name = f"Two Ways {uuid.uuid4()}"
    system = desk.client(key=desk.key(name=name))
    sender, colleague = desk.sign_in("approver", name=name.upper()), desk.sign_in("approver")
    headers = {"Content-Type": "text/csv", **once("two ways")}
    batch = system.post("/v1/batches", content="a,b\n1,2\n3,4\n", headers=headers).json()["batch"]
    address = f"/desk/releases/{batch}"
    page = sender.get(address)
    assert "Your decision" not in page.text
    assert name.upper() not in page.text.partition("Who can: ")[2].partition("</p>")[0]
    assert "Your decision" in colleague.get(address).text
    forged = sender.post(address, data=form(page, key="two ways", do="release", seen="true"))
    assert forged.status_code == 403


def test_a_systems_batch_that_is_cancelled_was_not_sent_back_and_problems_lead_to_a_list(desk):
    system, approver = desk.client(), desk.sign_in("approver")

    def send(content, key, kind=""):
        answer = system.post(f"/v1/batches{kind}", content=content, headers={"Content-Type": "text/csv", **once(key)})
        assert answer.status_code == 202, answer.text
        return answer.json()["batch"]

    waiting = send("a,b\n1,2\n3,4\n", "cancelled system")
    assert system.post(f"/v1/batches/{waiting}/cancel", headers=once("cancel it")).status_code == 200
    shown = approver.get(f"/desk/releases/{waiting}").text
    assert "Cancelled" in shown
    assert "sent back" not in shown.lower()
    failed = send("a,b\n", "failed system")
    refused = send("credential,change,reason\n", "refused system", "?kind=statusChanges")
    until(lambda: f"/desk/releases/{failed}" in approver.get("/desk/releases").text)
    until(lambda: f"/desk/changes/{refused}" in approver.get("/desk/releases").text)
    assert "Batches with problems in 30 days" in approver.get("/desk/releases").text
    assert 'href="/desk/releases#problems"' in approver.get("/desk").text


def test_the_rows_of_a_file_have_pages_of_their_own(desk):
    system, approver = desk.client(), desk.sign_in("approver")
    unknown = [str(uuid.uuid4()) for _ in range(101)]
    content = "credential,change,reason\n" + "".join(f"{each},suspend,underReview\n" for each in unknown)
    headers = {"Content-Type": "text/csv", **once("pages of rows")}
    batch = system.post("/v1/batches?kind=statusChanges", content=content, headers=headers).json()["batch"]
    address = f"/desk/changes/{batch}"
    for params, first, last in (({}, True, False), ({"page": 2}, True, False), ({"rows": 2}, False, True)):
        shown = approver.get(address, params=params).text
        assert [each in shown for each in (unknown[0], unknown[100])] == [first, last]
    assert f'href="{address}?rows=2"' in approver.get(address).text
    assert approver.get(address, params={"rows": 10**9, "page": -1}).status_code == 200
    assert "Cancelled" not in approver.get(address).text


def test_a_change_without_effect_is_not_reported_as_done(desk, clerk, issue):
    first, second = issue("same-1"), issue("same-2")
    page = asked(clerk, "suspend", first, second)
    assert "Under review</label>" in page.text  # words alone, and no code
    sent = fields(page, reason="administrative")
    system = desk.client("credentials:write")
    for credential, reason in ((first, "administrative"), (second, "underReview")):
        body = {"reason": reason}
        assert (
            system.post(f"/v1/credentials/{credential}/suspend", json=body, headers=once(credential)).status_code == 200
        )
    stale = clerk.post("/desk/credentials/change", data=sent)
    assert stale.status_code == 409
    assert "One of these credentials was changed meanwhile" in stale.text  # by a system, not by the clerk
    states = fields(asked(clerk, "revoke", first, second))["states"]
    answer = clerk.post("/desk/credentials/change", data={**sent, "key": "k2", "states": states})
    address = answer.headers["location"]
    assert "Handed over" not in clerk.get(address).text  # it took effect at once
    until(lambda: "Refused" in clerk.get(address).text and "Done" in clerk.get(address).text)
    shown = clerk.get(address).text
    assert "0 credentials changed, and some rows were refused" in shown
    assert "the credential has that status already: Suspended (Under review)" in shown


def test_what_cannot_be_chosen_is_refused_with_words(clerk, desk):
    assert "No credential is chosen" in asked(clerk, "revoke").text
    assert asked(clerk, "burn", "x").status_code == 422
    assert asked(clerk, "revoke", "not-an-id").status_code == 422
    many = [f"00000000-0000-4000-8000-{number:012}" for number in range(101)]
    assert asked(clerk, "revoke", *many).status_code == 422
    approver = desk.sign_in("approver")
    assert asked(approver, "revoke", many[0]).status_code == 403


def test_a_credential_is_replaced_by_a_corrected_one_once(clerk, issue):
    credential = issue("old", grade="7")
    address = f"/desk/credentials/{credential}/replace"
    page = clerk.get(address)
    assert 'value="7"' in page.text
    typed = dict(re.findall(r'<input class="input[^"]*" id="\w+" name="(\w+)"[^>]*? value="([^"]*)"', page.text))
    sent = {**fields(page), **typed}
    wrong = clerk.post(address, data={**sent, "awarding_date": "yesterday"})
    assert wrong.status_code == 422
    assert "Nothing was changed." in wrong.text
    assert 'value="yesterday"' in wrong.text
    sent |= {"record": "corrected", "grade": "8"}
    for _ in range(2):
        answer = clerk.post(address, data=sent)
        assert (answer.status_code, answer.headers["location"]) == (303, f"/desk/credentials/{credential}"), answer.text
    shown = clerk.get(f"/desk/credentials/{credential}").text
    assert "Replaced. The log says so within a minute" in shown
    new = re.search(r'href="/desk/credentials/([0-9a-f-]{36})">The credential that replaced it', shown)[1]
    until(lambda: clerk.get(f"/desk/credentials/{new}").status_code == 200)
    assert "It cannot be replaced" in clerk.get(address).text
    assert clerk.post(address, data={**sent, "key": "again", "record": "third"}).status_code == 409
