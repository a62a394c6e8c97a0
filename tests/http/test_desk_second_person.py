"""Changes of one credential that a node's settings let wait for a second person."""

import contextlib
import re
from uuid import uuid4

import pytest

from tests.support.command import until
from tests.support.import_pages import checked, upload
from tests.support.served import Served, achievement, form, once, problem, row

NOTHING = "\N{EN DASH}"


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
    sent = {**hidden(page), **typed_of(page), "record": "corrected", "grade": "8.5"}
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


def typed_of(page):
    return dict(re.findall(r'<input class="input[^"]*" id="\w+" name="(\w+)"[^>]*? value="([^"]*)"', page.text))


def ask_to_replace(clerk, credential, **changes):
    """Return the address of the batch that waits."""
    address = f"/desk/credentials/{credential}/replace"
    page = clerk.get(address)
    answer = clerk.post(address, data={**hidden(page), **typed_of(page), **changes})
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def compared(page):
    """Return the old and the new value of each field that is marked as changed, by its label."""
    rows = re.findall(
        r'data-tone="warn">\s*<th[^>]*>([^<]+).*?</th>\s*<td[^>]*><bdi>([^<]*)</bdi></td>\s*<td[^>]*><bdi>([^<]*)<',
        page.text,
        re.DOTALL,
    )
    return {label: (old, new) for label, old, new in rows}


def test_who_releases_sees_each_field_before_and_after(desk, clerk, colleague, credential):
    changes = {
        "record": "all fields", "valid_until": "2040-12-31", "grade": "9",
        "original_grade": "<script>alert(1)</script>", "note": "A note", "awarding_date": "2026-06-29",
    }  # fmt: skip
    waiting = ask_to_replace(clerk, credential, **changes)
    review = colleague.get(waiting)
    assert "<script>alert(1)" not in review.text
    before = row(desk.achievement, "r", "s")
    assert compared(review) == {
        "Your own id of the corrected award": (NOTHING, "all fields"),
        "Awarded on": (before["awarding_date"], "2026-06-29"),
        "Valid until": (NOTHING, "2040-12-31"),
        "Grade": (before.get("grade", NOTHING), "9"),
        "Grade in your own scale": (NOTHING, "&lt;script&gt;alert(1)&lt;/script&gt;"),
        "Note on the credential": (NOTHING, "A note"),
    }
    for name in ("family_name", "given_name", "date_of_birth"):
        assert review.text.count(f"<bdi>{before[name]}</bdi>") == 2


def test_a_credential_that_changed_since_it_was_asked_for_is_not_replaced(desk, clerk, colleague, credential):
    waiting = ask_to_replace(clerk, credential, record="stale", grade="9")
    change = {"reason": "administrative"}
    path = f"/v1/credentials/{credential}/suspend"
    assert desk.client().post(path, json=change, headers=once("meanwhile")).status_code == 200
    refused = colleague.post(waiting, data=form(colleague.get(waiting), key="stale", do="release"))
    assert (refused.status_code, "was changed since this was asked for" in refused.text) == (409, True)
    assert compared(refused)["Grade"][1] == "9"
    assert "Release 1 credential?" in colleague.get(waiting).text


def test_who_asked_can_cancel_and_who_may_release_and_no_other_clerk(desk, clerk, colleague, credential):
    other = desk.sign_in("clerk", name="Another Clerk")
    waiting = ask_to_replace(clerk, credential, record="withdrawn")
    assert "Cancel all of it" not in other.get(waiting).text
    refused = other.post(f"{waiting}/cancel", data=form(other.get(waiting), key="not mine"))
    assert (refused.status_code, "Who asked for it cancels it" in refused.text) == (403, True)
    assert "Release 1 credential?" in refused.text
    assert clerk.post(f"{waiting}/cancel", data=form(clerk.get(waiting), key="cancel")).status_code == 303
    assert colleague.post(waiting, data=form(colleague.get(waiting), key="late", do="release")).status_code == 409
    third = ask_to_replace(clerk, credential, record="not by the page of changes")
    elsewhere = f"/desk/changes/{third.rpartition('/')[2]}/cancel"
    assert clerk.post(elsewhere, data=form(clerk.get(third), key="elsewhere too")).status_code == 404
    assert "Release 1 credential?" in colleague.get(third).text
    late = colleague.post(f"{waiting}/cancel", data=form(colleague.get(waiting), key="late cancel"))
    assert (late.status_code, "<h1>" in late.text) == (409, True)
    second = ask_to_replace(other, credential, record="withdrawn by who releases")
    assert colleague.post(f"{second}/cancel", data=form(colleague.get(second), key="theirs")).status_code == 303


def test_a_systems_batch_is_cancelled_by_that_system_and_not_by_another_one_or_a_clerk(desk):
    sender, other = desk.client("credentials:write"), desk.client("credentials:write")
    content, headers = "credential,change,reason\n", {"Content-Type": "text/csv", "Prefer": "wait=0"}
    rows = "".join(f"{uuid4()},revoke,administrative\n" for _ in range(2))

    def send(key):
        later = {"kind": "statusChanges", "publishAt": "2099-01-01T00:00:00Z"}
        answer = sender.post("/v1/batches", content=content + rows, params=later, headers={**headers, **once(key)})
        assert answer.status_code == 202, answer.text
        return answer.json()["batch"]

    first, second = send("of a system"), send("another of a system")
    refused = problem(other.post(f"/v1/batches/{first}/cancel", headers=once("not its own")), 403, "second-person")
    assert "or an administrator" in refused["detail"]
    clerk = desk.sign_in("clerk", name="Third Clerk")
    answer = clerk.post(f"/desk/changes/{first}/cancel", data=form(clerk.get("/desk"), key="a clerk"))
    assert (answer.status_code, "Who asked for it cancels it" in answer.text) == (403, True)
    assert sender.post(f"/v1/batches/{first}/cancel", headers=once("its own")).json()["state"] == "cancelled"
    releaser = desk.client("credentials:write", "batches:release")
    answer = releaser.post(f"/v1/batches/{second}/cancel", headers=once("may release"))
    assert answer.json()["state"] == "cancelled"


def test_changes_of_status_are_cancelled_on_their_page_by_the_same_persons(desk, clerk, colleague, credential):
    other = desk.sign_in("clerk", name="Yet Another Clerk")
    page = clerk.get("/desk/credentials/change", params={"do": "revoke", "credential": credential})
    address = clerk.post(f"/desk/credentials/{credential}/change", data=hidden(page, reason="issuedInError")).headers[
        "location"
    ]
    elsewhere = f"/desk/releases/{address.rpartition('/')[2]}/cancel"
    refused = clerk.post(elsewhere, data=form(clerk.get(address), key="elsewhere"))
    assert (refused.status_code, "Decide on its page" in refused.text) == (409, True)
    refused = other.post(f"{address}/cancel", data=form(other.get(address), key="not mine"))
    assert (refused.status_code, "1 change waits for a colleague" in refused.text) == (403, True)
    assert "Cancel all of it" not in refused.text
    assert colleague.post(f"{address}/cancel", data=form(colleague.get(address), key="theirs too")).status_code == 303
    assert "Cancelled before it began" in clerk.get(address).text


def test_a_persons_file_of_any_rows_is_not_taken_for_a_form(clerk):
    content = '{"record": "x"\n["no object"]\n{"awarding_date": "soon", "record": 7, "family_name": null}\n'
    path = checked(clerk, upload(clerk, content, "rows.ndjson"))
    shown = clerk.get(f"/desk/releases/{path.rpartition('/')[2]}")
    assert shown.status_code == 200
    assert "soon" not in shown.text
    assert "Cancel all of it" not in shown.text
